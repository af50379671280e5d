// The shape of every admin answer: JSON or text that nobody may sniff, store or frame. What they say is in endpoints.ts.
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'

export interface AdminAnswer {
  readonly status: number
  readonly type: string
  readonly body: string
  readonly fields?: OutgoingHttpHeaders
}

const COMMON: OutgoingHttpHeaders = {
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
}

export function json(status: number, value: unknown): AdminAnswer {
  return { status, type: 'application/json', body: `${JSON.stringify(value)}\n` }
}

/** @param message for the asker: it says nothing about the gateway. */
export function refusal(status: number, code: string, message: string): AdminAnswer {
  const answer = json(status, { error: { code, message } })
  return status === 401 ? { ...answer, fields: { 'WWW-Authenticate': 'Bearer realm="hubgate"' } } : answer
}

/** @param last whether the connection ends after it. */
export function send(
  response: ServerResponse,
  { status, type, body, fields }: AdminAnswer,
  last: boolean,
): void {
  if (response.headersSent || response.destroyed) return
  if (last) response.shouldKeepAlive = false
  response.writeHead(status, {
    ...COMMON,
    ...fields,
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(body),
  })
  response.end(body)
}
