// Refuses a client that is none of the pinned ones: a second lock beside the chain, where the configuration lists pins.
// One pin that fits is enough, the certificate's or its key's, so that the next one can be listed before it is needed.
import type { IdentityFacts } from '../domain/facts.ts'
import { admit, refuse } from '../domain/verdict.ts'
import type { Gate } from './gate.ts'

type Code = 'CERTIFICATE_UNTRUSTED'

/** @param pinned SHA-256 of leaves or of their public keys, lower-case hex; empty refuses everybody. */
export function pins(pinned: readonly string[]): Gate<IdentityFacts, Code> {
  return {
    name: 'pins',
    check: ({ certificate: { leaf, asserted } }) => {
      // Who may come without a certificate is the certificate gate's rule; nobody else is here without one.
      if (asserted !== undefined)
        return refuse(
          'CERTIFICATE_UNTRUSTED',
          'the front passes on its subject alone: no pin can be compared',
        )
      if (leaf === undefined) return admit('no certificate yet')
      if (leaf !== 'unreadable' && pinned.includes(leaf.fingerprint)) return admit('certificate pinned')
      if (leaf !== 'unreadable' && pinned.includes(leaf.spkiFingerprint)) return admit('key pinned')
      return refuse('CERTIFICATE_UNTRUSTED', `neither it nor its key is among the ${pinned.length} pinned`)
    },
  }
}
