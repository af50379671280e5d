// A delivery whose head the fast lane knew: its kind of exchange, answered in one write.
import type { Socket } from 'node:net'
import { Fields } from '../domain/fields.ts'
import type { Route } from '../domain/route.ts'
import type { Origin } from '../observe/audit.ts'
import { sentFields, sentTarget } from '../upstream/sent-fields.ts'
import { requestBytes } from '../upstream/request-bytes.ts'
import { type Answer, answerText } from './answers.ts'
import type { Connection } from './connection.ts'
import { type Carrier, Delivery, type Forwarded } from './delivery.ts'
import { Exchange } from './exchange.ts'
import { verified } from './forward.ts'
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
    const { length, signature, shape } = this.#inputs.head
    return Delivery.begin(this, {
      route: shape.route,
      length,
      signatures: [signature],
      forward: (body, waiting) => this.#forward(body, waiting),
    })
  }

  #forward(body: Buffer, waiting: Forwarded): Carrier {
    const { shape, values } = this.#inputs.head
    const { upstream, timeout } = shape.route
    const vouched = verified(this.passed, shape.facts.certificate)
    const fields = sentFields(new Fields(shape.rawWith(values)), shape.route, {
      requestId: this.id,
      address: this.clientAddress,
      verified: vouched,
      app: this.evidence.app,
      leaf: vouched.includes('certificate') ? this.client?.der : undefined,
    })
    const target = sentTarget(shape.route, '')
    const bytes = requestBytes({ method: this.method, target, fields, body })
    return this.shared.agents.plain.send({ upstream, timeout, bytes }, waiting)
  }

  protected write(answer: Answer): void {
    const { connection, socket } = this.#inputs
    if (answer.close) connection.closing = true
    const { idleTimeout } = this.generation.config.limits
    if (!socket.destroyed) socket.write(answerText(answer, connection.closing ? undefined : idleTimeout))
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
