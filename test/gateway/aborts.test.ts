// Ten thousand clients that go away, by FIN or by RST, at every stage of a connection: nothing of them stays behind.
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { type Server, createServer } from 'node:http'
import { type AddressInfo, type Socket, connect } from 'node:net'
import { type ConnectionOptions, type TLSSocket, connect as connectTls } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { clientHello } from '../support/client-hello.ts'
import { closed, delivery } from '../support/sender.ts'
import { type World, startWorld } from '../support/world.ts'

const AT_ONCE = 50
const PATIENCE = { timeout: 15_000 }
const HANG = delivery({ body: Buffer.from('"hang"') })
const LARGE = delivery({ body: Buffer.from('"large"') })

let upstream: Server
let world: World
let hello: Buffer
let sockets: number

// Everything that any server of this process accepted, told by Node itself.
let accepted = 0
const countAccepted = () => {
  accepted += 1
}

// Hangs or answers at length, as the body says.
beforeAll(async () => {
  const large = Buffer.alloc(1024 * 1024, '.')
  upstream = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      if (body !== '"hang"') response.end(body === '"large"' ? large : '')
    })
  })
  upstream.listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  world = await startWorld({ upstream: upstreamUrl(), route: { answer: 'full', timeout: 60_000 } })
  hello = clientHello()
  subscribe('net.server.socket', countAccepted)
  sockets = openSockets()
})
afterAll(async () => {
  unsubscribe('net.server.socket', countAccepted)
  await world.end()
  upstream.close()
  upstream.closeAllConnections()
})

const upstreamUrl = () => `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`
const upstreamConnections = () =>
  new Promise((resolve) => upstream.getConnections((_error, count) => resolve(count)))
const openSockets = () => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length

interface Stage {
  readonly name: string
  readonly clients: number
  /** Brings a connection to the stage. */
  readonly reach: (client: Client) => Promise<unknown>
  /** What the records that a client leaves may say. */
  readonly says: readonly string[]
  /** How many each leaves. Default: one. */
  readonly records?: number
}

/** One client's TCP connection, and TLS on it where a stage wants that. */
class Client {
  readonly tcp: Socket

  constructor(port = world.port) {
    this.tcp = connect({ port, host: '127.0.0.1', noDelay: true })
    this.tcp.on('error', () => {})
  }

  async secure(bytes?: Uint8Array, options: ConnectionOptions = {}): Promise<TLSSocket> {
    const { server, client } = world.pki
    const identity = { ca: server.certificate, cert: client.certificate, key: client.key }
    const tls = connectTls({ socket: this.tcp, host: '127.0.0.1', ...identity, ...options })
    tls.on('error', () => {})
    await once(tls, 'secureConnect')
    if (bytes !== undefined) await new Promise<void>((resolve) => tls.write(bytes, () => resolve()))
    return tls
  }

  /** Goes away at once, and is gone when this resolves. */
  async leave(how: 'FIN' | 'RST'): Promise<void> {
    if (how === 'FIN') this.tcp.destroy()
    else this.tcp.resetAndDestroy()
    if (!this.tcp.closed) await closed(this.tcp)
  }
}

// A peer that reset before it was accepted has no address any more, and so is in no allow-list; or it is never seen at all.
const GONE_EARLY = ['CLIENT_ABORTED', 'SOURCE_NOT_ALLOWED']

const STAGES: readonly Stage[] = [
  { name: 'right after TCP', clients: 3000, reach: async () => {}, says: GONE_EARLY },
  {
    name: 'in the middle of the ClientHello',
    clients: 2500,
    reach: async ({ tcp }) =>
      tcp.write(hello.subarray(0, 1 + Math.floor(Math.random() * (hello.length - 1)))),
    says: GONE_EARLY,
  },
  {
    name: 'in the middle of the handshake',
    clients: 2000,
    reach: startHandshake,
    says: ['CLIENT_ABORTED'],
  },
  {
    name: 'after the handshake',
    clients: 500,
    // With TLS 1.3 a client is done before the server is.
    reach: (client) => client.secure(undefined, { maxVersion: 'TLSv1.2' }),
    says: [],
    records: 0,
  },
  {
    name: 'in the middle of the head',
    clients: 500,
    reach: (client) => client.secure(HANG.subarray(0, 60)),
    says: ['CLIENT_ABORTED'],
  },
  {
    name: 'in the middle of the body',
    clients: 500,
    reach: (client) => client.secure(HANG.subarray(0, -3)),
    says: ['CLIENT_ABORTED'],
  },
  {
    name: 'while the upstream is slow',
    clients: 400,
    reach: (client) => client.secure(HANG),
    says: ['CLIENT_ABORTED'],
  },
  {
    name: 'while the upstream is slow, with two more requests behind',
    clients: 100,
    // Whose answers wait their turn, one of them already there.
    reach: (client) => client.secure(Buffer.concat([HANG, delivery(), HANG])),
    says: ['CLIENT_ABORTED', 'acknowledged'],
    records: 3,
  },
  {
    name: 'in the middle of the answer',
    clients: 200,
    reach: async (client) => once(await client.secure(LARGE), 'data'),
    says: ['acknowledged'],
  },
  {
    name: 'after an answer',
    clients: 300,
    reach: async (client) => once(await client.secure(delivery()), 'data'),
    says: ['acknowledged'],
  },
]

describe('10,000 clients go away', () => {
  it('in all', () => {
    expect(STAGES.reduce((sum, { clients }) => sum + clients, 0)).toBe(10_000)
  })

  it.each(STAGES)('$clients $name', async ({ clients, reach, says, records = 1 }) => {
    const [before, acceptedBefore] = [world.records.length, accepted]
    for (let gone = 0; gone < clients; gone += AT_ONCE)
      await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => one(reach, i % 2 === 0 ? 'FIN' : 'RST')))
    // One more, whom the server answers: those before it have been accepted, or never will be.
    if (says === GONE_EARLY) await one(startHandshake, 'FIN')
    const due = says === GONE_EARLY ? accepted - acceptedBefore : clients * records
    await expect.poll(() => world.records.length - before, PATIENCE).toBe(due)
    await expect
      .poll(() => world.gateway.load, PATIENCE)
      .toEqual({ connections: 0, requests: 0, bodyBytes: 0 })
    const left = world.records.slice(before)
    expect([
      ...new Set(left.map(({ code, outcome }) => code ?? outcome).filter((word) => !says.includes(word))),
    ]).toEqual([])
    const perClient = new Map<string, number>()
    for (const { connection } of left) perClient.set(connection, (perClient.get(connection) ?? 0) + 1)
    expect([...perClient.values()].filter((count) => count !== records)).toEqual([])
  })

  it('and leave no socket, neither towards them nor towards the upstream', async () => {
    // The kept connections to the upstream go by themselves.
    await expect.poll(openSockets, PATIENCE).toBe(sockets)
  })
}, 60_000)

describe('a client that goes away while the upstream is at work', () => {
  const ways = (['status', 'full', 'unsigned'] as const).flatMap(
    (way) =>
      [
        [way, 'FIN'],
        [way, 'RST'],
      ] as const,
  )
  it.each(ways)('takes its request of a route with %s from the upstream (%s)', async (way, how) => {
    const route =
      way === 'unsigned' ? ({ mode: 'unsigned', apps: [], unsafeUnsigned: true } as const) : { answer: way }
    const own = await startWorld({ upstream: upstreamUrl(), route: { ...route, timeout: 60_000 } })
    const client = new Client(own.port)
    await client.secure(HANG)
    await expect.poll(upstreamConnections, PATIENCE).toBe(1)
    await client.leave(how)
    await expect.poll(upstreamConnections, PATIENCE).toBe(0)
    const record = await own.record(() => true)
    expect(record).toMatchObject({
      outcome: 'aborted',
      code: 'CLIENT_ABORTED',
      phase: 'forward',
      status: undefined,
    })
    await own.end()
    expect(own.records).toHaveLength(1)
  })
})

async function startHandshake({ tcp }: Client): Promise<void> {
  tcp.write(hello)
  await once(tcp, 'data')
}

async function one(reach: Stage['reach'], how: 'FIN' | 'RST'): Promise<void> {
  const client = new Client()
  await once(client.tcp, 'connect')
  await reach(client)
  await client.leave(how)
}
