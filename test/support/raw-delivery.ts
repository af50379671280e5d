// A signed delivery as text, line by line, so that a test can spoil exactly one thing that stands in it.
import { sign } from '../../src/domain/signature.ts'
import { CANARY_SECRET } from '../canary.ts'

export interface Lines {
  readonly start?: string
  /** Whole lines, CRLF included; empty leaves them out. */
  readonly host?: string
  readonly framing?: string
  readonly more?: string
  readonly end?: string
  /** What is signed and announced. */
  readonly body?: string
  /** What is sent in its place, such as chunks. */
  readonly sent?: string
}

/** Latin-1: every character is one byte. Unchanged it is a good delivery to /webhooks/meta. */
export function rawDelivery(lines: Lines = {}): string {
  const body = lines.body ?? '{"object":"page","entry":[]}'
  const {
    start = 'POST /webhooks/meta HTTP/1.1\r\n',
    host = 'Host: gateway.example\r\n',
    framing = `Content-Length: ${body.length}\r\n`,
    more = '',
    end = '\r\n',
    sent = body,
  } = lines
  const signature = `X-Hub-Signature-256: ${sign(Buffer.from(body, 'latin1'), CANARY_SECRET)}\r\n`
  return `${start}${host}Content-Type: application/json\r\n${signature}${framing}${more}${end}${sent}`
}

/** The body as one chunk and the last one. */
export function chunked(body = '{"object":"page","entry":[]}'): string {
  return `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`
}
