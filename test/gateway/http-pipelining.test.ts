// Several requests on one connection: answers in order, each for its own request, and nothing after a refusal that closes.
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { refusalRow } from '../../src/domain/refusals.ts'
import { type Consumer, type Received, startConsumer } from '../../src/lab/consumer.ts'
import { challengeBytes } from '../../src/lab/request.ts'
import { CANARY_SECRET, CANARY_VERIFY_TOKEN } from '../canary.ts'
import { rawDelivery } from '../support/raw-delivery.ts'
import { expectDelivered, expectRefusalAnswer } from '../support/refused.ts'
import { delivery, send } from '../support/sender.ts'
import { type World, startWorld } from '../support/world.ts'

const SLOW = Buffer.from('{"slow":true}')
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

let consumer: Consumer
let world: World
beforeAll(async () => {
  consumer = await startConsumer({
    secret: CANARY_SECRET,
    answer: ({ sha256: hash }, response) => {
      setTimeout(() => response.end(), hash === sha256(SLOW) ? 200 : 0)
    },
  })
  // A thousand at once take their time on a busy machine.
  world = await startWorld({ upstream: `${consumer.url}/hooks`, route: { timeout: 60_000 } })
})
afterAll(async () => {
  await world.end()
  await consumer.close()
})

let recordsBefore = 0
let receivedBefore = 0
beforeEach(() => {
  recordsBefore = world.records.length
  receivedBefore = consumer.received.length
})
const records = () => world.records.slice(recordsBefore).map(({ code, outcome }) => code ?? outcome)
const received = (): readonly Received[] => consumer.received.slice(receivedBefore)

const good = delivery()
const slow = delivery({ body: SLOW })
const wrongSignature = delivery({ secret: 'another app secret' })
const wrongHost = Buffer.from(rawDelivery({ host: '' }))
const noHttp = Buffer.from('BREW / HTCPCP/1.0\r\n\r\n')

describe('1,000 pipelined deliveries', () => {
  it('are all acknowledged, each answer for its own delivery', async () => {
    const bodies = Array.from({ length: 1000 }, (_, i) => Buffer.from(`{"delivery":${i}}`))
    const { answers, error } = await send(world, [Buffer.concat(bodies.map((body) => delivery({ body })))], {
      answers: 1000,
    })
    expect(
      answers.map(({ status }) => status),
      error,
    ).toEqual(bodies.map(() => 200))
    const idOf = new Map(received().map((one) => [one.sha256, one.fields['x-request-id']]))
    expect(answers.map(({ fields }) => fields.only('x-request-id'))).toEqual(
      bodies.map((body) => idOf.get(sha256(body))),
    )
    expect(records()).toEqual(bodies.map(() => 'acknowledged'))
    expect(new Set(world.records.slice(recordsBefore).map(({ connection }) => connection)).size).toBe(1)
  })

  it('a slow one holds the answers after it back, and nothing else', async () => {
    const { answers } = await send(world, [Buffer.concat([slow, good, good])], { answers: 3 })
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    const slowId = received().find((one) => one.sha256 === sha256(SLOW))?.fields['x-request-id']
    expect(answers[0]?.fields.only('x-request-id')).toBe(slowId)
  })
})

describe('a refusal that closes', () => {
  it.each([
    ['by the framing gate', wrongHost, 'FRAMING_INVALID'],
    ['by the parser', noHttp, 'FRAMING_INVALID'],
    ['of the length', Buffer.from(rawDelivery({ framing: '', sent: '' })), 'LENGTH_REQUIRED'],
    ['of the route, with a body', delivery({ path: '/x' }), 'ROUTE_UNKNOWN'],
    ['of a tunnel', Buffer.from('CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n'), 'FRAMING_INVALID'],
  ] as const)(
    '%s is answered after the deliveries before it, and ends the connection for those after it',
    async (_name, bad, code) => {
      for (const before of [good, slow]) {
        recordsBefore = world.records.length
        receivedBefore = consumer.received.length
        const exchange = await send(world, [Buffer.concat([before, good, bad, good, good])], { answers: 3 })
        expect(
          exchange.answers.map(({ status }) => status),
          exchange.error,
        ).toEqual([200, 200, expect.any(Number)])
        expectRefusalAnswer(exchange, code)
        expect(records().sort()).toEqual([code, 'acknowledged', 'acknowledged'].sort())
        expect(received()).toHaveLength(2)
      }
      await expectDelivered({ world, consumer })
    },
  )
})

describe('a refusal that does not close', () => {
  const challenge = { authority: 'gateway.example', path: '/webhooks/meta', token: 'wrong', challenge: 'x' }
  it.each([
    ['a wrong signature', wrongSignature, 'SIGNATURE_MISMATCH'],
    ['a wrong verify token', challengeBytes(challenge), 'VERIFY_TOKEN_MISMATCH'],
    [
      'no challenge',
      challengeBytes({ ...challenge, token: CANARY_VERIFY_TOKEN, challenge: '' }),
      'CHALLENGE_INVALID',
    ],
  ] as const)('%s lets the next delivery on the connection pass', async (_name, bad, code) => {
    const { status } = refusalRow(code)
    const { answers } = await send(world, [Buffer.concat([bad, good, bad, good])], { answers: 4 })
    expect(answers.map((answer) => answer.status)).toEqual([status, 200, status, 200])
    expect(records().sort()).toEqual([code, code, 'acknowledged', 'acknowledged'].sort())
    expect(received()).toHaveLength(2)
  })

  it('what the refused body holds is never taken for a request', async () => {
    const smuggling = delivery({ body: Buffer.concat([good, good]), secret: 'another app secret' })
    const { answers } = await send(world, [Buffer.concat([smuggling, good])], { answers: 2 })
    expect(answers.map(({ status }) => status)).toEqual([403, 200])
    expect(received()).toHaveLength(1)
  })
})
