// What many clients together may use: bytes of bodies in memory, and connections, in all and from one address.
import { afterEach, describe, expect, it } from 'vitest'
import type { Config } from '../../src/config/config.ts'
import { type Consumer, type ConsumerOptions, startConsumer } from '../../src/lab/consumer.ts'
import { exchange } from '../../src/lab/exchange.ts'
import { CANARY_SECRET } from '../canary.ts'
import { expectDelivered, expectRefused } from '../support/refused.ts'
import { delivery, dialTo, open, readToEnd, send } from '../support/sender.ts'
import { FAST_LANE, type World, startWorld } from '../support/world.ts'

const PATIENCE = { timeout: 10_000 }

let world: World
let consumer: Consumer
afterEach(async () => {
  await world.end()
  await consumer.close()
})

async function start(
  limits: Partial<Config['limits']>,
  { fastLane = FAST_LANE, ...options }: Partial<ConsumerOptions> & { readonly fastLane?: boolean } = {},
): Promise<void> {
  consumer = await startConsumer({ secret: CANARY_SECRET, ...options })
  const change = (config: Config) => ({
    ...config,
    listen: { ...config.listen, fastLane },
    limits: { ...config.limits, ...limits },
    sources: { ...config.sources, extra: ['127.0.0.0/8'] },
  })
  world = await startWorld({ upstream: `${consumer.url}/hooks`, change })
}

const sized = (bytes: number) => delivery({ body: Buffer.alloc(bytes, ' ') })
const headOf = (bytes: Buffer) => bytes.subarray(0, bytes.indexOf('\r\n\r\n') + 4)
const bodyOf = (bytes: Buffer) => bytes.subarray(bytes.indexOf('\r\n\r\n') + 4)
const bytesInMemory = () => world.gateway.load.bodyBytes

describe('limits.bodiesInMemory', () => {
  it('what does not fit beside the bodies in flight is OVERLOADED before a byte of it is read, until they are done', async () => {
    await start({ bodiesInMemory: 10_000 })
    const large = sized(8_000)
    const first = await open(world)
    const firstAnswer = readToEnd(first)
    first.write(headOf(large))
    await expect.poll(bytesInMemory, PATIENCE).toBe(8_000)

    const { answers, closedAfter } = await send(world, [headOf(sized(2_001))])
    expect(answers[0]?.status).toBe(503)
    expect(answers[0]?.fields.all('retry-after')).toEqual(['5'])
    expect(JSON.parse(answers[0]?.body.toString() ?? '')).toMatchObject({ error: { code: 'OVERLOADED' } })
    expect(closedAfter).toBe(true)
    expect(world.records.map(({ code }) => code)).toEqual(['OVERLOADED'])
    expect(consumer.received).toHaveLength(0)
    await expectDelivered({ world, consumer }, sized(2_000))

    expect(bytesInMemory()).toBe(8_000)
    first.write(bodyOf(large))
    await expect.poll(bytesInMemory, PATIENCE).toBe(0)
    first.end()
    expect(await firstAnswer).toMatch(/^HTTP\/1\.1 200 /)
    await expectDelivered({ world, consumer }, sized(2_001))
    await expectDelivered({ world, consumer }, sized(10_000))
  })

  it('a body that never fits is OVERLOADED, though limits.body allows it', async () => {
    await start({ bodiesInMemory: 10_000 })
    await expectRefused({ world, consumer }, { code: 'OVERLOADED', steps: [sized(10_001)] })
  })

  // The fast lane reads the second once the first has its answer; the general lane reads both at once.
  it.each([
    { fastLane: true, statuses: [200, 200] },
    { fastLane: false, statuses: [200, 503] },
  ])(
    'pipelined bodies count while they are read or sent: fastLane $fastLane',
    async ({ fastLane, statuses }) => {
      const answer: ConsumerOptions['answer'] & {} = (_received, response) =>
        void setTimeout(() => response.end(), 300)
      await start({ bodiesInMemory: 10_000 }, { answer, fastLane })
      const two = [Buffer.concat([sized(6_000), sized(6_000)])]
      const { answers } = await send(world, two, { answers: 2 })
      expect(answers.map(({ status }) => status)).toEqual(statuses)
      expect(bytesInMemory()).toBe(0)
    },
  )

  it('is counted while the upstream works', async () => {
    let finish: () => void = () => {}
    await start({}, { answer: (_received, response) => (finish = () => response.end()) })
    const answer = send(world, [sized(5_000)])
    await expect.poll(() => consumer.received.length, PATIENCE).toBe(1)
    expect(bytesInMemory()).toBe(5_000)
    finish()
    expect((await answer).answers[0]?.status).toBe(200)
    expect(bytesInMemory()).toBe(0)
  })

  it.each<[string, Buffer, string]>([
    [
      'a signature that does not match',
      delivery({ body: Buffer.alloc(5_000, ' '), secret: 'another app secret' }),
      'SIGNATURE_MISMATCH',
    ],
    ['a body that stops', sized(5_000).subarray(0, -1), 'BODY_TIMEOUT'],
    ['an upstream that hangs', sized(5_000), 'UPSTREAM_TIMEOUT'],
  ])('is given back after %s', async (_name, bytes, code) => {
    consumer = await startConsumer({ answer: () => {} })
    world = await startWorld({
      upstream: consumer.url,
      route: { timeout: 300 },
      change: (config) => ({ ...config, limits: { ...config.limits, bodyTimeout: 300 } }),
    })
    await send(world, [bytes])
    expect(world.records.map((record) => record.code)).toEqual([code])
    await expect
      .poll(() => world.gateway.load, PATIENCE)
      .toEqual({ connections: 0, requests: 0, bodyBytes: 0 })
  })

  it('is not taken by what is refused for its head', async () => {
    await start({ bodiesInMemory: 10_000 })
    const socket = await open(world)
    socket.write(headOf(delivery({ body: Buffer.alloc(5_000), set: { 'Content-Type': 'text/plain' } })))
    await world.record(({ code }) => code === 'MEDIA_TYPE_UNSUPPORTED')
    expect(bytesInMemory()).toBe(0)
    socket.destroy()
  })
})

describe('limits on connections', () => {
  it('connections: one more is reset, and admitted once another has gone', async () => {
    await start({ connections: 3 })
    const held = await Promise.all([open(world), open(world), open(world)])
    const fourth = await exchange({ dial: dialTo(world), steps: [delivery()], deadline: 10_000 })
    expect(fourth).toMatchObject({ ended: 'reset', answers: [] })
    expect(world.records.map(({ code, kind }) => [code, kind])).toEqual([['CONNECTION_LIMIT', 'connection']])
    await expect.poll(() => world.gateway.load.connections, PATIENCE).toBe(3)
    held[0]?.destroy()
    await expect.poll(() => world.gateway.load.connections, PATIENCE).toBe(2)
    await expectDelivered({ world, consumer })
    for (const socket of held) socket.destroy()
    await expect.poll(() => world.gateway.load.connections, PATIENCE).toBe(0)
  })

  it('connectionsPerAddress: one more is reset, while another address is admitted', async () => {
    await start({ connectionsPerAddress: 2 })
    const held = await Promise.all([open(world), open(world)])
    const third = await exchange({ dial: dialTo(world), steps: [delivery()], deadline: 10_000 })
    expect(third).toMatchObject({ ended: 'reset', answers: [] })
    expect(world.records.map(({ code }) => code)).toEqual(['CONNECTION_LIMIT'])
    const other = await send(world, [delivery()], { dial: dialTo(world, { localAddress: '127.0.0.2' }) })
    expect(other.answers[0]?.status).toBe(200)
    held[0]?.destroy()
    await expect.poll(() => world.gateway.load.connections, PATIENCE).toBe(1)
    await expectDelivered({ world, consumer })
    for (const socket of held) socket.destroy()
  })

  it('who is refused for a limit or an address counts no more', async () => {
    await start({ connections: 2, connectionsPerAddress: 1 })
    const held = await open(world)
    for (let i = 0; i < 5; i += 1)
      expect(await exchange({ dial: dialTo(world), steps: [], deadline: 10_000 })).toMatchObject({
        ended: 'reset',
      })
    await expect.poll(() => world.gateway.load.connections, PATIENCE).toBe(1)
    const other = await send(world, [delivery()], { dial: dialTo(world, { localAddress: '127.0.0.2' }) })
    expect(other.answers[0]?.status).toBe(200)
    held.destroy()
  })
})
