// Where a way in comes to another end than the direct front, and why: docs/parity.md is made from it, and test/parity runs every
// case against every way and takes no other difference, nor one that no case shows any more.
import type { RefusalCode } from '../domain/refusals.ts'

/** How the cases come to a gateway. */
export const WAYS = {
  direct: 'hubgate ends TLS itself',
  'haproxy-pass': 'real HAProxy passes TLS on, PROXY protocol v2 (`haproxy/passthrough.cfg`)',
  balancer: 'an emulated load balancer passes TLS on, PROXY protocol v2',
  nginx: 'real nginx ends TLS (`nginx/hubgate.conf`)',
  haproxy: 'real HAProxy ends TLS (`haproxy/hubgate.cfg`)',
  'alb-verify': 'emulated AWS ALB in verify mode, with the leaf',
  'alb-passthrough': 'emulated AWS ALB in passthrough mode',
  envoy: 'emulated Envoy, with Cert and Chain',
  cloudflare: 'emulated Cloudflare, with the leaf',
  rfc9440: 'emulated front that speaks RFC 9440',
} as const

export type Way = keyof typeof WAYS

/** A code of hubgate's own records; or what the front did by itself, of which hubgate has none. */
export type Outcome =
  | 'admitted'
  | 'answered'
  | RefusalCode
  | 'the front closes'
  | `the front answers ${number}`
  | 'not sent'

export interface Difference {
  readonly what: string
  readonly ways: readonly Way[]
  /** All that the direct front says to such a case, and all that these ways do. */
  readonly direct: readonly Outcome[]
  readonly there: readonly Outcome[]
  readonly why: string
}

const REAL: readonly Way[] = ['nginx', 'haproxy']
const PLAYED: readonly Way[] = ['alb-verify', 'alb-passthrough', 'envoy', 'cloudflare', 'rfc9440']
const LEAF_ALONE: readonly Way[] = ['nginx', 'alb-verify', 'cloudflare']

export const DIFFERENCES = {
  source: {
    what: 'An address that is not in the list',
    ways: REAL,
    direct: ['SOURCE_NOT_ALLOWED'],
    there: ['the front closes'],
    why: 'The front has the list, too, and asks nobody.',
  },
  handshake: {
    what: 'A handshake that fails, or HTTP without TLS',
    ways: REAL,
    direct: ['TLS_FAILED', 'CERTIFICATE_UNTRUSTED', 'CERTIFICATE_PROFILE'],
    there: ['the front closes', 'the front answers 400'],
    why: 'TLS is the front’s. In spite of `crt-ignore-err all`, HAProxy 2.6 ends it for some certificates, too: those with an unknown critical extension, or below an authority that may not sign them.',
  },
  invalid: {
    what: 'A certificate that is signed wrongly, or whose extensions contradict each other',
    ways: ['direct', 'haproxy-pass', 'balancer', 'nginx', 'haproxy'],
    direct: ['CERTIFICATE_UNTRUSTED', 'CERTIFICATE_PROFILE'],
    there: ['TLS_FAILED', 'the front closes'],
    why: 'OpenSSL may end the handshake before anybody is asked: that depends on its version and on how the bytes arrive.',
  },
  usage: {
    what: 'A certificate with key usage for nothing at all',
    ways: ['haproxy', ...PLAYED],
    direct: ['CERTIFICATE_PROFILE'],
    there: ['CERTIFICATE_UNTRUSTED'],
    why: 'Without its handshake OpenSSL takes it for one that nobody issued.',
  },
  refused: {
    what: 'What is no HTTP/1.1, is framed ambiguously, or is too large',
    ways: REAL,
    direct: [
      'FRAMING_INVALID',
      'HEAD_TOO_LARGE',
      'METHOD_NOT_ALLOWED',
      'LENGTH_REQUIRED',
      'BODY_TOO_LARGE',
      'EXPECTATION_UNSUPPORTED',
    ],
    there: [
      'the front answers 400',
      'the front answers 405',
      'the front answers 411',
      'the front answers 413',
      'the front answers 414',
      'the front answers 417',
      'the front answers 422',
      'the front answers 501',
    ],
    why: 'The front reads each request first, and refuses it itself; what it lets through gets hubgate’s code.',
  },
  mended: {
    what: 'A request that is not written as it should be: lines that end in LF, a folded value, the same length twice or with a zero before it, chunks beside a length, a field name that is not ASCII, an upgrade to h2c',
    ways: REAL,
    direct: ['FRAMING_INVALID'],
    there: ['admitted', 'LENGTH_REQUIRED'],
    why: 'The front writes each request anew: hubgate gets a well-formed one (without the odd field or length), and all its gates judge that.',
  },
  leaf: {
    what: 'A chain with an intermediate that is no anchor',
    ways: LEAF_ALONE,
    direct: ['admitted', 'CERTIFICATE_EXPIRED', 'CERTIFICATE_PROFILE'],
    there: ['CERTIFICATE_UNTRUSTED'],
    why: 'Only the leaf is passed on, so what stands right above it has to be in `client.anchors`.',
  },
  anchor: {
    what: 'A leaf without its intermediate, or with another',
    ways: LEAF_ALONE,
    direct: ['CERTIFICATE_UNTRUSTED'],
    there: ['admitted'],
    why: 'Likewise: here the intermediate is an anchor, and the direct front would admit it, too.',
  },
  room: {
    what: 'A certificate, chain or name of many kilobytes',
    ways: [...REAL, ...PLAYED],
    direct: ['admitted', 'COMMON_NAME_MISMATCH'],
    there: ['HEAD_TOO_LARGE', 'CERTIFICATE_MISSING'],
    why: 'It is a field there, and has to fit into `limits.head`. What does not even fit into HAProxy’s buffer it passes on as none.',
  },
  subject: {
    what: 'A name that ends in a space',
    ways: ['alb-verify'],
    direct: ['COMMON_NAME_MISMATCH'],
    there: ['FRONT_FIELDS_INVALID'],
    why: 'A field’s value does not end in spaces: what is left is no subject.',
  },
  hops: {
    what: 'A client’s own X-Forwarded-For that is no list of addresses, or is too long, or has underscores in its name',
    ways: ['alb-verify', 'alb-passthrough', 'envoy', 'rfc9440'],
    direct: ['admitted', 'SOURCE_NOT_ALLOWED'],
    there: ['FRONT_FIELDS_INVALID'],
    why: 'These fronts add to it, and hubgate repairs nothing. Meta sends none.',
  },
  underscores: {
    what: 'A client’s own fields of this front, with underscores in their names',
    ways: PLAYED,
    direct: ['admitted', 'CERTIFICATE_MISSING'],
    there: ['FRONT_FIELDS_INVALID'],
    why: 'These fronts may pass them on. nginx and HAProxy, as configured here, take them away.',
  },
  elsewhere: {
    what: 'An address that is not of loopback',
    ways: ['direct', 'haproxy-pass', ...REAL],
    direct: ['admitted', 'SOURCE_NOT_ALLOWED'],
    there: ['not sent'],
    why: 'Real connections of a test come from 127.0.0.0/8; the emulated ways tell of any address.',
  },
  noTls: {
    what: 'Handshakes: old versions, no encryption, resumed sessions, no TLS',
    ways: PLAYED,
    direct: ['TLS_FAILED', 'CERTIFICATE_MISSING'],
    there: ['not sent'],
    why: 'An emulated front has no TLS. What a real one does is a matter of its own settings.',
  },
  notCarried: {
    what: 'Bytes that are no certificate, or not in DER; a client that does not hold its key',
    ways: PLAYED,
    direct: ['TLS_FAILED', 'CERTIFICATE_PROFILE', 'admitted'],
    there: ['not sent'],
    why: 'No front has such a thing to pass on: its own handshake ends, or it writes DER. That the client holds the key is the front’s word.',
  },
} as const satisfies Readonly<Record<string, Difference>>

export type DifferenceName = keyof typeof DIFFERENCES
