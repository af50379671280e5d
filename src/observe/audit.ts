// The audit record: one for every connection refused and every request ended. This file holds its shape, not its words.
import type { Leaf } from '../domain/leaf.ts'
import type { Phase, RefusalCode } from '../domain/refusals.ts'

export interface AuditRecord {
  readonly kind: 'connection' | 'request'
  /** Of the request (X-Request-Id), or of the connection. */
  readonly id: string
  readonly connection: string
  readonly peer: string | undefined
  readonly peerPort: number | undefined
  /** The admitted address where a front or a PROXY header names another than the peer's. */
  readonly client?: string | undefined
  readonly front: string
  readonly phase: Phase
  /** acknowledged: 200 for a delivery. answered: the challenge, or the upstream's own verdict. */
  readonly outcome: 'acknowledged' | 'answered' | 'refused' | 'aborted'
  readonly code: RefusalCode | undefined
  /** Which gate spoke, or which part of the gateway: parser, body, upstream, … */
  readonly gate: string | undefined
  readonly detail: string
  /** Refusals of gates that only observe. */
  readonly observed: readonly { readonly gate: string; readonly code: RefusalCode; readonly detail: string }[]
  readonly prefix: string | undefined
  readonly leaf: Leaf | undefined
  /** The subject of a certificate that a front verified and did not pass on. */
  readonly asserted?: string | undefined
  readonly anchor: string | undefined
  /** The configured path; undefined where none matched. */
  readonly route?: string | undefined
  readonly app?: string | undefined
  readonly secret?: number | undefined
  readonly method?: string | undefined
  readonly bodyBytes?: number | undefined
  readonly status?: number | undefined
  /** Milliseconds from the head (or the connection) to the end, the upstream's share left out. */
  readonly gatewayMs: number
  readonly upstreamMs?: number | undefined
  /** The trace id of a valid traceparent, for joining records with the consumer's. */
  readonly trace?: string | undefined
}
