// What has to hold for every request refused on a direct front (the contract's §4), asserted in one place.
import { expect } from 'vitest'
import { type RefusalCode, refusalRow } from '../../src/domain/refusals.ts'
import type { Consumer } from '../../src/lab/consumer.ts'
import type { Exchange, ExchangeOptions, Step } from '../../src/lab/exchange.ts'
import type { AuditRecord } from '../../src/observe/audit.ts'
import { delivery, send } from './sender.ts'
import type { World } from './world.ts'

export interface Stage {
  readonly world: World
  readonly consumer: Consumer
}

export interface Trial extends Partial<Omit<ExchangeOptions, 'steps'>> {
  readonly steps: readonly Step[]
  readonly code: RefusalCode
}

/**
 * Sends the steps on one connection: the answer, its connection and its one record are those of `code`, nothing reaches the
 * upstream, and a good delivery right after it still passes.
 */
export async function expectRefused(
  stage: Stage,
  { code, steps, ...options }: Trial,
): Promise<{ answer: Exchange; record: AuditRecord | undefined }> {
  const { world, consumer } = stage
  const recordsBefore = world.records.length
  const receivedBefore = consumer.received.length
  const answer = await send(world, steps, options)
  expect(answer, answer.error).toMatchObject({ ended: 'answered', answers: [expect.anything()] })
  expectRefusalAnswer(answer, code, options.method)
  const records = world.records.slice(recordsBefore)
  expect(records.map((record) => record.code)).toEqual([code])
  expect(answer.answers[0]?.fields.all('x-request-id')).toEqual([records[0]?.id])
  expect(consumer.received).toHaveLength(receivedBefore)
  await expectDelivered(stage)
  return { answer, record: records[0] }
}

/** The last answer of an exchange is the one that the refusal table says. */
export function expectRefusalAnswer(
  { answers, closedAfter }: Exchange,
  code: RefusalCode,
  method = 'POST',
): void {
  const answer = answers.at(-1)
  const { status, reason, close } = refusalRow(code)
  const id = answer?.fields.only('x-request-id')
  expect(id).toMatch(/^[0-9a-f-]{36}$/)
  expect(answer?.status).toBe(status)
  if (method !== 'HEAD')
    expect(JSON.parse(answer?.body.toString() ?? '')).toEqual({ error: { code, message: reason, id } })
  expect(answer?.fields.all('content-type')).toEqual(['application/json'])
  expect(answer?.fields.all('x-content-type-options')).toEqual(['nosniff'])
  expect(answer?.fields.all('cache-control')).toEqual(['no-store'])
  expect(answer?.fields.has('retry-after')).toBe(status === 503)
  expect(answer?.fields.list('connection')).toEqual([close ? 'close' : 'keep-alive'])
  if (close) expect(closedAfter).toBe(true)
}

/** A good delivery passes: one answer of 200 without content, one record, one delivery at the upstream. */
export async function expectDelivered(
  { world, consumer }: Stage,
  bytes: Uint8Array = delivery(),
): Promise<void> {
  const recordsBefore = world.records.length
  const receivedBefore = consumer.received.length
  const { answers, error } = await send(world, [bytes])
  expect(answers[0]?.status, error).toBe(200)
  expect(answers[0]?.body).toHaveLength(0)
  expect(world.records.slice(recordsBefore).map(({ outcome }) => outcome)).toEqual(['acknowledged'])
  expect(consumer.received.slice(receivedBefore).map(({ signature }) => signature)).toEqual(['fits'])
}
