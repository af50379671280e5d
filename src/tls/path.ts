// Which certificates stand between a client's leaf and an anchor, as far as they are known here: the anchors, and the
// intermediates that came with revocation lists. Node shows a server no verified chain, and from 24 on nothing but the leaf.
// For looking up revocation lists; whether a chain is good is OpenSSL's to say.
import type { X509Certificate } from 'node:crypto'
import { signedBy } from './anchors.ts'

export interface Authorities {
  readonly anchors: readonly X509Certificate[]
  readonly intermediates: readonly X509Certificate[]
}

/** More than any honest chain has, with all its cross-signed certificates. */
const MOST = 8

/**
 * @returns the leaf and every intermediate that can stand above it, anchors left out; undefined where one of them has no
 * issuer that is known here.
 */
export function pathOf(leaf: X509Certificate, known: Authorities): readonly X509Certificate[] | undefined {
  const path: X509Certificate[] = []
  const open = [leaf]
  for (let certificate = open.shift(); certificate !== undefined; certificate = open.shift()) {
    const { fingerprint256 } = certificate
    if (path.some((other) => other.fingerprint256 === fingerprint256)) continue
    if (path.length === MOST) return undefined
    path.push(certificate)
    const issuers = issuersOf(certificate, known)
    if (issuers === undefined) return undefined
    open.push(...issuers)
  }
  return path
}

// Those that have issuers themselves: where an anchor signed it, there is nothing above that could be revoked.
function issuersOf(certificate: X509Certificate, { anchors, intermediates }: Authorities) {
  const issuers = intermediates.filter((authority) => signedBy(certificate, authority))
  const anchored = anchors.some((anchor) => signedBy(certificate, anchor))
  return anchored || issuers.length > 0 ? issuers : undefined
}
