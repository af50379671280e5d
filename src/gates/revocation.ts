// Refuses a client whose certificate, or one between it and the anchor, was revoked by its issuer.
// Where no current list can tell: `soft` admits and says so, `hard` refuses. It never admits what OpenSSL refused.
import type { IdentityFacts } from '../domain/facts.ts'
import { admit, refuse } from '../domain/verdict.ts'
import type { Gate } from './gate.ts'

type Code = 'CERTIFICATE_REVOKED'

const UNASKED = { status: 'unknown', detail: 'no list was asked' } as const

export function revocation(mode: 'soft' | 'hard'): Gate<IdentityFacts, Code> {
  return {
    name: 'revocation',
    check: ({ certificate: { leaf, asserted, revocation: found = UNASKED } }) => {
      // Who may come without a certificate is the certificate gate's rule; nobody else is here without one.
      if (leaf === undefined && asserted === undefined) return admit('no certificate yet')
      if (found.status === 'good') return admit('not revoked')
      if (found.status === 'revoked') return refuse('CERTIFICATE_REVOKED', found.detail)
      return mode === 'soft'
        ? admit(`not known: ${found.detail}`)
        : refuse('CERTIFICATE_REVOKED', `cannot be told, and revocation is hard: ${found.detail}`)
    },
  }
}
