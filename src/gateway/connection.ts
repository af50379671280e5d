// One connection's story: who is at the other end, what was proved once for all its requests, and when it must end.
import type { Socket } from 'node:net'
import { type Address, formatAddress, parseAddress } from '../domain/address.ts'
import type { Leaf } from '../domain/leaf.ts'
import type { Phase } from '../domain/refusals.ts'
import type { Evidence } from '../domain/verdict.ts'
import type { Observation, PhaseVerdict } from '../gates/run.ts'
import type { Origin } from '../observe/audit.ts'
import type { ClientCertificate } from '../tls/client-certificate.ts'
import { Deadline } from './deadline.ts'
import type { Exchange } from './exchange.ts'
import type { Generation } from './generation.ts'
import { connectionOrigin } from './record.ts'

/** After end(), the other side gets this long to close as well. */
const CLOSE_MS = 1_000

const NOTHING: Evidence = Object.freeze({})

export interface Opened {
  readonly id: string
  readonly socket: Socket
  readonly generation: Generation
}

/** With what it was made from: all of these are replaced, never changed. */
interface KnownOrigin extends Pick<Connection, 'clientAddress' | 'generation' | 'evidence' | 'client'> {
  readonly origin: Origin
}

export class Connection {
  readonly id: string
  readonly socket: Socket
  /** The address in its usual form: an IPv4 peer of a socket for both families is written as IPv4. */
  readonly peer: string | undefined
  readonly peerPort: number | undefined
  readonly peerAddress: Address | undefined
  /** Who is judged: the peer, or the client that its PROXY header named. Undefined before that, or where it cannot be read. */
  address: Address | undefined
  /** The same as text, once it is settled; empty where it cannot be read. */
  clientAddress: string | undefined
  /** The generation whose trust its handshake uses; until then, the one it was accepted under. */
  generation: Generation
  readonly openedAt = performance.now()
  /** Requests whose end is not recorded yet. */
  readonly exchanges = new Set<Exchange>()
  phase: Phase = 'connection'
  /** What requests come on: inside TLS, or the bare socket of a front. */
  secure: Socket | undefined
  client: ClientCertificate | undefined
  passed: readonly string[] = []
  observations: readonly Observation[] = []
  evidence: Evidence = NOTHING
  /** Takes no further request; ends with the last answer. */
  closing = false
  /** Its end has its record, or needs none. */
  recorded = false
  /** An answer to bytes that were no request: the last words, once the answers before it are out. */
  farewell = ''
  readonly #deadline = new Deadline()
  #origin: KnownOrigin | undefined
  #readBefore = 0

  constructor({ id, socket, generation }: Opened) {
    const address = parseAddress(socket.remoteAddress ?? '')
    this.id = id
    this.socket = socket
    this.peer = address === undefined ? socket.remoteAddress : formatAddress(address)
    this.peerPort = socket.remotePort
    this.peerAddress = address
    this.generation = generation
  }

  get leaf(): Leaf | undefined {
    const leaf = this.client?.facts.leaf
    return leaf === 'unreadable' ? undefined : leaf
  }

  /** The anchors its chain ends in, for the record. */
  get anchor(): string | undefined {
    const names = this.client?.facts.authorized === true ? this.client.anchors.map(({ name }) => name) : []
    return names.length === 0 ? undefined : names.join(' or ')
  }

  /** The half that all its records share: made for the first of them, and anew only where what it says has changed since. */
  get origin(): Origin {
    const { clientAddress, generation, evidence, client } = this
    const known = this.#origin
    if (
      known?.client === client &&
      known?.evidence === evidence &&
      known?.generation === generation &&
      known?.clientAddress === clientAddress
    )
      return known.origin
    const origin = connectionOrigin(this)
    this.#origin = { origin, clientAddress, generation, evidence, client }
    return origin
  }

  /** Keeps what a phase found. @returns whether all its gates admitted. */
  takes(verdict: PhaseVerdict): boolean {
    this.observations = joined(this.observations, verdict.observations)
    if (verdict.outcome === 'refuse') return false
    this.passed = joined(this.passed, verdict.passed)
    this.evidence = this.evidence === NOTHING ? verdict.evidence : { ...this.evidence, ...verdict.evidence }
    return true
  }

  /** For the handshake, and for the next head; each request has its own. */
  setDeadline(milliseconds: number, onPassed: () => void): void {
    this.#deadline.set(milliseconds, onPassed)
  }

  /** It waits for a head from now on. @param unread bytes of it that came already, and were put back. */
  awaitHead(unread = 0): void {
    this.#readBefore = this.#read - unread
  }

  clearDeadline(): void {
    this.#deadline.clear()
  }

  checkDeadlines(now: number): void {
    this.#deadline.check(now)
    for (const { deadline } of this.exchanges) deadline.check(now)
  }

  /** Whether anything came since it began to wait for the next head. */
  get heard(): boolean {
    return this.#read > this.#readBefore
  }

  get #read(): number {
    return this.secure?.bytesRead ?? 0
  }

  /** Whether the connection lasts beyond the answer to `exchange`: it may be closing, and others wait behind this one. */
  outlasts(exchange: Exchange): boolean {
    return !this.closing || this.farewell !== '' || [...this.exchanges].at(-1) !== exchange
  }

  /** Whether the client may be sending a further request: it waits for no answer, or the last one is out and did not say close. */
  get invitesMore(): boolean {
    return !this.closing && ([...this.exchanges].at(-1)?.answering ?? true)
  }

  /** Ends without a further word of HTTP: TLS close, then gone within a second. */
  close(): void {
    this.closing = true
    const socket = this.secure
    // In the middle of a handshake there is nothing to close politely.
    if (socket === undefined) return this.destroy()
    if (socket.writableEnded) return
    // What still comes in is read and dropped: unread bytes would turn the close into a reset.
    socket.resume()
    socket.end(this.farewell)
    setTimeout(() => this.destroy(), CLOSE_MS).unref()
  }

  reset(): void {
    // A Unix socket knows no reset, and Node throws where it is asked for one; there is no peer address on it.
    if (this.peer === undefined) this.socket.destroy()
    else this.socket.resetAndDestroy()
  }

  destroy(): void {
    this.secure?.destroy()
    this.socket.destroy()
  }

  /** Takes no further request: ends at once where it is idle, else with the answer in flight. */
  retire(): void {
    this.closing = true
    if (this.exchanges.size === 0) this.close()
  }
}

function joined<T>(before: readonly T[], more: readonly T[]): readonly T[] {
  return before.length === 0 ? more : [...before, ...more]
}
