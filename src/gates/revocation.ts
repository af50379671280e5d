// Refuses a client whose certificate, or one between it and the anchor, was revoked by its issuer.
// Where no current list can tell: `soft` admits and says so, `hard` refuses. It never admits what OpenSSL refused.
import type { IdentityFacts } from '../domain/facts.ts'
import { type Revocations, revocationStatus } from '../domain/revocation.ts'
import { admit, refuse } from '../domain/verdict.ts'
import type { Gate } from './gate.ts'

type Code = 'CERTIFICATE_REVOKED'

export interface RevocationOptions {
  readonly mode: 'soft' | 'hard'
  readonly lists: readonly Revocations[]
}

export function revocation({ mode, lists }: RevocationOptions): Gate<IdentityFacts, Code> {
  return {
    name: 'revocation',
    check: ({ certificate: { leaf, path }, now }) => {
      // Who may come without a certificate is the certificate gate's rule; nobody else is here without one.
      if (leaf === undefined) return admit('no certificate yet')
      const found = revocationStatus(path, lists, now)
      if (found.status === 'good') return admit('not revoked')
      if (found.status === 'revoked') return refuse('CERTIFICATE_REVOKED', found.detail)
      return mode === 'soft'
        ? admit(`not known: ${found.detail}`)
        : refuse('CERTIFICATE_REVOKED', `cannot be told, and revocation is hard: ${found.detail}`)
    },
  }
}
