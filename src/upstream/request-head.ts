// The head of a request to an upstream. Nothing that stands in a field can become another field or another request.
import type { Outgoing } from './relay.ts'

/** @returns the head, one character a byte. @throws TypeError where it cannot hold what it should. */
export function requestHead({
  method,
  target,
  fields,
}: Pick<Outgoing, 'method' | 'target' | 'fields'>): string {
  if (!TARGET.test(target)) throw new TypeError('the target of the request cannot be written')
  // Whoever made the parts has looked at them. One line break is a request nobody verified, so each is looked at again.
  let wrong = NO_TEXT.test(method) || fields.length % 2 !== 0
  let head = `${method} ${target} HTTP/1.1\r\n`
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i] ?? ''
    const value = fields[i + 1] ?? ''
    wrong ||= NO_TEXT.test(name) || NO_TEXT.test(value)
    head += `${name}: ${value}\r\n`
  }
  if (wrong) throw new TypeError('a field of the request cannot be written')
  return `${head}Connection: keep-alive\r\n\r\n`
}

const TARGET = /^[\x21-\x7e\x80-\xff]+$/
// RFC 9110 §5.5, and no more than one byte a character.
const NO_TEXT = /[^\t\x20-\x7e\x80-\xff]/
