// All open connections: counted for the limits, found again by their sockets, and swept for deadlines that passed.
import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type Address, formatAddress } from '../domain/address.ts'
import { Connection } from './connection.ts'
import type { Generation } from './generation.ts'

// One sweep over all costs less than a timer a phase a request, and no deadline here is finer than this.
const SWEEP_MS = 250

// On the socket itself: in a WeakMap each entry is work for every collection of garbage while it is young.
const OWN = Symbol('hubgate connection')

declare module 'node:stream' {
  interface Duplex {
    [OWN]?: Connection
  }
}

export class Connections {
  readonly #open = new Set<Connection>()
  readonly #perAddress = new Map<string, number>()
  readonly #sweeper: NodeJS.Timeout
  readonly #name = randomBytes(4).toString('hex')
  #count = 0
  #onEmpty: (() => void) | undefined

  constructor() {
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_MS)
    this.#sweeper.unref()
  }

  get size(): number {
    return this.#open.size
  }

  /** Requests in flight, over all connections. */
  get exchanges(): number {
    return [...this.#open].reduce((sum, { exchanges }) => sum + exchanges.size, 0)
  }

  [Symbol.iterator](): IterableIterator<Connection> {
    return this.#open.values()
  }

  /** Knows a new socket, without counting it. */
  meet(socket: Socket, generation: Generation): Connection {
    this.#count += 1
    return new Connection({ id: `${this.#name}-${this.#count.toString(36)}`, socket, generation })
  }

  /** Takes a connection in until it closes. */
  open(connection: Connection): void {
    const { socket } = connection
    this.#open.add(connection)
    socket[OWN] = connection
    socket.once('close', () => this.#closed(connection))
  }

  /** Settles, once, where a connection comes from; from then on it counts for that address. */
  settle(connection: Connection, address: Address | undefined): void {
    connection.address = address
    connection.clientAddress = address === undefined ? (connection.peer ?? '') : formatAddress(address)
    this.#perAddress.set(connection.clientAddress, this.openFrom(connection.clientAddress) + 1)
  }

  /** @param clientAddress as a connection has it. */
  openFrom(clientAddress = ''): number {
    return this.#perAddress.get(clientAddress) ?? 0
  }

  /** Makes a connection known by its TLS socket, too. */
  secured(connection: Connection, socket: Duplex): void {
    socket[OWN] = connection
  }

  of(socket: Duplex): Connection | undefined {
    return socket[OWN]
  }

  /** Resolves when none is open, or after `milliseconds`. */
  async empty(milliseconds: number): Promise<void> {
    if (this.#open.size === 0) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds)
      this.#onEmpty = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  /** No deadline passes any more. */
  stop(): void {
    clearInterval(this.#sweeper)
  }

  #closed(connection: Connection): void {
    this.#open.delete(connection)
    for (const exchange of connection.exchanges) exchange.clientGone()
    this.#uncount(connection)
    if (this.#open.size === 0) this.#onEmpty?.()
  }

  #uncount(connection: Connection): void {
    if (connection.clientAddress === undefined) return
    const left = this.openFrom(connection.clientAddress) - 1
    if (left > 0) this.#perAddress.set(connection.clientAddress, left)
    else this.#perAddress.delete(connection.clientAddress)
  }

  #sweep(): void {
    const now = performance.now()
    for (const connection of this.#open) connection.checkDeadlines(now)
  }
}
