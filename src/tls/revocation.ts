// Asks the revocation lists about a leaf that OpenSSL verified, and about every intermediate that is known above it.
import type { X509Certificate } from 'node:crypto'
import type { RevocationStatus } from '../domain/revocation.ts'
import { subjectOf } from './anchors.ts'
import { type RevocationList, isCurrent } from './crl.ts'
import { pathOf } from './path.ts'

export interface RevocationSource {
  readonly lists: readonly RevocationList[]
  /** That came with the lists. */
  readonly intermediates: readonly X509Certificate[]
}

/** @param leaf one that OpenSSL verified under `anchors`. An old list revokes, too: nothing is ever taken back. */
export function revocationOf(
  leaf: X509Certificate,
  { anchors, source, now }: { anchors: readonly X509Certificate[]; source: RevocationSource; now: Date },
): RevocationStatus {
  const { lists, intermediates } = source
  const path = pathOf(leaf, { anchors, intermediates })
  const revoked = (path ?? [leaf]).find((one) => lists.some((list) => list.judge(one) === 'revoked'))
  if (revoked !== undefined)
    return {
      status: 'revoked',
      detail: `${subjectOf(revoked)}, serial ${revoked.serialNumber}, is on its issuer's revocation list`,
    }
  if (path === undefined)
    return {
      status: 'unknown',
      detail: 'an issuer above it is neither an anchor nor an intermediate beside the lists',
    }
  const [gap] = path.flatMap((one) => gapIn(one, lists, now))
  return gap === undefined ? { status: 'good' } : { status: 'unknown', detail: gap }
}

function gapIn(certificate: X509Certificate, lists: readonly RevocationList[], now: Date): string[] {
  const covering = lists.filter((list) => list.judge(certificate) === 'good')
  if (covering.some((list) => isCurrent(list, now))) return []
  const [stale] = covering
  return [
    stale === undefined
      ? `there is no revocation list for ${subjectOf(certificate)}`
      : `the revocation list of ${subjectOf(stale.issuer)} is out of date (nextUpdate ${stale.nextUpdate?.toISOString() ?? 'missing'})`,
  ]
}
