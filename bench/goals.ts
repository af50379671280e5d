// What hubgate has to reach, scene by scene, and whether it did: medians of ratios within a round.
import { median, ratios, rounded } from './statistics.ts'

export interface Goal {
  /** Whose figure: hubgate's, or that of a part of it. */
  readonly of: string
  /** Compared with whichever of these does best; none: the figure itself. */
  readonly against: readonly string[]
  readonly atMost: number
}

export interface Judged {
  readonly goal: string
  /** Absent where a contestant is missing. */
  readonly value: number | undefined
  readonly state: 'met' | 'missed' | 'not measured'
}

/** Figures of one scene by contestant, one a round. */
export type Series = ReadonlyMap<string, readonly number[]>

const PEERS = ['nginx + njs', 'nginx + lua', 'HAProxy'] as const

/** By scene. The figure is CPU time a request, in `latency` the median time to an answer, in the last two megabytes. */
export const GOALS: Readonly<Record<string, readonly Goal[]>> = {
  '1k5': [
    { of: 'hubgate', against: ['floor'], atMost: 1.25 },
    { of: 'hubgate, general lane', against: ['floor'], atMost: 1.7 },
    { of: 'hubgate', against: ['nginx + njs', 'nginx + lua'], atMost: 0.85 },
    { of: 'hubgate', against: ['HAProxy'], atMost: 0.75 },
    { of: 'hubgate', against: ['http-proxy'], atMost: 0.28 },
  ],
  '64k': [{ of: 'hubgate', against: PEERS, atMost: 1 }],
  '3m': [{ of: 'hubgate', against: PEERS, atMost: 0.85 }],
  'refused-address': [{ of: 'hubgate', against: ['HAProxy'], atMost: 1.3 }],
  'handshake-p256': [{ of: 'hubgate', against: ['nginx, no signature'], atMost: 1 }],
  latency: [{ of: 'hubgate', against: ['nginx + njs'], atMost: 1 }],
  'idle-1000': [{ of: 'hubgate', against: ['floor'], atMost: 1.15 }],
  'inflight-64x3m': [{ of: 'hubgate', against: [], atMost: 320 }],
}

export function judge(scene: string, series: Series): Judged[] {
  return (GOALS[scene] ?? []).map((goal) => judged(goal, series))
}

/** One that is missing could have been the best: then nothing is known, unless the goal is missed without it. */
function judged(goal: Goal, series: Series): Judged {
  const { of, against, atMost } = goal
  const own = series.get(of)
  const known = against.flatMap((name) => {
    const figures = series.get(name)
    return figures === undefined ? [] : [figures]
  })
  const text = textOf(goal)
  if (own === undefined || (against.length > 0 && known.length === 0))
    return { goal: text, value: undefined, state: 'not measured' }
  const value =
    against.length === 0
      ? rounded(median(own))
      : Math.max(...known.map((figures) => ratios(own, figures).median))
  if (value > atMost) return { goal: text, value, state: 'missed' }
  return { goal: text, value, state: known.length < against.length ? 'not measured' : 'met' }
}

function textOf({ of, against, atMost }: Goal): string {
  if (against.length === 0) return `${of} ≤ ${atMost} MB`
  const whom = against.length === 1 ? against[0] : `the best of ${against.join(', ')}`
  return `${of} ≤ ${atMost} × ${whom}`
}
