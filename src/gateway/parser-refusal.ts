// The record of bytes that never became a request: Node's parser refused them, or they came too slowly.
import { randomUUID } from 'node:crypto'
import { type RefusalCode, refusalRow } from '../domain/refusals.ts'
import type { Connection } from './connection.ts'
import type { Shared } from './shared.ts'

export interface ParserRefusal {
  readonly code: RefusalCode
  readonly gate: string
  readonly detail: string
}

/** @returns the id given to what was no request, and the status to answer, if any. */
export function recordParserRefusal(
  shared: Shared,
  connection: Connection,
  { code, gate, detail }: ParserRefusal,
): { id: string; status: number | undefined } {
  const id = randomUUID()
  const { status } = refusalRow(code)
  shared.observer.record({
    kind: 'request',
    id,
    connection: connection.id,
    peer: connection.peer,
    peerPort: connection.peerPort,
    front: connection.generation.config.listen.front,
    phase: 'request',
    outcome: code === 'CLIENT_ABORTED' ? 'aborted' : 'refused',
    code,
    gate,
    detail,
    observed: [],
    prefix: connection.evidence.prefix,
    leaf: connection.leaf,
    anchor: connection.anchor,
    route: undefined,
    app: undefined,
    secret: undefined,
    method: undefined,
    bodyBytes: undefined,
    status,
    gatewayMs: 0,
    upstreamMs: undefined,
  })
  return { id, status }
}
