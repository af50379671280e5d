// Which core the measured server gets: one of its own, with everything else on another, where taskset can see to it.
import { spawnSync } from 'node:child_process'

export interface Cores {
  /** What stands before a server's command line; empty where nothing is pinned. */
  readonly pin: readonly string[]
  /** For the conditions of a result. */
  readonly text: string
}

/** Pins this process (and what it starts from now on) to one core, and keeps another one for servers. */
export function claimCores(): Cores {
  const [others, server] = allowedCores()
  if (others === undefined || server === undefined)
    return { pin: [], text: 'nothing is pinned: taskset is missing, or there is only one core' }
  const pinned = spawnSync('taskset', ['-a', '-c', '-p', others, `${process.pid}`])
  if (pinned.status !== 0) return { pin: [], text: 'nothing is pinned: taskset was refused' }
  return { pin: ['taskset', '-c', server], text: `server on core ${server}, all else on core ${others}` }
}

/** The first two cores that this process may use. */
function allowedCores(): readonly string[] {
  const asked = spawnSync('taskset', ['-c', '-p', `${process.pid}`], { encoding: 'utf8' })
  if (asked.status !== 0) return []
  return coresOf(asked.stdout.trim().split(' ').at(-1) ?? '').slice(0, 2)
}

/** @param list such as 0-3,8. */
export function coresOf(list: string): string[] {
  return list.split(',').flatMap((range) => {
    const [first = NaN, last = first] = range.split('-').map(Number)
    if (!Number.isInteger(first) || !Number.isInteger(last)) return []
    return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => `${first + i}`)
  })
}
