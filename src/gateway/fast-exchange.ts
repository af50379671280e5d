// A delivery whose head the fast lane knew: its kind of exchange, answered in one write.
import type { Socket } from 'node:net'
import type { Route } from '../domain/route.ts'
import type { Origin } from '../observe/audit.ts'
import type { Admission } from './admission.ts'
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
  readonly admission: Admission
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
    this.passed = inputs.admission.passed
  }

  get route(): Route {
    return this.#inputs.head.shape.facts.route
  }

  get trace(): string | undefined {
    return this.#inputs.head.shape.trace
  }

  protected get origin(): Origin {
    return this.connection.origin
  }

  /** @returns undefined where it was refused. */
  deliver(): Delivery | undefined {
    const { length, values } = this.#inputs.head
    return Delivery.begin(this, {
      route: this.route,
      length,
      signatures: [`sha256=${values.sha256}`],
      forward: (body, waiting) => this.#forward(body, waiting),
    })
  }

  #forward(body: Buffer, waiting: Forwarded): Carrier {
    const { admission } = this.#inputs
    const { upstream, timeout } = this.route
    const head = admission.requestHead(this.#inputs.head, { id: this.id, app: this.evidence.app })
    return this.shared.agents.plain.send({ upstream, timeout, head, body }, waiting)
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
