// An upstream's usual answer, remembered so that the same one again need not be read byte by byte: an answer that differs from
// it only in values of fields which say nothing to us (Date). It may only decline: what does not fit goes to the reader.
import { FieldLine, isText } from './field-line.ts'

const LONGEST = 512
/** Of the answers that did not fit, so many are passed over before another is remembered: to learn costs more than to read. */
const PASSED_OVER = 16
const CR = 0x0d
const LF = 0x0a
const STATUS_AT = 'HTTP/1.1 '.length

/** What was read of an answer. */
export interface Outcome {
  readonly status: number
  readonly keeps: number
}

export class KnownAnswer implements Outcome {
  status = 0
  keeps = 0
  readonly #bytes = Buffer.alloc(LONGEST)
  /** 1 where any text may stand instead. */
  readonly #varies = new Uint8Array(LONGEST)
  #size = -1
  #missed = 0

  /** Whether the first `end` bytes are this answer once more: whole, and not a byte besides. */
  fits(bytes: Uint8Array, end: number): boolean {
    if (end !== this.#size) return false
    const known = this.#bytes
    const varies = this.#varies
    for (let at = 0; at < end; at += 1) {
      const byte = bytes[at] ?? 0
      if (byte !== known[at] && (varies[at] === 0 || !isText(byte))) return false
    }
    return true
  }

  /** These bytes did not fit, and are exactly one whole answer, which was read as such. */
  note(bytes: Buffer, end: number, outcome: Outcome): void {
    this.#missed += 1
    if (this.#missed % PASSED_OVER !== 1 || end > LONGEST) return
    // Empty lines or interim answers before it: hardly the usual one.
    if (bytes.toString('latin1', STATUS_AT, STATUS_AT + 3) !== `${outcome.status}`) return
    this.#size = -1
    bytes.copy(this.#bytes, 0, 0, end)
    this.#varies.fill(0)
    this.#markFields(end)
    this.status = outcome.status
    this.keeps = outcome.keeps
    this.#size = end
  }

  // The lines were read before, so they are right. Content, and what is among chunks, has to be the same.
  #markFields(end: number): void {
    const line = new FieldLine()
    let from = this.#bytes.indexOf(LF) + 1
    while (from < end && this.#bytes[from] !== CR) {
      const to = line.push(this.#bytes, from, end)
      const value = this.#bytes.indexOf(':', from) + 1
      if (line.name === undefined) this.#varies.fill(1, value, to)
      line.clear()
      from = to + 2
    }
  }
}
