// How an audit record is written in the log: OpenTelemetry's names where it has one, ours under `hubgate.`.
// An allow-list: what is not named here does not reach a log. There is no place for a body, a secret or a token.
import type { Ending, Origin } from './audit.ts'
import type { LogLevel } from './log.ts'
import { hintOf } from './hints.ts'
import { cut, jsonText } from './text.ts'

export interface Written {
  readonly level: LogLevel
  /** ISO 8601. */
  readonly time: string
}

/** @returns one line, its end included, by the bytes that the logger would write of these fields. Absent ones are left out. */
export function auditLine({ level, time }: Written, ending: Ending, origin: Origin): string {
  const isRequest = ending.kind === 'request'
  return (
    (isRequest
      ? `{"level":"${level}","time":"${time}","event.name":"hubgate.request"`
      : `{"level":"${level}","time":"${time}","event.name":"hubgate.connection"`) +
    text(',"hubgate.outcome":', ending.outcome) +
    text(',"error.type":', ending.code) +
    text(',"hubgate.phase":', ending.phase) +
    text(',"hubgate.gate":', ending.gate) +
    text(',"hubgate.detail":', cut(ending.detail)) +
    text(',"hubgate.hint":', hintOf(ending, origin)) +
    text(',"hubgate.request.id":', isRequest ? ending.id : undefined) +
    originPart(origin) +
    text(',"http.request.method":', ending.method === undefined ? undefined : cut(ending.method, 32)) +
    text(',"http.route":', ending.route) +
    number(',"http.response.status_code":', ending.status) +
    text(',"hubgate.app":', ending.app) +
    // People count from one: 1 is the newest secret.
    number(',"hubgate.secret":', ending.secret === undefined ? undefined : ending.secret + 1) +
    number(',"hubgate.body.bytes":', ending.bodyBytes) +
    `,"hubgate.gateway.ms":${milliseconds(ending.gatewayMs)}` +
    (ending.upstreamMs === undefined ? '' : `,"hubgate.upstream.ms":${milliseconds(ending.upstreamMs)}`) +
    observedPart(ending.observed) +
    text(',"trace_id":', ending.trace) +
    '}\n'
  )
}

// Of the same connection it is the same text, by far the longest part of a line.
const written = new WeakMap<Origin, string>()

function originPart(origin: Origin): string {
  const known = written.get(origin)
  if (known !== undefined) return known
  const part = originText(origin)
  written.set(origin, part)
  return part
}

function originText(origin: Origin): string {
  const { leaf, asserted } = origin
  // Joined, not added: what is added stays a tree of strings, which would be walked again for each line.
  return [
    text(',"hubgate.connection.id":', origin.connection),
    text(',"network.peer.address":', origin.peer),
    number(',"network.peer.port":', origin.peerPort),
    text(',"client.address":', origin.client ?? origin.peer),
    text(',"hubgate.front":', origin.front),
    text(',"hubgate.prefix":', origin.prefix),
    text(',"tls.client.subject":', leaf === undefined ? undefined : cut(leaf.subject)),
    text(',"hubgate.front.subject":', asserted === undefined ? undefined : cut(asserted)),
    text(',"tls.client.hash.sha256":', leaf?.fingerprint.toUpperCase()),
    text(',"hubgate.anchor":', origin.anchor),
  ].join('')
}

/** Refusals are warnings: whoever raises the level to `warn` still sees them, and no longer each delivery. */
export function auditLevel({ outcome, code }: Ending): LogLevel {
  if (code === 'INTERNAL_ERROR') return 'error'
  return outcome === 'refused' ? 'warn' : 'info'
}

function text(name: string, value: string | undefined): string {
  return value === undefined ? '' : name + jsonText(value)
}

function number(name: string, value: number | undefined): string {
  return value === undefined ? '' : name + (Number.isFinite(value) ? value : 'null')
}

function observedPart(observed: Ending['observed']): string {
  if (observed.length === 0) return ''
  const each = observed.map(
    ({ gate, code, detail }) =>
      `{"gate":${jsonText(gate)},"code":${jsonText(code)},"detail":${jsonText(cut(detail))}}`,
  )
  return `,"hubgate.observed":[${each.join(',')}]`
}

/** .001 to .999 as they end a number; nothing for 0. */
const THOUSANDTHS = Array.from({ length: 1_000 }, (_, i) => String(i / 1_000).slice(1))
/** Above it, not every thousandth has a number of its own. */
const MOST_THOUSANDTHS = 2 ** 31

// Rounded to microseconds. Two short integers are written in a third of the time of a fraction.
function milliseconds(value: number): string {
  const thousandths = Math.round(value * 1_000)
  if (thousandths >= 0 && thousandths < MOST_THOUSANDTHS)
    return `${Math.floor(thousandths / 1_000)}${THOUSANDTHS[thousandths % 1_000] ?? ''}`
  return Number.isFinite(thousandths) ? String(thousandths / 1_000) : 'null'
}
