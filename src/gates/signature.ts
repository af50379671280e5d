// Refuses a delivery whose X-Hub-Signature-256 is not the HMAC of the body as received.
// Knows nothing about JSON, routes or time; the digests were made while the body arrived.
import type { BodyFacts } from '../domain/facts.ts'
import { parseSignature, sameDigest } from '../domain/signature.ts'
import { admit, refuse } from '../domain/verdict.ts'
import type { Gate } from './gate.ts'

type Code = 'SIGNATURE_MISSING' | 'SIGNATURE_MALFORMED' | 'SIGNATURE_MISMATCH'

/** Admits by the first secret that fits; which app and which of its secrets it was goes into the record. */
export function signature(): Gate<BodyFacts, Code> {
  return {
    name: 'signature',
    check: ({ signatures, digests }) => {
      const [field] = signatures
      if (field === undefined) return refuse('SIGNATURE_MISSING', 'no X-Hub-Signature-256 field')
      if (signatures.length > 1)
        return refuse('SIGNATURE_MALFORMED', `${signatures.length} X-Hub-Signature-256 fields`)
      const presented = parseSignature(field)
      if (presented === undefined)
        return refuse('SIGNATURE_MALFORMED', 'not sha256= and 64 lower-case hex digits')
      const match = digests.find(({ digest }) => sameDigest(digest, presented))
      if (match === undefined) return refuse('SIGNATURE_MISMATCH', `none of ${digests.length} secrets fits`)
      return admit(`secret ${match.index + 1} of app ${match.app}`, { app: match.app, secret: match.index })
    },
  }
}
