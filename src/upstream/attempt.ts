// One request to an upstream under way. Whatever becomes of it, it ends once, with what its answer was taken for or with a
// failure, and leaves neither timer nor connection behind. Who writes the request is its caller's matter.
import type { ClientRequest, IncomingMessage } from 'node:http'
import type { Departure } from '../domain/departure.ts'
import type { Route } from '../domain/route.ts'
import { MAX_INTERIM } from './answer.ts'
import { UpstreamFailure, failureOf } from './failure.ts'

/** Reads or passes on an answer whose head is there, and throws nothing itself. @param sent whether all of the request had gone out. */
export type TakeAnswer<T> = (answer: IncomingMessage, sent: boolean) => Promise<T>

export interface Bounds {
  readonly route: Route
  /** Aborted when the client goes away. */
  readonly signal: Departure
}

export class Attempt<T> {
  /** Rejects with UpstreamFailure. */
  readonly result: Promise<T>
  readonly #route: Route
  readonly #signal: Departure
  readonly #take: TakeAnswer<T>
  #resolve: (value: T) => void = () => {}
  #reject: (failure: UpstreamFailure) => void = () => {}
  #request: ClientRequest | undefined
  #timer: NodeJS.Timeout | undefined
  #interim = 0
  #answered = false
  #ended = false
  #writtenBefore: number | undefined

  constructor({ route, signal }: Bounds, take: TakeAnswer<T>) {
    this.#route = route
    this.#signal = signal
    this.#take = take
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    // Where sending throws, nobody waits for this.
    this.result.catch(() => {})
    signal.addEventListener('abort', this.#abort)
    if (signal.aborted) this.#abort()
  }

  /** From now on the whole answer has to come within what is left of the route's timeout. */
  startTimer(left = this.#route.timeout): void {
    if (this.#ended) return
    const late = () =>
      new UpstreamFailure('UPSTREAM_TIMEOUT', `no complete answer within ${this.#route.timeout} ms`)
    this.#timer = setTimeout(() => this.fail(late()), Math.max(1, left))
  }

  /** Takes charge of the request that carries it out. */
  watch(request: ClientRequest): void {
    this.#request = request
    request.on('error', (error) => this.fail(error))
    request.once('socket', (socket) => {
      this.#writtenBefore = socket.bytesWritten
    })
    request.on('information', () => this.#countInterim())
    request.once('upgrade', (_answer, socket) => {
      socket.destroy()
      this.fail(new UpstreamFailure('UPSTREAM_PROTOCOL', 'it switched protocols (101)'))
    })
    request.once('response', (answer) => this.#takeAnswer(answer))
    // Whatever ends it without a word still ends the attempt; once an answer began, its reader does.
    request.once('close', () => {
      if (!this.#answered) this.fail(new Error('the connection closed without an answer'))
    })
    if (this.#ended) request.destroy()
  }

  /** Ends it, unless it has ended. */
  readonly fail = (error: Error): void => {
    if (this.#ended) return
    this.#end()
    this.#reject(failureOf(error, this.#begun))
    // Without this a client that goes away, or an upstream that never ends, leaves the upstream's socket open.
    this.#request?.destroy()
  }

  /** True where a kept connection turned out dead before a byte of this request left. */
  get nothingWasSent(): boolean {
    const { reusedSocket = false, socket } = this.#request ?? {}
    const before = this.#writtenBefore
    return reusedSocket && !this.#begun && before !== undefined && socket?.bytesWritten === before
  }

  readonly #abort = (): void => {
    this.fail(new UpstreamFailure('UPSTREAM_UNREACHABLE', 'given up: the client went away'))
  }

  get #begun(): boolean {
    return this.#answered || this.#interim > 0
  }

  #countInterim(): void {
    this.#interim += 1
    if (this.#interim > MAX_INTERIM)
      this.fail(new UpstreamFailure('UPSTREAM_PROTOCOL', `more than ${MAX_INTERIM} interim answers`))
  }

  #takeAnswer(answer: IncomingMessage): void {
    this.#answered = true
    // It may stand in the same bytes as what ended us.
    if (this.#ended) return
    const { httpVersion, statusCode = 0 } = answer
    if (httpVersion !== '1.1' && httpVersion !== '1.0')
      return this.fail(new UpstreamFailure('UPSTREAM_PROTOCOL', `HTTP/${httpVersion}`))
    // 101 without an Upgrade field comes as an answer, too.
    if (statusCode < 200) return this.fail(new UpstreamFailure('UPSTREAM_PROTOCOL', `status ${statusCode}`))
    this.#take(answer, this.#wasSent()).then((value) => this.#succeed(value), this.fail)
  }

  #succeed(value: T): void {
    if (this.#ended) return
    this.#end()
    this.#resolve(value)
    // An upstream that answers early need not read the rest, and would keep the connection and the body for ever.
    if (this.#request?.writableFinished === false) this.#request.destroy()
  }

  #end(): void {
    this.#ended = true
    clearTimeout(this.#timer)
    this.#signal.removeEventListener('abort', this.#abort)
  }

  #wasSent(): boolean {
    return this.#request?.writableFinished === true || this.#request?.socket?.writableLength === 0
  }
}
