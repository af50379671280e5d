// The head of requests that differ in few values only, made ready once: it is what sentFields and requestHead make of each,
// and what varies is looked at as it is written.
import type { Fields } from '../domain/fields.ts'
import type { Route } from '../domain/route.ts'
import { requestHead } from './request-head.ts'
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
  /** Names of the fields whose values text() wants, in this order: a field that stands twice is there twice. */
  readonly slots: readonly string[]
  /** What stands before each value, and behind the last one; one character a byte. */
  readonly #literals: readonly string[]
  readonly #last: string

  /** @throws TypeError where a head cannot hold what it should, or what varies makes other fields vary. */
  constructor({ method, target, route, received, vouched, varying }: HeadShape) {
    if (varying.some((name) => NEVER_VARYING.has(name))) throw new TypeError('a field that cannot vary')
    const fields = sentFields(received, route, vouched)
    // The parts that do not vary are looked at here, once, with all rules.
    requestHead({ method, target, fields })
    const slots: string[] = []
    const literals: string[] = []
    let literal = `${method} ${target} HTTP/1.1\r\n`
    for (let i = 0; i + 1 < fields.length; i += 2) {
      const [name = '', value = ''] = fields.slice(i, i + 2)
      const varies = varying.includes(name.toLowerCase())
      literal += varies ? `${name}: ` : `${name}: ${value}\r\n`
      if (!varies) continue
      slots.push(name.toLowerCase())
      literals.push(literal)
      literal = '\r\n'
    }
    this.slots = slots
    this.#literals = literals
    this.#last = `${literal}Connection: keep-alive\r\n\r\n`
  }

  /** @returns the head of one of them, one character a byte. @throws TypeError where a value cannot be written, or one is missing. */
  text(values: readonly string[]): string {
    const literals = this.#literals
    if (values.length !== literals.length) throw new TypeError('other values than there are slots')
    let head = ''
    for (let i = 0; i < literals.length; i += 1) {
      const value = values[i] ?? ''
      // Whoever made it has looked at it. One line break is a request nobody verified, so it is looked at again.
      if (!TEXT.test(value)) throw new TypeError('a field of the request cannot be written')
      head += literals[i] + value
    }
    return head + this.#last
  }
}

// RFC 9110 §5.5, and no more than one byte a character.
const TEXT = /^[\t\x20-\x7e\x80-\xff]*$/
