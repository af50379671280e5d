// What revocation lists say of a certificate's path, as facts: who issued what, and which lists there are.
// Reading lists and finding paths is the tls room's; refusing is the revocation gate's.

/** One certificate of a path, as the list of its issuer knows it. */
export interface PathStep {
  /** Hex, upper case, as in Leaf.serial. */
  readonly serial: string
  readonly subject: string
  /** Names the issuer by name and key: cross-signed certificates of one authority are one. */
  readonly issuer: string
}

/** A revocation list whose signature was checked. */
export interface Revocations {
  readonly issuer: string
  /** SHA-256 of its bytes. */
  readonly fingerprint: string
  /** The issuer for people. */
  readonly issuerName: string
  /** Until when it counts as current; undefined: never. */
  readonly nextUpdate: Date | undefined
  readonly revokes: (serial: string) => boolean
}

export type RevocationStatus =
  | { readonly status: 'good' }
  | { readonly status: 'revoked'; readonly detail: string }
  | { readonly status: 'unknown'; readonly detail: string }

/**
 * Looks up every step. One that any list names, an old list too, is revoked: nothing is ever taken back.
 * @param path undefined or empty: no path could be seen. @param now milliseconds.
 */
export function revocationStatus(
  path: readonly PathStep[] | undefined,
  lists: readonly Revocations[],
  now: number,
): RevocationStatus {
  if (path === undefined || path.length === 0)
    return {
      status: 'unknown',
      detail: 'its issuer is neither an anchor nor an intermediate that a list came with',
    }
  const revoked = path.find(({ serial, issuer }) =>
    lists.some((list) => list.issuer === issuer && list.revokes(serial)),
  )
  if (revoked !== undefined)
    return {
      status: 'revoked',
      detail: `${revoked.subject}, serial ${revoked.serial}, is on a revocation list`,
    }
  const gaps = path.map(({ issuer, subject }) =>
    gapOf(
      lists.filter((list) => list.issuer === issuer),
      { subject, now },
    ),
  )
  const gap = gaps.find((one) => one !== undefined)
  return gap === undefined ? { status: 'good' } : { status: 'unknown', detail: gap }
}

function gapOf(
  lists: readonly Revocations[],
  { subject, now }: { subject: string; now: number },
): string | undefined {
  if (lists.length === 0) return `there is no revocation list of the issuer of ${subject}`
  if (lists.some(({ nextUpdate }) => nextUpdate !== undefined && nextUpdate.getTime() > now)) return undefined
  const [{ issuerName, nextUpdate } = { issuerName: '', nextUpdate: undefined }] = lists
  return `the revocation list of ${issuerName} is out of date${nextUpdate === undefined ? '' : ` since ${nextUpdate.toISOString()}`}`
}
