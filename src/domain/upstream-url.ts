// Reads the upstream of a route: http://…, https://… or unix:/path:/uri. One strict grammar, because what is read here
// becomes a request line and a Host field; it resolves no name and says nothing about who answers there.
import { parseAddress } from './address.ts'
import type { Upstream } from './route.ts'

const HTTP = /^(https?):\/\/(\[[^\]]*\]|[^:/[\]]+)(?::(\d{1,5}))?(\/.*)?$/
const UNIX = /^unix:(\/[^:]+)(?::(.*))?$/
const PATH = /^\/[A-Za-z0-9\-._~!$&'()*+,;=:@%/]*$/
const LABEL = /^[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/
/** sockaddr_un.sun_path holds 108 bytes, the last of them NUL. */
const LONGEST_SOCKET_PATH = 107

/** @throws SyntaxError that says what is wrong, without repeating the URL (it may hold a password). */
export function parseUpstream(text: string): Upstream {
  refuseForeignParts(text)
  if (text.startsWith('unix:')) return parseUnix(text)
  const match = HTTP.exec(text)
  if (match === null)
    throw new SyntaxError('is none of http://HOST[:PORT][/PATH], https://… and unix:/SOCKET:/PATH')
  const protocol = match[1] === 'https' ? 'https:' : 'http:'
  const host = parseHost(match[2] ?? '')
  const usual = protocol === 'https:' ? 443 : 80
  const port = match[3] === undefined ? usual : Number(match[3])
  if (port < 1 || port > 65535 || match[3]?.startsWith('0') === true)
    throw new SyntaxError('the port is not a number from 1 to 65535')
  const path = parsePath(match[4] ?? '/')
  const authority = `${host.authority}${port === usual ? '' : `:${port}`}`
  return { label: text, protocol, hostname: host.name, port, authority, path }
}

function parseUnix(text: string): Upstream {
  const match = UNIX.exec(text)
  const socketPath = match?.[1]
  if (socketPath === undefined) throw new SyntaxError('a Unix socket is written unix:/absolute/path:/uri')
  if (socketPath.length > LONGEST_SOCKET_PATH)
    throw new SyntaxError(`the path of a Unix socket has at most ${LONGEST_SOCKET_PATH} bytes`)
  const path = parsePath(match?.[2] ?? '/')
  return {
    label: text,
    protocol: 'http:',
    socketPath,
    hostname: 'localhost',
    port: 80,
    authority: 'localhost',
    path,
  }
}

function refuseForeignParts(text: string): void {
  if (/[^\x21-\x7e]/.test(text)) throw new SyntaxError('holds a space, a control character or non-ASCII text')
  if (text.includes('#')) throw new SyntaxError('a fragment (#…) is never sent to a server')
  if (text.includes('?'))
    throw new SyntaxError('has a query: the query that was received is appended instead')
  const afterScheme = text.replace(/^[^/]*\/\//, '')
  if (!text.startsWith('unix:') && (afterScheme.split('/')[0] ?? '').includes('@'))
    throw new SyntaxError('holds credentials: user information in a URL is not sent on')
}

function parsePath(path: string): string {
  if (!PATH.test(path) || /%(?![0-9A-Fa-f]{2})/.test(path))
    throw new SyntaxError('the path has to begin with / and hold only the characters of a URL path')
  if (path.split('/').some((segment) => segment === '.' || segment === '..'))
    throw new SyntaxError('the path holds a . or .. segment: write the path that is meant')
  return path
}

function parseHost(host: string): { name: string; authority: string } {
  if (host.startsWith('[')) {
    const name = host.slice(1, -1).toLowerCase()
    if (!name.includes(':') || parseAddress(name) === undefined)
      throw new SyntaxError('what stands in brackets is not an IPv6 address')
    return { name, authority: `[${name}]` }
  }
  const name = host.toLowerCase()
  const labels = name.replace(/\.$/, '').split('.')
  const isName = name.length <= 253 && labels.every((label) => LABEL.test(label))
  // A last label that is a number makes an IPv4 address of it for some resolvers: 127.1, 0x7f.1, 017700000001.
  const numeric = /^(?:\d+|0x[0-9a-f]*)$/.test(labels.at(-1) ?? '')
  if (!isName || (numeric && parseAddress(name) === undefined))
    throw new SyntaxError('the host is neither a name nor an IP address')
  return { name, authority: name }
}
