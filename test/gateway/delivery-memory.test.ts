// When the memory of a body may hold another: only once nobody can still be reading it.
import { expect, it } from 'vitest'
import { BodyBudget } from '../../src/gateway/body-budget.ts'
import { BodyBuffers } from '../../src/gateway/body-buffers.ts'
import { Deadline } from '../../src/gateway/deadline.ts'
import { Delivery, type Forwarded } from '../../src/gateway/delivery.ts'
import type { Exchange, Underway } from '../../src/gateway/exchange.ts'
import { UpstreamFailure } from '../../src/upstream/failure.ts'
import { UpstreamHealth } from '../../src/upstream/health.ts'
import type { Route } from '../../src/domain/route.ts'
import { routeTo } from '../support/route.ts'

/** As much of an exchange as a delivery asks for. */
class Played {
  readonly shared
  readonly generation = { policy: { body: [] }, config: { limits: { bodyTimeout: 1_000 } } }
  readonly deadline = new Deadline()
  readonly id = 'id'
  phase = 'request'
  ended = false
  #underway: Underway | undefined

  constructor(buffers: BodyBuffers, passes: boolean) {
    this.shared = { budget: new BodyBudget(1e9), buffers, health: new UpstreamHealth() }
    this.passes = () => passes || this.finish()
  }

  readonly passes: () => boolean
  begin = (underway: Underway) => void (this.#underway = underway)
  whenGone = (callback: () => void) => callback()
  refuse = () => void this.finish()
  fault = (error: unknown) => {
    throw error
  }
  finish = () => {
    this.ended = true
    this.#underway?.ended()
    return false
  }
}

const answer = { status: 200, contentFields: [], body: new Uint8Array(0) }
const answered = (waiting: Forwarded) => waiting.answered(200, { answer })
const failed = (waiting: Forwarded) => waiting.failed(new UpstreamFailure('UPSTREAM_TIMEOUT', 'late'))
const PLAIN = 'http://127.0.0.1:3000/'
const SECURE = 'https://internal.example/'

interface Row {
  readonly what: string
  readonly route: Route
  readonly end: 'refused' | ((waiting: Forwarded) => void)
  readonly again: boolean
}

const through = routeTo(PLAIN, { answer: 'full' })
const ROWS: readonly Row[] = [
  { what: 'answered by a plain upstream', route: routeTo(PLAIN), end: answered, again: true },
  { what: 'refused before it was sent on', route: routeTo(SECURE), end: 'refused', again: true },
  { what: 'answered behind TLS, perhaps unread', route: routeTo(SECURE), end: answered, again: false },
  { what: 'answered through http-proxy', route: through, end: answered, again: false },
  { what: 'given up while it is being sent', route: routeTo(PLAIN), end: failed, again: false },
]

it.each(ROWS)('a body that was $what', ({ route, end, again }) => {
  const buffers = new BodyBuffers()
  const exchange = new Played(buffers, end !== 'refused')
  let waiting: Forwarded | undefined
  const delivery = Delivery.begin(exchange as unknown as Exchange, {
    route,
    length: 40_000,
    signatures: [],
    forward: (_body, who) => void (waiting = who),
  })
  for (const half of [Buffer.alloc(20_000, 'a'), Buffer.alloc(20_000, 'b')]) delivery?.take(half, undefined)
  delivery?.whole()
  if (end !== 'refused' && waiting !== undefined) end(waiting)
  expect(exchange.ended).toBe(true)
  expect(buffers.idleBytes > 0).toBe(again)
  buffers.clear()
})
