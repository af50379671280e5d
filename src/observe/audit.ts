// The audit record: one for every connection refused and every request ended. This file holds its shape, not its words.
// It comes in two halves, since the first is the same for all records of a connection and need not be made for each.
import type { Leaf } from '../domain/leaf.ts'
import type { Phase, RefusalCode } from '../domain/refusals.ts'

/** Who is at the other end: of all records of a connection, or of a client that a front tells of. Never changed once made. */
export interface Origin {
  readonly connection: string
  readonly peer: string | undefined
  readonly peerPort: number | undefined
  /** The admitted address where a front or a PROXY header names another than the peer's. */
  readonly client?: string | undefined
  readonly front: string
  readonly prefix: string | undefined
  readonly leaf: Leaf | undefined
  /** The subject of a certificate that a front verified and did not pass on. */
  readonly asserted?: string | undefined
  readonly anchor: string | undefined
}

/** How one connection or one request ended. */
export interface Ending {
  readonly kind: 'connection' | 'request'
  /** Of the request (X-Request-Id), or of the connection. */
  readonly id: string
  readonly phase: Phase
  /** acknowledged: 200 for a delivery. answered: the challenge, or the upstream's own verdict. */
  readonly outcome: 'acknowledged' | 'answered' | 'refused' | 'aborted'
  readonly code: RefusalCode | undefined
  /** Which gate spoke, or which part of the gateway: parser, body, upstream, … */
  readonly gate: string | undefined
  readonly detail: string
  /** Refusals of gates that only observe; of a request, its connection's among them. */
  readonly observed: readonly { readonly gate: string; readonly code: RefusalCode; readonly detail: string }[]
  /** The configured path; undefined where none matched. */
  readonly route?: string | undefined
  readonly app?: string | undefined
  readonly secret?: number | undefined
  readonly method?: string | undefined
  readonly bodyBytes?: number | undefined
  readonly status?: number | undefined
  /** The trace id of a valid traceparent, for joining records with the consumer's. */
  readonly trace?: string | undefined
  /** Milliseconds from the head (or the connection) to the end, the upstream's share left out. */
  readonly gatewayMs: number
  readonly upstreamMs?: number | undefined
}

/** Both halves, as listeners get them. */
export interface AuditRecord extends Origin, Ending {}

/** @returns one object of its own, whoever keeps or changes it. */
export function auditRecord(ending: Ending, origin: Origin): AuditRecord {
  return {
    kind: ending.kind,
    id: ending.id,
    connection: origin.connection,
    peer: origin.peer,
    peerPort: origin.peerPort,
    client: origin.client,
    front: origin.front,
    phase: ending.phase,
    outcome: ending.outcome,
    code: ending.code,
    gate: ending.gate,
    detail: ending.detail,
    observed: ending.observed,
    prefix: origin.prefix,
    leaf: origin.leaf,
    asserted: origin.asserted,
    anchor: origin.anchor,
    route: ending.route,
    app: ending.app,
    secret: ending.secret,
    method: ending.method,
    bodyBytes: ending.bodyBytes,
    status: ending.status,
    trace: ending.trace,
    gatewayMs: ending.gatewayMs,
    upstreamMs: ending.upstreamMs,
  }
}
