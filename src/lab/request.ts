// Request bytes as Meta would send them, and as nobody should: every part can be replaced, doubled or left out.
import { createHmac } from 'node:crypto'
import { sign } from '../domain/signature.ts'

export type FieldLine = readonly [name: string, value: string]

export interface RequestParts {
  readonly method: string
  readonly target: string
  readonly fields: readonly FieldLine[]
  readonly body?: Uint8Array
  /** Default: HTTP/1.1. */
  readonly version?: string
}

export interface Changes {
  readonly method?: string
  readonly target?: string
  readonly version?: string
  /** Fields by name in any case: a new value in their place, or `undefined` to leave them out. */
  readonly set?: Readonly<Record<string, string | undefined>>
  /** Field lines added at the end. */
  readonly add?: readonly FieldLine[]
}

export interface DeliveryOptions extends Changes {
  /** Host and optional port, for the Host field. */
  readonly authority: string
  readonly path: string
  readonly body: Uint8Array
  /** The app secret that signs; undefined leaves both signature fields out. */
  readonly secret: string | undefined
  readonly connection?: 'close'
}

/** A signed delivery. The order and the user agent are Meta's. */
export function deliveryBytes(options: DeliveryOptions): Buffer {
  const { authority, path, body, secret } = options
  const fields: FieldLine[] = [
    ['Host', authority],
    ['Accept', '*/*'],
    ['User-Agent', 'facebookexternalua'],
    ['Content-Type', 'application/json'],
    ['Content-Length', `${body.length}`],
    ...(secret === undefined ? [] : signatureFields(body, secret)),
    ...(options.connection === undefined ? [] : ([['Connection', options.connection]] as const)),
  ]
  return requestBytes(changed({ method: 'POST', target: path, fields, body }, options))
}

export interface ChallengeOptions extends Changes {
  readonly authority: string
  readonly path: string
  readonly token: string
  readonly challenge: string
}

/** Meta's GET challenge. */
export function challengeBytes(options: ChallengeOptions): Buffer {
  const { authority, path, token, challenge } = options
  const query = new URLSearchParams([
    ['hub.mode', 'subscribe'],
    ['hub.challenge', challenge],
    ['hub.verify_token', token],
  ])
  const fields: FieldLine[] = [
    ['Host', authority],
    ['Accept', '*/*'],
    ['User-Agent', 'facebookplatform/1.0 (+http://developers.facebook.com)'],
  ]
  return requestBytes(changed({ method: 'GET', target: `${path}?${query.toString()}`, fields }, options))
}

/** Head and body as one. Field values are written as Latin-1, whatever they hold. */
export function requestBytes({ method, target, fields, body, version = 'HTTP/1.1' }: RequestParts): Buffer {
  const lines = [`${method} ${target} ${version}`, ...fields.map(([name, value]) => `${name}: ${value}`)]
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
  return body === undefined ? head : Buffer.concat([head, body])
}

function signatureFields(body: Uint8Array, secret: string): readonly FieldLine[] {
  return [
    ['X-Hub-Signature', `sha1=${createHmac('sha1', secret).update(body).digest('hex')}`],
    ['X-Hub-Signature-256', sign(body, secret)],
  ]
}

function changed(
  parts: RequestParts,
  { method, target, version, set = {}, add = [] }: Changes,
): RequestParts {
  const replaced = new Map(Object.entries(set).map(([name, value]) => [name.toLowerCase(), value]))
  const present = new Set(parts.fields.map(([name]) => name.toLowerCase()))
  const kept = parts.fields.flatMap(([name, value]): FieldLine[] => {
    if (!replaced.has(name.toLowerCase())) return [[name, value]]
    const other = replaced.get(name.toLowerCase())
    return other === undefined ? [] : [[name, other]]
  })
  const fresh = Object.entries(set).flatMap(([name, value]): FieldLine[] =>
    value === undefined || present.has(name.toLowerCase()) ? [] : [[name, value]],
  )
  return {
    ...parts,
    method: method ?? parts.method,
    target: target ?? parts.target,
    ...(version === undefined ? {} : { version }),
    fields: [...kept, ...fresh, ...add],
  }
}
