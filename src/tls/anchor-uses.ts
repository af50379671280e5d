// How often and when each anchor admitted somebody, by fingerprint, over restarts. Of several anchors that a chain may end
// in, each is counted: Node does not tell which one it was. Pure: who counts hands in the time, and keeps the text.
import { count, moment, record, text } from './kept-json.ts'

export interface AnchorUse {
  readonly fingerprint: string
  /** Its name when it was last seen, for people who read the file. */
  readonly name: string
  readonly uses: number
  readonly firstUsed: Date | undefined
  readonly lastUsed: Date | undefined
  /** Since when it has been active without a break; undefined: it is not. */
  readonly activeSince: Date | undefined
  /** Refused clients that it would admit, were it active. */
  readonly wouldAdmit: number
}

export interface NamedAnchor {
  readonly name: string
  readonly fingerprint: string
}

/** Those that are configured no more and have not been seen for longest go first. */
const MOST = 500

const VERSION = 1

export class AnchorUses {
  readonly #uses = new Map<string, AnchorUse>()

  /** @param kept what toText gave. @throws where it is not that. */
  static from(kept: string): AnchorUses {
    const { version, anchors } = record(JSON.parse(kept))
    if (version !== VERSION || !Array.isArray(anchors)) throw new SyntaxError('not a list of anchors')
    const book = new AnchorUses()
    for (const one of anchors.slice(-MOST).map(readUse)) book.#uses.set(one.fingerprint, one)
    return book
  }

  toText(): string {
    return `${JSON.stringify({ version: VERSION, anchors: [...this.#uses.values()] }, undefined, 1)}\n`
  }

  of(anchor: NamedAnchor): AnchorUse {
    return this.#uses.get(anchor.fingerprint) ?? unused(anchor)
  }

  /** It admitted somebody. */
  used(anchor: NamedAnchor, now: Date): void {
    const { uses, firstUsed = now } = this.of(anchor)
    this.#keep(anchor, { uses: uses + 1, firstUsed, lastUsed: now })
  }

  /** It would have admitted somebody who was refused. */
  missed(anchor: NamedAnchor): void {
    this.#keep(anchor, { wouldAdmit: this.of(anchor).wouldAdmit + 1 })
  }

  /** Adds what another has counted, since when each was active left out. */
  add(other: AnchorUses): void {
    for (const one of other.#uses.values()) {
      const { uses, firstUsed, lastUsed, wouldAdmit } = this.of(one)
      this.#keep(one, {
        uses: uses + one.uses,
        firstUsed: earlier(firstUsed, one.firstUsed),
        lastUsed: later(lastUsed, one.lastUsed),
        wouldAdmit: wouldAdmit + one.wouldAdmit,
      })
    }
  }

  /** Notes who is active from now on, and who no more. @returns whether that is news. */
  activeNow(anchors: readonly NamedAnchor[], now: Date): boolean {
    const active = new Set(anchors.map(({ fingerprint }) => fingerprint))
    const gone = [...this.#uses.values()].filter(
      ({ activeSince, fingerprint }) => activeSince !== undefined && !active.has(fingerprint),
    )
    const fresh = anchors.filter((anchor) => this.of(anchor).activeSince === undefined)
    for (const anchor of gone) this.#keep(anchor, { activeSince: undefined })
    for (const anchor of fresh) this.#keep(anchor, { activeSince: now })
    return gone.length + fresh.length > 0
  }

  #keep(anchor: NamedAnchor, change: Partial<AnchorUse>): void {
    const { fingerprint, name } = anchor
    const kept = { ...this.of(anchor), ...change, name }
    this.#uses.delete(fingerprint)
    this.#uses.set(fingerprint, kept)
    const [oldest] = this.#uses.keys()
    if (this.#uses.size > MOST && oldest !== undefined) this.#uses.delete(oldest)
  }
}

function unused({ name, fingerprint }: NamedAnchor): AnchorUse {
  const never = { firstUsed: undefined, lastUsed: undefined, activeSince: undefined }
  return { fingerprint, name, uses: 0, ...never, wouldAdmit: 0 }
}

function earlier(a: Date | undefined, b: Date | undefined): Date | undefined {
  return a === undefined || (b !== undefined && b < a) ? b : a
}

function later(a: Date | undefined, b: Date | undefined): Date | undefined {
  return a === undefined || (b !== undefined && b > a) ? b : a
}

function readUse(raw: unknown): AnchorUse {
  const { fingerprint, name, uses, firstUsed, lastUsed, activeSince, wouldAdmit } = record(raw)
  const momentOrNone = (value: unknown) => (value === undefined ? undefined : moment(value))
  return {
    fingerprint: text(fingerprint),
    name: text(name),
    uses: count(uses),
    firstUsed: momentOrNone(firstUsed),
    lastUsed: momentOrNone(lastUsed),
    activeSince: momentOrNone(activeSince),
    wouldAdmit: count(wouldAdmit),
  }
}
