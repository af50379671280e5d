// The gateway's own refresh of its allow-list: the first one, failing ones, what is shown of them, and an old list.
import { utimesSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { administered } from '../../src/admin/of-gateway.ts'
import type { Config } from '../../src/config/config.ts'
import { parseAddress } from '../../src/domain/address.ts'
import { type World, startWorld } from '../support/world.ts'
import { delivery, send } from '../support/sender.ts'

const UPSTREAM = 'http://127.0.0.1:9/never-reached'
const META = parseAddress('157.240.1.1') ?? { family: 4, words: [0] }
const DAY = 86_400_000
const GOOD = answerOf(['157.240.0.0/16', '31.13.64.0/18'])
const ends: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end()
})

describe('a gateway that refreshes its list by itself', () => {
  it('starts without one, is not ready, admits nobody, and takes the first list up as soon as it is there', async () => {
    const registry = await registryThatSays(GOOD, { held: true })
    const world = await gateway(registry, { listGone: true })
    const { readiness } = administered(world.gateway)
    expect(readiness().ready).toBe(false)
    expect(await send(world, [delivery()])).toMatchObject({ ended: 'reset' })
    registry.release()
    await until(() => readiness().ready)
    expect(world.gateway.generation.prefixes.find(META)).toBe('157.240.0.0/16')
    expect(world.gateway.lastRefresh).toMatchObject({ outcome: 'stored' })
  })

  it('says so when the registry cannot answer, and goes on refusing everybody', async () => {
    const registry = await registryThatSays('%  No entries found for the selected source(s).\n\n\n')
    const world = await gateway(registry, { listGone: true })
    await until(() => world.gateway.lastRefresh?.outcome === 'failed')
    expect(world.logged()).toContain('the list stays as it is')
    expect(await send(world, [delivery()])).toMatchObject({ ended: 'reset' })
  })

  it('takes the last good list where the present one is gone', async () => {
    const registry = await registryThatSays(GOOD, { held: true })
    const world = await gateway(registry, {
      listGone: true,
      files: { 'list-of-none.txt.last-good': '31.13.64.0/18\n' },
    })
    expect(world.gateway.generation.prefixes.size).toBe(1)
    expect(world.logged()).toContain('list-of-none.txt.last-good')
  })

  it('keeps the list it has when a guard refuses the new one, and shows which guard', async () => {
    const registry = await registryThatSays(answerOf(['157.240.0.0/16', '10.0.0.0/16', '31.13.64.0/18']))
    const world = await gateway(registry, { listAge: 8 * DAY })
    const before = await readFile(join(world.directory, 'kept.txt'), 'utf8')
    await until(() => world.gateway.lastRefresh !== undefined)
    const { readiness, metrics } = administered(world.gateway)
    expect(readiness()).toMatchObject({ ready: true })
    expect(readiness().checks.find(({ name }) => name === 'allow-list refresh')).toMatchObject({
      ok: false,
      required: false,
      detail: expect.stringContaining('guard reserved'),
    })
    expect(readiness().checks.find(({ name }) => name === 'allow-list age')).toMatchObject({
      ok: false,
      required: false,
    })
    expect(await metrics()).toMatch(/^hubgate_allowlist_last_refresh_successful 0$/m)
    expect(await readFile(join(world.directory, 'kept.txt'), 'utf8')).toBe(before)
    expect(world.logged()).toContain('days old')
  })

  it('does not ask the registry while its list is young', async () => {
    const registry = await registryThatSays(GOOD)
    await gateway(registry, { listAge: 0 })
    await new Promise((resolve) => void setTimeout(resolve, 500))
    expect(registry.questions).toEqual([])
  })
})

describe('a list that disappears under a running gateway', () => {
  it('serves on from memory, and the reload says why it was refused', async () => {
    const world = await gateway(await registryThatSays(GOOD), { listAge: 0 })
    await rm(join(world.directory, 'kept.txt'))
    const outcome = await world.gateway.reload(world.config)
    expect(outcome).toMatchObject({ outcome: 'refused', problems: [{ setting: 'sources.allowlist' }] })
    expect(world.gateway.generation.prefixes.size).toBeGreaterThan(0)
  })
})

interface FakeRegistry {
  readonly port: number
  readonly questions: string[]
  readonly release: () => void
}

// Answers every question with the same text; a held one answers once it is released.
async function registryThatSays(answer: string, { held = false } = {}): Promise<FakeRegistry> {
  const questions: string[] = []
  let release = () => {}
  const released = held ? new Promise<void>((resolve) => (release = resolve)) : Promise.resolve()
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', (question: Buffer) => {
      questions.push(question.toString('latin1'))
      void released.then(() => socket.end(answer))
    })
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  ends.push(() => new Promise((resolve) => void server.close(resolve)))
  // Ends come in reverse order: nobody may be left waiting for a held answer when the server closes.
  ends.push(async () => release())
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return { port, questions, release }
}

interface Start {
  /** Milliseconds. */
  readonly listAge?: number
  readonly listGone?: boolean
  readonly files?: Readonly<Record<string, string>>
}

async function gateway(
  registry: FakeRegistry,
  { listAge = 0, listGone = false, files = {} }: Start,
): Promise<World> {
  const world = await startWorld({
    upstream: UPSTREAM,
    files: { ...files, ...(listGone ? {} : { 'kept.txt': '157.240.0.0/16\n31.13.64.0/18\n' }) },
    change: (config) => {
      const allowlist = join(config.state, listGone ? 'list-of-none.txt' : 'kept.txt')
      if (!listGone) utimesSync(allowlist, new Date(Date.now() - listAge), new Date(Date.now() - listAge))
      return { ...config, sources: asking({ ...config.sources, allowlist }, registry) }
    },
  })
  ends.push(() => world.end())
  return world
}

function asking(sources: Config['sources'], { port }: FakeRegistry): Config['sources'] {
  return {
    ...sources,
    refresh: { every: DAY },
    registry: { ...sources.registry, server: { host: '127.0.0.1', port }, tries: 1 },
    guards: { ...sources.guards, minIPv4: 1, minIPv6: 0, minAddresses: 1, wellKnown: [] },
  }
}

function answerOf(prefixes: readonly string[]): string {
  const objects = prefixes.map(
    (prefix) => `route: ${prefix}\norigin: AS32934\nmnt-by: MAINT-AS32934\nsource: RADB\n`,
  )
  return `${objects.join('\n')}\n\n`
}

async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 600; i++) {
    if (holds()) return
    await new Promise((resolve) => void setTimeout(resolve, 25))
  }
  throw new Error('it did not come to hold within 15 s')
}
