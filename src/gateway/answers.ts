// The answers hubgate gives in its own name: refusals as JSON, the challenge as text, 200 with nothing.
import { type RefusalCode, refusalRow } from '../domain/refusals.ts'
import type { UpstreamAnswer } from '../upstream/answer.ts'

const { STATUS_CODES } = process.getBuiltinModule('node:http')

export interface Answer {
  readonly status: number
  /** Name, value, name, value, … */
  readonly fields: readonly string[]
  readonly body: string | Uint8Array
  /** Whether the connection ends after it. */
  readonly close: boolean
}

const OWN = ['X-Content-Type-Options', 'nosniff', 'Cache-Control', 'no-store'] as const
const RETRY_AFTER_SECONDS = '5'

/** @param allow the methods of the route, for 405. */
export function refusalAnswer(code: RefusalCode, id: string, allow: readonly string[] = []): Answer {
  const { status = 500, reason, close } = refusalRow(code)
  const body = JSON.stringify({ error: { code, message: reason, id } })
  const fields = [
    'X-Request-Id',
    id,
    'Content-Type',
    'application/json',
    ...OWN,
    'Content-Length',
    String(Buffer.byteLength(body)),
  ]
  if (status === 405) fields.push('Allow', allow.join(', '))
  if (status === 503) fields.push('Retry-After', RETRY_AFTER_SECONDS)
  return { status, fields, body, close }
}

/** The status alone: an acknowledgement, or the upstream's own verdict. */
export function emptyAnswer(status: number, id: string): Answer {
  // RFC 9110 §8.6: no Content-Length in a 204.
  const length = status === 204 ? [] : ['Content-Length', '0']
  return { status, fields: ['X-Request-Id', id, ...length], body: '', close: false }
}

export function challengeAnswer(challenge: string, id: string): Answer {
  const fields = [
    'X-Request-Id',
    id,
    'Content-Type',
    'text/plain',
    ...OWN,
    'Content-Length',
    String(Buffer.byteLength(challenge)),
  ]
  return { status: 200, fields, body: challenge, close: false }
}

/** The upstream's answer as it wants it (`answer: full`). */
export function fullAnswer({ status, contentFields, body }: UpstreamAnswer, id: string): Answer {
  const length = status === 204 ? [] : ['Content-Length', String(body.length)]
  const fields = ['X-Request-Id', id, ...contentFields, 'X-Content-Type-Options', 'nosniff', ...length]
  return { status, fields, body, close: false }
}

/**
 * A whole answer as text of one character a byte, as Node's server would write it.
 * @param idleTimeout milliseconds for which the connection is kept; undefined: this is its last answer.
 */
export function answerText({ status, fields, body }: Answer, idleTimeout?: number): string {
  let text = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'unknown'}\r\n`
  for (let i = 0; i + 1 < fields.length; i += 2) text += `${fields[i]}: ${fields[i + 1]}\r\n`
  const persistence =
    idleTimeout === undefined
      ? 'close'
      : `keep-alive\r\nKeep-Alive: timeout=${Math.floor(idleTimeout / 1000)}`
  return `${text}Date: ${dateText()}\r\nConnection: ${persistence}\r\n\r\n${body.toString()}`
}

let date = { second: 0, text: '' }

// A second's worth of answers has the same.
function dateText(): string {
  const second = Math.floor(Date.now() / 1000)
  if (second !== date.second) date = { second, text: new Date(second * 1000).toUTCString() }
  return date.text
}
