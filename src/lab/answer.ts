// Reads HTTP answers from a byte stream, strictly: what is not a well-formed HTTP/1.1 answer is an error.
// Serves the lab's sender; the gateway reads its upstreams with node:http.
import { Fields, TOKEN } from '../domain/fields.ts'

export interface Answer {
  readonly status: number
  readonly fields: Fields
  readonly body: Buffer
  /** Interim answers (1xx) that came before. */
  readonly interim: readonly number[]
}

export class AnswerError extends Error {
  override readonly name = 'AnswerError'
}

type Frame =
  | { readonly kind: 'length'; readonly bytes: number }
  | { readonly kind: 'chunked' }
  | { readonly kind: 'close' }

interface Head {
  readonly status: number
  readonly fields: Fields
  readonly frame: Frame
}

const MAX_HEAD = 64 * 1024
const STATUS_LINE = /^HTTP\/1\.1 ([1-9]\d\d) [\x20-\x7e\t]*$/

/** One connection's answers, in order. Push what arrives, take what is complete. */
export class AnswerReader {
  #pending = Buffer.alloc(0)
  #head: Head | undefined
  #interim: number[] = []
  readonly #method: string

  /** @param method of the requests: an answer to HEAD has no body. */
  constructor(method = 'POST') {
    this.#method = method
  }

  /** Whether bytes of an unfinished answer are waiting. */
  get unfinished(): boolean {
    return this.#head !== undefined || this.#pending.length > 0
  }

  push(chunk: Uint8Array): void {
    this.#pending = Buffer.concat([this.#pending, chunk])
  }

  /** @returns the next complete answer, or undefined. @throws AnswerError */
  take(): Answer | undefined {
    for (;;) {
      this.#head ??= this.#takeHead()
      if (this.#head === undefined) return undefined
      if (this.#head.status >= 200) break
      this.#interim.push(this.#head.status)
      this.#head = undefined
    }
    const body = this.#takeBody(this.#head.frame)
    return body === undefined ? undefined : this.#finish(this.#head, body)
  }

  /** The connection ended: completes an answer that lasts until then. @throws AnswerError where one is cut off. */
  end(): Answer | undefined {
    if (this.#head?.frame.kind === 'close') return this.#finish(this.#head, this.#pending)
    if (this.unfinished) throw new AnswerError('the answer was cut off')
    return undefined
  }

  #finish({ status, fields }: Head, body: Buffer): Answer {
    const interim = this.#interim
    if (this.#head?.frame.kind === 'close') this.#pending = Buffer.alloc(0)
    this.#head = undefined
    this.#interim = []
    return { status, fields, body, interim }
  }

  #takeHead(): Head | undefined {
    const end = this.#pending.indexOf('\r\n\r\n')
    if (end === -1) {
      if (this.#pending.length > MAX_HEAD) throw new AnswerError('the head is too long')
      return undefined
    }
    const [statusLine = '', ...lines] = this.#pending.toString('latin1', 0, end).split('\r\n')
    this.#pending = this.#pending.subarray(end + 4)
    const status = Number(STATUS_LINE.exec(statusLine)?.[1])
    if (Number.isNaN(status)) throw new AnswerError('no HTTP/1.1 status line')
    const fields = new Fields(lines.flatMap(fieldOf))
    return { status, fields, frame: frameOf({ status, fields, method: this.#method }) }
  }

  #takeBody(frame: Frame): Buffer | undefined {
    if (frame.kind === 'close') return undefined
    if (frame.kind === 'chunked') return this.#takeChunked()
    if (this.#pending.length < frame.bytes) return undefined
    const body = this.#pending.subarray(0, frame.bytes)
    this.#pending = this.#pending.subarray(frame.bytes)
    return body
  }

  /** Reads from the start each time: answers are small. Trailers are not expected. */
  #takeChunked(): Buffer | undefined {
    const parts: Buffer[] = []
    for (let at = 0; ;) {
      const lineEnd = this.#pending.indexOf('\r\n', at)
      if (lineEnd === -1) return undefined
      const digits = this.#pending.toString('latin1', at, lineEnd)
      if (!/^[0-9a-fA-F]{1,8}$/.test(digits)) throw new AnswerError('a chunk size is malformed')
      const size = Number.parseInt(digits, 16)
      const start = lineEnd + 2
      if (this.#pending.length < start + size + 2) return undefined
      if (this.#pending.toString('latin1', start + size, start + size + 2) !== '\r\n')
        throw new AnswerError('a chunk has no end')
      parts.push(this.#pending.subarray(start, start + size))
      at = start + size + 2
      if (size > 0) continue
      this.#pending = this.#pending.subarray(at)
      return Buffer.concat(parts)
    }
  }
}

function fieldOf(line: string): [string, string] {
  const colon = line.indexOf(':')
  const name = line.slice(0, colon)
  if (colon === -1 || !TOKEN.test(name)) throw new AnswerError('a field line is malformed')
  return [name, line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '')]
}

// RFC 9112 §6.3.
function frameOf({ status, fields, method }: { status: number; fields: Fields; method: string }): Frame {
  if (status < 200 || status === 204 || status === 304 || method === 'HEAD')
    return { kind: 'length', bytes: 0 }
  const length = fields.all('content-length')
  const coding = fields.all('transfer-encoding')
  if (length.length + coding.length > 1) throw new AnswerError('the length is announced twice')
  if (coding.length === 1) {
    if (coding[0]?.toLowerCase() !== 'chunked') throw new AnswerError('an unknown transfer coding')
    return { kind: 'chunked' }
  }
  if (length[0] === undefined) return { kind: 'close' }
  if (!/^\d{1,15}$/.test(length[0])) throw new AnswerError('Content-Length is not a number')
  return { kind: 'length', bytes: Number(length[0]) }
}
