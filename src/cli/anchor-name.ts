// The name an anchor gets when nobody chose one: that of the known anchor it is, else its common name, made plain.
import type { X509Certificate } from 'node:crypto'
import { knownAnchor } from '../tls/known-anchors.ts'

/** @returns letters, digits and dashes; never empty. */
export function anchorName(certificate: X509Certificate): string {
  const known = knownAnchor(certificate.fingerprint256)
  if (known !== undefined) return known.name
  const commonName = /(?:^|\n)CN=([^\n]*)/.exec(certificate.subject)?.[1] ?? ''
  const plain = commonName
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 60)
  return plain === ''
    ? `anchor-${certificate.fingerprint256.replaceAll(':', '').slice(0, 8).toLowerCase()}`
    : plain
}
