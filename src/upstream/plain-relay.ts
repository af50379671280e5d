// Sends one verified delivery over a kept connection without TLS. Whatever becomes of it, it ends once, and leaves neither
// timer nor listener behind.
import type { UpstreamAnswer } from './answer.ts'
import { AnswerReader } from './answer-reader.ts'
import { UpstreamFailure } from './failure.ts'
import type { PlainConnection, Waiting } from './plain-connection.ts'
import type { PlainPool } from './plain-pool.ts'
import type { Outgoing } from './relay.ts'
import { requestBytes } from './request-bytes.ts'

/** @throws UpstreamFailure */
export function relayPlainly(
  pool: PlainPool,
  outgoing: Outgoing,
  keepBody: boolean,
): Promise<UpstreamAnswer> {
  return new Promise((resolve, reject) => {
    if (outgoing.signal.aborted) return reject(left())
    const request = requestBytes(outgoing)
    const delivery = new Delivery(pool, outgoing, { keepBody, resolve, reject })
    delivery.send(request)
  })
}

interface Ends {
  readonly keepBody: boolean
  readonly resolve: (answer: UpstreamAnswer) => void
  readonly reject: (failure: UpstreamFailure) => void
}

class Delivery implements Waiting {
  readonly reader: AnswerReader
  readonly #pool: PlainPool
  readonly #outgoing: Outgoing
  readonly #ends: Ends
  readonly #connection: PlainConnection

  constructor(pool: PlainPool, outgoing: Outgoing, ends: Ends) {
    this.reader = new AnswerReader(ends.keepBody)
    this.#pool = pool
    this.#outgoing = outgoing
    this.#ends = ends
    this.#connection = pool.connectionTo(outgoing.route.upstream)
  }

  send(request: readonly Uint8Array[]): void {
    const { route, signal } = this.#outgoing
    signal.addEventListener('abort', this.#leave)
    this.#pool.deadlines.set(this, performance.now() + route.timeout)
    this.#connection.send(request, this)
  }

  answered(): void {
    this.#end()
    this.#ends.resolve(this.reader.answer)
  }

  failed(failure: UpstreamFailure): void {
    this.#end()
    this.#ends.reject(failure)
  }

  late(): void {
    const { timeout } = this.#outgoing.route
    this.#giveUp(new UpstreamFailure('UPSTREAM_TIMEOUT', `no complete answer within ${timeout} ms`))
  }

  readonly #leave = (): void => this.#giveUp(left())

  // Without this a client that goes away, or an upstream that never ends, leaves the upstream's socket open.
  #giveUp(failure: UpstreamFailure): void {
    this.#connection.destroy()
    this.failed(failure)
  }

  #end(): void {
    this.#pool.deadlines.delete(this)
    this.#outgoing.signal.removeEventListener('abort', this.#leave)
  }
}

function left(): UpstreamFailure {
  return new UpstreamFailure('UPSTREAM_UNREACHABLE', 'given up: the client went away')
}
