// Requests as a client would send them: signed deliveries in several spellings, sizes and orders of fields, and challenges.
import { createHmac } from 'node:crypto'
import type { Random } from './random.ts'
import { SECRETS_OF, VERIFY_TOKEN } from './settings.ts'

export interface Line {
  text: string
  end: string
}

/** A request in parts, for mutations; one character a byte. */
export interface Draft {
  /** The request line first. */
  lines: Line[]
  /** What ends the head. */
  blank: string
  body: Buffer
  /** Secret that signs for it. */
  readonly secret: string
}

/** How one client spells its requests. */
export interface Client {
  readonly path: string
  readonly spelling: 'Usual' | 'lower' | 'UPPER'
  readonly order: number
  readonly more: readonly string[]
  readonly connection: string | undefined
  readonly sha1: boolean
}

const PATHS = Object.keys(SECRETS_OF)
/** Where the fast lane takes them. */
const PLAIN = ['/webhooks/meta', '/webhooks/two', '/one', '/vouched', '/asks']

const MORE = [
  'User-Agent: facebookexternalua',
  'Accept: */*',
  'Accept-Encoding: deflate, gzip',
  'traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  'X-Forwarded-For: 1.2.3.4',
  'X_Forwarded_For: 1.2.3.4',
  'Hubgate-Verified: source',
  'X-Trace: a  b',
  'x!#$%&\'*+-.^_`|~9: {"a": [1]}',
  'Content-Encoding: identity',
  'Forwarded: for=1.2.3.4',
]

export function clientOf(random: Random): Client {
  const more = random.shuffled(MORE).slice(0, random.pick([0, 0, 1, 2, 3, 5]))
  return {
    path: random.chance(0.9) ? random.pick(PLAIN) : random.pick(PATHS),
    spelling: random.pick(['Usual', 'Usual', 'lower', 'UPPER']),
    order: random.below(2 ** 30),
    more,
    connection: random.chance(0.25) ? random.pick(['keep-alive', 'keep-alive', 'close']) : undefined,
    sha1: random.chance(0.6),
  }
}

export function delivery(random: Random, client: Client): Draft {
  const { path } = client
  const secrets = SECRETS_OF[path] ?? []
  const body = Buffer.alloc(bodyLength(random), bodyFill(random))
  const draft: Draft = {
    lines: [{ text: `POST ${path} HTTP/1.1`, end: '\r\n' }],
    blank: '\r\n',
    body,
    secret: random.pick(secrets),
  }
  const fields = [
    'Host: gateway.example',
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
    `X-Hub-Signature-256: ${signed(draft)}`,
    ...(client.sha1 ? [`X-Hub-Signature: sha1=${random.hex(40)}`] : []),
    ...(client.connection === undefined ? [] : [`Connection: ${client.connection}`]),
    ...client.more,
  ]
  for (const text of ordered(fields, client.order))
    draft.lines.push({ text: spelled(text, client), end: '\r\n' })
  return draft
}

export function challenge(random: Random, { path }: Client): Draft {
  const token = random.chance(0.8) ? VERIFY_TOKEN : 'another'
  const query = `hub.mode=subscribe&hub.verify_token=${token}&hub.challenge=${random.below(2 ** 30)}`
  const lines = [`GET ${path}?${query} HTTP/1.1`, 'Host: gateway.example', 'Accept: */*']
  return {
    lines: lines.map((text) => ({ text, end: '\r\n' })),
    blank: '\r\n',
    body: Buffer.alloc(0),
    secret: '',
  }
}

export function signed({ body, secret }: Pick<Draft, 'body' | 'secret'>): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`
}

export function headText({ lines, blank }: Draft): string {
  return lines.map(({ text, end }) => text + end).join('') + blank
}

export function bytesOf(draft: Draft): Buffer {
  return Buffer.concat([Buffer.from(headText(draft), 'latin1'), draft.body])
}

function bodyLength(random: Random): number {
  if (random.chance(0.9)) return random.pick([1, 2, 9, 10, 28, 99, 100, 120, 300, 700])
  if (random.chance(0.9)) return random.between(701, 5_000)
  return random.pick([16_384, 20_000, 66_000, 99_999, 102_400, 102_401])
}

// What a body holds is nobody's business: it may look like a request, or like the end of a head.
function bodyFill(random: Random): string {
  return random.pick([
    '{"object":"page","entry":[]}',
    ' ',
    '\r\n\r\n',
    '\0',
    'POST /webhooks/meta HTTP/1.1\r\nHost: a\r\n\r\n',
    'Content-Length: 5\r\n',
  ])
}

function ordered(fields: readonly string[], order: number): string[] {
  const left = [...fields]
  const out: string[] = []
  let rest = order
  while (left.length > 0) {
    out.push(...left.splice(rest % left.length, 1))
    rest = Math.floor(rest / 7) + left.length * 31
  }
  return out
}

function spelled(text: string, { spelling }: Client): string {
  if (spelling === 'Usual') return text
  const colon = text.indexOf(':')
  const name = text.slice(0, colon)
  return (spelling === 'lower' ? name.toLowerCase() : name.toUpperCase()) + text.slice(colon)
}
