// One connection to an upstream, and the one delivery under way on it. What the upstream says while nobody asked ends it.
import { type Socket, connect } from 'node:net'
import type { Upstream } from '../domain/route.ts'
import { AnswerReader } from './answer-reader.ts'
import { verdictProblem } from './answer.ts'
import { UpstreamFailure, failureOf } from './failure.ts'
import type { KnownAnswer } from './known-answer.ts'
import { COPIED, RequestRoom } from './request-room.ts'
import type { Ending } from './timetable.ts'

/** Who waits for an answer. Told one of the two, once and never before send() has returned, and then let go. */
export interface Waiting {
  /** @param reader of the whole answer; the connection's own, so what is wanted of it is taken at once. */
  readonly answered: (status: number, reader: AnswerReader) => void
  readonly failed: (failure: UpstreamFailure) => void
}

export interface Sending {
  readonly upstream: Upstream
  /** One character a byte. */
  readonly head: string
  /** It is the connection's until the answer is there. */
  readonly body: Uint8Array
  /** Milliseconds until the end of its answer. */
  readonly timeout: number
  /** Whether the answer's content is wanted, or only its status. */
  readonly keepBody?: boolean
}

/** Where a connection belongs. */
export interface Home {
  /** Room for what is read, common to all connections: it is used only while one of them is told of its bytes. */
  readonly buffer: Buffer
  readonly known: KnownAnswer
  /** Free for the next, for at most so many milliseconds. */
  readonly onFree: (connection: PlainConnection, keeps: number) => void
  readonly onClosed: (connection: PlainConnection) => void
}

export class PlainConnection implements Ending {
  readonly socket: Socket
  /** Of the delivery under way, or else of the connection. */
  endsAt = Infinity
  readonly #home: Home
  readonly #reader: AnswerReader
  readonly #room = new RequestRoom()
  #waiting: Waiting | undefined
  #timeout = 0
  #sent = false

  constructor({ socketPath, hostname, port }: Upstream, home: Home) {
    this.#home = home
    this.#reader = new AnswerReader(false, home.known)
    const onread = { buffer: home.buffer, callback: (size: number) => this.#read(size) }
    const to = socketPath === undefined ? { host: hostname, port } : { path: socketPath }
    this.socket = connect({ ...to, noDelay: true, onread })
    this.socket.once('end', () => this.#ended())
    this.socket.on('error', (error) => this.#fail(error))
    this.socket.once('close', () => {
      this.#fail(new Error('the connection closed without an answer'))
      home.onClosed(this)
    })
  }

  get busy(): boolean {
    return this.#waiting !== undefined
  }

  /** Whether a delivery can be written: what is not open both ways any more has to be left alone. */
  get usable(): boolean {
    return this.#waiting === undefined && this.socket.writable && this.socket.readable
  }

  send({ head, body, timeout, keepBody = false }: Sending, waiting: Waiting): void {
    this.#waiting = waiting
    this.#timeout = timeout
    this.#sent = false
    this.endsAt = performance.now() + timeout
    this.#reader.reset(keepBody)
    this.#write(head, body)
  }

  /**
   * Nobody waits for the answer any more: without this a client that goes away leaves the upstream's socket open.
   * Whoever waits is told nothing. Does nothing where it is not `waiting` whose delivery is under way.
   */
  giveUp(waiting: Waiting): void {
    if (this.#waiting === waiting) this.destroy()
  }

  /** There is no use for it any more. Whoever waits is told nothing. */
  destroy(): void {
    this.#waiting = undefined
    this.endsAt = Infinity
    this.socket.destroy()
  }

  late(): void {
    this.#fail(new UpstreamFailure('UPSTREAM_TIMEOUT', `no complete answer within ${this.#timeout} ms`))
  }

  #write(head: string, body: Uint8Array): void {
    const { socket } = this
    if (body.length <= COPIED) {
      socket.write(this.#room.join(head, body))
      return
    }
    socket.cork()
    socket.write(this.#room.join(head, NOTHING))
    socket.write(body)
    socket.uncork()
  }

  // True keeps on reading.
  #read(size: number): boolean {
    const waiting = this.#waiting
    if (waiting === undefined) this.socket.destroy()
    else this.#take(waiting, size)
    return true
  }

  #take(waiting: Waiting, size: number): void {
    const reader = this.#reader
    const { buffer } = this.#home
    if (!reader.final) this.#sent = this.socket.writableLength === 0
    let taken
    try {
      taken = reader.push(buffer, size)
      if (reader.final) this.#judge(reader.status)
      if (reader.done) refuseMore(buffer, taken, size)
    } catch (error) {
      return this.#fail(error)
    }
    if (reader.done) this.#answered(waiting, taken === size)
  }

  #judge(status: number): void {
    const problem = verdictProblem(status, this.#sent)
    if (problem !== undefined) throw new UpstreamFailure('UPSTREAM_PROTOCOL', problem)
  }

  #answered(waiting: Waiting, clean: boolean): void {
    const { keeps, status } = this.#reader
    this.#waiting = undefined
    // An upstream that answers early need not read the rest, and would keep the connection and the body for ever.
    if (clean && keeps > 0 && this.socket.writableLength === 0) this.#home.onFree(this, keeps)
    else this.destroy()
    waiting.answered(status, this.#reader)
  }

  #ended(): void {
    const waiting = this.#waiting
    try {
      if (waiting !== undefined) this.#reader.end()
    } catch (error) {
      return this.#fail(error)
    }
    if (waiting !== undefined && this.#reader.done) this.#answered(waiting, false)
    else this.#fail(new Error('the connection closed without an answer'))
  }

  #fail(error: unknown): void {
    const waiting = this.#waiting
    this.destroy()
    waiting?.failed(failureOf(error instanceof Error ? error : new Error('unknown'), this.#reader.begun))
  }
}

// Empty lines behind an answer are no other answer, but the connection is not used again.
function refuseMore(bytes: Buffer, from: number, to: number): void {
  for (let at = from; at < to; at += 1)
    if (bytes[at] !== 0x0d && bytes[at] !== 0x0a)
      throw new UpstreamFailure('UPSTREAM_PROTOCOL', 'more than the answer that it announced')
}

const NOTHING = new Uint8Array(0)
