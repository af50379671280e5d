// Every deadline, each in a gateway where it is the only short one: silence and bytes that drip in do not outlast it.
import { once } from 'node:events'
import { type Socket, connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import type { Config, RouteConfig } from '../../src/config/config.ts'
import { type Consumer, type ConsumerOptions, startConsumer } from '../../src/lab/consumer.ts'
import type { Step } from '../../src/lab/exchange.ts'
import { CANARY_SECRET } from '../canary.ts'
import { clientHello } from '../support/client-hello.ts'
import { rawDelivery } from '../support/raw-delivery.ts'
import { expectDelivered, expectRefusalAnswer } from '../support/refused.ts'
import { closed, delivery, open, send } from '../support/sender.ts'
import { type World, startWorld } from '../support/world.ts'

const SHORT = 500
const LONG = 600_000
const ALL_LONG = { handshakeTimeout: LONG, headTimeout: LONG, bodyTimeout: LONG, idleTimeout: LONG }

let world: World
let consumer: Consumer
afterEach(async () => {
  await world.end()
  await consumer.close()
})

interface Setting {
  readonly limits: Partial<Config['limits']>
  readonly route?: Partial<RouteConfig>
  readonly answer?: ConsumerOptions['answer'] & {}
}

async function start({ limits, route = {}, answer }: Setting): Promise<void> {
  consumer = await startConsumer({ secret: CANARY_SECRET, ...(answer === undefined ? {} : { answer }) })
  const change = (config: Config) => ({ ...config, limits: { ...config.limits, ...ALL_LONG, ...limits } })
  world = await startWorld({ upstream: `${consumer.url}/hooks`, route, change })
}

/** A byte every now and then, for far longer than any deadline here. */
function drip(bytes: string): Step[] {
  return Array.from(bytes.padEnd(600, 'a'), (byte) => [byte, { wait: 40 }]).flat()
}

const codes = () => world.records.map(({ code, outcome }) => code ?? outcome)
const HEAD = 'POST /webhooks/meta HTTP/1.1\r\nHost: gateway.example\r\nX-Slow: '
const BODILESS = rawDelivery({ sent: '' })

async function expectNothingLeft(): Promise<void> {
  await expect
    .poll(() => world.gateway.load, { timeout: 10_000 })
    .toEqual({ connections: 0, requests: 0, bodyBytes: 0 })
}

describe('the handshake', () => {
  it.each<[string, (socket: Socket, hello: Buffer) => void]>([
    ['silence from the start', () => {}],
    ['silence in the middle of the ClientHello', (socket, hello) => socket.write(hello.subarray(0, 100))],
    ['silence after the ClientHello', (socket, hello) => socket.write(hello)],
    ['a ClientHello that drips', (socket, hello) => dripInto(socket, hello)],
  ])('%s: HANDSHAKE_TIMEOUT, and the connection is gone', async (_name, begin) => {
    await start({ limits: { handshakeTimeout: SHORT } })
    const hello = clientHello()
    const socket = connect({ port: world.port, host: '127.0.0.1' })
    socket.on('error', () => {})
    socket.resume()
    await once(socket, 'connect')
    begin(socket, hello)
    await closed(socket)
    expect(codes()).toEqual(['HANDSHAKE_TIMEOUT'])
    await expectNothingLeft()
    await expectDelivered({ world, consumer })
  })

  it('that failed leaves no connection open, though the client stays', async () => {
    await start({ limits: {} })
    const socket = connect({ port: world.port, host: '127.0.0.1', allowHalfOpen: true })
    socket.on('error', () => {})
    socket.resume()
    socket.write('GET / HTTP/1.1\r\n\r\n')
    await expect.poll(codes, { timeout: 10_000 }).toEqual(['TLS_FAILED'])
    await expectNothingLeft()
    socket.destroy()
  })
})

describe('the head', () => {
  it.each<[string, Step[]]>([
    ['silence from the start', []],
    ['a request line that drips', drip('POST /webhooks/meta?')],
    ['fields that drip', [HEAD, ...drip('')]],
    ['empty lines that drip', drip('\r\n'.repeat(300))],
  ])('%s: HEAD_TIMEOUT', async (_name, steps) => {
    await start({ limits: { headTimeout: SHORT } })
    expectRefusalAnswer(await send(world, steps), 'HEAD_TIMEOUT')
    expect(codes()).toEqual(['HEAD_TIMEOUT'])
    await expectNothingLeft()
    await expectDelivered({ world, consumer })
  })

  it('of the second request drips: the first is answered, the second is HEAD_TIMEOUT', async () => {
    await start({ limits: { headTimeout: SHORT } })
    const exchange = await send(world, [delivery(), { wait: 100 }, HEAD, ...drip('')], { answers: 2 })
    expect(exchange.answers.map(({ status }) => status)).toEqual([200, 408])
    expectRefusalAnswer(exchange, 'HEAD_TIMEOUT')
    expect(codes()).toEqual(['acknowledged', 'HEAD_TIMEOUT'])
    await expectNothingLeft()
  })

  it('of the second request drips while the first is with its upstream: both are answered', async () => {
    const answer: Setting['answer'] = (_received, response) => void setTimeout(() => response.end(), 2500)
    await start({ limits: { headTimeout: SHORT }, answer })
    const exchange = await send(world, [delivery() + HEAD, ...drip('')], { answers: 2 })
    expect(exchange.answers.map(({ status }) => status)).toEqual([200, 408])
    expectRefusalAnswer(exchange, 'HEAD_TIMEOUT')
    expect(codes().sort()).toEqual(['HEAD_TIMEOUT', 'acknowledged'])
    await expectNothingLeft()
  })
})

describe('the time between requests', () => {
  it.each<[string, Partial<Config['limits']>, Step[]]>([
    ['silence', { idleTimeout: SHORT }, [{ wait: LONG }]],
    ['empty lines that drip', { idleTimeout: SHORT, headTimeout: SHORT }, drip('\r\n'.repeat(300))],
  ])('%s: the connection ends without a word, and without a further record', async (_name, limits, steps) => {
    await start({ limits })
    const { ended, answers, error } = await send(world, [delivery(), { wait: 50 }, ...steps], { answers: 2 })
    expect({ ended, error }).toEqual({ ended: 'closed', error: undefined })
    expect(answers.map(({ status }) => status)).toEqual([200])
    expect(codes()).toEqual(['acknowledged'])
    await expectNothingLeft()
  })
})

describe('the body', () => {
  it.each<[string, Step[]]>([
    ['never comes', [BODILESS]],
    ['drips', [BODILESS, ...drip('')]],
    ['stops in the middle', [rawDelivery().slice(0, -5)]],
  ])('%s: BODY_TIMEOUT', async (_name, steps) => {
    // At the dripping's pace its 28 bytes need more than twice the limit.
    await start({ limits: { bodyTimeout: SHORT } })
    expectRefusalAnswer(await send(world, steps), 'BODY_TIMEOUT')
    expect(codes()).toEqual(['BODY_TIMEOUT'])
    expect(consumer.received).toHaveLength(0)
    await expectNothingLeft()
    await expectDelivered({ world, consumer })
  })

  it('of a request behind another drips: the first is answered, the second is BODY_TIMEOUT', async () => {
    await start({ limits: { bodyTimeout: SHORT } })
    const exchange = await send(world, [delivery() + BODILESS, ...drip('')], { answers: 2 })
    expect(exchange.answers.map(({ status }) => status)).toEqual([200, 408])
    expectRefusalAnswer(exchange, 'BODY_TIMEOUT')
    expect(codes().sort()).toEqual(['BODY_TIMEOUT', 'acknowledged'])
    await expectNothingLeft()
  })

  it('of an unsigned route drips: BODY_TIMEOUT, and the upstream is let go', async () => {
    await start({
      limits: { bodyTimeout: SHORT },
      route: { mode: 'unsigned', apps: [], unsafeUnsigned: true },
    })
    const exchange = await send(world, [BODILESS, ...drip('')])
    expectRefusalAnswer(exchange, 'BODY_TIMEOUT')
    expect(codes()).toEqual(['BODY_TIMEOUT'])
    expect(consumer.received).toHaveLength(0)
    await expectNothingLeft()
  })
})

describe('an answer that the peer does not take', () => {
  const large = Buffer.alloc(1024 * 1024, '.')
  const route: Partial<RouteConfig> = { answer: 'full', timeout: 60_000 }

  it('twenty megabytes of whole answers: the connection is ended, and nothing of them is kept', async () => {
    await start({
      limits: { bodyTimeout: 1_000 },
      route,
      answer: (_received, response) => response.end(large),
    })
    const socket = await open(world)
    // Node reads no more than a buffer full while nobody listens.
    socket.pause()
    socket.write(Buffer.concat(Array.from({ length: 20 }, () => delivery())))
    await expect.poll(() => world.gateway.load.requests, { timeout: 10_000 }).toBeGreaterThan(0)
    await expectNothingLeft()
    socket.destroy()
    expect(new Set(codes())).toEqual(new Set(['acknowledged']))
  })

  it('an unsigned answer without end: the connection is ended, and the upstream is let go', async () => {
    let upstreamClosed = false
    await start({
      limits: {},
      route: { mode: 'unsigned', apps: [], unsafeUnsigned: true, timeout: 1_000 },
      answer: (_received, response) => {
        const more = () => {
          while (response.write(large));
        }
        response.on('drain', more).once('close', () => (upstreamClosed = true))
        more()
      },
    })
    const socket = await open(world)
    socket.pause()
    socket.write(delivery())
    await expect.poll(() => consumer.received.length, { timeout: 10_000 }).toBe(1)
    await expectNothingLeft()
    await expect.poll(() => upstreamClosed, { timeout: 10_000 }).toBe(true)
    socket.destroy()
    expect(codes()).toEqual(['UPSTREAM_TIMEOUT'])
  })

  it('a peer that reads slowly, but reads, gets it whole', async () => {
    await start({
      limits: { bodyTimeout: 5_000 },
      route,
      answer: (_received, response) => response.end(large),
    })
    const socket = await open(world)
    let bytes = 0
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      socket.pause()
      setTimeout(() => socket.resume(), 5)
    })
    socket.write(delivery())
    await expect.poll(() => bytes, { timeout: 10_000 }).toBeGreaterThan(large.length)
    await expect.poll(() => world.gateway.load.requests, { timeout: 10_000 }).toBe(0)
    socket.destroy()
    expect(codes()).toEqual(['acknowledged'])
  })
})

function dripInto(socket: Socket, bytes: Buffer): void {
  let at = 0
  const timer = setInterval(() => {
    if (socket.destroyed || at >= bytes.length) clearInterval(timer)
    else socket.write(bytes.subarray(at, (at += 1)))
  }, 40)
}
