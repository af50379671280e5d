// Meta changes its authority while deliveries arrive: the new anchor staged, promoted, the old one retired. No good delivery is
// lost on the way, the right clients are refused with the right words, and the counts are right.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AnchorState, Config } from '../../src/config/config.ts'
import { type Consumer, startConsumer } from '../../src/lab/consumer.ts'
import type { ClientIdentity } from '../../src/lab/pki/authorities.ts'
import { CANARY_SECRET } from '../canary.ts'
import { sendAs } from '../support/identity.ts'
import { type Load, startLoad } from '../support/steady-load.ts'
import { type World, startWorld } from '../support/world.ts'

const OLD = 'digicert-lab'
const NEW = 'meta-lab'

let consumer: Consumer
let world: World
let oldClient: ClientIdentity
let newClient: ClientIdentity
beforeAll(async () => {
  consumer = await startConsumer({ secret: CANARY_SECRET })
  world = await startWorld({ upstream: consumer.url, change: withStates({ [NEW]: 'staged' }) })
  oldClient = world.pki.digicert.client()
  newClient = world.pki.client
})
afterAll(async () => {
  await world.end()
  await consumer.close()
})

function withStates(states: Readonly<Record<string, AnchorState>>): (config: Config) => Config {
  return (config) => ({
    ...config,
    client: {
      ...config.client,
      anchors: config.client.anchors.map((anchor) => ({ ...anchor, state: states[anchor.name] ?? 'active' })),
    },
  })
}

async function become(states: Readonly<Record<string, AnchorState>>): Promise<void> {
  expect(await world.gateway.reload(withStates(states)(world.config))).toMatchObject({ outcome: 'reloaded' })
}

/** Deliveries without a pause from a client of its own, until stopped. */
function load(identity: ClientIdentity): Load {
  return startLoad(
    { port: world.port, pki: { ...world.pki, client: identity } },
    { clients: 2, perConnection: 5 },
  )
}

async function more(load: Load, count = 30): Promise<void> {
  const before = load.acknowledged.size
  await expect.poll(() => load.acknowledged.size, { timeout: 20_000 }).toBeGreaterThan(before + count)
}

async function expectRefused(identity: ClientIdentity, words: RegExp): Promise<void> {
  const { answers, localPort } = await sendAs(world, { identity })
  expect(answers).toEqual([])
  const record = await world.record(({ peerPort, kind }) => kind === 'connection' && peerPort === localPort)
  expect(record).toMatchObject({ outcome: 'refused', code: 'CERTIFICATE_UNTRUSTED' })
  expect(record.detail).toMatch(words)
}

describe('a rotation under load', () => {
  it('loses no good delivery, and refuses the right ones', async () => {
    const before = load(oldClient)
    await more(before)
    await expectRefused(newClient, /staged anchor "meta-lab" would admit it: hubgate anchor promote meta-lab/)

    await become({})
    const after = load(newClient)
    await Promise.all([more(before), more(after)])

    // Meta has switched over: nobody comes with the old certificate any more.
    await before.stop()
    expect(before.others).toEqual([])
    await more(after)
    await become({ [OLD]: 'retired' })
    await more(after)
    await expectRefused(oldClient, /retired anchor "digicert-lab" would have admitted it/)
    await after.stop()
    expect(after.others).toEqual([])

    expect(new Set(consumer.received.map(({ sha256 }) => sha256))).toEqual(
      new Set([...before.acknowledged, ...after.acknowledged]),
    )
    const counted = await uses()
    for (const [anchor, clients] of [
      [OLD, 2],
      [NEW, 2],
    ] as const) {
      // Each client may have connected once more when it was told to stop, without a delivery.
      expect(counted[anchor]).toBeGreaterThanOrEqual(connectionsUnder(anchor))
      expect(counted[anchor]).toBeLessThanOrEqual(connectionsUnder(anchor) + clients)
    }
    expect(world.records.filter(({ outcome }) => outcome === 'refused')).toHaveLength(2)
  })

  it('closes the open connections of a client whose anchor is retired under it', async () => {
    await become({})
    const late = load(oldClient)
    const good = load(newClient)
    await Promise.all([more(late), more(good)])
    await become({ [OLD]: 'retired' })
    await expect.poll(() => [...late.others], { timeout: 20_000 }).toContain('closed')
    await more(good)
    await Promise.all([late.stop(), good.stop()])
    expect(good.others).toEqual([])
    expect(late.others.filter((other) => other !== 'closed')).toEqual([])
  })
})

/** What hubgate_anchor_uses_total says. */
async function uses(): Promise<Record<string, number>> {
  const lines = (await world.gateway.observer.metrics.expose()).matchAll(
    /^hubgate_anchor_uses_total\{anchor="([^"]+)"\} (\d+)$/gm,
  )
  return Object.fromEntries([...lines].map(([, anchor = '', count]) => [anchor, Number(count)]))
}

/** Connections that sent a delivery, by the anchor that their records name. */
function connectionsUnder(anchor: string): number {
  const named = world.records.filter((record) => record.kind === 'request' && record.anchor?.includes(anchor))
  return new Set(named.map(({ connection }) => connection)).size
}
