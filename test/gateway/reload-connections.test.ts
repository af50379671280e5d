// After a reload each open connection is judged again: who would be refused now is closed and counted, everybody else stays.
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Config } from '../../src/config/config.ts'
import { type HeldUpstream, startHeldUpstream } from '../support/held-upstream.ts'
import { type KeptClient, keptClient } from '../support/kept-client.ts'
import { delivery } from '../support/sender.ts'
import { type World, startWorld } from '../support/world.ts'

const META = 'client.webhooks.fbclientcerts.com'
const SECOND = 'second.example'

let upstream: HeldUpstream
let world: World
beforeAll(async () => {
  upstream = await startHeldUpstream()
  world = await startWorld({
    upstream: upstream.url,
    files: { 'elsewhere.txt': '127.0.0.2/32\n' },
    change: (config) => ({
      ...config,
      client: { ...config.client, commonNames: [META, SECOND] },
      sources: { ...config.sources, extra: ['127.0.0.2/32'] },
    }),
  })
})
afterEach(async () => {
  upstream.release()
  await world.gateway.reload(world.config)
  await expect.poll(() => world.gateway.load.connections, { timeout: 15_000 }).toBe(0)
})
afterAll(async () => {
  await world.end()
  await upstream.close()
})

type Name = 'meta' | 'digicert' | 'second' | 'elsewhere'

/** One client of each kind that a change may tell apart, connected and served. */
async function crowd(): Promise<Record<Name, KeptClient>> {
  const { meta, digicert } = world.pki
  return {
    meta: await keptClient(world),
    digicert: await keptClient(world, { identity: digicert.client() }),
    second: await keptClient(world, { identity: meta.client({ commonNames: [SECOND] }) }),
    elsewhere: await keptClient(world, { localAddress: '127.0.0.2' }),
  }
}

const client =
  (change: Partial<Config['client']>) =>
  (config: Config): Config => ({
    ...config,
    client: { ...config.client, ...change },
  })
const sources =
  (change: (config: Config) => Partial<Config['sources']>) =>
  (config: Config): Config => ({
    ...config,
    sources: { ...config.sources, ...change(config) },
  })
const limits =
  (change: Partial<Config['limits']>) =>
  (config: Config): Config => ({
    ...config,
    limits: { ...config.limits, ...change },
  })
const anchors =
  (pick: (all: Config['client']['anchors']) => Config['client']['anchors']) => (config: Config) =>
    client({ anchors: pick(config.client.anchors) })(config)

interface Row {
  readonly what: string
  readonly change: (config: Config) => Config
  readonly closed: readonly Name[]
}

const NOBODY: readonly Name[] = []

describe('closes whom it would refuse now, and no one else:', () => {
  const rows: readonly Row[] = [
    {
      what: 'one anchor removed',
      change: anchors(([first]) => (first === undefined ? [] : [first])),
      closed: ['digicert'],
    },
    {
      what: 'the other anchor removed',
      change: anchors((all) => all.slice(1)),
      closed: ['meta', 'second', 'elsewhere'],
    },
    { what: 'anchors in another order', change: anchors((all) => all.toReversed()), closed: NOBODY },
    {
      what: 'an anchor under another name',
      change: anchors((all) => all.map((anchor) => Object.assign({}, anchor, { name: `${anchor.name}-2` }))),
      closed: NOBODY,
    },
    {
      what: 'an anchor more',
      change: anchors((all) => [
        ...all,
        { kind: 'builtin', name: 'digicert-ev', builtin: 'digicert-ev', state: 'active' },
      ]),
      closed: NOBODY,
    },
    { what: 'a common name removed', change: client({ commonNames: [META] }), closed: ['second'] },
    {
      what: 'common names replaced',
      change: client({ commonNames: ['nobody.example'] }),
      closed: ['meta', 'digicert', 'second', 'elsewhere'],
    },
    {
      what: 'a common name more',
      change: client({ commonNames: [META, SECOND, 'third.example'] }),
      closed: NOBODY,
    },
    { what: 'a prefix removed', change: sources(() => ({ extra: [] })), closed: ['elsewhere'] },
    {
      what: 'another list',
      change: sources(({ state }) => ({ allowlist: `${state}/elsewhere.txt` })),
      closed: ['meta', 'digicert', 'second'],
    },
    {
      what: 'another list that only observes',
      change: sources(({ state }) => ({ allowlist: `${state}/elsewhere.txt`, mode: 'observe' })),
      closed: NOBODY,
    },
    { what: 'no source gate', change: sources(() => ({ mode: 'none' })), closed: NOBODY },
    {
      what: 'certificates only observed',
      change: client({ require: 'observe', commonNames: ['nobody.example'] }),
      closed: NOBODY,
    },
    {
      what: 'certificates only observed, and one anchor removed',
      change: (config) => client({ require: 'observe', anchors: config.client.anchors.slice(0, 1) })(config),
      closed: NOBODY,
    },
    { what: 'certificates only for deliveries', change: client({ require: 'deliveries' }), closed: NOBODY },
    {
      what: 'fewer connections allowed than there are',
      change: limits({ connections: 1, connectionsPerAddress: 1 }),
      closed: NOBODY,
    },
    {
      what: 'another HTTP server, for other limits',
      change: limits({ head: 8_192, idleTimeout: 60_000, headTimeout: 9_000 }),
      closed: NOBODY,
    },
    { what: 'nothing', change: (config) => config, closed: NOBODY },
    {
      what: 'two things at once',
      change: (config) => sources(() => ({ extra: [] }))(client({ commonNames: [META] })(config)),
      closed: ['second', 'elsewhere'],
    },
  ]

  it.each(rows)('$what: $closed', async ({ change, closed }) => {
    const clients = await crowd()
    const records = world.records.length
    expect(await world.gateway.reload(change(world.config))).toMatchObject({
      outcome: 'reloaded',
      closed: closed.length,
    })
    for (const name of closed) await clients[name].closed
    const rest = Object.entries(clients).filter(([name]) => !closed.some((one) => one === name))
    for (const [name, kept] of rest) expect((await kept.deliver())?.status, name).toBe(200)
    // They had been admitted, and nothing of theirs was refused: one record a delivery, none for a close.
    expect(world.records.slice(records).map(({ outcome }) => outcome)).toEqual(rest.map(() => 'acknowledged'))
    for (const [, kept] of rest) {
      expect(kept.isOpen).toBe(true)
      kept.end()
    }
  })
})

describe('a connection that became unwelcome with a delivery in flight', () => {
  const withoutDigicert = anchors(([first]) => (first === undefined ? [] : [first]))

  it('finishes it, is told that the connection ends, and is closed; it is counted once', async () => {
    const busy = await keptClient(world, { identity: world.pki.digicert.client() })
    const welcome = await keptClient(world)
    upstream.hold()
    const answers = [busy.deliver(), welcome.deliver()]
    await expect.poll(() => upstream.waiting).toBe(2)
    expect(await world.gateway.reload(withoutDigicert(world.config))).toMatchObject({ closed: 1 })
    expect(await world.gateway.reload(withoutDigicert(world.config))).toMatchObject({ closed: 0 })
    expect([busy.isOpen, welcome.isOpen]).toEqual([true, true])
    upstream.release()
    const [last, other] = await Promise.all(answers)
    expect(last?.status).toBe(200)
    expect(last?.fields.list('connection')).toEqual(['close'])
    expect(await busy.closed).toHaveLength(2)
    expect(other?.status).toBe(200)
    expect(other?.fields.list('connection')).not.toContain('close')
    expect((await welcome.deliver())?.status).toBe(200)
    welcome.end()
  })

  it('is not heard any more: what it sends behind that delivery reaches nobody', async () => {
    const busy = await keptClient(world, { identity: world.pki.digicert.client() })
    upstream.hold()
    const first = busy.deliver()
    await expect.poll(() => upstream.waiting).toBe(1)
    await world.gateway.reload(withoutDigicert(world.config))
    const received = upstream.received.length
    busy.socket.write(delivery())
    upstream.release()
    expect((await first)?.status).toBe(200)
    expect(await busy.closed).toHaveLength(2)
    expect(upstream.received).toHaveLength(received)
  })

  it('that never ends, is cut off after a while, and its record says why', async () => {
    const busy = await keptClient(world, { identity: world.pki.digicert.client() })
    upstream.hold()
    const answer = busy.deliver()
    await expect.poll(() => upstream.waiting).toBe(1)
    world.records.length = 0
    vi.useFakeTimers({ toFake: ['setTimeout'] })
    await world.gateway.reload(withoutDigicert(world.config))
    vi.advanceTimersByTime(60_000)
    vi.useRealTimers()
    expect((await answer)?.status).toBe(403)
    await busy.closed
    expect(world.records).toMatchObject([
      { kind: 'request', outcome: 'refused', code: 'CERTIFICATE_UNTRUSTED' },
    ])
  })
})
