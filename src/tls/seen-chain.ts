// What can be said here of a chain whose certificates were all seen, under an anchor that OpenSSL was not asked about:
// signatures, validity, path length, purposes. For words and rehearsals, never to admit: OpenSSL knows more rules.
import type { X509Certificate } from 'node:crypto'
import { OID_CLIENT_AUTH } from '../domain/leaf.ts'
import { type Anchor, signedBy, subjectOf } from './anchors.ts'

export interface ChainTerms {
  readonly now: Date
  /** Certificates below the anchor, the leaf included. */
  readonly maxDepth: number
}

/**
 * Checks signatures from the anchor down, so that no key is used that is not vouched for.
 * @param below leaf first; the last one was issued by the anchor.
 * @returns why the anchor would not admit it, in words; undefined where nothing is seen.
 */
export function chainProblem(
  below: readonly X509Certificate[],
  { name, certificate: anchor, pathLength = Infinity }: Anchor,
  { now, maxDepth }: ChainTerms,
): string | undefined {
  if (below.length > maxDepth) return 'the chain is longer than client.maxDepth'
  if (below.length - 1 > pathLength)
    return `anchor "${name}" lets ${pathLength} intermediates stand below it, not ${below.length - 1}`
  if (!isInTime(anchor, now)) return `anchor "${name}" is not valid today`
  if (!mayVouchForClients(anchor)) return `anchor "${name}" is not for certificates of clients`
  let issuer = anchor
  for (const certificate of below.toReversed()) {
    if (!isInTime(certificate, now)) return `${subjectOf(certificate)} is not valid today`
    if (!issuer.ca || !mayVouchForClients(issuer) || !signedBy(certificate, issuer))
      return `${subjectOf(certificate)} is not issued by what stands above it`
    issuer = certificate
  }
  return undefined
}

export function isInTime({ validFrom, validTo }: X509Certificate, now: Date): boolean {
  return Date.parse(validFrom) <= now.getTime() && now.getTime() <= Date.parse(validTo)
}

const OID_ANY_PURPOSE = '2.5.29.37.0'

// Node calls the extended key usage keyUsage.
function mayVouchForClients({ keyUsage }: X509Certificate): boolean {
  const purposes: readonly string[] | undefined = keyUsage
  return purposes === undefined || purposes.includes(OID_CLIENT_AUTH) || purposes.includes(OID_ANY_PURPOSE)
}
