// What Meta hears of the upstream's answer: 200 for any success, other statuses alone, and never a redirect.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Consumer, startConsumer } from '../../src/lab/consumer.ts'
import { CANARY_SECRET } from '../canary.ts'
import { expectRefusalAnswer } from '../support/refused.ts'
import { delivery, send } from '../support/sender.ts'
import { type World, startWorld } from '../support/world.ts'

let consumer: Consumer
let status: World
let full: World
let unsigned: World
beforeAll(async () => {
  // The status asked for in the query, with everything a client should not see.
  consumer = await startConsumer({
    secret: CANARY_SECRET,
    answer: ({ target }, response) => {
      const code = Number(new URL(target, 'http://consumer').searchParams.get('status'))
      const fields = {
        'Content-Type': 'text/x-consumer',
        Location: 'https://elsewhere.example/',
        'Set-Cookie': 'a=b',
        Server: 'consumer',
      }
      response.writeHead(code, fields).end(code === 204 || code === 304 ? undefined : 'internal words')
    },
  })
  const upstream = `${consumer.url}/hooks`
  const streamed = { mode: 'unsigned', apps: [], unsafeUnsigned: true } as const
  status = await startWorld({ upstream })
  full = await startWorld({ upstream, route: { answer: 'full' } })
  unsigned = await startWorld({ upstream, route: streamed })
})
afterAll(async () => {
  await Promise.all([status, full, unsigned].map((world) => world.end()))
  await consumer.close()
})

const wanting = (code: number) => delivery({ path: `/webhooks/meta?status=${code}` })
const SUCCESSES = [200, 201, 202, 204, 206, 226, 299]
const FAILURES = [400, 401, 403, 404, 409, 410, 429, 500, 502, 503, 504, 599]
const REDIRECTS = [300, 301, 302, 303, 304, 307, 308]

describe('answer: status', () => {
  it.each([
    ...SUCCESSES.map((code) => [code, 200] as const),
    ...FAILURES.map((code) => [code, code] as const),
  ])('%i becomes %i, empty, without a field of the upstream', async (code, expected) => {
    const { answers, ended } = await send(status, [wanting(code)])
    const [answer] = answers
    expect(ended).toBe('answered')
    expect(answer).toMatchObject({ status: expected, interim: [] })
    expect(answer?.body).toHaveLength(0)
    expect(fieldNames(answer?.fields.raw)).toEqual([
      'connection',
      'content-length',
      'date',
      'keep-alive',
      'x-request-id',
    ])
    const outcome = expected === 200 ? 'acknowledged' : 'answered'
    expect(status.records.at(-1)).toMatchObject({
      outcome,
      status: expected,
      code: undefined,
      id: answer?.fields.only('x-request-id'),
    })
  })

  it.each(REDIRECTS)('%i is UPSTREAM_PROTOCOL, and not followed', async (code) => {
    const received = consumer.received.length
    const exchange = await send(status, [wanting(code)])
    expectRefusalAnswer(exchange, 'UPSTREAM_PROTOCOL')
    expect(status.records.at(-1)).toMatchObject({
      outcome: 'refused',
      code: 'UPSTREAM_PROTOCOL',
      gate: 'upstream',
    })
    expect(consumer.received).toHaveLength(received + 1)
  })
})

describe('answer: full', () => {
  it.each([...SUCCESSES, ...FAILURES])(
    '%i passes with its Content-Type and body, and nothing else',
    async (code) => {
      const { answers } = await send(full, [wanting(code)])
      const [answer] = answers
      expect(answer).toMatchObject({ status: code, interim: [] })
      expect(answer?.body.toString()).toBe(code === 204 ? '' : 'internal words')
      expect(answer?.fields.all('content-type')).toEqual(['text/x-consumer'])
      const ours = [
        'connection',
        'date',
        'keep-alive',
        'x-content-type-options',
        'x-request-id',
        'content-type',
      ]
      expect(fieldNames(answer?.fields.raw)).toEqual(
        [...ours, ...(code === 204 ? [] : ['content-length'])].sort(),
      )
      const outcome = code === 200 ? 'acknowledged' : 'answered'
      expect(full.records.at(-1)).toMatchObject({ outcome, status: code, code: undefined })
    },
  )

  it.each(REDIRECTS)('%i is UPSTREAM_PROTOCOL', async (code) => {
    expectRefusalAnswer(await send(full, [wanting(code)]), 'UPSTREAM_PROTOCOL')
    expect(full.records.at(-1)).toMatchObject({ outcome: 'refused', code: 'UPSTREAM_PROTOCOL' })
  })
})

describe('mode: unsigned', () => {
  it.each([200, 201, 204, 301, 304, 404, 500])(
    '%i passes untouched, with one X-Request-Id of ours',
    async (code) => {
      const { answers } = await send(unsigned, [wanting(code)])
      const [answer] = answers
      expect(answer?.status).toBe(code)
      expect(answer?.fields.only('location')).toBe('https://elsewhere.example/')
      expect(answer?.fields.only('set-cookie')).toBe('a=b')
      expect(answer?.body.toString()).toBe(code === 204 || code === 304 ? '' : 'internal words')
      expect(unsigned.records.at(-1)).toMatchObject({
        outcome: 'answered',
        status: code,
        id: answer?.fields.only('x-request-id'),
      })
      expect(consumer.received.at(-1)?.fields['hubgate-verified']).toBe('source, certificate')
    },
  )
})

function fieldNames(raw: readonly string[] = []): string[] {
  return raw
    .filter((_value, i) => i % 2 === 0)
    .map((name) => name.toLowerCase())
    .sort()
}
