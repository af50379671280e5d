// The kinds of values that name places: addresses to listen on, prefixes, trusted peers, upstreams, request paths.
import { parseAddress, parsePrefix } from '../domain/address.ts'
import { parseUpstream } from '../domain/upstream-url.ts'
import type { ListenAddress } from './config.ts'
import { text, textOf } from './kinds.ts'
import { Malformed, leaf } from './leaf.ts'

const LISTEN_LOOKS = 'address: `":8443"`, `"1.2.3.4:8443"`, `"[::1]:8443"`, `"unix:/run/x.sock"`'
const LISTEN_HINT = 'write ":8443", "1.2.3.4:8443", "[::1]:8443" or "unix:/run/hubgate.sock"'
const LISTEN_JSON = {
  type: 'string',
  examples: [':8443', '127.0.0.1:8443', '[::1]:8443', 'unix:/run/hubgate.sock'],
}
/** sockaddr_un.sun_path holds 108 bytes, the last of them NUL. */
const LONGEST_SOCKET_PATH = 107

/** One address to listen on. */
export function listenAddress() {
  return leaf<string, ListenAddress>({ looks: LISTEN_LOOKS, json: LISTEN_JSON }, parseListen)
}

/** One address to listen on, or a list of them. */
export function listenAddresses() {
  const json = { anyOf: [LISTEN_JSON, { type: 'array', items: LISTEN_JSON, minItems: 1 }] }
  return leaf<string | readonly string[], ListenAddress[]>(
    { looks: `${LISTEN_LOOKS}, or a list`, json },
    (raw) => {
      if (!Array.isArray(raw)) return [parseListen(raw)]
      if (raw.length === 0) throw new Malformed('is an empty list: nothing would listen')
      return raw.map((item: unknown, index) => at(index, () => parseListen(item)))
    },
  )
}

/** An address block in the grammar of domain/address.ts. Never the whole Internet. */
export function prefix(everybody: string) {
  return text('prefix: `31.13.64.0/18`', (value) => checkPrefix(value, everybody))
}

/** A prefix, or the word unix for peers of a Unix socket. */
export function peer() {
  return text('prefix or `unix`', (value) => {
    if (value !== 'unix') checkPrefix(value, 'name the addresses of the front')
  })
}

/** Where a route's deliveries go. */
export function upstream() {
  return text(
    'URL: `http://127.0.0.1:3000/webhooks`, `https://…`, `unix:/run/app.sock:/webhooks`',
    (value) => {
      try {
        parseUpstream(value)
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error
        throw new Malformed(error.message)
      }
    },
  )
}

/** Where something is fetched: http or https, without user and password. */
export function webUrl() {
  return text('`http://…` or `https://…`', (value) => {
    const url = URL.canParse(value) ? new URL(value) : undefined
    if (url === undefined || !/^https?:\/\//.test(value))
      throw new Malformed('is not an http:// or https:// URL')
    if (url.username !== '' || url.password !== '') throw new Malformed('holds a user or a password')
  })
}

/** A path that is compared byte for byte with that of the request. */
export function requestPath() {
  return text('path: `/webhooks/meta`', (value) => {
    const hint = 'requests are matched by the raw path, byte for byte'
    if (!value.startsWith('/')) throw new Malformed('does not begin with /', hint)
    if (/[?#]/.test(value)) throw new Malformed('holds ? or #: a path ends before them', hint)
    if (/[^\x21-\x7e]/.test(value))
      throw new Malformed('holds a space, a control character or non-ASCII text', hint)
  })
}

function checkPrefix(value: string, everybody: string): void {
  try {
    if (parsePrefix(value).length === 0) throw new Malformed('is everybody', everybody)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    // The message begins with the value; whether it may be shown is decided elsewhere.
    throw new Malformed(error.message.slice(error.message.lastIndexOf('"') + 1).replace(/^:? /, ''))
  }
}

function parseListen(raw: unknown): ListenAddress {
  const value = typeof raw === 'number' ? String(raw) : textOf(raw)
  if (value.startsWith('unix:')) return { kind: 'unix', path: socketPath(value.slice('unix:'.length)) }
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*)):([^:]*)$/.exec(value)
  if (match === null)
    throw new Malformed(
      'is not an address with a port',
      /^\d+$/.test(value) ? `write ":${value}"` : LISTEN_HINT,
    )
  const host = match[1] ?? match[2] ?? ''
  if (!isHost(host, match[1] !== undefined))
    throw new Malformed('the host is not an IP address', host === '*' ? `write ":${match[3]}"` : LISTEN_HINT)
  const digits = match[3] ?? ''
  if (!/^(?:0|[1-9]\d{0,4})$/.test(digits) || Number(digits) > 65535)
    throw new Malformed('the port is not a number', 'from 1 to 65535, or 0 for any free one')
  return { kind: 'tcp', host: host === '' ? undefined : host, port: Number(digits) }
}

function isHost(host: string, bracketed: boolean): boolean {
  if (bracketed) return host.includes(':') && parseAddress(host) !== undefined
  return host === '' || parseAddress(host)?.family === 4
}

function socketPath(path: string): string {
  if (path === '' || path.includes('\0')) throw new Malformed('names no socket', LISTEN_HINT)
  if (Buffer.byteLength(path) > LONGEST_SOCKET_PATH)
    throw new Malformed(`the path of a Unix socket has at most ${LONGEST_SOCKET_PATH} bytes`)
  return path
}

function at<T>(index: number, parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    throw error instanceof Malformed ? new Malformed(error.message, error.hint, index) : error
  }
}
