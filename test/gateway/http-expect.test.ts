// Expect: 100-continue is answered once the request gates admitted, and by nothing else; any other expectation is 417.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RefusalCode } from '../../src/domain/refusals.ts'
import { AnswerReader } from '../../src/lab/answer.ts'
import { type Consumer, startConsumer } from '../../src/lab/consumer.ts'
import { CANARY_SECRET, CANARY_VERIFY_TOKEN } from '../canary.ts'
import { challengeBytes } from '../../src/lab/request.ts'
import { rawDelivery } from '../support/raw-delivery.ts'
import { expectRefused } from '../support/refused.ts'
import { BODY, delivery, open, send } from '../support/sender.ts'
import { type World, startWorld } from '../support/world.ts'

let consumer: Consumer
let world: World
beforeAll(async () => {
  consumer = await startConsumer({ secret: CANARY_SECRET })
  world = await startWorld({ upstream: `${consumer.url}/hooks` })
})
afterAll(async () => {
  await world.end()
  await consumer.close()
})

const expecting = (value: string, changes: Parameters<typeof delivery>[0] = {}) =>
  delivery({ ...changes, set: { ...changes.set, Expect: value } })

/** The head alone: the client waits to be told to go on. */
const headOf = (bytes: Buffer) => bytes.subarray(0, bytes.indexOf('\r\n\r\n') + 4)

describe('Expect: 100-continue', () => {
  it.each(['100-continue', '100-Continue'])(
    '%s is answered before the body comes, and the delivery after it',
    async (value) => {
      const socket = await open(world)
      const reader = new AnswerReader()
      const answer = new Promise<ReturnType<AnswerReader['take']>>((resolve) => {
        let continued = false
        socket.on('data', (chunk: Buffer) => {
          reader.push(chunk)
          if (!continued && chunk.toString('latin1').startsWith('HTTP/1.1 100 Continue\r\n')) {
            continued = true
            socket.write(BODY)
          }
          const taken = reader.take()
          if (taken !== undefined) resolve(taken)
        })
      })
      socket.write(headOf(expecting(value)))
      expect(await answer).toMatchObject({ status: 200, interim: [100] })
      socket.destroy()
      expect(consumer.received.at(-1)).toMatchObject({ signature: 'fits' })
      expect(consumer.received.at(-1)?.fields['expect']).toBeUndefined()
    },
  )

  it('is answered where the body comes at once, too', async () => {
    const { answers } = await send(world, [expecting('100-continue')])
    expect(answers[0]).toMatchObject({ status: 200, interim: [100] })
  })

  it.each<[RefusalCode, Parameters<typeof delivery>[0]]>([
    ['ROUTE_UNKNOWN', { path: '/elsewhere' }],
    ['METHOD_NOT_ALLOWED', { method: 'PUT' }],
    ['BODY_TOO_LARGE', { set: { 'Content-Length': '4194305' } }],
    ['LENGTH_REQUIRED', { set: { 'Content-Length': undefined } }],
    ['MEDIA_TYPE_UNSUPPORTED', { set: { 'Content-Type': 'text/plain' } }],
    ['FRAMING_INVALID', { set: { Host: undefined } }],
  ])('is not answered where the request is %s', async (code, changes) => {
    const { answer } = await expectRefused(
      { world, consumer },
      { code, steps: [headOf(expecting('100-continue', changes))] },
    )
    expect(answer.answers[0]?.interim).toEqual([])
  })

  it('on a challenge, which has no content, is not answered', async () => {
    const challenge = {
      authority: 'gateway.example',
      path: '/webhooks/meta',
      token: CANARY_VERIFY_TOKEN,
      challenge: '1158201444',
    }
    const { answers } = await send(world, [challengeBytes({ ...challenge, set: { Expect: '100-continue' } })])
    expect(answers[0]).toMatchObject({ status: 200, interim: [] })
    expect(answers[0]?.body.toString()).toBe('1158201444')
  })
})

describe('any other expectation', () => {
  it.each<[string, RefusalCode]>([
    ['Expect: 200-ok\r\n', 'EXPECTATION_UNSUPPORTED'],
    ['Expect:\r\n', 'EXPECTATION_UNSUPPORTED'],
    ['Expect: 100-continue, x\r\n', 'EXPECTATION_UNSUPPORTED'],
    ['Expect: x 100-continue\r\n', 'EXPECTATION_UNSUPPORTED'],
    ['Expect: "100-continue"\r\n', 'EXPECTATION_UNSUPPORTED'],
    ['Expect: 100-continued\r\n', 'EXPECTATION_UNSUPPORTED'],
    ['Expect: 100-continue\r\nExpect: 100-continue\r\n', 'FRAMING_INVALID'],
  ])('%j is refused without an interim answer', async (more, code) => {
    const { answer } = await expectRefused({ world, consumer }, { code, steps: [rawDelivery({ more })] })
    expect(answer.answers[0]?.interim).toEqual([])
  })
})
