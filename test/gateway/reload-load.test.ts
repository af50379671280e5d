// A hundred reloads under load, good and bad, asked for and by files: no delivery is lost, and nothing is left behind.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type HeldUpstream, startHeldUpstream } from '../support/held-upstream.ts'
import { collectGarbage, countLive } from '../support/live-resources.ts'
import { startLoad } from '../support/steady-load.ts'
import { type World, startWorld } from '../support/world.ts'

const WITHIN = { timeout: 15_000, interval: 10 }
const ROUNDS = 25

let upstream: HeldUpstream
let world: World
const live = countLive()
beforeAll(async () => {
  upstream = await startHeldUpstream()
  world = await startWorld({ upstream: upstream.url })
})
afterAll(async () => {
  live.stop()
  await world.end()
  await upstream.close()
})

const writeList = (content: string) => writeFileSync(join(world.directory, 'list.txt'), content)

/** Four reloads: by a file, refused for a file, refused for a setting, and with another HTTP server. */
async function fourReloads(round: number): Promise<void> {
  const { gateway, config } = world
  const { id } = gateway.generation
  writeList(`127.0.0.1/32\n31.13.${round}.0/24\n`)
  await expect.poll(() => gateway.generation.id, WITHIN).toBeGreaterThan(id)
  writeList('# nobody\n')
  expect(await gateway.reload()).toMatchObject({ outcome: 'refused' })
  writeList('127.0.0.1/32\n')
  expect(await gateway.reload({ ...config, state: '/nowhere' })).toMatchObject({ outcome: 'refused' })
  const limits = { ...config.limits, head: 8_192 + round }
  expect(await gateway.reload({ ...config, limits })).toMatchObject({ outcome: 'reloaded', closed: 0 })
}

const KINDS = ['Timeout', 'FSEVENTWRAP', 'TCPSERVERWRAP', 'TCPWRAP', 'TLSWRAP', 'HTTPINCOMINGMESSAGE']

describe('a hundred reloads under load', () => {
  it(
    'lose no delivery, and leave no server, timer, watcher or former state behind',
    { timeout: 120_000 },
    async () => {
      const idle = live.count('TCPWRAP')
      // Once for warming up: pools and agents keep what they have.
      const warm = startLoad(world)
      await fourReloads(ROUNDS)
      await warm.stop()
      await rested(idle)
      const before = KINDS.map((kind) => [kind, live.count(kind)] as const)

      const states: WeakRef<object>[] = []
      const load = startLoad(world)
      for (let round = 0; round < ROUNDS; round++) {
        await fourReloads(round)
        states.push(new WeakRef(world.gateway.generation), new WeakRef(world.gateway.generation.servers.http))
      }
      await load.stop()
      expect(load.others).toEqual([])
      expect(load.acknowledged.size).toBeGreaterThan(100)
      const received = new Set(upstream.received.map(({ sha256 }) => sha256))
      expect([...load.acknowledged].filter((sha256) => !received.has(sha256))).toEqual([])

      await rested(idle)
      // Some of a kind count until they are collected; the last connections may still hold a state or two.
      const left = () => {
        collectGarbage()
        const kinds = before.filter(([kind, count]) => live.count(kind) > count).map(([kind]) => kind)
        const held = states.filter((state) => state.deref() !== undefined).length
        return { kinds, former: held > 4 ? held : 'few' }
      }
      await expect.poll(left, WITHIN).toEqual({ kinds: [], former: 'few' })
    },
  )
})

/** Nothing is open, and the connections kept to the upstream have timed out. */
async function rested(sockets: number): Promise<void> {
  await expect.poll(() => world.gateway.load.connections, WITHIN).toBe(0)
  await expect.poll(() => live.count('TCPWRAP'), WITHIN).toBeLessThanOrEqual(sockets)
}
