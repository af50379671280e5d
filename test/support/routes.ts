// A world with one route a way of forwarding, all to the same upstream, and what has to hold after each request.
import { expect } from 'vitest'
import type { RouteConfig } from '../../src/config/config.ts'
import type { RawUpstream } from './raw-upstream.ts'
import { type World, type WorldOptions, startWorld } from './world.ts'

/** How a route forwards: the relay, http-proxy with verified bytes, http-proxy streaming. */
export type Way = 'status' | 'full' | 'unsigned'

export const WAYS = ['status', 'full', 'unsigned'] as const

/** The path of the route that forwards this way; `short` where the upstream's timeout is to be met. */
export function pathOf(way: Way, patience: 'long' | 'short' = 'long'): string {
  return `/${way}/${patience}`
}

const WAY: Readonly<Record<Way, Partial<RouteConfig>>> = {
  status: {},
  full: { answer: 'full' },
  unsigned: { mode: 'unsigned', unsafeUnsigned: true, apps: [] },
}

/** @param options `route` changes every route. */
export function startWorldOfWays(
  upstream: string,
  { change = (config) => config, route, ...options }: Partial<WorldOptions> = {},
): Promise<World> {
  return startWorld({
    upstream,
    change: (config) => {
      const [plain] = config.routes
      if (plain === undefined) throw new Error('no route to begin with')
      const routes = WAYS.flatMap((way): RouteConfig[] => {
        const own = { ...plain, ...WAY[way], ...route }
        return [
          { ...own, path: pathOf(way), timeout: 12_000 },
          { ...own, path: pathOf(way, 'short'), timeout: 250 },
        ]
      })
      return change({ ...config, routes })
    },
    ...options,
  })
}

/** Waits until something holds. @throws after ten seconds, or as many milliseconds, with what was awaited. */
export async function until(holds: () => boolean, awaited: string, patience = 10_000): Promise<void> {
  const end = performance.now() + patience
  while (!holds()) {
    if (performance.now() > end) throw new Error(`waited in vain until ${awaited}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

export const NOTHING_IN_FLIGHT = { connections: 0, requests: 0, bodyBytes: 0 }

/** Nothing is in flight any more, on either side; the upstream's connections are those that may be kept. */
export async function expectQuiet(world: World, upstream: RawUpstream, kept = 0): Promise<void> {
  const quiet = () =>
    JSON.stringify(world.gateway.load) === JSON.stringify(NOTHING_IN_FLIGHT) && upstream.open <= kept
  await until(quiet, 'all is quiet').catch(() => {})
  expect({ ...world.gateway.load, upstream: Math.max(0, upstream.open - kept) }).toEqual({
    ...NOTHING_IN_FLIGHT,
    upstream: 0,
  })
}
