// Which rows end otherwise than on the direct front, where, and by which of the differences that docs/parity.md explains.
import type { DifferenceName, Outcome, Way } from '../../src/fronts/differences.ts'
import type { Row } from './row.ts'

export interface Otherwise {
  readonly at: readonly Way[]
  readonly there: Outcome
  /** By name, or those that fit. */
  readonly rows: readonly string[] | ((row: Row) => boolean)
  /** By the version of OpenSSL or the front it may also be as on the direct front. */
  readonly orAsDirect?: true
}

const REAL: readonly Way[] = ['nginx', 'haproxy']
const PLAYED: readonly Way[] = ['alb-verify', 'alb-passthrough', 'envoy', 'cloudflare', 'rfc9440']
const LEAF_ALONE: readonly Way[] = ['nginx', 'alb-verify', 'cloudflare']
const ENDS_TLS: readonly Way[] = ['direct', 'haproxy-pass', 'balancer']
const WITH_HOPS: readonly Way[] = ['alb-verify', 'alb-passthrough', 'envoy', 'rfc9440']

/** What both say no to with 400. */
const BOTH_REFUSE: readonly string[] = [
  'two Content-Length that differ',
  'Content-Length: +68',
  'Content-Length: 0x44',
  'Content-Length: -1',
  'Transfer-Encoding: chunked, twice',
  'a space before a colon',
  'CR within a value',
  'a field without a name',
  'an HTTP/2 preface',
  'Host, twice',
  'a target in absolute form',
]

const NGINX_REFUSES: readonly string[] = [
  ...BOTH_REFUSE,
  'Content-Length with Transfer-Encoding',
  'Content-Length: 68, 68',
  'Content-Length: 2^64',
  'a value that goes on in the next line',
  'NUL within a value',
  'a method in lower case',
  'CONNECT, for a tunnel',
  'a delivery in HTTP/1.0',
  'no Host',
  'an empty Host',
  'Host: localhost, internal',
  'Host: internal/path',
  'Connection: X-Hub-Signature-256',
  'Connection: Content-Length',
  'an upgrade to h2c',
]

const HAPROXY_REFUSES: readonly string[] = [
  ...BOTH_REFUSE,
  'Transfer-Encoding: chunked, identity',
  'a field name that is not ASCII',
  'a target of 64 KiB',
  'a target with a fragment',
  'more than 100 fields',
]

export const OTHERWISE: Readonly<Record<DifferenceName, readonly Otherwise[]>> = {
  elsewhere: [
    {
      at: ['direct', 'haproxy-pass', ...REAL],
      there: 'not sent',
      rows: ({ address }) => address?.startsWith('127.') === false,
    },
  ],
  noTls: [{ at: PLAYED, there: 'not sent', rows: ({ group }) => group === 'handshake' }],
  notCarried: [
    {
      at: PLAYED,
      there: 'not sent',
      rows: ({ group, name, verdict, orFailed }) =>
        group === 'certificate' &&
        orFailed !== true &&
        (verdict === 'TLS_FAILED' || name === 'it is itself, its outermost length indefinite'),
    },
    {
      at: ['alb-verify'],
      there: 'not sent',
      rows: ['it is valid in month 13'],
    },
  ],
  leaf: [
    {
      at: LEAF_ALONE,
      there: 'CERTIFICATE_UNTRUSTED',
      rows: [
        'its intermediate expired',
        'its intermediate is valid from tomorrow',
        'its chain is shuffled',
        'an Ed25519 intermediate signed it',
        'a P-384 intermediate signed it',
        '1 authorities stand between it and the Meta-shaped root, which stays away',
        '2 authorities stand between it and the DigiCert-shaped root, which stays away',
        '3 authorities stand between it and the DigiCert-shaped root, which stays away',
        'two authorities stand above it, the upper one with path length 0',
        'its root issued itself a new key, which path length 0 does not count',
        'its authority is of X.509 version 1',
        'its authority is for servers only',
        'its authority is for clients only',
        'its CN is of a permitted domain',
      ],
    },
  ],
  anchor: [
    {
      at: LEAF_ALONE,
      there: 'admitted',
      rows: ['its intermediate is missing', 'another authority’s intermediate stands for its own'],
    },
  ],
  room: [
    {
      at: ['haproxy', 'alb-passthrough', 'envoy', 'rfc9440'],
      there: 'HEAD_TOO_LARGE',
      rows: ['a hundred unrelated certificates come along'],
    },
    {
      at: [...REAL, ...PLAYED],
      there: 'HEAD_TOO_LARGE',
      rows: [
        'the right name stands once beside a thousand SANs',
        'the right name stands once after two thousand organisational units',
      ],
    },
    {
      at: ['nginx', ...PLAYED],
      there: 'HEAD_TOO_LARGE',
      rows: ['the right name stands once after an organisation of 50,000 letters'],
    },
    {
      at: ['haproxy'],
      there: 'CERTIFICATE_MISSING',
      rows: ['the right name stands once after an organisation of 50,000 letters'],
    },
    { at: ['alb-verify', 'envoy'], there: 'HEAD_TOO_LARGE', rows: ['its CN is ten thousand characters'] },
  ],
  source: [{ at: REAL, there: 'the front closes', rows: ({ verdict }) => verdict === 'SOURCE_NOT_ALLOWED' }],
  hops: [
    {
      at: WITH_HOPS,
      there: 'FRONT_FIELDS_INVALID',
      rows: ({ name }) =>
        /claiming X-Forwarded-For (?:that is|with a port|of forty)|claiming X_Forwarded/.test(name),
    },
  ],
  underscores: PLAYED.map((front): Otherwise => ({
    at: [front],
    there: 'FRONT_FIELDS_INVALID',
    rows: ({ name }) => name.startsWith(`the fields of ${front}, with underscores`),
  })),
  subject: [{ at: ['alb-verify'], there: 'FRONT_FIELDS_INVALID', rows: ['its CN is a trailing space'] }],
  usage: [
    { at: ['haproxy', ...PLAYED], there: 'CERTIFICATE_UNTRUSTED', rows: ['it has key usage for nothing'] },
  ],
  invalid: [
    { at: ENDS_TLS, there: 'TLS_FAILED', orAsDirect: true, rows: isInvalid },
    { at: REAL, there: 'the front closes', orAsDirect: true, rows: isInvalid },
  ],
  handshake: [
    { at: ['nginx'], there: 'the front answers 400', rows: ['plain HTTP on the TLS port'] },
    { at: REAL, there: 'the front closes', rows: ({ verdict }) => verdict === 'TLS_FAILED' },
    {
      at: ['haproxy'],
      there: 'the front closes',
      orAsDirect: true,
      rows: [
        'its intermediate may not sign certificates',
        'its authority has a critical extension nobody knows',
        'its CN is of no permitted domain',
        'its SAN is of an excluded domain',
        'it has a critical one nobody knows',
        'it has those of a proxy certificate',
      ],
    },
  ],
  mended: [
    { at: REAL, there: 'admitted', rows: ['lines that end in LF only'] },
    { at: ['nginx'], there: 'admitted', rows: ['a field name that is not ASCII', 'Content-Length: 068'] },
    {
      at: ['haproxy'],
      there: 'admitted',
      rows: ['Content-Length: 68, 68', 'a value that goes on in the next line', 'an upgrade to h2c'],
    },
    { at: ['haproxy'], there: 'LENGTH_REQUIRED', rows: ['Content-Length with Transfer-Encoding'] },
  ],
  refused: [
    answers(400, ['haproxy'], HAPROXY_REFUSES),
    answers(400, ['nginx'], NGINX_REFUSES),
    answers(405, ['nginx'], ['TRACE on the right path']),
    answers(411, ['nginx'], ['a chunked delivery with a valid signature']),
    answers(413, ['nginx'], ['a body one byte above the limit, all of it sent']),
    answers(414, ['nginx'], ['a target of 64 KiB']),
    answers(417, ['nginx'], ['Expect: 200-ok']),
    answers(422, ['haproxy'], ['Transfer-Encoding: gzip, chunked']),
    answers(501, ['nginx'], ['Transfer-Encoding: chunked, identity', 'Transfer-Encoding: gzip, chunked']),
  ],
}

function isInvalid({ name, orFailed }: Row): boolean {
  return orFailed === true || name === 'its signature has one bit flipped'
}

function answers(status: number, at: readonly Way[], rows: readonly string[]): Otherwise {
  return { at, there: `the front answers ${status}`, rows, orAsDirect: true }
}

export interface Expected {
  /** Any of these. */
  readonly outcomes: readonly Outcome[]
  readonly difference: DifferenceName | undefined
}

export const NAMES = Object.keys(OTHERWISE).filter((name): name is DifferenceName => name in OTHERWISE)

/** What has to come of a row there, and by which difference. */
export function expectedAt(row: Row, way: Way): Expected {
  for (const difference of NAMES) {
    const found = OTHERWISE[difference].find((one) => one.at.includes(way) && applies(one, row))
    if (found === undefined) continue
    const more = found.orAsDirect === true ? [row.verdict] : []
    return { outcomes: [found.there, ...more], difference }
  }
  return { outcomes: [row.verdict], difference: undefined }
}

export function applies({ rows }: Otherwise, row: Row): boolean {
  return typeof rows === 'function' ? rows(row) : rows.includes(row.name)
}
