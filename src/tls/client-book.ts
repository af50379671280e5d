// The client certificates that were seen last, as public data: what `hubgate anchor rehearse` plays with. Bounded in two
// shelves, so that strangers, however many come, push out no client that was ever admitted. Pure: it keeps no file.
import { join } from 'node:path'
import type { Leaf } from '../domain/leaf.ts'
import type { NamedAnchor } from './anchor-uses.ts'
import { count, list, moment, oneOf, record, text } from './kept-json.ts'

export interface SeenClient {
  /** SHA-256 of the certificate, lower-case hex. */
  readonly fingerprint: string
  readonly subject: string
  readonly issuer: string
  readonly serial: string
  readonly notBefore: Date
  readonly notAfter: Date
  readonly firstSeen: Date
  readonly lastSeen: Date
  readonly times: number
  /** How it went the last time. */
  readonly verdict: 'admitted' | 'refused'
  /** Of the refusal. */
  readonly code: string | undefined
  /** All that its chain can have ended in, where it was admitted. */
  readonly anchors: readonly NamedAnchor[]
  /** DER; undefined where it was too large to be kept. */
  readonly certificate: Uint8Array | undefined
  /** DER of those above it that Node showed: from Node 24 on only those of a chain that OpenSSL did not verify. */
  readonly intermediates: readonly Uint8Array[]
}

/** One client as the gateway just met it. */
export interface Sighting {
  readonly leaf: Leaf
  /** Leaf first. */
  readonly chain: readonly { readonly raw: Uint8Array }[]
  readonly verdict: SeenClient['verdict']
  readonly code: string | undefined
  readonly anchors: readonly NamedAnchor[]
}

export const MOST_ADMITTED = 200
export const MOST_REFUSED = 100
/** Bytes of a certificate, and of all its intermediates together. */
const LARGEST = 16 * 1024
/** Characters of a name. */
const LONGEST = 512
const VERSION = 1

export function clientBookFile(state: string): string {
  return join(state, 'clients.json')
}

export class ClientBook {
  // Both in the order of the last sighting. Whoever was admitted once stays among the admitted.
  readonly #admitted = new Map<string, SeenClient>()
  readonly #refused = new Map<string, SeenClient>()

  /** @param kept what toText gave. @throws where it is not that. */
  static from(kept: string): ClientBook {
    const { version, admitted, refused } = record(JSON.parse(kept))
    if (version !== VERSION) throw new SyntaxError('another version')
    const book = new ClientBook()
    for (const one of list(admitted, readClient)) shelve(book.#admitted, one, MOST_ADMITTED)
    for (const one of list(refused, readClient)) shelve(book.#refused, one, MOST_REFUSED)
    return book
  }

  toText(): string {
    const shelf = (clients: Map<string, SeenClient>) => [...clients.values()].map(asJson)
    const kept = { version: VERSION, admitted: shelf(this.#admitted), refused: shelf(this.#refused) }
    return `${JSON.stringify(kept, undefined, 1)}\n`
  }

  saw({ leaf, chain, verdict, code, anchors }: Sighting, now: Date): void {
    const { fingerprint } = leaf
    const before = this.#admitted.get(fingerprint) ?? this.#refused.get(fingerprint)
    const seen = {
      ...(before ?? introduced(leaf, chain, now)),
      lastSeen: now,
      times: (before?.times ?? 0) + 1,
      verdict,
      code,
      anchors: anchors.map(({ name, fingerprint: of }) => ({ name, fingerprint: of })),
    }
    this.#refused.delete(fingerprint)
    if (verdict === 'admitted' || this.#admitted.has(fingerprint)) shelve(this.#admitted, seen, MOST_ADMITTED)
    else shelve(this.#refused, seen, MOST_REFUSED)
  }

  /** Adds what another has seen meanwhile. */
  add(other: ClientBook): void {
    for (const one of other.clients.toReversed()) {
      const before = this.#admitted.get(one.fingerprint) ?? this.#refused.get(one.fingerprint)
      const firstSeen = before === undefined ? one.firstSeen : before.firstSeen
      const seen = { ...one, firstSeen, times: (before?.times ?? 0) + one.times }
      const admitted = this.#admitted.has(one.fingerprint) || other.#admitted.has(one.fingerprint)
      this.#refused.delete(one.fingerprint)
      if (admitted) shelve(this.#admitted, seen, MOST_ADMITTED)
      else shelve(this.#refused, seen, MOST_REFUSED)
    }
  }

  /** Whoever was seen last comes first. */
  get clients(): readonly SeenClient[] {
    return [...this.#admitted.values(), ...this.#refused.values()]
      .toReversed()
      .toSorted((a, b) => b.lastSeen.getTime() - a.lastSeen.getTime())
  }
}

function shelve(shelf: Map<string, SeenClient>, client: SeenClient, most: number): void {
  shelf.delete(client.fingerprint)
  shelf.set(client.fingerprint, client)
  const [oldest] = shelf.keys()
  if (shelf.size > most && oldest !== undefined) shelf.delete(oldest)
}

function introduced(leaf: Leaf, chain: Sighting['chain'], now: Date) {
  const { fingerprint, serial, notBefore, notAfter } = leaf
  const [own, ...above] = chain.map(({ raw }) => raw)
  const small = above.reduce((sum, { length }) => sum + length, 0) <= LARGEST
  return {
    fingerprint,
    subject: leaf.subject.slice(0, LONGEST),
    issuer: leaf.issuer.slice(0, LONGEST),
    serial: serial.slice(0, LONGEST),
    notBefore,
    notAfter,
    firstSeen: now,
    certificate: own !== undefined && own.length <= LARGEST ? own : undefined,
    intermediates: small ? above : [],
  }
}

function asJson(client: SeenClient) {
  const { certificate, intermediates } = client
  return {
    ...client,
    certificate: certificate === undefined ? undefined : base64(certificate),
    intermediates: intermediates.map(base64),
  }
}

function readClient(raw: unknown): SeenClient {
  const one = record(raw)
  return {
    fingerprint: text(one['fingerprint']),
    subject: text(one['subject']),
    issuer: text(one['issuer']),
    serial: text(one['serial']),
    notBefore: moment(one['notBefore']),
    notAfter: moment(one['notAfter']),
    firstSeen: moment(one['firstSeen']),
    lastSeen: moment(one['lastSeen']),
    times: count(one['times']),
    verdict: oneOf(one['verdict'], ['admitted', 'refused']),
    code: one['code'] === undefined ? undefined : text(one['code']),
    anchors: list(one['anchors'], (anchor) => {
      const { name, fingerprint } = record(anchor)
      return { name: text(name), fingerprint: text(fingerprint) }
    }),
    certificate:
      one['certificate'] === undefined ? undefined : Buffer.from(text(one['certificate']), 'base64'),
    intermediates: list(one['intermediates'], (der) => Buffer.from(text(der), 'base64')),
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}
