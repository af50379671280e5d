// One connection to an upstream, and the one delivery under way on it. What the upstream says while nobody asked ends it.
import { type Socket, connect } from 'node:net'
import type { Upstream } from '../domain/route.ts'
import type { AnswerReader } from './answer-reader.ts'
import { verdictProblem } from './answer.ts'
import { UpstreamFailure, failureOf } from './failure.ts'

/** Of one connection: what reads an answer copies what it keeps. */
const READ_BYTES = 8 * 1024

/** Who waits for an answer; told once, and then let go. */
export interface Waiting {
  readonly reader: AnswerReader
  readonly answered: () => void
  readonly failed: (failure: UpstreamFailure) => void
}

export interface ConnectionEvents {
  /** Free for the next, for at most so many milliseconds. */
  readonly onFree: (keeps: number) => void
  readonly onClosed: () => void
}

export class PlainConnection {
  readonly socket: Socket
  readonly #events: ConnectionEvents
  #waiting: Waiting | undefined
  #sent = false

  constructor({ socketPath, hostname, port }: Upstream, events: ConnectionEvents) {
    this.#events = events
    const buffer = Buffer.allocUnsafeSlow(READ_BYTES)
    const onread = { buffer, callback: (size: number) => this.#read(buffer.subarray(0, size)) }
    const to = socketPath === undefined ? { host: hostname, port } : { path: socketPath }
    this.socket = connect({ ...to, noDelay: true, onread })
    this.socket.once('end', () => this.#ended())
    this.socket.on('error', (error) => this.#fail(error))
    this.socket.once('close', () => {
      this.#fail(new Error('the connection closed without an answer'))
      events.onClosed()
    })
  }

  /** Whether a delivery can be written: what is not open both ways any more has to be left alone. */
  get usable(): boolean {
    return this.#waiting === undefined && this.socket.writable && this.socket.readable
  }

  send(request: readonly Uint8Array[], waiting: Waiting): void {
    this.#waiting = waiting
    this.#sent = false
    const { socket } = this
    if (request.length > 1) socket.cork()
    for (const bytes of request) socket.write(bytes)
    if (request.length > 1) socket.uncork()
  }

  /** Nobody waits for the answer any more, so there is no other use for the connection either. */
  destroy(): void {
    this.#waiting = undefined
    this.socket.destroy()
  }

  // Called in the middle of a read: nothing may be thrown, and true keeps on reading.
  #read(bytes: Buffer): boolean {
    const waiting = this.#waiting
    if (waiting === undefined) {
      this.socket.destroy()
      return true
    }
    const { reader } = waiting
    if (!reader.final) this.#sent = this.socket.writableLength === 0
    try {
      const taken = reader.push(bytes)
      if (reader.final) this.#judge(reader.status)
      if (reader.done) this.#answered(waiting, bytes.subarray(taken))
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error('unknown'))
    }
    return true
  }

  #judge(status: number): void {
    const problem = verdictProblem(status, this.#sent)
    if (problem !== undefined) throw new UpstreamFailure('UPSTREAM_PROTOCOL', problem)
  }

  #answered(waiting: Waiting, surplus: Uint8Array): void {
    if (!surplus.every(isLineEnd))
      throw new UpstreamFailure('UPSTREAM_PROTOCOL', 'more than the answer that it announced')
    this.#waiting = undefined
    const { keeps } = waiting.reader
    // An upstream that answers early need not read the rest, and would keep the connection and the body for ever.
    if (surplus.length === 0 && keeps > 0 && this.socket.writableLength === 0) this.#events.onFree(keeps)
    else this.socket.destroy()
    waiting.answered()
  }

  #ended(): void {
    const waiting = this.#waiting
    try {
      waiting?.reader.end()
      if (waiting?.reader.done === true) this.#answered(waiting, NOTHING)
      else this.#fail(new Error('the connection closed without an answer'))
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error('unknown'))
    }
    this.socket.destroy()
  }

  #fail(error: Error): void {
    const waiting = this.#waiting
    this.destroy()
    waiting?.failed(failureOf(error, waiting.reader.begun))
  }
}

const NOTHING = new Uint8Array(0)

function isLineEnd(byte: number): boolean {
  return byte === 0x0d || byte === 0x0a
}
