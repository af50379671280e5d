// The name an anchor gets when nobody chose one, and whether a certificate bears a known anchor's name without being it.
import type { X509Certificate } from 'node:crypto'
import { KNOWN_ANCHORS, type KnownAnchor, knownAnchor } from '../tls/known-anchors.ts'
import { commonNamesOf } from './anchor-limits.ts'

/** That of the known anchor it is, else its common name, made plain. @returns letters, digits and dashes; never empty. */
export function anchorName(certificate: X509Certificate): string {
  const known = knownAnchor(certificate.fingerprint256)
  if (known !== undefined) return known.name
  const plain = (commonNamesOf(certificate)[0] ?? '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 60)
    .replace(/^-+|-+$/g, '')
  const isKnown = KNOWN_ANCHORS.some(({ name }) => name === plain)
  return plain === '' || isKnown
    ? `anchor-${certificate.fingerprint256.replaceAll(':', '').slice(0, 8).toLowerCase()}`
    : plain
}

/** The known anchor whose name it bears, with another fingerprint: reissued under its name, or forged. */
export function namesake(certificate: X509Certificate): KnownAnchor | undefined {
  if (knownAnchor(certificate.fingerprint256) !== undefined) return undefined
  const names = new Set(commonNamesOf(certificate).map(folded))
  return KNOWN_ANCHORS.find(({ label }) => names.has(folded(label)))
}

// As a person reads it: case, spaces and dashes are easily overlooked.
function folded(name: string): string {
  return name
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\s\p{Pd}]+/gu, ' ')
    .trim()
}
