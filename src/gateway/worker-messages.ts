// What the supervisor and its workers say to each other over their private channel. It carries the files of a generation,
// keys and secrets among them: no message is ever logged. What a worker says is parsed, for it reads what strangers send.
import type { AddressInfo } from 'node:net'
import type { Problem } from '../config/problem.ts'
import { type MeasuredFamily, parseMeasured } from '../observe/measured.ts'
import { count, list, oneOf, record, text } from '../tls/kept-json.ts'
import type { UpstreamState } from '../upstream/health.ts'
import type { Snapshot } from './snapshot.ts'
import type { Seen } from './trust-records.ts'

export type ToWorker =
  | ({ readonly kind: 'prepare' } & Snapshot)
  | { readonly kind: 'commit'; readonly generation: number; readonly sockets: readonly number[] }
  | { readonly kind: 'report' }
  /** Time has made some connections unwelcome. */
  | { readonly kind: 'judge' }
  /** Open connections of the other workers, on average. */
  | { readonly kind: 'others'; readonly connections: number }
  | { readonly kind: 'drain' }
  | { readonly kind: 'end' }

export interface Load {
  readonly connections: number
  readonly requests: number
  readonly bodyBytes: number
}

export interface Report {
  readonly load: Load
  readonly upstreams: readonly UpstreamState[]
  /** Since the last report. */
  readonly seen: Seen | undefined
  readonly measured: readonly MeasuredFamily[]
}

export type FromWorker =
  | { readonly kind: 'prepared'; readonly generation: number; readonly problems: readonly Problem[] }
  | {
      readonly kind: 'committed'
      readonly generation: number
      readonly closed: number
      readonly addresses: readonly (AddressInfo | string)[]
    }
  /** It cannot listen, and ends. */
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }
  | { readonly kind: 'connections'; readonly connections: number }
  | ({ readonly kind: 'report' } & Report)

const KINDS = ['prepared', 'committed', 'failed', 'connections', 'report'] as const

/** @throws SyntaxError where it is none of these. */
export function parseFromWorker(raw: unknown): FromWorker {
  const one = record(raw)
  const kind = oneOf(one['kind'], KINDS)
  const { generation } = one
  if (kind === 'prepared')
    return { kind, generation: count(generation), problems: list(one['problems'], parseProblem) }
  if (kind === 'committed')
    return {
      kind,
      generation: count(generation),
      closed: count(one['closed']),
      addresses: list(one['addresses'], parseAddress),
    }
  if (kind === 'failed') return { kind, code: text(one['code']), message: text(one['message']) }
  if (kind === 'connections') return { kind, connections: count(one['connections']) }
  return {
    kind,
    load: parseLoad(one['load']),
    upstreams: list(one['upstreams'], parseUpstream),
    seen: one['seen'] === undefined ? undefined : parseSeen(one['seen']),
    measured: parseMeasured(one['measured']),
  }
}

function parseProblem(raw: unknown): Problem {
  const { setting, message, hint } = record(raw)
  return {
    setting: text(setting),
    message: text(message),
    hint: hint === undefined ? undefined : text(hint),
  }
}

function parseAddress(raw: unknown): AddressInfo | string {
  if (typeof raw === 'string') return raw
  const { address, family, port } = record(raw)
  return { address: text(address), family: text(family), port: count(port) }
}

function parseLoad(raw: unknown): Load {
  const { connections, requests, bodyBytes } = record(raw)
  return { connections: count(connections), requests: count(requests), bodyBytes: count(bodyBytes) }
}

function parseUpstream(raw: unknown): UpstreamState {
  const { upstream, ok, last, at } = record(raw)
  if (!(at instanceof Date)) throw new SyntaxError('not a time')
  return { upstream: text(upstream), ok: ok === true, last: text(last), at }
}

function parseSeen(raw: unknown): Seen {
  const { uses, book } = record(raw)
  return { uses: text(uses), book: text(book) }
}
