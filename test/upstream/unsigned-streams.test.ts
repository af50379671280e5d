// `mode: unsigned` holds nothing in memory and leaves nothing behind: large content both ways against a side that stops
// reading, slow and broken-off requests, and clients that go away at every stage.
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type Socket, connect } from 'node:net'
import { PassThrough } from 'node:stream'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { RefusalCode } from '../../src/domain/refusals.ts'
import { lingerThenEnd } from '../../src/gateway/linger.ts'
import { requestBytes } from '../../src/lab/request.ts'
import {
  OK_CLOSE,
  type RawUpstream,
  closedPort,
  portOf,
  reset,
  startRawUpstream,
} from '../support/raw-upstream.ts'
import { expectRefusalAnswer } from '../support/refused.ts'
import { expectQuiet, pathOf, startWorldOfWays, until } from '../support/routes.ts'
import { open, readToEnd, send } from '../support/sender.ts'
import type { World } from '../support/world.ts'

const TOTAL = 128 * 1024 * 1024
/** What the kernel may buffer on both connections; far below the whole. */
const IN_TRANSIT = 96 * 1024 * 1024
const path = pathOf('unsigned')

let upstream: RawUpstream
let world: World
beforeAll(async () => {
  upstream = await startRawUpstream()
  world = await startWorldOfWays(`${upstream.url}/in`, { change: limited({ body: 2 * TOTAL }) })
})
afterEach(async () => {
  await upstream.reset()
  await expectQuiet(world, upstream)
})
afterAll(async () => {
  await world.end()
  await upstream.close()
})

type Limits = World['config']['limits']
function limited(limits: Partial<Limits>) {
  return (config: World['config']) => ({ ...config, limits: { ...config.limits, ...limits } })
}

const head = (method: string, length?: number) =>
  requestBytes({
    method,
    target: path,
    fields: [
      ['Host', 'gw.example'],
      ...(length === undefined ? [] : ([['Content-Length', String(length)]] as const)),
    ],
  })

/** Every megabyte is another, so that nothing can be lost, doubled or swapped unseen. */
function megabyte(index: number): Buffer {
  return Buffer.alloc(1024 * 1024, `${index},`)
}

const WHOLE = createHash('sha256')
for (let i = 0; i < TOTAL / megabyte(0).length; i += 1) WHOLE.update(megabyte(i))
const WHOLE_SHA256 = WHOLE.digest('hex')

/** Writes all of it as fast as the socket takes it. @returns how much that was so far. */
function pour(socket: Socket): () => number {
  let next = 0
  const more = () => {
    while (next < TOTAL / megabyte(0).length && !socket.destroyed) {
      next += 1
      if (!socket.write(megabyte(next - 1))) break
    }
  }
  socket.on('drain', more)
  more()
  return () => next * megabyte(0).length
}

/** Waits until a growing number stands still. */
async function standstill(grown: () => number): Promise<number> {
  for (let before = -1; before !== grown(); await new Promise((resolve) => setTimeout(resolve, 150)))
    before = grown()
  return grown()
}

/** The sha256 of everything that comes after the head, once that is `TOTAL` bytes. */
function digestAfterHead(socket: Socket): Promise<string> {
  const hash = createHash('sha256')
  let first = Buffer.alloc(0)
  let size = -1
  return new Promise((resolve) => {
    socket.on('data', (chunk: Buffer) => {
      let rest = chunk
      if (size === -1) {
        first = Buffer.concat([first, chunk])
        const end = first.indexOf('\r\n\r\n')
        if (end === -1) return
        rest = first.subarray(end + 4)
        size = 0
      }
      hash.update(rest)
      size += rest.length
      if (size >= TOTAL) resolve(hash.digest('hex'))
    })
  })
}

describe('large content', () => {
  it('comes back whole, and waits in the upstream while the client does not read', async () => {
    let poured: () => number = () => 0
    upstream.behave({
      onRequest: (socket) => {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${TOTAL}\r\n\r\n`)
        poured = pour(socket)
      },
    })
    const client = await open(world)
    client.pause()
    client.write(head('GET'))
    await until(() => poured() > 0, 'the answer has begun')
    expect(await standstill(poured)).toBeLessThan(IN_TRANSIT)
    const arrived = digestAfterHead(client)
    client.resume()
    expect(await arrived).toBe(WHOLE_SHA256)
    client.destroy()
  })

  it('goes out whole, and waits in the client while the upstream does not read', async () => {
    let taken: Socket | undefined
    let arrived: Promise<string> = Promise.resolve('')
    upstream.behave({ onConnection: (socket) => (taken = socket.pause()) })
    const client = await open(world)
    client.write(head('POST', TOTAL))
    const poured = pour(client)
    await until(() => taken !== undefined, 'the upstream has a connection')
    expect(await standstill(poured)).toBeLessThan(IN_TRANSIT)
    if (taken !== undefined) arrived = digestAfterHead(taken)
    taken?.resume()
    expect(await arrived).toBe(WHOLE_SHA256)
    taken?.end(OK_CLOSE)
    const [answer] = await new Promise<Buffer[]>((resolve) =>
      client.once('data', (chunk: Buffer) => resolve([chunk])),
    )
    expect(answer?.toString('latin1')).toMatch(/^HTTP\/1\.1 200 /)
    expect((await world.record(({ bodyBytes }) => bodyBytes === TOTAL)).outcome).toBe('answered')
    client.destroy()
  })
})

describe('a deadline', () => {
  it.each<[string, RefusalCode, (socket: Socket) => void]>([
    ['ends a request whose content does not come', 'BODY_TIMEOUT', () => {}],
    ['blames the upstream where that takes no more', 'UPSTREAM_TIMEOUT', (socket) => void pour(socket)],
  ])('%s: %s', async (_name, code, write) => {
    const hasty = await startWorldOfWays(`${upstream.url}/in`, {
      change: limited({ body: TOTAL, bodyTimeout: 400 }),
    })
    try {
      const sockets: Socket[] = []
      upstream.behave({
        onConnection: (socket) => void sockets.push(code === 'BODY_TIMEOUT' ? socket : socket.pause()),
      })
      const exchange = await send(hasty, [], {
        opened: (socket) => {
          socket.write(head('POST', TOTAL))
          write(socket)
        },
      })
      expectRefusalAnswer(exchange, code)
      expect(hasty.records.map((record) => record.code)).toEqual([code])
      for (const socket of sockets) socket.resume()
      await expectQuiet(hasty, upstream)
      expect(upstream.requests).toHaveLength(0)
    } finally {
      await hasty.end()
    }
  })
})

describe('what breaks off', () => {
  it('a request whose taker has stopped is read to its end, so that its refusal arrives', async () => {
    let complete = false
    const server = createServer((received, response) => {
      // Nobody reads what it is piped into.
      received.pipe(new PassThrough())
      received.once('pause', () =>
        lingerThenEnd(received, response.writeHead(503, ['Content-Length', '2']), 'no'),
      )
      received.once('end', () => (complete = true))
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const client = connect(portOf(server), '127.0.0.1')
    const said = readToEnd(client)
    client.write(Buffer.concat([head('POST', 4_000_000), Buffer.alloc(4_000_000)]))
    await until(() => complete, 'all of the request was read')
    client.end()
    expect(await said).toMatch(/^HTTP\/1\.1 503 [^]*no$/)
    server.close()
    server.closeAllConnections()
  })

  it('an upstream that is not there is told to a client that is still sending', async () => {
    const nowhere = await startWorldOfWays(`http://127.0.0.1:${await closedPort()}/`)
    try {
      const exchange = await send(nowhere, [head('POST', 4_000_000), Buffer.alloc(1_000_000)])
      expectRefusalAnswer(exchange, 'UPSTREAM_UNREACHABLE')
      expect(nowhere.records.map(({ code }) => code)).toEqual(['UPSTREAM_UNREACHABLE'])
    } finally {
      await nowhere.end()
    }
  })

  it('an upstream that breaks off while it is sent to is told, too', async () => {
    upstream.behave({ onHead: reset })
    const exchange = await send(world, [head('POST', 4_000_000), Buffer.alloc(1_000_000)])
    expectRefusalAnswer(exchange, 'UPSTREAM_UNREACHABLE')
  })

  it.each<[when: string, bytes: Buffer, answer: string]>([
    ['within its content', Buffer.concat([head('POST', 1000), Buffer.alloc(10)]), ''],
    ['before the answer', Buffer.concat([head('POST', 10), Buffer.alloc(10)]), ''],
    ['before the answer to a GET', head('GET'), ''],
    ['within the answer', head('GET'), 'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nsome'],
  ])("a client that goes away %s takes the upstream's connection with it", async (_when, bytes, answer) => {
    const before = world.records.length
    let closed = 0
    let began = false
    upstream.behave({
      onConnection: (socket) => void socket.once('close', () => (closed += 1)),
      onHead: (socket) => {
        began = true
        socket.write(answer)
      },
    })
    const client = await open(world)
    client.write(bytes)
    await until(() => began, 'the upstream has the request')
    if (answer !== '') await new Promise((resolve) => client.once('data', resolve))
    client.destroy()
    await expectQuiet(world, upstream)
    expect(closed).toBe(1)
    expect(world.records.slice(before).map(({ code }) => code)).toEqual(['CLIENT_ABORTED'])
  })
})
