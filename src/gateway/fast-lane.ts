// The short way of a delivery in the plainest spelling: from bytes to verdict to upstream without Node's HTTP objects, through
// the same gates. It refuses nothing for its head; what it does not know goes unread to the general lane, and stays there.
import type { Socket } from 'node:net'
import { type Admission, Admissions } from './admission.ts'
import type { Connection } from './connection.ts'
import type { Delivery } from './delivery.ts'
import { FastExchange } from './fast-exchange.ts'
import { type KnownHead, knownHead } from './head-shape.ts'
import { received } from './received-memory.ts'
import type { Shared } from './shared.ts'

export interface FastLaneInputs {
  readonly shared: Shared
  readonly connection: Connection
  readonly socket: Socket
  /** To the general lane, which has this connection from then on. @param unread bytes that were put back. */
  readonly handOver: (unread: number) => void
  /** Nothing has come since the handshake. */
  readonly onSilence: () => void
}

export class FastLane {
  readonly #inputs: FastLaneInputs
  /** Of the shape that came last. */
  #admission: Admission | undefined
  readonly #admissions: Admissions
  /** Whose body is being read. */
  #reading: Delivery | undefined
  /** Bytes behind the request under way. */
  #rest: Buffer | undefined
  #paused = false
  /** The client does not read its answers. */
  #choked = false
  #running = false

  constructor(inputs: FastLaneInputs) {
    this.#inputs = inputs
    this.#admissions = new Admissions(inputs.connection)
  }

  enter(): void {
    const { shared, connection, socket, onSilence } = this.#inputs
    connection.setDeadline(shared.generation().config.limits.headTimeout, onSilence)
    socket.on('data', this.#onData)
  }

  readonly #onData = (chunk: Buffer): void => {
    try {
      if (this.#reading !== undefined) this.#readOn(this.#reading, chunk)
      else this.#keep(chunk)
      this.#run()
    } catch (error) {
      this.#inputs.shared.observer.fault(error)
      this.#inputs.connection.destroy()
    }
  }

  /** Takes one request after the other, as far as their bytes are there and their answers are out. */
  #run(): void {
    if (this.#running) return
    const { connection } = this.#inputs
    this.#running = true
    while (
      this.#rest !== undefined &&
      connection.exchanges.size === 0 &&
      !connection.closing &&
      !this.#choked
    ) {
      const bytes = this.#rest
      this.#rest = undefined
      this.#begin(bytes)
    }
    this.#running = false
    if (this.#rest === undefined) this.#resume()
  }

  #begin(bytes: Buffer): void {
    const { shared, connection, socket } = this.#inputs
    // Before a request line they mean nothing (RFC 9112 §2.2), and are not the first byte of a head that a deadline waits for.
    if (bytes.every(isLineEnd)) return
    const head = this.#headOf(bytes)
    const admission = this.#admission
    if (head === undefined || admission === undefined || !this.#fits(head)) return this.#leave(bytes)
    connection.clearDeadline()
    // The last that this connection takes: it is served, and its answer says so.
    if (shared.draining() || !head.shape.keepAlive) connection.closing = true
    const onAnswered = this.#onAnswered
    const exchange = new FastExchange({ shared, connection, socket, head, admission, onAnswered })
    const delivery = exchange.deliver()
    if (delivery === undefined) return
    const end = head.size + head.length
    if (bytes.length > end) this.#rest = bytes.subarray(end)
    if (this.#rest !== undefined) received(bytes)
    delivery.take(bytes.subarray(head.size, end), this.#rest === undefined ? bytes : undefined)
    if (delivery.missing === 0) return delivery.whole()
    this.#reading = delivery
    delivery.awaitBody()
  }

  /** Of the shape that came last, or of another known one that this connection may send. */
  #headOf(bytes: Buffer): KnownHead | undefined {
    const generation = this.#inputs.shared.generation()
    if (this.#admission?.generation === generation) {
      const head = this.#admission.shape.match(bytes)
      if (head !== undefined) return head
    }
    const head = generation.config.listen.fastLane ? knownHead(bytes, generation) : undefined
    this.#admission = head === undefined ? undefined : this.#admissions.of(generation, head.shape)
    return head
  }

  #fits({ length }: KnownHead): boolean {
    const { shared } = this.#inputs
    return length <= shared.generation().config.limits.body && shared.budget.has(length)
  }

  #readOn(delivery: Delivery, chunk: Buffer): void {
    const { missing } = delivery
    if (chunk.length > missing) {
      delivery.take(chunk.subarray(0, missing), undefined)
      this.#keep(chunk.subarray(missing))
    } else delivery.take(chunk, chunk)
    if (delivery.missing > 0) return
    this.#reading = undefined
    delivery.whole()
  }

  #keep(chunk: Buffer): void {
    const { connection, shared, socket } = this.#inputs
    // After an answer that closes, what follows is not looked at: it may be smuggled.
    if (connection.closing && connection.exchanges.size === 0) return
    this.#rest = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk])
    // Whoever sends far ahead of the answers waits.
    const busy = this.#choked || connection.exchanges.size > 0
    if (!busy || this.#rest.length <= shared.generation().config.limits.head) return
    this.#paused = true
    socket.pause()
  }

  #resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#inputs.socket.resume()
  }

  readonly #onAnswered = (): void => {
    const { connection, shared, socket } = this.#inputs
    this.#reading = undefined
    // The client went away: what it sent ahead is nobody's request any more, and the general lane must not be given a dead
    // socket, whose end it would never hear of.
    if (!socket.writable) return
    if (socket.writableNeedDrain) return this.#awaitReader()
    connection.setDeadline(shared.generation().config.limits.idleTimeout, this.#onIdle)
    this.#run()
  }

  // Whoever reads no answer gets no further one, and is not waited for longer than for a body.
  #awaitReader(): void {
    const { connection, shared, socket } = this.#inputs
    this.#choked = true
    connection.setDeadline(shared.generation().config.limits.bodyTimeout, () => connection.destroy())
    socket.once('drain', () => {
      this.#choked = false
      this.#onAnswered()
    })
  }

  readonly #onIdle = (): void => this.#inputs.connection.close()

  #leave(bytes: Buffer): void {
    const { socket, handOver } = this.#inputs
    socket.off('data', this.#onData)
    // Paused until it is handed over, then set going again: otherwise it hangs, or drops what was put back (measured on Node
    // 20, 22 and 24).
    socket.pause()
    socket.unshift(bytes)
    handOver(bytes.length)
    socket.resume()
  }
}

function isLineEnd(byte: number): boolean {
  return byte === 0x0d || byte === 0x0a
}
