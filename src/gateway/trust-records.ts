// What the gateway remembers of its clients: how often each anchor was used, and which certificates were seen. Kept in two
// files of the state directory, for records and warnings only: nothing that admits ever reads them.
// Of several gateways with one state directory, the last that writes has its way: give each its own.
import { join } from 'node:path'
import type { RefusalCode } from '../domain/refusals.ts'
import type { Observer } from '../observe/observer.ts'
import { AnchorUses } from '../tls/anchor-uses.ts'
import type { Anchor } from '../tls/anchors.ts'
import type { ClientCertificate } from '../tls/client-certificate.ts'
import { ClientBook, clientBookFile } from '../tls/client-book.ts'
import { readKept, writeKept } from './kept-file.ts'

export interface TrustRecordsInputs {
  readonly state: string
  readonly observer: Observer
  readonly clock: () => Date
}

/** What a worker has seen since it was asked last, as text. */
export interface Seen {
  readonly uses: string
  readonly book: string
}

/** Not more often than this, however many come. */
const WRITE_EVERY_MS = 60_000

export class TrustRecords {
  readonly #inputs: TrustRecordsInputs
  #uses = new AnchorUses()
  #book = new ClientBook()
  #changed = { uses: false, book: false }
  #writtenAt = -Infinity
  #writing: Promise<void> = Promise.resolve()
  #failed = false

  constructor(inputs: TrustRecordsInputs) {
    this.#inputs = inputs
  }

  get uses(): AnchorUses {
    return this.#uses
  }

  /** Before anybody is let in. What cannot be read is said, and begun anew. */
  async load(): Promise<void> {
    this.#uses = (await this.#read(this.#usesFile, (text) => AnchorUses.from(text))) ?? this.#uses
    this.#book = (await this.#read(this.#bookFile, (text) => ClientBook.from(text))) ?? this.#book
    this.#writtenAt = performance.now()
  }

  /** A connection was admitted that hangs under these. */
  used(anchors: readonly Anchor[]): void {
    const now = this.#inputs.clock()
    for (const anchor of anchors) this.#uses.used(anchor, now)
    if (anchors.length > 0) this.#changed.uses = true
  }

  /** @param code of what is wrong with the certificate, though a gate may only observe; undefined: nothing is. */
  saw({ facts: { leaf }, anchors, chain }: ClientCertificate, code: RefusalCode | undefined): void {
    if (leaf === undefined || leaf === 'unreadable') return
    const judged =
      code === undefined
        ? ({ verdict: 'admitted', anchors } as const)
        : ({ verdict: 'refused', anchors: [] } as const)
    this.#book.saw({ leaf, chain, code, ...judged }, this.#inputs.clock())
    this.#changed.book = true
  }

  /** An anchor that is not active would have admitted a client who was refused. */
  missed(anchor: Anchor): void {
    this.#uses.missed(anchor)
    this.#changed.uses = true
  }

  activeNow(anchors: readonly Anchor[]): void {
    if (this.#uses.activeNow(anchors, this.#inputs.clock())) this.#changed.uses = true
  }

  /** Hands out what was seen, and begins anew: of a process that keeps no files. @returns undefined where nothing was. */
  take(): Seen | undefined {
    if (!this.#changed.uses && !this.#changed.book) return undefined
    const seen = { uses: this.#uses.toText(), book: this.#book.toText() }
    this.#uses = new AnchorUses()
    this.#book = new ClientBook()
    this.#changed = { uses: false, book: false }
    return seen
  }

  /** Adds what another process handed out. @throws where it is not that. */
  add({ uses, book }: Seen): void {
    this.#uses.add(AnchorUses.from(uses))
    this.#book.add(ClientBook.from(book))
    this.#changed = { uses: true, book: true }
  }

  /** Writes what changed, if that is due. */
  async save(): Promise<void> {
    if (performance.now() - this.#writtenAt >= WRITE_EVERY_MS) await this.saveNow()
  }

  /** Writes what changed. Never rejects. */
  saveNow(): Promise<void> {
    this.#writtenAt = performance.now()
    this.#writing = this.#writing.then(() => this.#write())
    return this.#writing
  }

  async #write(): Promise<void> {
    const { uses, book } = this.#changed
    this.#changed = { uses: false, book: false }
    try {
      if (uses) await writeKept(this.#usesFile, this.#uses.toText())
      if (book) await writeKept(this.#bookFile, this.#book.toText())
      this.#failed = false
    } catch (error) {
      this.#changed = { uses: uses || this.#changed.uses, book: book || this.#changed.book }
      this.#sayUnwritten(error)
    }
  }

  // Once, until it works again.
  #sayUnwritten(error: unknown): void {
    if (this.#failed) return
    this.#failed = true
    this.#inputs.observer.warn('trust.unwritten', {
      setting: 'state',
      message: `what was seen of anchors and clients cannot be kept: ${reasonOf(error)}`,
      hint: 'hubgate goes on without; it needs to write into its state directory',
    })
  }

  async #read<T>(file: string, parse: (text: string) => T): Promise<T | undefined> {
    try {
      const text = await readKept(file)
      return text === undefined ? undefined : parse(text)
    } catch (error) {
      this.#inputs.observer.warn('trust.unreadable', {
        setting: 'state',
        message: `${file} cannot be read and is begun anew: ${reasonOf(error)}`,
        hint: 'it holds counts and certificates that were seen, nothing that admits',
      })
      return undefined
    }
  }

  get #usesFile(): string {
    return join(this.#inputs.state, 'trust.json')
  }

  get #bookFile(): string {
    return clientBookFile(this.#inputs.state)
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof SyntaxError) return 'it is damaged'
  return error instanceof Error ? error.message : 'unknown'
}
