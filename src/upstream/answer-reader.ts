// Reads one answer from the bytes of a connection, strictly and byte by byte: however they are cut, what it makes of them is
// the same. What two readers could understand differently is no answer. Knows nothing of sockets and time.
import { ChunkLine } from './chunk-line.ts'
import { FieldLine, type FieldName, digit, isText } from './field-line.ts'
import { MAX_ANSWER, MAX_ANSWER_HEAD, MAX_INTERIM, type UpstreamAnswer, patienceOf } from './answer.ts'
import { broken } from './failure.ts'
import type { KnownAnswer, Outcome } from './known-answer.ts'

/** What the next byte belongs to. */
const STATUS_LINE = 0
const REASON = 1
const STATUS_LF = 2
const FIELD = 3
const FIELD_LF = 4
const HEAD_LF = 5
const CONTENT = 6
const UNTIL_CLOSE = 7
const CHUNK_LINE = 8
const CHUNK = 9
const CHUNK_CR = 10
const CHUNK_LF = 11
const DONE = 12

const CR = 0x0d
const LF = 0x0a
const SPACE = 0x20
const START = Buffer.from('HTTP/1.')
const AFTER_STATUS = START.length + 5

export class AnswerReader {
  status = 0
  /** Whether a byte of an answer counts as one: an interim answer or a whole head was there. */
  begun = false
  /** Whether the head of the final answer is there. */
  final = false
  #keepBody: boolean
  readonly #known: KnownAnswer | undefined
  #fresh = true
  readonly #line = new FieldLine()
  readonly #chunk = new ChunkLine()
  #state = STATUS_LINE
  /** Bytes of the status line, then of whatever is counted. */
  #at = 0
  #headBytes = 0
  #interim = 0
  #minor = 0
  #length: number | undefined
  #chunked = false
  #close = false
  #keepAlive = false
  #patience = Infinity
  #trailers = false
  #left = 0
  #size = 0
  #chunks: Buffer[] = []
  #contentFields: string[] = []

  /** @param known the upstream's usual answer: makes it quicker, and nothing else. */
  constructor(keepBody = false, known?: KnownAnswer) {
    this.#keepBody = keepBody
    this.#known = known
  }

  /** Ready for another answer. */
  reset(keepBody: boolean): void {
    this.#keepBody = keepBody
    this.#fresh = true
    this.begun = false
    this.final = false
    this.#interim = 0
    this.#minor = 0
    this.#close = false
    this.#trailers = false
    this.#left = 0
    this.#size = 0
    if (this.#chunks.length > 0) this.#chunks = []
    this.#line.clear()
    this.#chunk.clear()
    this.#clearHead()
  }

  get done(): boolean {
    return this.#state === DONE
  }

  get answer(): UpstreamAnswer {
    const body = this.#chunks.length === 0 ? NOTHING : Buffer.concat(this.#chunks)
    return { status: this.status, contentFields: this.#contentFields, body }
  }

  /** Milliseconds for which the upstream keeps an idle connection; Infinity where it does not say, 0 where it closes. */
  get keeps(): number {
    return this.#closes ? 0 : this.#patience
  }

  get #closes(): boolean {
    return this.#close || (this.#minor === 0 && !this.#keepAlive)
  }

  /**
   * @param end how many of the bytes are there.
   * @returns how many of them belong to the answer: all of them until it is done.
   * @throws UpstreamFailure
   */
  push(bytes: Buffer, end = bytes.length): number {
    const known = this.#fresh && !this.#keepBody ? this.#known : undefined
    this.#fresh = false
    if (known?.fits(bytes, end) === true) return this.#takeKnown(known, end)
    let at = 0
    while (at < end && this.#state !== DONE) at = this.#take(bytes, at, end)
    if (this.#state === DONE && at === end) known?.note(bytes, end, this)
    return at
  }

  #takeKnown({ status, keeps }: Outcome, end: number): number {
    this.status = status
    this.#minor = 1
    this.#patience = keeps
    this.begun = true
    this.final = true
    this.#state = DONE
    return end
  }

  /** The connection ended. @throws UpstreamFailure where the answer had begun and was not over. */
  end(): void {
    if (this.#state === UNTIL_CLOSE) this.#state = DONE
    else if (this.begun && this.#state !== DONE) throw broken('the answer broke off')
  }

  #take(bytes: Buffer, at: number, end: number): number {
    if (this.#state <= HEAD_LF) return this.#takeHead(bytes, at, end)
    if (this.#state === CONTENT || this.#state === CHUNK || this.#state === UNTIL_CLOSE)
      return this.#takeContent(bytes, at, Math.min(end, at + this.#left))
    this.#takeFraming(bytes[at] ?? 0)
    return at + 1
  }

  #takeHead(bytes: Buffer, from: number, end: number): number {
    let at = from
    while (at < end && this.#state <= HEAD_LF) {
      if (this.#state === FIELD) at = this.#takeFieldLine(bytes, at, end)
      else this.#takeHeadByte(bytes[at++] ?? 0)
    }
    this.#headBytes += at - from
    if (this.#headBytes > MAX_ANSWER_HEAD) throw broken(`a head of more than ${MAX_ANSWER_HEAD} bytes`)
    return at
  }

  #takeHeadByte(byte: number): void {
    switch (this.#state) {
      case STATUS_LINE:
        return this.#takeStatusByte(byte)
      case REASON:
        if (byte === CR) this.#state = STATUS_LF
        else if (!isText(byte)) throw broken('a control character in the status line')
        return
      case STATUS_LF:
      case FIELD_LF:
        return this.#expect(byte, LF, FIELD)
      default:
        this.#expect(byte, LF, FIELD)
        this.#endHead()
    }
  }

  #takeStatusByte(byte: number): void {
    const at = this.#at
    // What some upstreams write behind the content of the answer before.
    if (at === 0 && (byte === CR || byte === LF)) return
    this.#at = at + 1
    if (at < START.length) {
      if (byte !== START[at]) throw broken('it is no HTTP/1.1')
    } else if (at === START.length) {
      this.#minor = digit(byte)
      if (this.#minor > 1) throw broken('it is no HTTP/1.1')
    } else if (at === START.length + 1) {
      if (byte !== SPACE) throw broken('no status')
    } else if (at < AFTER_STATUS) {
      this.status = this.status * 10 + digit(byte)
    } else if (byte === CR) {
      this.#state = STATUS_LF
    } else if (byte === SPACE) {
      this.#state = REASON
    } else throw broken('a status of more than three digits')
  }

  #takeFieldLine(bytes: Buffer, from: number, end: number): number {
    const at = this.#line.push(bytes, from, end)
    if (at === -1) return end
    if (this.#line.empty) this.#state = HEAD_LF
    else {
      this.#state = FIELD_LF
      const { name } = this.#line
      if (name !== undefined) this.#note(name, this.#line.value)
    }
    this.#line.clear()
    return at + 1
  }

  #note(name: FieldName, value: string): void {
    // RFC 9110 §6.5.1: after the content it is too late to say how long it is, and nothing else there matters to us.
    if (this.#trailers) {
      if (name === 'content-length' || name === 'transfer-encoding') throw broken('a length in the trailers')
      return
    }
    switch (name) {
      case 'content-length':
        if (this.#length !== undefined) throw broken('two lengths')
        if (!/^\d{1,15}$/.test(value)) throw broken('a length that is none')
        this.#length = Number(value)
        return
      case 'transfer-encoding':
        if (this.#chunked || value.toLowerCase() !== 'chunked')
          throw broken('a transfer coding other than chunked')
        this.#chunked = true
        return
      case 'connection':
        for (const option of value.toLowerCase().split(',')) {
          if (option.trim() === 'close') this.#close = true
          if (option.trim() === 'keep-alive') this.#keepAlive = true
        }
        return
      case 'keep-alive':
        this.#patience = patienceOf(value) ?? this.#patience
        return
      case 'content-type':
      case 'content-encoding':
        if (this.#keepBody)
          this.#contentFields.push(name === 'content-type' ? 'Content-Type' : 'Content-Encoding', value)
    }
  }

  #endHead(): void {
    if (this.#trailers) this.#state = DONE
    else if (this.#chunked && this.#length !== undefined) throw broken('a length and chunks')
    else if (this.status >= 100 && this.status < 200) this.#endInterim()
    else this.#beginContent()
  }

  #endInterim(): void {
    if (this.status === 101) throw broken('it switched protocols (101)')
    if (this.#closes) throw broken('an interim answer that is said to be the last')
    this.begun = true
    this.#interim += 1
    if (this.#interim > MAX_INTERIM) throw broken(`more than ${MAX_INTERIM} interim answers`)
    this.#clearHead()
  }

  #clearHead(): void {
    this.#state = STATUS_LINE
    this.#at = 0
    this.#headBytes = 0
    this.status = 0
    this.#length = undefined
    this.#chunked = false
    this.#keepAlive = false
    this.#patience = Infinity
    if (this.#contentFields.length > 0) this.#contentFields = []
  }

  #beginContent(): void {
    if (this.status < 100) throw broken(`status ${this.status}`)
    this.begun = true
    this.final = true
    // RFC 9112 §6.3: these have none, whatever they announce.
    if (this.status === 204 || this.status === 304) this.#state = DONE
    else if (this.#chunked) this.#state = CHUNK_LINE
    else if (this.#length === undefined) {
      this.#close = true
      this.#state = UNTIL_CLOSE
      this.#left = Infinity
    } else {
      this.#left = this.#count(this.#length)
      this.#state = this.#left === 0 ? DONE : CONTENT
    }
  }

  #takeContent(bytes: Buffer, at: number, end: number): number {
    if (this.#state === UNTIL_CLOSE) this.#count(end - at)
    // The bytes are the connection's, and will be overwritten.
    if (this.#keepBody) this.#chunks.push(Buffer.from(bytes.subarray(at, end)))
    this.#left -= end - at
    if (this.#left === 0) this.#state = this.#chunked ? CHUNK_CR : DONE
    return end
  }

  #takeFraming(byte: number): void {
    switch (this.#state) {
      case CHUNK_LINE:
        if (this.#chunk.take(byte)) this.#beginChunk(this.#chunk.size)
        return
      case CHUNK_CR:
        return this.#expect(byte, CR, CHUNK_LF)
      default:
        this.#expect(byte, LF, CHUNK_LINE)
    }
  }

  #beginChunk(size: number): void {
    this.#left = this.#count(size)
    this.#trailers = size === 0
    this.#state = size === 0 ? FIELD : CHUNK
  }

  #count(bytes: number): number {
    this.#size += bytes
    if (this.#size > MAX_ANSWER) throw broken(`an answer of more than ${MAX_ANSWER} bytes`)
    return bytes
  }

  #expect(byte: number, expected: number, next: number): void {
    if (byte !== expected) throw broken('a line that does not end in CRLF')
    this.#state = next
  }
}

const NOTHING = new Uint8Array(0)
