// Finds who issued a client's certificate, as far as it is known here: among the anchors and the intermediates that came
// with revocation lists. Node shows a server no verified chain, and from 24 on no intermediate that was sent.
// For looking up revocation lists and for naming; whether a chain is good is OpenSSL's to say.
import { type X509Certificate, createHash } from 'node:crypto'
import type { PathStep } from '../domain/revocation.ts'
import { signedBy, subjectOf } from './anchors.ts'

export interface Authorities {
  readonly anchors: readonly X509Certificate[]
  readonly intermediates: readonly X509Certificate[]
}

/** More signatures than any honest chain needs are not checked. */
const MAX_STEPS = 8

/** @returns a step for the leaf and for each intermediate above it, whichever of several ways leads to an anchor. */
export function pathOf(
  leaf: X509Certificate,
  { anchors, intermediates }: Authorities,
): PathStep[] | undefined {
  const steps: PathStep[] = []
  const seen = new Set<string>()
  const open = [leaf]
  let reached = false
  for (let certificate = open.shift(); certificate !== undefined; certificate = open.shift()) {
    if (seen.has(certificate.fingerprint256)) continue
    if (seen.size === MAX_STEPS) return undefined
    seen.add(certificate.fingerprint256)
    const issuers = issuersOf(certificate, [...anchors, ...intermediates])
    // A step without a known issuer leads nowhere: its list cannot be known either.
    if (issuers.length === 0) return undefined
    for (const issuer of issuers) {
      steps.push(stepOf(certificate, issuer))
      if (anchors.includes(issuer)) reached = true
      else open.push(issuer)
    }
  }
  return reached ? steps : undefined
}

/** One authority, by name and key: the same for its cross-signed certificates. */
export function authorityId(certificate: X509Certificate): string {
  const key = certificate.publicKey.export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(certificate.subject).update('\0').update(key).digest('hex')
}

function issuersOf(certificate: X509Certificate, authorities: readonly X509Certificate[]): X509Certificate[] {
  return authorities.filter((authority) => signedBy(certificate, authority))
}

function stepOf(certificate: X509Certificate, issuer: X509Certificate): PathStep {
  return {
    serial: certificate.serialNumber,
    subject: subjectOf(certificate),
    issuer: authorityId(issuer),
  }
}
