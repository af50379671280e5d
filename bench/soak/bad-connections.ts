// Connections that nobody should let in, or that go wrong: each of its own, and none may ever read a 200.
import { randomBytes } from 'node:crypto'
import { type Socket, connect as connectTcp } from 'node:net'
import { type SecureContext, connect as connectTls, createSecureContext } from 'node:tls'
import type { Material } from '../gateways/material.ts'
import { goodBytes, bodyOf } from './deliveries.ts'

/** At a time. */
const MOST = 300
/** Milliseconds in which a foreign address is sent away, however busy the machine is. */
const SENT_AWAY_WITHIN = 30_000
/** Milliseconds that half a handshake is held: sometimes beyond the gateway's 10 s. */
const HELD = 12_000

/** Nobody's delivery: it never arrives. */
const UNKNOWN = goodBytes(
  { delivery: { id: 0, body: bodyOf(0), arrivals: [] }, number: 0, tag: '0-0' },
  'nobody signs with this one',
)

/** How often each is chosen. */
const KINDS = [
  ['foreign', 12],
  ['garbage', 8],
  ['half a handshake', 4],
  ['aborted body', 3],
  ['no certificate', 3],
] as const

export type Kind = (typeof KINDS)[number][0]

export interface BadOptions {
  readonly port: number
  readonly material: Material
  /** Addresses that are outside the list at the moment. */
  readonly foreign: () => readonly string[]
}

export class BadConnections {
  /** Made so far, by kind. */
  readonly made = new Map<Kind, number>()
  /** That were let in. */
  admitted = 0
  readonly #options: BadOptions
  readonly #own: SecureContext
  readonly #nobodys: SecureContext
  readonly #open = new Set<Socket>()

  constructor(options: BadOptions) {
    const { ca, client } = options.material
    this.#options = options
    this.#own = createSecureContext({ ca, cert: client.certificate, key: client.key })
    this.#nobodys = createSecureContext({ ca })
  }

  get open(): number {
    return this.#open.size
  }

  one(kind: Kind = chosen()): void {
    if (this.#open.size >= MOST) return
    this.made.set(kind, (this.made.get(kind) ?? 0) + 1)
    const socket = this.#opened(kind)
    this.#open.add(socket)
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      if (chunk.includes('HTTP/1.1 200')) this.admitted += 1
    })
    socket.once('close', () => this.#open.delete(socket))
  }

  end(): void {
    for (const socket of this.#open) socket.destroy()
  }

  #opened(kind: Kind): Socket {
    const { port } = this.#options
    const to = { host: '127.0.0.1', port }
    if (kind === 'foreign') return this.#foreign(to)
    if (kind === 'garbage') {
      const socket = connectTcp(to, () => socket.write(randomBytes(200)))
      return endingAfter(socket, 2_000)
    }
    if (kind === 'half a handshake') {
      // The first bytes of a hello that never goes on.
      const socket = connectTcp(to, () => socket.write(Buffer.from('160301020001000001fc0303', 'hex')))
      return endingAfter(socket, Math.random() ** 2 * HELD)
    }
    const secureContext = kind === 'no certificate' ? this.#nobodys : this.#own
    const socket = connectTls({ ...to, servername: 'localhost', secureContext })
    socket.once('secureConnect', () => {
      if (kind === 'no certificate') socket.write(UNKNOWN)
      else socket.write(UNKNOWN.subarray(0, UNKNOWN.length / 2), () => setTimeout(() => socket.destroy(), 20))
    })
    return endingAfter(socket, 2_000)
  }

  #foreign(to: { host: string; port: number }): Socket {
    const addresses = this.#options.foreign()
    const localAddress = addresses[Math.floor(Math.random() * addresses.length)] ?? '127.0.0.2'
    const socket = connectTcp({ ...to, localAddress })
    const timer = setTimeout(() => {
      this.admitted += 1
      socket.destroy()
    }, SENT_AWAY_WITHIN)
    socket.once('close', () => clearTimeout(timer))
    return socket
  }
}

function endingAfter(socket: Socket, ms: number): Socket {
  const timer = setTimeout(() => socket.destroy(), ms)
  return socket.once('close', () => clearTimeout(timer))
}

function chosen(): Kind {
  let luck = Math.random() * KINDS.reduce((sum, [, weight]) => sum + weight, 0)
  return KINDS.find(([, weight]) => (luck -= weight) < 0)?.[0] ?? 'foreign'
}
