// The source gate at the door: who is not in the list is reset before any TLS, whatever family the listener speaks.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Config } from '../../src/config/config.ts'
import { type Consumer, startConsumer } from '../../src/lab/consumer.ts'
import { exchange } from '../../src/lab/exchange.ts'
import { CANARY_SECRET } from '../canary.ts'
import { clientHello } from '../support/client-hello.ts'
import { itWithIPv6 } from '../support/ipv6.ts'
import { delivery, dialTo, send } from '../support/sender.ts'
import { tlsOf } from '../support/sessions.ts'
import { type World, startWorld } from '../support/world.ts'

let consumer: Consumer
beforeAll(async () => {
  consumer = await startConsumer({ secret: CANARY_SECRET })
})
afterAll(() => consumer.close())

/** A gateway that listens where `host` says (undefined: both families), with this list. */
function worldWith(
  list: string,
  change: { host?: string | undefined; mode?: Config['sources']['mode'] } = {},
): Promise<World> {
  const { host, mode = 'enforce' } = { host: '127.0.0.1', ...change }
  return startWorld({
    upstream: consumer.url,
    files: { 'own.txt': list },
    change: (config) => ({
      ...config,
      listen: { ...config.listen, address: [{ kind: 'tcp', host, port: 0 }] },
      sources: { ...config.sources, mode, allowlist: `${config.state}/own.txt` },
    }),
  })
}

/** Sends one delivery over TLS. */
function deliver(world: World, address: { host?: string; localAddress?: string } = {}) {
  return send(world, [delivery()], { dial: dialTo(world, address) })
}

describe('a peer outside the list', () => {
  let world: World
  let tlsConnections = 0
  beforeAll(async () => {
    world = await worldWith('127.0.0.1/32\n')
    tlsOf(world).server.on('connection', () => (tlsConnections += 1))
  })
  beforeEach(() => {
    tlsConnections = 0
    world.records.length = 0
  })
  afterAll(() => world.end())

  it('is reset, and its record says why', async () => {
    const { ended, answers, handshaken } = await deliver(world, { localAddress: '127.0.0.2' })
    expect({ ended, answers, handshaken }).toEqual({ ended: 'reset', answers: [], handshaken: false })
    const record = await world.record(({ kind }) => kind === 'connection')
    expect(record).toMatchObject({
      outcome: 'refused',
      code: 'SOURCE_NOT_ALLOWED',
      phase: 'connection',
      gate: 'source',
      peer: '127.0.0.2',
    })
    expect(world.records).toHaveLength(1)
  })

  it('gets no byte for its ClientHello, and no TLS work is spent on it', async () => {
    const dial = { host: '127.0.0.1', port: world.port, localAddress: '127.0.0.2', tls: false } as const
    let bytes = 0
    const { ended } = await exchange({
      dial,
      steps: [clientHello()],
      opened: (socket) => socket.on('data', (chunk: Buffer) => (bytes += chunk.length)),
    })
    expect({ ended, bytes, tlsConnections }).toEqual({ ended: 'reset', bytes: 0, tlsConnections: 0 })
  })

  it('leaves nothing behind, however often it comes, and others are served meanwhile', async () => {
    const strangers = Array.from({ length: 200 }, () => deliver(world, { localAddress: '127.0.0.2' }))
    const friends = Array.from({ length: 5 }, () => deliver(world))
    const ends = await Promise.all(strangers)
    expect(new Set(ends.map(({ ended }) => ended))).toEqual(new Set(['reset']))
    for (const { answers } of await Promise.all(friends)) expect(answers[0]?.status).toBe(200)
    expect(tlsConnections).toBe(5)
    expect(world.records.filter(({ code }) => code === 'SOURCE_NOT_ALLOWED')).toHaveLength(200)
    await expect.poll(() => world.gateway.load.connections, { timeout: 10_000 }).toBe(0)
  })
})

describe('where both families come in on one listener', async () => {
  const itV6 = await itWithIPv6()
  itV6.each([
    { name: 'an IPv4 peer of the list', list: '127.0.0.1/32\n', host: '127.0.0.1', admitted: true },
    { name: 'an IPv6 peer, with an IPv4 list', list: '127.0.0.1/32\n', host: '::1', admitted: false },
    { name: 'an IPv4 peer, with an IPv6 list', list: '::1/128\n', host: '127.0.0.1', admitted: false },
    { name: 'an IPv6 peer of the list', list: '::1/128\n', host: '::1', admitted: true },
    // 127.0.0.1 comes in as ::ffff:127.0.0.1; the first 32 bits of 7f00:1:: are those of 127.0.0.1.
    {
      name: 'an IPv4 peer with the bits of an IPv6 prefix',
      list: '7f00:1::/32\n',
      host: '127.0.0.1',
      admitted: false,
    },
    {
      name: 'an IPv6 peer with the bits of an IPv4 prefix',
      list: '0.0.0.0/8\n',
      host: '::1',
      admitted: false,
    },
  ])('$name: admitted $admitted', async ({ list, host, admitted }) => {
    const world = await worldWith(list, { host: undefined })
    try {
      const before = consumer.received.length
      const { ended, answers } = await deliver(world, { host })
      if (!admitted) {
        expect(ended).toBe('reset')
        expect(await world.record(({ kind }) => kind === 'connection')).toMatchObject({
          code: 'SOURCE_NOT_ALLOWED',
          peer: host,
        })
        return
      }
      expect(answers[0]?.status).toBe(200)
      expect(world.records).toMatchObject([{ outcome: 'acknowledged', peer: host }])
      // The address in its usual form, not as ::ffff:127.0.0.1.
      expect(consumer.received.slice(before)).toMatchObject([{ fields: { 'x-forwarded-for': host } }])
    } finally {
      await world.end()
    }
  })
})

describe('a source gate that', () => {
  it('only observes lets a stranger in, records what it would have done, and vouches for nothing', async () => {
    const world = await worldWith('31.13.64.0/18\n', { mode: 'observe' })
    const before = consumer.received.length
    const { answers } = await deliver(world)
    expect(answers[0]?.status).toBe(200)
    expect(world.records).toMatchObject([{ observed: [{ gate: 'source', code: 'SOURCE_NOT_ALLOWED' }] }])
    expect(consumer.received.slice(before)).toMatchObject([
      { fields: { 'hubgate-verified': 'certificate, signature' } },
    ])
    await world.end()
  })

  it('is switched off needs no list and vouches for nothing', async () => {
    const world = await worldWith('', { mode: 'none' })
    const before = consumer.received.length
    const { answers } = await deliver(world)
    expect(answers[0]?.status).toBe(200)
    expect(world.records).toMatchObject([{ observed: [] }])
    expect(consumer.received.slice(before)).toMatchObject([
      { fields: { 'hubgate-verified': 'certificate, signature' } },
    ])
    await world.end()
  })

  it.each([
    ['no list', undefined, 'there is no such file'],
    ['an empty list', '', 'it holds no prefix: everybody would be refused'],
    ['comments alone', '# 127.0.0.1/32\n', 'it holds no prefix: everybody would be refused'],
    ['everybody in it', '0.0.0.0/0\n', 'too broad'],
  ])('has %s does not start, enforcing or observing', async (_name, list, why) => {
    for (const mode of ['enforce', 'observe'] as const) {
      const started = startWorld({
        upstream: consumer.url,
        files: list === undefined ? {} : { 'own.txt': list },
        change: (config) => ({
          ...config,
          sources: { ...config.sources, mode, allowlist: `${config.state}/own.txt` },
        }),
      })
      await expect(started).rejects.toMatchObject({
        problems: [{ setting: 'sources.allowlist', message: expect.stringContaining(why) }],
      })
    }
  })
})
