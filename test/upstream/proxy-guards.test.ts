// The holes of http-proxy 1.18.1, one by one: first as control that it has them when it stands alone, then that hubgate in
// front of it does not. Where a control fails, a guard may have become needless.
import { once } from 'node:events'
import { type Server, createServer } from 'node:http'
import type { Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Exchange, exchange } from '../../src/lab/exchange.ts'
import { requestBytes } from '../../src/lab/request.ts'
import { httpProxy } from '../../src/upstream/http-proxy.ts'
import {
  OK_KEEP,
  type RawUpstream,
  portOf,
  reset,
  startRawUpstream,
  valuesOf,
} from '../support/raw-upstream.ts'
import { expectRefusalAnswer } from '../support/refused.ts'
import { WAYS, expectQuiet, pathOf, startWorldOfWays, until } from '../support/routes.ts'
import { delivery, send } from '../support/sender.ts'
import type { World } from '../support/world.ts'

let upstream: RawUpstream
let world: World
let alone: Server
beforeAll(async () => {
  upstream = await startRawUpstream()
  world = await startWorldOfWays(`${upstream.url}/hooks`)
  const proxy = httpProxy().createProxyServer({ target: upstream.url })
  alone = createServer((request, response) => proxy.web(request, response, {}, () => response.destroy()))
  alone.listen(0, '127.0.0.1')
  await once(alone, 'listening')
})
afterEach(async () => {
  await upstream.reset()
  alone.closeAllConnections()
  await expectQuiet(world, upstream)
})
afterAll(async () => {
  alone.close()
  await world.end()
  await upstream.close()
})

/** The ways that go through http-proxy. */
const PROXIED = WAYS.filter((way) => way !== 'status')

function sendAlone(bytes: Uint8Array, deadline = 5_000): Promise<Exchange> {
  return exchange({ dial: { host: '127.0.0.1', port: portOf(alone), tls: false }, steps: [bytes], deadline })
}

/** Long enough for what should not happen to happen. */
const A_WHILE = 400

describe('a chunked DELETE or OPTIONS, whose content becomes a request of its own', () => {
  const inner = 'GET /internal HTTP/1.1\r\nHost: internal\r\n\r\n'
  const smuggling = (method: string, target: string) =>
    requestBytes({
      method,
      target,
      fields: [
        ['Host', 'gw.example'],
        ['Transfer-Encoding', 'chunked'],
      ],
      body: Buffer.from(`${inner.length.toString(16)}\r\n${inner}\r\n0\r\n\r\n`),
    })

  it.each(['DELETE', 'OPTIONS'])('http-proxy alone sends two requests for a %s', async (method) => {
    upstream.behave({ onRequest: (socket) => void socket.write(OK_KEEP) })
    await sendAlone(smuggling(method, '/hooks'))
    await until(() => upstream.requests.length > 1, 'the smuggled request arrives')
    expect(upstream.requests.map(({ line }) => line)).toEqual([
      `${method} /hooks HTTP/1.1`,
      'GET /internal HTTP/1.1',
    ])
  })

  it.each(
    WAYS.flatMap(
      (way) =>
        [
          ['DELETE', way],
          ['OPTIONS', way],
        ] as const,
    ),
  )('hubgate refuses a %s on a %s route', async (method, way) => {
    expectRefusalAnswer(await send(world, [smuggling(method, pathOf(way))]), 'METHOD_NOT_ALLOWED')
    expect(upstream.connections).toBe(0)
  })

  it.each(WAYS)('hubgate refuses a chunked POST on a %s route', async (way) => {
    expectRefusalAnswer(await send(world, [smuggling('POST', pathOf(way))]), 'LENGTH_REQUIRED')
    expect(upstream.connections).toBe(0)
  })
})

describe("the upstream's connection when the client has gone", () => {
  it('http-proxy alone leaves it open', async () => {
    upstream.behave({ onRequest: () => {} })
    await sendAlone(delivery(), 200)
    await new Promise((resolve) => setTimeout(resolve, A_WHILE))
    expect(upstream.open).toBe(1)
  })

  it.each(PROXIED)('hubgate closes it: %s', async (way) => {
    upstream.behave({ onRequest: () => {} })
    expect((await send(world, [delivery({ path: pathOf(way) })], { deadline: 200 })).ended).toBe('timeout')
    await until(() => upstream.open === 0, 'it is closed')
    expect(world.records.at(-1)?.code).toBe('CLIENT_ABORTED')
  })
})

describe('the client when the upstream dies in mid-answer', () => {
  const dies = (die: (socket: Socket) => void) =>
    upstream.behave({
      onRequest: (socket) => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nsome')
        setTimeout(() => die(socket), 25)
      },
    })
  const DEATHS = [
    ['closes', (socket: Socket) => void socket.end()],
    ['resets', reset],
  ] as const

  it('http-proxy alone leaves it waiting', async () => {
    dies((socket) => socket.end())
    expect((await sendAlone(delivery(), A_WHILE)).ended).toBe('timeout')
  })

  it.each(DEATHS)('hubgate ends a streamed answer: it %s', async (_name, die) => {
    dies(die)
    const { ended, answers } = await send(world, [delivery({ path: pathOf('unsigned') })])
    expect({ waited: ended === 'timeout', answers }).toEqual({ waited: false, answers: [] })
  })

  it.each(DEATHS)('hubgate answers 502 for a whole one: it %s', async (_name, die) => {
    dies(die)
    expectRefusalAnswer(await send(world, [delivery({ path: pathOf('full') })]), 'UPSTREAM_PROTOCOL')
  })
})

describe('hop-by-hop and identity fields', () => {
  const forged = [
    ['Connection', 'close, X-Drop'],
    ['X-Drop', 'forged'],
    ['Keep-Alive', 'forged'],
    ['TE', 'forged'],
    ['Proxy-Authorization', 'forged'],
    ['X-Forwarded-For', 'forged'],
    ['X_Forwarded_For', 'forged'],
    ['Hubgate-Verified', 'forged'],
  ] as const

  it('http-proxy alone passes them on', async () => {
    await sendAlone(delivery({ add: forged }))
    const [request] = upstream.requests
    expect(request?.fields.filter(([, value]) => value === 'forged')).toHaveLength(forged.length - 1)
  })

  it.each(PROXIED)('hubgate does not: %s', async (way) => {
    await send(world, [delivery({ path: pathOf(way), add: forged })])
    expect(upstream.requests).toHaveLength(1)
    expect(upstream.bytes()).not.toContain('forged')
  })
})

describe('the order, repetition and spelling of fields, and the path as it stands', () => {
  const add = [
    ['X-Two', '1'],
    ['x-other', '2'],
    ['x-TWO', '3'],
  ] as const

  it('http-proxy alone changes them', async () => {
    await sendAlone(delivery({ target: '/a//b?c=//d', add }))
    const [request] = upstream.requests
    expect(request?.line).toBe('POST /a/b?c=//d HTTP/1.1')
    expect(request?.fields.filter(([name]) => /^x-(?:two|other)$/i.test(name))).toEqual([
      ['x-two', '1, 3'],
      ['x-other', '2'],
    ])
  })

  it.each(PROXIED)('hubgate keeps them: %s', async (way) => {
    const behind = await startWorldOfWays(`${upstream.url}/a//b`)
    try {
      await send(behind, [delivery({ path: pathOf(way), target: `${pathOf(way)}?c=//d`, add })])
    } finally {
      await behind.end()
    }
    const [request] = upstream.requests
    expect(request?.line).toBe('POST /a//b?c=//d HTTP/1.1')
    expect(request?.fields.filter(([name]) => /^x-(?:two|other)$/i.test(name))).toEqual(add)
  })
})

describe('connections to the upstream', () => {
  const keep = () => upstream.behave({ onRequest: (socket) => void socket.write(OK_KEEP) })

  it('http-proxy alone asks to close each', async () => {
    keep()
    for (let i = 0; i < 3; i += 1) await sendAlone(delivery())
    expect(upstream.connections).toBe(3)
    expect(upstream.requests.map((request) => valuesOf(request, 'connection'))).toEqual([
      ['close'],
      ['close'],
      ['close'],
    ])
  })

  it('hubgate keeps one, for either way', async () => {
    keep()
    for (const way of [...PROXIED, ...PROXIED])
      await send(world, [delivery({ path: pathOf(way), connection: 'close' })])
    expect(upstream.connections).toBe(1)
    expect(upstream.requests.map((request) => valuesOf(request, 'connection'))).toEqual(
      Array.from({ length: 4 }, () => ['keep-alive']),
    )
  })
})
