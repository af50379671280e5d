// What the line of an audit record has to say, as pino would be told: the slow and plain way, which the written lines are
// compared with.
import type { RefusalCode } from '../../src/domain/refusals.ts'
import type { AuditRecord } from '../../src/observe/audit.ts'
import { cut } from '../../src/observe/text.ts'

type AuditFields = Readonly<Record<string, unknown>>

/** @returns the fields of one record. Absent ones are undefined, and the logger leaves them out. */
export function auditFields(record: AuditRecord): AuditFields {
  const { kind, leaf, code, observed } = record
  return {
    'event.name': kind === 'request' ? 'hubgate.request' : 'hubgate.connection',
    'hubgate.outcome': record.outcome,
    'error.type': code,
    'hubgate.phase': record.phase,
    'hubgate.gate': record.gate,
    'hubgate.detail': cut(record.detail),
    'hubgate.hint': hintOf(record),
    'hubgate.request.id': kind === 'request' ? record.id : undefined,
    'hubgate.connection.id': record.connection,
    'network.peer.address': record.peer,
    'network.peer.port': record.peerPort,
    'client.address': record.client ?? record.peer,
    'hubgate.front': record.front,
    'hubgate.prefix': record.prefix,
    'tls.client.subject': leaf === undefined ? undefined : cut(leaf.subject),
    'hubgate.front.subject': record.asserted === undefined ? undefined : cut(record.asserted),
    'tls.client.hash.sha256': leaf?.fingerprint.toUpperCase(),
    'hubgate.anchor': record.anchor,
    'http.request.method': record.method === undefined ? undefined : cut(record.method, 32),
    'http.route': record.route,
    'http.response.status_code': record.status,
    'hubgate.app': record.app,
    // People count from one: 1 is the newest secret.
    'hubgate.secret': record.secret === undefined ? undefined : record.secret + 1,
    'hubgate.body.bytes': record.bodyBytes,
    'hubgate.gateway.ms': milliseconds(record.gatewayMs),
    'hubgate.upstream.ms': record.upstreamMs === undefined ? undefined : milliseconds(record.upstreamMs),
    'hubgate.observed': observed.length === 0 ? undefined : observed.map(observedFields),
    trace_id: record.trace,
  }
}

// A peer inside the allow-list is most likely Meta itself, so its refusal is most likely a setting of ours, or of the app's.
const HINTS: ReadonlyMap<RefusalCode, string> = new Map([
  [
    'CERTIFICATE_MISSING',
    "switch on mutual TLS for the app in Meta's dashboard, or set client.require: deliveries where only the challenge comes without",
  ],
  [
    'CERTIFICATE_UNTRUSTED',
    "if it is Meta's, its root is no anchor here: see hubgate anchor list, then hubgate anchor add FILE",
  ],
])

// Only where the certificate gate spoke: a pin that does not fit is no missing anchor. And where the detail names an anchor
// that would admit, it has said what to do.
function hintOf({ prefix, gate, code, detail, observed }: AuditRecord): string | undefined {
  if (prefix === undefined) return undefined
  return [{ gate, code, detail }, ...observed]
    .filter((one) => one.gate === 'certificate' && !/; (?:staged|retired) anchor "/.test(one.detail))
    .map((one) => (one.code === undefined ? undefined : HINTS.get(one.code)))
    .find((hint) => hint !== undefined)
}

function observedFields({ gate, code, detail }: AuditRecord['observed'][number]) {
  return { gate, code, detail: cut(detail) }
}

function milliseconds(value: number): number {
  return Math.round(value * 1000) / 1000
}
