// A delivery whose head the fast lane knew: its kind of exchange, answered in one write.
import type { Socket } from 'node:net'
import type { Route } from '../domain/route.ts'
import type { Origin } from '../observe/audit.ts'
import { type Answer, answerText } from './answers.ts'
import type { Connection } from './connection.ts'
import { type Carrier, Delivery, type Forwarded } from './delivery.ts'
import { Exchange } from './exchange.ts'
import type { KnownHead } from './head-shape.ts'
import type { Shared } from './shared.ts'

export interface FastExchangeInputs {
  readonly shared: Shared
  readonly connection: Connection
  readonly socket: Socket
  readonly head: KnownHead
  /** The answer is out. */
  readonly onAnswered: () => void
}

export class FastExchange extends Exchange {
  readonly method = 'POST'
  readonly answering = false
  readonly #inputs: FastExchangeInputs

  constructor(inputs: FastExchangeInputs) {
    super(inputs.shared, inputs.connection)
    this.#inputs = inputs
    this.passed = inputs.head.shape.passed
  }

  get route(): Route {
    return this.#inputs.head.shape.route
  }

  get trace(): string | undefined {
    return this.#inputs.head.shape.trace
  }

  protected get origin(): Origin {
    return this.connection.origin
  }

  /** @returns undefined where it was refused. */
  deliver(): Delivery | undefined {
    const { length, values, shape } = this.#inputs.head
    return Delivery.begin(this, {
      route: shape.route,
      length,
      signatures: [`sha256=${values.sha256}`],
      forward: (body, waiting) => this.#forward(body, waiting),
    })
  }

  #forward(body: Buffer, waiting: Forwarded): Carrier {
    const { shape, values } = this.#inputs.head
    const { upstream, timeout } = shape.route
    const sent = shape.sentFor(this.evidence.app)
    const bytes = sent.request(
      sent.slots.map((name) => this.#valueOf(name, values)),
      body,
    )
    return this.shared.agents.plain.send({ upstream, timeout, bytes }, waiting)
  }

  #valueOf(name: string, { length, sha1, sha256 }: KnownHead['values']): string {
    switch (name) {
      case 'content-length':
        return length
      case 'x-hub-signature':
        return `sha1=${sha1}`
      case 'x-hub-signature-256':
        return `sha256=${sha256}`
      default:
        return this.id
    }
  }

  protected write(answer: Answer): void {
    const { connection, socket } = this.#inputs
    if (answer.close) connection.closing = true
    const { idleTimeout } = this.generation.config.limits
    // All of it is ASCII.
    if (!socket.destroyed)
      socket.write(answerText(answer, connection.closing ? undefined : idleTimeout), 'latin1')
    this.clientGone()
  }

  // It is written at once, and small; the lane begins nothing new while the client does not read.
  protected awaitTaken(): void {
    this.deadline.clear()
  }

  protected awaitNext(): void {
    this.#inputs.onAnswered()
  }
}
