// Reads the one head that Meta sends in bulk: a signed POST in the plainest spelling that HTTP/1.1 has. It refuses nothing. What
// it does not take is read by another reader, so it takes only what every reader of HTTP/1.1 takes for the same.

/** A value that differs from delivery to delivery, by what stands in front of it. */
export interface Slot {
  readonly kind: 'length' | 'sha1' | 'sha256'
  /** Where it stands in the head. */
  readonly from: number
  readonly to: number
}

export interface PostHead {
  /** The request target: a path without a query. */
  readonly path: string
  /** Name, value, name, value, … as received. */
  readonly raw: readonly string[]
  /** The whole head, its empty line included; one character a byte. */
  readonly text: string
  /** In order: exactly one `length`, exactly one `sha256`, at most one `sha1`. */
  readonly slots: readonly Slot[]
  /** Whether the client wants to send more on this connection. */
  readonly keepAlive: boolean
}

// RFC 9112 §3.1 with RFC 9110 §5.6.2 and §5.5, narrowed: one space after the colon, none at the end, visible ASCII.
const REQUEST_LINE = /^POST (\/[\x21\x22\x24-\x3e\x40-\x7e]*) HTTP\/1\.1$/
const FIELD_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+): ([\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)$/

// By the lower-case name of the field: what stands in front of the value that varies, and what it has to be.
const VARYING: Readonly<
  Record<string, { readonly kind: Slot['kind']; readonly lead: string; readonly form: RegExp }>
> = {
  'content-length': { kind: 'length', lead: '', form: /^[1-9]\d{0,9}$/ },
  'x-hub-signature': { kind: 'sha1', lead: 'sha1=', form: /^sha1=[0-9a-f]{40}$/ },
  'x-hub-signature-256': { kind: 'sha256', lead: 'sha256=', form: /^sha256=[0-9a-f]{64}$/ },
}

// Fields that frame the message, change the protocol or ask for an answer before the body: another reader's.
const ANOTHERS = new Set([
  'transfer-encoding',
  'expect',
  'upgrade',
  'proxy-connection',
  'keep-alive',
  'te',
  'trailer',
  'http2-settings',
])

const ONCE = ['host', 'content-type', 'content-length', 'x-hub-signature-256'] as const
const AT_MOST_ONCE = ['connection', 'x-hub-signature', 'traceparent'] as const

const END = '\r\n\r\n'

/**
 * @param bytes what has come so far, from the first byte of a head on. @param limit bytes of the largest head.
 * @returns undefined where the head is not whole, or is another reader's.
 */
export function readPostHead(bytes: Buffer, limit: number): PostHead | undefined {
  const end = bytes.subarray(0, limit).indexOf(END)
  if (end === -1) return undefined
  const text = bytes.toString('latin1', 0, end + END.length)
  const [first = '', ...lines] = text.slice(0, end).split('\r\n')
  const path = REQUEST_LINE.exec(first)?.[1]
  if (path === undefined) return undefined
  const raw: string[] = []
  const slots: Slot[] = []
  const times = new Map<string, number>()
  let at = first.length + 2
  let keepAlive = true
  for (const line of lines) {
    const [, name, value] = FIELD_LINE.exec(line) ?? []
    if (name === undefined || value === undefined) return undefined
    const lower = name.toLowerCase()
    if (ANOTHERS.has(lower)) return undefined
    const varying = Object.hasOwn(VARYING, lower) ? VARYING[lower] : undefined
    if (varying !== undefined) {
      if (!varying.form.test(value)) return undefined
      const from = at + name.length + 2 + varying.lead.length
      slots.push({ kind: varying.kind, from, to: at + line.length })
    }
    if (lower === 'connection') {
      if (value !== 'keep-alive' && value !== 'close') return undefined
      keepAlive = value === 'keep-alive'
    }
    raw.push(name, value)
    times.set(lower, (times.get(lower) ?? 0) + 1)
    at += line.length + 2
  }
  if (ONCE.some((name) => times.get(name) !== 1)) return undefined
  if (AT_MOST_ONCE.some((name) => (times.get(name) ?? 0) > 1)) return undefined
  return { path, raw, text, slots, keepAlive }
}
