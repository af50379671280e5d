// What nginx alone can do of a hubgate.yaml, what it cannot, and what it does differently.
import type { Config, RouteConfig } from '../config/config.ts'
import { parseUpstream } from '../domain/upstream-url.ts'
import { plainPath } from './front-plan.ts'
import { time } from './front-template.ts'

/** What would be missing, or another thing. */
export function standaloneProblems({ client, sources, routes }: Config): readonly string[] {
  return [
    ...(client.require === 'observe'
      ? ['client.require: observe: nginx refuses a certificate, or does not ask for one']
      : []),
    ...(client.pins.length > 0 ? ['client.pins: nginx knows no SHA-256 of a certificate or key'] : []),
    ...(client.revocation.mode === 'none'
      ? []
      : [
          `client.revocation.mode: ${client.revocation.mode}: nginx fetches no lists, and refuses everybody once one is outdated`,
        ]),
    ...(client.anchors.some(({ from, until }) => from !== undefined || until !== undefined)
      ? ['client.anchors: from and until: nginx reads its bundle without dates']
      : []),
    ...(sources.mode === 'observe' ? ['sources.mode: observe: nginx lets an address in or does not'] : []),
    ...routes.flatMap(routeProblems),
  ]
}

function routeProblems({ path, mode, upstream, host, clientCert }: RouteConfig): readonly string[] {
  const { protocol, path: target } = parseUpstream(upstream)
  const wrong = [
    ...(mode === 'relay' ? [] : [`mode: ${mode}: only relay`]),
    // nginx compares paths decoded, with "//" and "." taken out.
    ...(/^(?:\/[\w.~-]+)+$/.test(path) && !/\/\.\.?(?:\/|$)/.test(path)
      ? []
      : ['path: only letters, digits and ._~- between single slashes']),
    ...(protocol === 'https:' ? ['upstream: https: whom to trust there is not in hubgate.yaml'] : []),
    ...(/^[\w./~%@:+,-]*$/.test(target)
      ? []
      : ["upstream: its path holds characters of nginx' own language"]),
    ...(host === 'received' ? [] : ['host: upstream: Host is passed on as received']),
    ...(clientCert ? ['clientCert: nginx has no DER to pass on'] : []),
  ]
  return wrong.map((text) => `routes ${path}: ${text}`)
}

/** What stays, and a person has to know. */
export function standaloneNotes({ sources, client, routes }: Config): readonly string[] {
  return [
    'NOT CHECKED by nginx alone: signature and verify token. Your consumer has to verify both itself',
    ...(sources.mode === 'none' ? ['sources.mode is none: EVERY ADDRESS is let in'] : []),
    ...(client.require === 'deliveries'
      ? ['client.require is deliveries: a GET may come without a certificate']
      : []),
    ...(routes.some(({ challenge }) => challenge === 'answer')
      ? ['the GET challenge goes to the consumer, which has to answer it']
      : []),
    "the consumer's answer goes back as it is: Meta counts 200 alone, not 201 or 204",
  ]
}

/** The blocks of nginx/standalone.conf that nginx/hubgate.conf has not. */
export function standaloneBlocks({ client, routes }: Config): Readonly<Record<string, readonly string[]>> {
  const verified = '"~^[^ ]+ SUCCESS 1\\z" 1;'
  return {
    'client.require': client.require === 'deliveries' ? [verified, '"~^GET NONE " 1;'] : [verified],
    routes: routes.map(({ path }) => `"~^${path.replaceAll('.', '\\.')}(?:\\?|\\z)" 1;`),
    upstreams: routes.flatMap(({ upstream }, i) => [
      `upstream hubgate_consumer_${i + 1} {`,
      `    server ${serverOf(upstream)};`,
      '}',
    ]),
    locations: routes.flatMap(({ path, upstream, timeout }, i) => [
      `location = ${path} {`,
      `    proxy_read_timeout ${time(timeout)};`,
      `    proxy_pass http://hubgate_consumer_${i + 1}${parseUpstream(upstream).path};`,
      '}',
    ]),
  }
}

function serverOf(upstream: string): string {
  const { socketPath, hostname, port } = parseUpstream(upstream)
  if (socketPath !== undefined) return `unix:${plainPath(socketPath)}`
  return `${hostname.includes(':') ? `[${hostname}]` : hostname}:${port}`
}

// An attribute that is no common name: TYPE=VALUE, where only an escape has a backslash. Possessive: one way to read it.
const OTHER = '(?!CN=)[^=,+\\x5c]+=(?:[^,+\\x5c]|\\x5c.)*+'

/** The subject as nginx has it, with exactly this common name, anywhere, and no other. Never holds a quote or a "$". */
export function nameExpression(commonName: string): string {
  const literal = Array.from(rfc2253(commonName), (character) => {
    if (/[\w-]/.test(character)) return character
    return character === '.' ? '\\.' : `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`
  })
  return `~^(?:${OTHER}[,+])*+CN=${literal.join('')}(?:[,+]${OTHER})*+\\z`
}

// X509_NAME_print_ex(3) with XN_FLAG_RFC2253: bytes of UTF-8 beyond ASCII, and control characters, as two digits of hex.
function rfc2253(text: string): string {
  const bytes = Buffer.from(text, 'utf8')
  return Array.from(bytes, (byte, i) => {
    const character = String.fromCharCode(byte)
    if (byte < 0x20 || byte > 0x7e) return `\\${byte.toString(16).toUpperCase().padStart(2, '0')}`
    const atAnEnd = (i === 0 && /[# ]/.test(character)) || (i === bytes.length - 1 && character === ' ')
    return atAnEnd || /[,+"\\<>;]/.test(character) ? `\\${character}` : character
  }).join('')
}
