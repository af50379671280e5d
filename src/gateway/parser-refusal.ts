// Bytes that never became a request, because Node's parser refused them or they came too slowly: what that is called,
// and its record.
import { randomUUID } from 'node:crypto'
import { type RefusalCode, refusalRow } from '../domain/refusals.ts'
import type { Connection } from './connection.ts'
import { observedPart } from './record.ts'
import type { Shared } from './shared.ts'

export interface ParserRefusal {
  readonly code: RefusalCode
  readonly gate: string
  readonly detail: string
}

export const CONNECT_REFUSAL: ParserRefusal = {
  code: 'FRAMING_INVALID',
  gate: 'parser',
  detail: 'CONNECT asks for a tunnel',
}

const GONE = new Set(['ECONNRESET', 'EPIPE', 'HPE_INVALID_EOF_STATE', 'ECONNABORTED', 'ETIMEDOUT'])

/** What an error of Node's HTTP server on a connection means. */
export function parserRefusal(error: NodeJS.ErrnoException): ParserRefusal {
  const reason = error.code ?? error.message
  if (GONE.has(reason))
    return { code: 'CLIENT_ABORTED', gate: 'client', detail: 'went away within a request head' }
  if (reason === 'HPE_HEADER_OVERFLOW')
    return { code: 'HEAD_TOO_LARGE', gate: 'parser', detail: 'larger than limits.head' }
  if (reason === 'ERR_HTTP_REQUEST_TIMEOUT')
    return { code: 'HEAD_TIMEOUT', gate: 'deadline', detail: 'not complete within limits.headTimeout' }
  // Node stops its parser where answers wait to be taken: nothing is wrong with the request, but its place is lost.
  if (reason === 'HPE_PAUSED')
    return {
      code: 'OVERLOADED',
      gate: 'parser',
      detail: 'more requests at once than their answers are taken',
    }
  if (reason.startsWith('ERR_SSL')) return { code: 'TLS_FAILED', gate: 'tls', detail: `OpenSSL: ${reason}` }
  const detail = `parser: ${error.message.replace(/^Parse Error: /, '')}`
  return { code: 'FRAMING_INVALID', gate: 'parser', detail }
}

/** @returns the id given to what was no request, and the status to answer, if any. */
export function recordParserRefusal(
  shared: Shared,
  connection: Connection,
  { code, gate, detail }: ParserRefusal,
): { id: string; status: number | undefined } {
  const id = randomUUID()
  const { status } = refusalRow(code)
  const ending = {
    kind: 'request',
    id,
    phase: 'request',
    outcome: code === 'CLIENT_ABORTED' ? 'aborted' : 'refused',
    code,
    gate,
    detail,
    observed: observedPart(connection.observations),
    status,
    gatewayMs: 0,
  } as const
  shared.observer.record(ending, connection.origin)
  return { id, status }
}
