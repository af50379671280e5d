// Counts what is alive in this process by kind, what is unref'd included: timers, watchers of files, sockets, servers.
import { createHook } from 'node:async_hooks'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

export interface LiveResources {
  /** How many of a kind were made since, and are still there. */
  readonly count: (kind: string) => number
  readonly stop: () => void
}

/** Counts from now on. Kinds are those of async_hooks, such as Timeout, FSEVENTWRAP, TCPSERVERWRAP. */
export function countLive(): LiveResources {
  const kinds = new Map<number, string>()
  const hook = createHook({
    init: (id, kind) => {
      if (kind !== 'PROMISE') kinds.set(id, kind)
    },
    destroy: (id) => kinds.delete(id),
  }).enable()
  return {
    count: (kind) => [...kinds.values()].filter((one) => one === kind).length,
    stop: () => hook.disable(),
  }
}

/** Collects garbage now, without a flag on the command line. */
export function collectGarbage(): void {
  setFlagsFromString('--expose_gc')
  const collect: unknown = runInNewContext('gc')
  if (typeof collect === 'function') collect()
}
