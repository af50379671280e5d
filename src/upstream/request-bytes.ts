// The bytes of a request to an upstream. Nothing that stands in a field can become another field or another request.
import type { Outgoing } from './relay.ts'

/** Up to here the body is copied behind the head: one write instead of two. */
export const COPIED = 16 * 1024

/** @returns what is to be written, in order. @throws TypeError where a head cannot hold what it should. */
export function requestBytes({
  method,
  target,
  fields,
  body,
}: Omit<Outgoing, 'route' | 'signal'>): readonly Uint8Array[] {
  const head = headOf(method, target, fields)
  if (body.length > COPIED) return [Buffer.from(head, 'latin1'), body]
  const bytes = Buffer.allocUnsafe(head.length + body.length)
  bytes.write(head, 'latin1')
  bytes.set(body, head.length)
  return [bytes]
}

/** @throws TypeError where it cannot hold what it should. */
export function headOf(method: string, target: string, fields: readonly string[]): string {
  let head = `${method} ${target} HTTP/1.1\r\n`
  for (let i = 0; i + 1 < fields.length; i += 2) head += `${fields[i]}: ${fields[i + 1]}\r\n`
  head += 'Connection: keep-alive\r\n\r\n'
  // Whoever made the parts has looked at them. One wrong line break is a request nobody verified, so it is looked at again.
  if (/[^\t\r\n\x20-\x7e\x80-\xff]|\r(?!\n)/.test(head) || lineBreaks(head) !== fields.length / 2 + 3)
    throw new TypeError('a field of the request cannot be written')
  if (!/^[\x21-\x7e\x80-\xff]+$/.test(target))
    throw new TypeError('the target of the request cannot be written')
  return head
}

function lineBreaks(text: string): number {
  let count = 0
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) count += 1
  return count
}
