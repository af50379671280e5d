// Plays Meta, at a pace: good deliveries over kept connections, tried again until they are acknowledged, with bad requests in between.
import { type TLSSocket, connect, createSecureContext } from 'node:tls'
import { AnswerReader } from '../../src/lab/answer.ts'
import type { Material } from '../gateways/material.ts'
import type { Book, Delivery, Try } from './book.ts'
import { bodyOf, goodBytes, wronglyAddressed, wronglySigned } from './deliveries.ts'

const CONNECTIONS = 32
/** Milliseconds: between two looks at the clock, and before a delivery is tried again. */
const TICK = 4
const AGAIN_AFTER = [100, 500] as const
/** Share of what is sent that is bad, of that what goes over a good connection, and of that what has a wrong path, not a wrong signature. */
export const BAD = 0.3
const BAD_ON_GOOD = 0.7
const WRONG_PATH = 0.4
/** Seconds that it may fall behind its pace and catch up. */
const MOST_BEHIND = 1

interface Lane {
  socket: TLSSocket | undefined
  reader: AnswerReader
  /** undefined: idle. */
  sent: Try | 'bad' | undefined
  /** That it was signed with. */
  secret: string
}

export interface Secrets {
  valid: string
  retired: string | undefined
}

export interface SenderOptions {
  readonly port: number
  readonly material: Material
  readonly book: Book
  readonly secrets: Readonly<Secrets>
  /** Makes a bad connection. */
  readonly misbehave: () => void
}

export class Sender {
  /** Requests and bad connections so far; bad ones of them; bad requests that were answered 200. */
  sent = 0
  bad = 0
  admitted = 0
  readonly #options: SenderOptions
  readonly #context: ReturnType<typeof createSecureContext>
  readonly #lanes: Lane[] = Array.from({ length: CONNECTIONS }, () => {
    return { socket: undefined, reader: new AnswerReader(), sent: undefined, secret: '' }
  })
  #again: { readonly delivery: Delivery; readonly at: number }[] = []
  #ticking: NodeJS.Timeout | undefined
  /** A second. undefined: only what has to be tried again. */
  #rate: number | undefined
  #due = 0
  #looked = 0

  constructor(options: SenderOptions) {
    this.#options = options
    const { ca, client } = options.material
    this.#context = createSecureContext({ ca, cert: client.certificate, key: client.key })
  }

  /** @param rate undefined: nothing new. */
  pace(rate: number | undefined): void {
    this.#rate = rate
    this.#due = 0
    this.#looked = performance.now()
    this.#ticking ??= setInterval(() => this.#pump(), TICK)
  }

  /** Whether everything sent was answered and nothing waits for another try. */
  get isQuiet(): boolean {
    return this.#again.length === 0 && this.#lanes.every(({ sent }) => sent === undefined)
  }

  /** Whether a good one that was signed with it is under way. */
  uses(secret: string): boolean {
    return this.#lanes.some(
      (lane) => lane.secret === secret && lane.sent !== undefined && lane.sent !== 'bad',
    )
  }

  end(): void {
    clearInterval(this.#ticking)
    for (const { socket } of this.#lanes) socket?.removeAllListeners('close').destroy()
  }

  #pump(): void {
    const now = performance.now()
    if (this.#rate !== undefined) {
      this.#due += (this.#rate * (now - this.#looked)) / 1_000
      this.#due = Math.min(this.#due, this.#rate * MOST_BEHIND)
    }
    this.#looked = now
    for (const lane of this.#lanes) if (lane.sent === undefined) this.#next(lane, now)
  }

  #next(lane: Lane, now: number): void {
    const [oldest] = this.#again
    if (oldest !== undefined && oldest.at <= now) {
      this.#again.shift()
      return this.#send(lane, this.#options.book.try(oldest.delivery))
    }
    if (this.#rate === undefined) return
    while (this.#due >= 1) {
      this.#due -= 1
      this.sent += 1
      const luck = Math.random()
      if (luck < BAD) this.bad += 1
      if (luck >= BAD) return this.#send(lane, this.#options.book.try(this.#options.book.begin(bodyOf)))
      if (luck < BAD * BAD_ON_GOOD) return this.#send(lane, 'bad')
      this.#options.misbehave()
    }
  }

  #send(lane: Lane, what: Try | 'bad'): void {
    const { secrets } = this.#options
    lane.sent = what
    lane.secret = secrets.valid
    const socket = (lane.socket ??= this.#connect(lane))
    if (what !== 'bad') socket.write(goodBytes(what, secrets.valid))
    else if (Math.random() < WRONG_PATH) socket.write(wronglyAddressed(secrets.valid))
    else socket.write(wronglySigned(secrets.retired))
  }

  #connect(lane: Lane): TLSSocket {
    const { port } = this.#options
    const options = { host: '127.0.0.1', port, servername: 'localhost', secureContext: this.#context }
    const socket = connect(options).setNoDelay()
    lane.reader = new AnswerReader()
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      if (lane.socket === socket) this.#read(lane, chunk)
    })
    socket.once('close', () => {
      if (lane.socket !== socket) return
      lane.socket = undefined
      this.#answered(lane, undefined)
    })
    return socket
  }

  #read(lane: Lane, chunk: Buffer): void {
    lane.reader.push(chunk)
    const answer = lane.reader.take()
    if (answer === undefined) return
    const closes = answer.fields.all('connection').includes('close')
    const { socket } = lane
    if (closes) {
      // It closes in its own time; this lane goes on without it.
      lane.socket = undefined
      socket?.end()
    }
    this.#answered(lane, answer.status)
  }

  #answered(lane: Lane, status: number | undefined): void {
    const { sent } = lane
    lane.sent = undefined
    if (sent === undefined) return
    if (sent === 'bad') this.admitted += status === 200 ? 1 : 0
    else if (this.#options.book.answered(sent, status)) this.#later(sent.delivery)
    if (this.#due >= 1) this.#next(lane, performance.now())
  }

  #later(delivery: Delivery): void {
    const [least, most] = AGAIN_AFTER
    const at = performance.now() + least + Math.random() * (most - least)
    // Almost in order already: the last ones are the latest, but for half a second.
    const before = this.#again.findLastIndex((waiting) => waiting.at <= at)
    this.#again.splice(before + 1, 0, { delivery, at })
  }
}
