// What each worker may use of limits that hold for the whole of hubgate: an equal part, so that together they never exceed it.
import type { Config } from './config.ts'
import type { Problem } from './problem.ts'

type Limits = Config['limits']

/** `limits.connectionsPerAddress` is about fairness, not memory: it counts in each worker. */
export function shareOf(limits: Limits, workers: number): Limits {
  return {
    ...limits,
    connections: Math.floor(limits.connections / workers),
    bodiesInMemory: Math.floor(limits.bodiesInMemory / workers),
  }
}

/** Why there cannot be so many workers. */
export function shareProblems(limits: Limits, workers: number): Problem[] {
  if (workers === 1) return []
  const { connections, bodiesInMemory } = shareOf(limits, workers)
  return [
    ...(connections >= 1
      ? []
      : [
          {
            setting: 'limits.connections',
            message: `is less than one for each of ${workers} workers`,
            hint: 'raise it, or lower listen.workers',
          },
        ]),
    ...(bodiesInMemory >= limits.body
      ? []
      : [
          {
            setting: 'limits.bodiesInMemory',
            message: `divided among ${workers} workers is less than limits.body: the largest body could never be accepted`,
            hint: 'raise it, or lower limits.body or listen.workers',
          },
        ]),
  ]
}
