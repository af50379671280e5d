// The line before a chunk: its size, and extensions that say nothing to us.
import { broken } from './failure.ts'
import { isToken } from './field-line.ts'

const SIZE = 0
const NAME = 1
const VALUE = 2
const END = 3

const CR = 0x0d
const LF = 0x0a
const SEMICOLON = 0x3b
const EQUALS = 0x3d
const MAX_DIGITS = 16
/** Of all chunks together. */
const MAX_EXTENSIONS = 16 * 1024

export class ChunkLine {
  /** Of the chunk whose line was the last. */
  size = 0
  #state = SIZE
  /** Bytes of the present part of the line. */
  #at = 0
  #extensions = 0

  /** @returns whether the line is over. @throws UpstreamFailure at the first byte that cannot be right. */
  take(byte: number): boolean {
    if (this.#state === END) {
      if (byte !== LF) throw broken('a line that does not end in CRLF')
      this.#begin(SIZE)
      return true
    }
    if (byte === CR && this.#at > 0) this.#begin(END)
    else if (byte === SEMICOLON && this.#at > 0) this.#begin(NAME)
    else if (byte === EQUALS && this.#at > 0 && this.#state === NAME) this.#begin(VALUE)
    else this.#takePart(byte)
    return false
  }

  /** Ready for the chunks of another answer. */
  clear(): void {
    this.#begin(SIZE)
    this.#extensions = 0
  }

  #begin(state: number): void {
    this.#state = state
    this.#at = 0
  }

  // Names and values of extensions are tokens; quoted ones are not among them, and nobody sends them.
  #takePart(byte: number): void {
    if (this.#state === SIZE) return this.#takeDigit(byte)
    this.#at += 1
    this.#extensions += 1
    if (!isToken(byte) || this.#extensions > MAX_EXTENSIONS) throw broken('a chunk that is none')
  }

  #takeDigit(byte: number): void {
    const digit = hexDigit(byte)
    if (digit === undefined || this.#at >= MAX_DIGITS) throw broken('a chunk that is none')
    this.size = (this.#at === 0 ? 0 : this.size * 16) + digit
    this.#at += 1
  }
}

function hexDigit(byte: number): number | undefined {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : undefined
}
