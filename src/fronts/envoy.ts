// Envoy: X-Forwarded-Client-Cert with exactly one element (`forward_client_cert_details: SANITIZE_SET`), preferably with the
// certificate (`set_current_client_cert_details: { cert: true, chain: true }`); with a subject alone, that is what is judged.
import { createHash } from 'node:crypto'
import { fromEncodedPem, onlyCertificate } from './decode.ts'
import { type Front, FrontFieldError, optional } from './front.ts'
import { FORWARDED_FOR, clientOf } from './hops.ts'
import { commonNamesIn } from './subject.ts'
import { type Element, onlyElement } from './xfcc.ts'

const FIELD = 'X-Forwarded-Client-Cert'

export const envoy: Front = {
  fields: [
    {
      name: FIELD,
      holds: 'one element with `Cert` or `Chain`, or with `Subject` alone; absent without a certificate',
    },
    FORWARDED_FOR,
  ],
  address: clientOf,
  certificate: (fields) => {
    const text = optional(fields, FIELD)
    if (text === undefined) return { kind: 'none' }
    const element = onlyElement(text, FIELD)
    const chain = chainOf(element)
    const [leaf] = chain
    if (leaf === undefined) return subjectOf(element)
    const hash = element.get('hash')
    if (hash !== undefined && hash !== createHash('sha256').update(leaf).digest('hex'))
      throw new FrontFieldError(`${FIELD} has a Hash that is not the certificate's`)
    return { kind: 'certificate', chain, frontError: undefined }
  },
}

function chainOf(element: Element): readonly Uint8Array[] {
  const cert = element.get('cert')
  const encoded = element.get('chain')
  const chain = encoded === undefined ? [] : fromEncodedPem(encoded, `Chain of ${FIELD}`)
  if (cert === undefined) return chain
  const leaf = onlyCertificate(fromEncodedPem(cert, `Cert of ${FIELD}`), `Cert of ${FIELD}`)
  const [first] = chain
  if (first === undefined) return [leaf]
  if (Buffer.compare(first, leaf) !== 0)
    throw new FrontFieldError(`${FIELD} has a Chain that does not begin with Cert`)
  return chain
}

function subjectOf(element: Element) {
  const subject = element.get('subject')
  if (subject === undefined) throw new FrontFieldError(`${FIELD} has neither Cert nor Chain nor Subject`)
  return { kind: 'subject', subject, commonNames: commonNamesIn(subject, `Subject of ${FIELD}`) } as const
}
