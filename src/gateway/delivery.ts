// Phases 5 and 6 of a signed delivery, on either lane: read it, check its signature, send it on, and only then acknowledge.
// Told by events rather than awaited: what lane it came on hands in the bytes, and hears of the end through its exchange.
import type { Route } from '../domain/route.ts'
import { refuse } from '../domain/verdict.ts'
import { runGates } from '../gates/run.ts'
import { MAX_ANSWER, type UpstreamAnswer } from '../upstream/answer.ts'
import { UpstreamFailure } from '../upstream/failure.ts'
import type { Waiting } from '../upstream/plain-connection.ts'
import { emptyAnswer, fullAnswer } from './answers.ts'
import { Body } from './body.ts'
import type { Exchange, Underway } from './exchange.ts'
import { release } from './received-memory.ts'

/** What its lane knows of a delivery. */
export interface DeliveryInputs {
  readonly route: Route
  /** Bytes announced. */
  readonly length: number
  /** All X-Hub-Signature-256 values. */
  readonly signatures: readonly string[]
  /** Sends the verified bytes on. Whoever waits is told once, and never before it has returned. @returns what carries them. */
  readonly forward: (body: Buffer, waiting: Forwarded) => Carrier | undefined
}

/** Waits for what the upstream says. */
export interface Forwarded extends Waiting {
  readonly answered: (status: number, told: { readonly answer: UpstreamAnswer }) => void
  /** Anything but an UpstreamFailure is a defect of ours. */
  readonly failed: (error: unknown) => void
}

/** A connection to an upstream, in the use of one delivery. */
export interface Carrier {
  /** The client went away. Nobody is told anything any more. */
  readonly giveUp: (waiting: Forwarded) => void
}

export class Delivery implements Underway, Forwarded {
  readonly #exchange: Exchange
  readonly #inputs: DeliveryInputs
  readonly #body: Body
  #carrier: Carrier | undefined
  #forwardedAt = 0

  private constructor(exchange: Exchange, inputs: DeliveryInputs) {
    this.#exchange = exchange
    this.#inputs = inputs
    this.#body = new Body(inputs.length, inputs.route.keys, exchange.shared.buffers)
  }

  /**
   * Takes the memory for it before the first byte is read: what does not fit is refused while it is still the client's.
   * @returns undefined where it was refused.
   */
  static begin(exchange: Exchange, inputs: DeliveryInputs): Delivery | undefined {
    const { route, length } = inputs
    const { budget } = exchange.shared
    const answer = route.answer === 'full' ? MAX_ANSWER : 0
    if (!budget.take(length + answer)) {
      const detail = `${budget.taken} bytes of bodies in memory, ${length + answer} more needed`
      exchange.refuse('body', refuse('OVERLOADED', detail))
      return undefined
    }
    // An answer stays in memory until the client has taken it, the body only until the upstream has.
    if (answer > 0) exchange.whenGone(() => budget.give(answer))
    exchange.phase = 'body'
    const delivery = new Delivery(exchange, inputs)
    exchange.begin(delivery)
    return delivery
  }

  /** The rest of the body has so long to come, from now. */
  awaitBody(): void {
    const { bodyTimeout } = this.#exchange.generation.config.limits
    this.#exchange.deadline.set(bodyTimeout, () => {
      const { size, length } = this.#body
      this.#exchange.refuse(
        'deadline',
        refuse('BODY_TIMEOUT', `${size} of ${length} bytes within ${bodyTimeout} ms`),
      )
    })
  }

  /** Bytes of the body still to come. */
  get missing(): number {
    return this.#body.length - this.#body.size
  }

  /**
   * @param chunk no more than is missing.
   * @param memory what it came in, as Node handed it over, where nobody else reads that: it is the delivery's now.
   */
  take(chunk: Buffer, memory: Buffer | undefined): void {
    if (!this.#exchange.ended) this.#body.take(chunk, memory)
    else if (memory !== undefined) release(memory)
  }

  /** Nothing more comes of the body. */
  whole(): void {
    const exchange = this.#exchange
    if (exchange.ended || this.missing > 0) return
    try {
      exchange.deadline.clear()
      const signed = { signatures: this.#inputs.signatures, digests: this.#body.digests() }
      if (exchange.passes(runGates(exchange.generation.policy.body, signed))) this.#forward()
    } catch (error) {
      exchange.fault(error)
    }
  }

  answered(status: number, told: { readonly answer: UpstreamAnswer }): void {
    if (this.#exchange.ended) return
    try {
      this.#told(true, 'answered')
      this.#answer(status, told)
    } catch (error) {
      this.#exchange.fault(error)
    }
  }

  failed(error: unknown): void {
    if (this.#exchange.ended) return
    if (!(error instanceof UpstreamFailure)) return this.#exchange.fault(error)
    this.#told(false, error.code)
    this.#exchange.refuse('upstream', refuse(error.code, error.message))
  }

  left(): void {
    this.#carrier?.giveUp(this)
    if (this.#forwardedAt > 0) this.#exchange.upstreamMs = performance.now() - this.#forwardedAt
  }

  ended(): void {
    const { shared, phase } = this.#exchange
    this.#exchange.bodyBytes = this.#body.size
    shared.budget.give(this.#body.length)
    this.#body.release(phase === 'body' || (phase === 'done' && this.#writtenPlainly))
  }

  // Where TLS or http-proxy writes, an answer may come before they have let go of the body.
  get #writtenPlainly(): boolean {
    const { answer, upstream } = this.#inputs.route
    return answer === 'status' && upstream.protocol === 'http:'
  }

  #forward(): void {
    this.#exchange.phase = 'forward'
    this.#forwardedAt = performance.now()
    this.#carrier = this.#inputs.forward(this.#body.bytes, this)
  }

  #told(well: boolean, how: string): void {
    const { shared } = this.#exchange
    this.#exchange.upstreamMs = performance.now() - this.#forwardedAt
    shared.health.note(this.#inputs.route.upstream.label, well, how)
  }

  // Meta counts 200 alone as success, so every 2xx becomes one; a full answer is the upstream's own, whatever Meta makes of it.
  #answer(answered: number, { answer }: { readonly answer: UpstreamAnswer }): void {
    const exchange = this.#exchange
    const full = this.#inputs.route.answer === 'full'
    const success = answered >= 200 && answered < 300
    const status = success && !full ? 200 : answered
    const detail = `the upstream answered ${answered}`
    exchange.phase = 'done'
    exchange.finish(
      full ? fullAnswer(answer, exchange.id) : emptyAnswer(status, exchange.id),
      status === 200
        ? { outcome: 'acknowledged', detail }
        : { outcome: 'answered', gate: 'upstream', detail },
    )
  }
}
