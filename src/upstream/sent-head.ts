// The head of requests that differ in few values only, made ready once: it is what sentFields and requestBytes make of each,
// and what varies is looked at as it is written.
import type { Fields } from '../domain/fields.ts'
import type { Route } from '../domain/route.ts'
import { isText } from './field-line.ts'
import { COPIED, headOf } from './request-bytes.ts'
import { type Vouched, sentFields } from './sent-fields.ts'

export interface HeadShape {
  readonly method: string
  readonly target: string
  readonly route: Route
  /** The fields of one such request. */
  readonly received: Fields
  readonly vouched: Vouched
  /** Names of fields, in lower case, whose values vary; those of ours may be among them. */
  readonly varying: readonly string[]
}

// Other fields depend on what these say.
const NEVER_VARYING = new Set(['host', 'connection', 'x-forwarded-host'])

export class SentHead {
  /** Names of the fields whose values write() wants, in this order: a field that stands twice is there twice. */
  readonly slots: readonly string[]
  /** What stands before each value, and behind the last one. */
  readonly #literals: readonly Uint8Array[]
  readonly #last: Uint8Array
  readonly #literalBytes: number

  /** @throws TypeError where a head cannot hold what it should, or what varies makes other fields vary. */
  constructor({ method, target, route, received, vouched, varying }: HeadShape) {
    if (varying.some((name) => NEVER_VARYING.has(name))) throw new TypeError('a field that cannot vary')
    const fields = sentFields(received, route, vouched)
    // The parts that do not vary are looked at here, once, with all rules.
    headOf(method, target, fields)
    const slots: string[] = []
    const literals: Buffer[] = []
    let literal = `${method} ${target} HTTP/1.1\r\n`
    for (let i = 0; i + 1 < fields.length; i += 2) {
      const [name = '', value = ''] = fields.slice(i, i + 2)
      const varies = varying.includes(name.toLowerCase())
      literal += varies ? `${name}: ` : `${name}: ${value}\r\n`
      if (!varies) continue
      slots.push(name.toLowerCase())
      literals.push(Buffer.from(literal, 'latin1'))
      literal = '\r\n'
    }
    this.slots = slots
    this.#literals = literals
    this.#last = Buffer.from(`${literal}Connection: keep-alive\r\n\r\n`, 'latin1')
    this.#literalBytes = literals.reduce((sum, { length }) => sum + length, this.#last.length)
  }

  /** Bytes of the head with these values. */
  sizeWith(values: readonly string[]): number {
    let size = this.#literalBytes
    for (const value of values) size += value.length
    return size
  }

  /**
   * Writes the head to the beginning of `bytes`, which has room for it. @param values of the slots, in their order.
   * @returns its size. @throws TypeError where a value cannot be written, or one is missing.
   */
  write(bytes: Uint8Array, values: readonly string[]): number {
    const literals = this.#literals
    if (values.length !== literals.length) throw new TypeError('other values than there are slots')
    let at = 0
    for (let i = 0; i < literals.length; i += 1) {
      const literal = literals[i] ?? this.#last
      bytes.set(literal, at)
      at = writeValue(bytes, at + literal.length, values[i] ?? '')
    }
    bytes.set(this.#last, at)
    return at + this.#last.length
  }

  /** @returns the whole request as it is to be written: in one piece, unless the body is large. @throws TypeError as write() does. */
  request(values: readonly string[], body: Uint8Array): readonly Uint8Array[] {
    const size = this.sizeWith(values)
    const copied = body.length <= COPIED
    const bytes = Buffer.allocUnsafe(copied ? size + body.length : size)
    this.write(bytes, values)
    if (!copied) return [bytes, body]
    bytes.set(body, size)
    return [bytes]
  }
}

// Whoever made the value has looked at it. One line break is a request nobody verified, so it is looked at again.
function writeValue(bytes: Uint8Array, from: number, value: string): number {
  for (let i = 0; i < value.length; i += 1) {
    const code = value.charCodeAt(i)
    if (!isText(code)) throw new TypeError('a field of the request cannot be written')
    bytes[from + i] = code
  }
  return from + value.length
}
