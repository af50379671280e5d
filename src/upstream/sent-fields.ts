// The fields the upstream gets: what the client sent end to end, in its order and spelling, and what we vouch for.
// Whatever asserts identity, address or trace comes from us alone; a field from outside that does is removed.
import type { Fields } from '../domain/fields.ts'
import type { Route } from '../domain/route.ts'

export interface Vouched {
  readonly requestId: string
  /** The admitted address, as text. */
  readonly address: string
  /** What was really checked, in order: source, certificate, signature. */
  readonly verified: readonly string[]
  readonly app: string | undefined
  /** DER bytes of the leaf. */
  readonly leaf: Uint8Array | undefined
}

// RFC 9110 §7.6.1, and Proxy-Authorization, which is meant for the first proxy. Expect was answered by us.
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
  'http2-settings',
])

const ASSERTING = new Set([
  'forwarded',
  'x-real-ip',
  'true-client-ip',
  'proxy',
  'x-request-id',
  'cf-connecting-ip',
  'cf-connecting-ipv6',
  'x-client-ip',
  'x-cluster-client-ip',
  'fastly-client-ip',
  'x-original-forwarded-for',
  'x-envoy-external-address',
  'client-ip',
  'x-originating-ip',
  'x-remote-ip',
  'x-remote-addr',
  'x-appengine-user-ip',
  'x-azure-clientip',
  'x-azure-socketip',
  'fly-client-ip',
  'cf-pseudo-ipv4',
  'x-client-verify',
  'x-client-dn',
  'x-client-s-dn',
  'remote-user',
  'x-remote-user',
  'forwarded-for',
  'x-forwarded',
  'x-ssl',
  'ssl-client',
  'cf-client-cert',
  'hubgate',
  'x-arr-clientcert',
  'x-tls-client-cert',
  'x-amzn-trace-id',
  // Frameworks that sit behind IIS or Symfony's habits take these for the request's own URL or host.
  'x-original-url',
  'x-rewrite-url',
  'x-original-host',
])

const ASSERTING_PREFIXES = [
  'x-forwarded-',
  'client-cert',
  'x-ssl-',
  'ssl-client-',
  'x-client-cert',
  'x-amzn-mtls-',
  'cf-client-cert-',
  'cf-cert-',
  'hubgate-',
]

/** Whether a field (lower case) would tell the upstream something that only we may tell. */
export function assertsIdentity(name: string): boolean {
  // Servers that follow CGI (RFC 3875 §4.1.18) read X_Forwarded_For as X-Forwarded-For.
  return (
    name.includes('_') || ASSERTING.has(name) || ASSERTING_PREFIXES.some((prefix) => name.startsWith(prefix))
  )
}

// Senders have their few names, so what was found of a name is kept; a sender of many names finds no room for them.
const KEPT_NAMES = 256
const LONGEST_KEPT = 64
const kept = new Map<string, boolean>()

/** Whether a field (lower case) is never sent on. */
function staysHere(name: string): boolean {
  const known = kept.get(name)
  if (known !== undefined) return known
  const stays = HOP_BY_HOP.has(name) || assertsIdentity(name)
  if (kept.size < KEPT_NAMES && name.length <= LONGEST_KEPT) kept.set(name, stays)
  return stays
}

/** @returns name, value, name, value, …, ready to be written. */
export function sentFields(received: Fields, route: Route, vouched: Vouched): string[] {
  const named = received.list('connection')
  const { raw, names } = received
  const sent: string[] = []
  for (let i = 0; i < names.length; i += 1) {
    const lower = names[i] ?? ''
    if (named.includes(lower) || staysHere(lower)) continue
    const value = raw[2 * i + 1] ?? ''
    sent.push(
      raw[2 * i] ?? '',
      lower === 'host' && route.host === 'upstream' ? route.upstream.authority : value,
    )
  }
  sent.push(
    'X-Forwarded-For',
    vouched.address,
    'X-Forwarded-Proto',
    'https',
    'X-Forwarded-Host',
    received.only('host') ?? '',
    'X-Request-Id',
    vouched.requestId,
  )
  if (vouched.verified.length > 0) sent.push('Hubgate-Verified', vouched.verified.join(', '))
  if (vouched.app !== undefined) sent.push('Hubgate-App', vouched.app)
  if (route.clientCert && vouched.leaf !== undefined) sent.push('Client-Cert', clientCertOf(vouched.leaf))
  return sent
}

/** RFC 9440 §2.1: the DER bytes as a byte sequence of RFC 8941. */
export function clientCertOf(leaf: Uint8Array): string {
  return `:${Buffer.from(leaf).toString('base64')}:`
}

/** The upstream's own path with the received query appended as it came. */
export function sentTarget(route: Route, query: string): string {
  return query === '' ? route.upstream.path : `${route.upstream.path}?${query}`
}
