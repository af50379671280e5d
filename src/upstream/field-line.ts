// One field line of an answer, from bytes that may come in pieces. Only the few fields that matter become text.
import { broken } from './failure.ts'

const NAMES = [
  'connection',
  'keep-alive',
  'content-type',
  'content-length',
  'content-encoding',
  'transfer-encoding',
] as const
export type FieldName = (typeof NAMES)[number]

/** By length, so that most names are passed over unread. */
const BY_LENGTH = new Map<number, readonly FieldName[]>(
  NAMES.map(({ length }) => [length, NAMES.filter((name) => name.length === length)]),
)

const IN_NAME = 1
const IN_VALUE = 2
const CR = 0x0d
const COLON = 0x3a
/** What each byte may stand in: names are tokens (RFC 9110 §5.6.2), values have no control characters but the tabulator. */
const KINDS = Uint8Array.from({ length: 256 }, (_, byte) => {
  const name = /[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(String.fromCharCode(byte)) ? IN_NAME : 0
  return name | ((byte >= 0x20 && byte !== 0x7f) || byte === 0x09 ? IN_VALUE : 0)
})

export function isToken(byte: number): boolean {
  return ((KINDS[byte] ?? 0) & IN_NAME) !== 0
}

export function isText(byte: number): boolean {
  return ((KINDS[byte] ?? 0) & IN_VALUE) !== 0
}

/** @throws UpstreamFailure */
export function digit(byte: number): number {
  if (byte < 0x30 || byte > 0x39) throw broken('a status that is no number')
  return byte - 0x30
}

export class FieldLine {
  #colon = -1
  /** What came in earlier pieces. */
  #before: Buffer | undefined
  #size = 0
  #last: Buffer | undefined
  #from = 0
  #to = 0

  /** Whether it is the empty line that ends a head. */
  get empty(): boolean {
    return this.#size === 0
  }

  /** Which of the fields that matter it is. */
  get name(): FieldName | undefined {
    const candidates = BY_LENGTH.get(this.#colon)
    if (candidates === undefined) return undefined
    const name = this.#text().slice(0, this.#colon).toLowerCase()
    return candidates.find((candidate) => candidate === name)
  }

  /** Without the blanks around it, but with a tabulator at its end: not every reader drops that one. */
  get value(): string {
    return this.#text()
      .slice(this.#colon + 1)
      .replace(/^[ \t]+| +$/g, '')
  }

  /** @returns where the CR stands that ends it, or -1. @throws UpstreamFailure at the first byte that cannot be right. */
  push(bytes: Buffer, from: number, end: number): number {
    let at = from
    let colon = this.#colon
    for (; at < end; at += 1) {
      const byte = bytes[at] ?? 0
      const kinds = KINDS[byte] ?? 0
      if (colon !== -1) {
        if ((kinds & IN_VALUE) !== 0) continue
        if (byte !== CR) throw broken('a control character in a field')
        break
      }
      if ((kinds & IN_NAME) !== 0) continue
      const size = this.#size + at - from
      if (byte === COLON && size > 0) colon = size
      else if (byte === CR && size === 0) break
      else throw broken('a line that is no field')
    }
    this.#colon = colon
    this.#size += at - from
    if (at === end) {
      const piece = bytes.subarray(from, at)
      this.#before = this.#before === undefined ? Buffer.from(piece) : Buffer.concat([this.#before, piece])
      return -1
    }
    this.#last = bytes
    this.#from = from
    this.#to = at
    return at
  }

  clear(): void {
    this.#colon = -1
    this.#before = undefined
    this.#last = undefined
    this.#size = 0
  }

  #text(): string {
    return (
      (this.#before?.toString('latin1') ?? '') + (this.#last?.toString('latin1', this.#from, this.#to) ?? '')
    )
  }
}
