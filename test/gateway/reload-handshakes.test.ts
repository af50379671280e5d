// A state that changes between a connection's first packet and its first request: the new state has the last word.
import { once } from 'node:events'
import { type Socket, connect as connectTcp } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Config } from '../../src/config/config.ts'
import { dial } from '../../src/lab/dial.ts'
import { type ClientIdentity, selfSigned } from '../../src/lab/pki/authorities.ts'
import { serverCertificate } from '../../src/lab/pki/server-certificate.ts'
import { challengeBytes } from '../../src/lab/request.ts'
import { CANARY_VERIFY_TOKEN } from '../canary.ts'
import { type HeldUpstream, startHeldUpstream } from '../support/held-upstream.ts'
import { KeptClient, keptClient } from '../support/kept-client.ts'
import { type World, startWorld } from '../support/world.ts'

const WITHIN = { timeout: 15_000, interval: 20 }

let upstream: HeldUpstream
let world: World
beforeAll(async () => {
  upstream = await startHeldUpstream()
  const second = await serverCertificate()
  world = await startWorld({
    upstream: upstream.url,
    files: { 'elsewhere.txt': '127.0.0.2/32\n', 'second.pem': second.certificate, 'second.key': second.key },
  })
})
afterEach(async () => {
  await world.gateway.reload(world.config)
  await expect.poll(() => world.gateway.load.connections, WITHIN).toBe(0)
  world.records.length = 0
})
afterAll(async () => {
  await world.end()
  await upstream.close()
})

/** Accepted, and in the middle of its handshake: nothing was sent yet. */
async function halfway(): Promise<Socket> {
  const { connections } = world.gateway.load
  const socket = connectTcp({ host: '127.0.0.1', port: world.port })
  socket.on('error', () => {})
  await once(socket, 'connect')
  await expect.poll(() => world.gateway.load.connections, WITHIN).toBe(connections + 1)
  return socket
}

/** Goes on with the handshake. TLS 1.3 lets the client believe in it before it is judged. */
function goOn(socket: Socket, identity: ClientIdentity = world.pki.client): KeptClient {
  const { certificate, key } = identity
  const secure = connectTls({
    socket,
    host: '127.0.0.1',
    ca: world.pki.server.certificate,
    cert: certificate,
    key,
  })
  return new KeptClient(secure)
}

describe('a change in the middle of a handshake', () => {
  it('of the list closes the connection, with a record that says so', async () => {
    const socket = await halfway()
    const closed = once(socket, 'close')
    const sources = { ...world.config.sources, allowlist: `${world.directory}/elsewhere.txt` }
    expect(await world.gateway.reload({ ...world.config, sources })).toMatchObject({ closed: 1 })
    await closed
    expect(world.records).toMatchObject([
      { outcome: 'refused', code: 'SOURCE_NOT_ALLOWED', phase: 'handshake', gate: 'source' },
    ])
  })

  it.each<{ what: string; change: (config: Config) => Partial<Config['client']>; code: string }>([
    {
      what: 'its anchor was removed',
      change: ({ client }) => ({ anchors: client.anchors.slice(1) }),
      code: 'CERTIFICATE_UNTRUSTED',
    },
    {
      what: 'its name was removed',
      change: () => ({ commonNames: ['second.example'] }),
      code: 'COMMON_NAME_MISMATCH',
    },
  ])('refuses a client at its end: $what', async ({ change, code }) => {
    const socket = await halfway()
    const { config } = world
    expect(
      await world.gateway.reload({ ...config, client: { ...config.client, ...change(config) } }),
    ).toMatchObject({ closed: 0 })
    const received = upstream.received.length
    const client = goOn(socket)
    expect(await client.deliver()).toBeUndefined()
    await client.closed
    expect(world.records).toMatchObject([{ kind: 'connection', outcome: 'refused', code, phase: 'identity' }])
    expect(upstream.received).toHaveLength(received)
  })

  it('that concerns others lets it go on, and the new state serves it', async () => {
    const socket = await halfway()
    const { config } = world
    await world.gateway.reload({
      ...config,
      tls: {
        certificate: `${world.directory}/second.pem`,
        key: `${world.directory}/second.key`,
        others: [],
        minVersion: 'TLSv1.3',
      },
      client: { ...config.client, anchors: config.client.anchors.slice(0, 1) },
      limits: { ...config.limits, head: 8_192 },
      routes: [],
    })
    // Still the certificate that the handshake began with, but no route any more.
    const client = goOn(socket)
    expect((await client.deliver())?.status).toBe(404)
    client.end()
  })

  it('is never noticed by clients that come and go while it happens again and again', async () => {
    const ending = new AbortController()
    const flips = (async () => {
      const { config } = world
      const other = { ...config, client: { ...config.client, anchors: config.client.anchors.slice(0, 1) } }
      for (let i = 0; !ending.signal.aborted; i++) await world.gateway.reload(i % 2 === 0 ? other : config)
    })()
    for (let i = 0; i < 50; i++) (await keptClient(world)).end()
    ending.abort()
    await flips
    expect(world.records.map(({ outcome }) => outcome)).toEqual(
      Array.from({ length: 50 }, () => 'acknowledged'),
    )
  })
})

describe('when client.require is made stricter', () => {
  const requiring = (require: Config['client']['require']): Config => ({
    ...world.config,
    client: { ...world.config.client, require },
  })
  const challenge = () =>
    challengeBytes({
      authority: 'gateway.example',
      path: '/webhooks/meta',
      token: CANARY_VERIFY_TOKEN,
      challenge: '1158201444',
    })
  const anonymousClient = async () => {
    const opened = await dial(
      { host: '127.0.0.1', port: world.port, ca: world.pki.server.certificate },
      15_000,
    )
    if (opened.outcome === 'failed') throw new Error(opened.error)
    return new KeptClient(opened.socket)
  }

  it.each<{
    from: Config['client']['require']
    to: Config['client']['require']
    absent: boolean
    wrong: boolean
  }>([
    { from: 'deliveries', to: 'always', absent: false, wrong: false },
    { from: 'observe', to: 'always', absent: false, wrong: false },
    { from: 'observe', to: 'deliveries', absent: true, wrong: false },
    { from: 'observe', to: 'observe', absent: true, wrong: true },
    { from: 'deliveries', to: 'deliveries', absent: true, wrong: false },
  ])(
    '$from to $to: who has none stays: $absent, who has a wrong one: $wrong',
    async ({ from, to, absent, wrong }) => {
      await world.gateway.reload(requiring(from))
      const right = await keptClient(world)
      const without = await anonymousClient()
      expect((await without.deliver(challenge()))?.status).toBe(200)
      // Under `deliveries` a wrong one never came in.
      const impostor = from === 'observe' ? await keptClient(world, { identity: selfSigned() }) : undefined
      const expected = Number(!absent) + Number(impostor !== undefined && !wrong)
      expect(await world.gateway.reload(requiring(to))).toMatchObject({ closed: expected })
      if (absent) expect((await without.deliver(challenge()))?.status).toBe(200)
      else await without.closed
      if (impostor !== undefined && wrong) expect((await impostor.deliver())?.status).toBe(200)
      else await impostor?.closed
      expect((await right.deliver())?.status).toBe(200)
      for (const client of [right, without, impostor]) client?.end()
    },
  )
})

describe('a certificate that expired since its handshake', () => {
  it('is noticed by the next reload', async () => {
    const soon = new Date(Math.ceil(Date.now() / 1_000) * 1_000 + 2_000)
    const brief = await keptClient(world, { identity: world.pki.meta.client({ notAfter: soon }) })
    const lasting = await keptClient(world)
    await new Promise((resolve) => setTimeout(resolve, soon.getTime() - Date.now() + 100))
    expect(await world.gateway.reload()).toMatchObject({ closed: 1 })
    await brief.closed
    expect((await lasting.deliver())?.status).toBe(200)
    lasting.end()
  })
})
