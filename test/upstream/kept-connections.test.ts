// Connections to the upstream are kept, and that must never cost or forge a delivery: what comes unasked is no answer to the
// next one, and an idle connection that the upstream closes leads to at most one delivery.
import type { Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { parseUpstream } from '../../src/domain/upstream-url.ts'
import { type Agents, createAgents } from '../../src/upstream/agents.ts'
import { type Outgoing, relay } from '../../src/upstream/relay.ts'
import { KeptClient } from '../support/kept-client.ts'
import { OK_CLOSE, OK_KEEP, type RawUpstream, startRawUpstream } from '../support/raw-upstream.ts'
import { NOTHING_IN_FLIGHT, WAYS, expectQuiet, pathOf, startWorldOfWays, until } from '../support/routes.ts'
import { delivery, open, send } from '../support/sender.ts'
import type { World } from '../support/world.ts'

let upstream: RawUpstream
let world: World
beforeAll(async () => {
  upstream = await startRawUpstream()
  world = await startWorldOfWays(`${upstream.url}/hooks`)
})
afterEach(async () => {
  await upstream.reset()
  await expectQuiet(world, upstream)
})
afterAll(async () => {
  await world.end()
  await upstream.close()
})

const REFUSING = 'HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n'
const INTERIM = 'HTTP/1.1 100 Continue\r\n\r\n'
const body = (id: number) => Buffer.from(`{"id":${id}}`)

describe.each(WAYS)('%s', (way) => {
  const post = async () => (await send(world, [delivery({ path: pathOf(way) })])).answers[0]?.status

  it('sends delivery after delivery on one connection', async () => {
    upstream.behave({ onRequest: (socket) => void socket.write(OK_KEEP) })
    for (let i = 0; i < 5; i += 1) expect(await post()).toBe(200)
    expect(upstream.requests).toHaveLength(5)
    expect(upstream.connections).toBe(1)
  })

  // The upstream answers the first delivery and refuses the second; a 200 for that can only be the stray.
  const STRAYS: readonly (readonly [name: string, answer: (socket: Socket) => void])[] = [
    ['two answers at once', (socket) => void socket.write(OK_KEEP + OK_KEEP)],
    ['another right after', (socket) => void socket.write(OK_KEEP, () => socket.write(OK_KEEP))],
    [
      'another later',
      (socket) => void socket.write(OK_KEEP, () => setTimeout(() => socket.write(OK_KEEP), 30)),
    ],
    [
      'more content than announced',
      (socket) => void socket.write(`${OK_KEEP.replace('0', '2')}ok${OK_KEEP}`),
    ],
    [
      'an interim answer later',
      (socket) => void socket.write(OK_KEEP, () => setTimeout(() => socket.write(INTERIM), 30)),
    ],
    ['a byte later', (socket) => void socket.write(OK_KEEP, () => setTimeout(() => socket.write('\n'), 30))],
  ]
  const refuseAfter = (answer: (socket: Socket) => void) =>
    upstream.behave({
      onRequest: (socket) => (upstream.requests.length === 1 ? answer(socket) : void socket.end(REFUSING)),
    })

  it.each(STRAYS)('what comes unasked acknowledges nothing: %s', async (_name, answer) => {
    refuseAfter(answer)
    // A streamed answer that is followed by noise ends its connection.
    expect(way === 'unsigned' ? [200, 502, undefined] : [200, 502]).toContain(await post())
    // The connection is given up, and not only when it has been idle for 4 s. Having waited for that, the next delivery
    // cannot meet the stray on its way.
    await until(() => upstream.open === 0, 'the connection with the stray answer is closed', 3_000)
    expect(await post()).toBe(503)
    expect(upstream.requests.map(({ connection }) => connection)).toEqual([1, 2])
  })

  it.each([
    ['half of another', OK_KEEP.slice(0, 20)],
    ['all but the end of another', OK_KEEP.slice(0, -2)],
    ['an interim one', INTERIM],
    ['an empty line', '\r\n'],
  ])('nor does what stands in the same bytes as the answer: %s', async (_name, more) => {
    refuseAfter((socket) => void socket.write(OK_KEEP + more))
    expect(way === 'unsigned' ? [200, 502, undefined] : [200, 502]).toContain(await post())
    expect([502, 503]).toContain(await post())
  })

  it('a connection that closes while idle is not used again', async () => {
    upstream.behave({
      onRequest: (socket) => {
        socket.write(OK_KEEP)
        setTimeout(() => socket.end(), 5)
      },
    })
    expect(await post()).toBe(200)
    await until(() => upstream.open === 0, 'it is closed')
    expect(await post()).toBe(200)
    expect(upstream.connections).toBe(2)
  })
})

describe('an upstream that closes kept connections at odd moments', () => {
  /** The moments at which it closes after an answer, by the delivery's number; never twice in a row. */
  const MOMENTS: readonly ((socket: Socket) => void)[] = [
    () => {},
    (socket) => void socket.end(),
    () => {},
    (socket) => void setImmediate(() => socket.destroy()),
    () => {},
    (socket) => void setTimeout(() => socket.destroy(), 1),
    () => {},
    (socket) => void setTimeout(() => socket.end(), 2),
    (socket) => process.nextTick(() => socket.resetAndDestroy()),
  ]

  it.each(WAYS)(
    '%s: of 500 deliveries each is acknowledged and was delivered once, or is 502',
    async (way) => {
      upstream.behave({
        onRequest: (socket, { connection }) => {
          socket.write(OK_KEEP)
          MOMENTS[(upstream.requests.length + connection) % MOMENTS.length]?.(socket)
        },
      })
      const client = new KeptClient(await open(world))
      const acknowledged: number[] = []
      const failed: number[] = []
      for (let id = 0; id < 500; id += 1) {
        const status = (await client.deliver(delivery({ path: pathOf(way), body: body(id) })))?.status
        if (status === 200) acknowledged.push(id)
        else {
          expect(status).toBe(502)
          failed.push(id)
        }
      }
      client.end()
      const delivered = upstream.requests.map((request) => Number(/\d+/.exec(request.body.toString())?.[0]))
      expect(new Set(delivered).size).toBe(delivered.length)
      expect(acknowledged.filter((id) => !delivered.includes(id))).toEqual([])
      expect(acknowledged.length + failed.length).toBe(500)
      // Both happened, or the test shows nothing: connections were kept, and closed.
      expect(upstream.connections).toBeGreaterThan(20)
      expect(upstream.connections).toBeLessThan(450)
      expect(acknowledged.length).toBeGreaterThan(250)
      await until(
        () => JSON.stringify(world.gateway.load) === JSON.stringify(NOTHING_IN_FLIGHT),
        'all is quiet',
      )
    },
  )
})

describe('a second try', () => {
  let agents: Agents
  beforeEach(() => {
    agents = createAgents()
  })
  afterEach(() => agents.destroy())

  const outgoing = (): Outgoing => ({
    route: {
      path: '/',
      mode: 'relay',
      answer: 'status',
      challenge: 'answer',
      host: 'received',
      clientCert: false,
      timeout: 10_000,
      upstream: parseUpstream(upstream.url),
      apps: [],
      keys: [],
      tokens: [],
    },
    method: 'POST',
    target: '/',
    fields: ['Host', 'gw.example', 'Content-Length', '2'],
    body: Buffer.from('{}'),
    signal: new AbortController().signal,
  })
  const idle = () => agents.plain.idleTo(outgoing().route.upstream).map(({ socket }) => socket)

  /** Leaves `count` idle connections behind. @returns them, as the upstream has them. */
  async function warm(count: number): Promise<readonly Socket[]> {
    const waiting: Socket[] = []
    upstream.behave({
      onRequest: (socket) => {
        waiting.push(socket)
        if (waiting.length === count) for (const each of waiting) each.write(OK_KEEP)
      },
    })
    await Promise.all(Array.from({ length: count }, () => relay(agents, outgoing(), false)))
    await until(() => idle().length === count, 'the connections are idle')
    upstream.behave({ onRequest: (socket) => void socket.end(OK_CLOSE) })
    return waiting
  }

  it('is made, on a connection of its own, where kept ones turn out closed before anything was sent', async () => {
    const theirs = await warm(3)
    const used = idle().at(-1)
    // Only the one that is tried first comes to its close; the others stay half open, and would take the second try.
    for (const socket of theirs) socket.allowHalfOpen = socket.remotePort !== used?.localPort
    for (const socket of idle()) socket.end()
    expect(await relay(agents, outgoing(), false)).toMatchObject({ status: 200 })
    expect(upstream.requests.map(({ connection }) => connection).slice(3)).toEqual([4])
  })

  it('is not made where anything was sent', async () => {
    await warm(1)
    upstream.behave({ onRequest: (socket) => void socket.destroy() })
    await expect(relay(agents, outgoing(), false)).rejects.toMatchObject({ code: 'UPSTREAM_UNREACHABLE' })
    expect(upstream.requests).toHaveLength(2)
    expect(upstream.connections).toBe(1)
  })

  it('is not made where the client has gone', async () => {
    await warm(1)
    for (const socket of idle()) socket.end()
    const gone = AbortSignal.abort()
    await expect(relay(agents, { ...outgoing(), signal: gone }, false)).rejects.toMatchObject({
      code: 'UPSTREAM_UNREACHABLE',
    })
    expect(upstream.requests).toHaveLength(1)
  })

  it('is not made where a request cannot be written at all, and nothing waits for that', async () => {
    const client = new AbortController()
    const unwritable = { ...outgoing(), target: '/a b', signal: client.signal }
    await expect(relay(agents, unwritable, false)).rejects.toThrow(TypeError)
    // An end that nobody heard of would end the process.
    client.abort()
    await new Promise((resolve) => setImmediate(resolve))
    expect(upstream.connections).toBe(0)
  })
})
