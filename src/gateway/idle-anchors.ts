// Which active anchors nobody uses any more, while others are used: the sign that a change of Meta's is behind us.
import type { Problem } from '../config/problem.ts'
import type { AnchorUse } from '../tls/anchor-uses.ts'

const IDLE_DAYS = 14
const DAY_MS = 86_400_000

export interface IdleAnchor {
  readonly fingerprint: string
  readonly warning: Problem
}

/** @param active how the active anchors were used. */
export function idleAnchors(active: readonly AnchorUse[], now: Date): readonly IdleAnchor[] {
  const since = now.getTime() - IDLE_DAYS * DAY_MS
  const used = active.filter(({ lastUsed }) => lastUsed !== undefined && lastUsed.getTime() > since)
  if (used.length === 0) return []
  const others = used.map(({ name }) => `"${name}"`).join(', ')
  return active
    .filter((anchor) => !used.includes(anchor) && isOlder(anchor, since))
    .map(({ name, fingerprint }) => ({
      fingerprint,
      warning: {
        setting: 'client.anchors',
        message: `anchor "${name}" admitted nobody for ${IDLE_DAYS} days while ${others} did`,
        hint: `retire it when Meta no longer uses it: hubgate anchor retire ${name.replace(/#\d+$/, '')}`,
      },
    }))
}

// One that was made active a week ago may still wait for its first client.
function isOlder({ activeSince }: AnchorUse, since: number): boolean {
  return activeSince !== undefined && activeSince.getTime() <= since
}
