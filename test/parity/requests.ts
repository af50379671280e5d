// What a good client gets wrong, or right, after its handshake: the lab's attacks on the request, the challenge and the signature,
// and good deliveries of every size.
import { attackNamed } from '../../src/lab/attacks.ts'
import { challengeBytes } from '../../src/lab/request.ts'
import { CANARY_SECRET, CANARY_VERIFY_TOKEN } from '../canary.ts'
import { only } from '../support/identity.ts'
import { delivery } from '../support/sender.ts'
import { type Row, type Visit, deliver } from './row.ts'

/** Of every size on the way: below a segment, above a buffer, and the most that Meta sends. */
const SIZES = [
  ['0.2 KB', 200],
  ['64 KB', 65_536],
  ['3 MB', 3_000_000],
] as const

const json = (size: number) => Buffer.from(`{"object":"page","entry":["${'ä'.repeat((size - 31) / 2)}"]}`)

const GOOD: readonly Row[] = [
  ...SIZES.flatMap(([name, size]) =>
    (['meta', 'digicert'] as const).map((authority): Row => ({
      group: 'good',
      name: `a delivery of ${name}, its certificate below the ${authority === 'meta' ? 'Meta' : 'DigiCert'}-shaped root`,
      verdict: 'admitted',
      identity: (authorities) => authorities[authority].client(),
      send: (visit) => deliver(visit, [delivery({ body: json(size) })]),
    })),
  ),
  ...(['p-256', 'rsa-2048'] as const).map((key): Row => ({
    group: 'good',
    name: `its key is ${key}`,
    verdict: 'admitted',
    identity: ({ meta }) => meta.client({ key }),
  })),
  {
    group: 'good',
    name: 'over TLS 1.2',
    verdict: 'admitted',
    send: ({ dial, ...visit }) =>
      deliver({ ...visit, dial: dial.tls === false ? dial : { ...dial, tls: only('TLSv1.2') } }),
  },
  {
    group: 'good',
    name: 'the GET challenge',
    verdict: 'answered',
    send: (visit) => deliver(visit, [challenge()], { method: 'GET' }),
  },
  good('in pieces of 100 bytes, the head in one', () => pieces(delivery({ body: json(2_000) }))),
  good('with a query, which goes on', () => [delivery({ target: '/webhooks/meta?a=b&hub.mode=x' })]),
  good('application/json; charset=UTF-8', () => [
    delivery({ set: { 'content-type': 'application/json; charset=UTF-8' } }),
  ]),
  good('Expect: 100-continue', () => {
    const whole = delivery({ set: { expect: '100-continue' }, body: json(2_000) })
    const head = whole.indexOf('\r\n\r\n') + 4
    return [whole.subarray(0, head), { wait: 50 }, whole.subarray(head)]
  }),
  good('Connection: close', () => [delivery({ connection: 'close' })]),
  good('a head of 12 KB', () => [delivery({ add: [['X-Long', 'x'.repeat(12_000)]] })]),
  good('fields of bytes beyond ASCII', () => [delivery({ add: [['X-Name', 'caf\xe9']] })]),
]

function good(name: string, steps: () => Parameters<typeof deliver>[1]): Row {
  return { group: 'good', name, verdict: 'admitted', send: (visit) => deliver(visit, steps()) }
}

function pieces(bytes: Buffer) {
  const head = bytes.indexOf('\r\n\r\n') + 4
  const starts = Array.from({ length: Math.ceil((bytes.length - head) / 100) }, (_, i) => head + i * 100)
  return [bytes.subarray(0, head), ...starts.flatMap((at) => [{ wait: 1 }, bytes.subarray(at, at + 100)])]
}

function challenge(): Buffer {
  const asked = { authority: 'gateway.example', path: '/webhooks/meta', challenge: '42' }
  return challengeBytes({ ...asked, token: CANARY_VERIFY_TOKEN })
}

const HANDSHAKE = [
  'no-certificate-1.2',
  'session-1.2',
  'session-1.3',
  'plain-http',
  'tls-1.1',
  'null-cipher',
] as const

const REQUEST = [
  'cl-te',
  'cl-twice',
  'cl-plus',
  'cl-list',
  'cl-hex',
  'cl-negative',
  'cl-overflow',
  'te-not-last',
  'te-twice',
  'space-before-colon',
  'bare-lf',
  'bare-cr',
  'obs-fold',
  'nul',
  'empty-name',
  'non-ascii-name',
  'http2-preface',
  'method-case',
  'connect',
  'head-bytes',
  'target-bytes',
  'http-1.0',
  'host-missing',
  'host-twice',
  'host-empty',
  'host-list',
  'host-user',
  'host-path',
  'absolute-form',
  'fragment',
  'cl-leading-zero',
  'te-gzip',
  'content-type-twice',
  'connection-names-signature',
  'connection-names-length',
  'h2c',
  'get-with-body',
  '101-fields',
  'path-dots',
  'path-encoded',
  'path-encoded-slash',
  'path-parameter',
  'path-double-slash',
  'path-case',
  'path-slash',
  'path-backslash',
  'method-head',
  'method-options',
  'method-trace',
  'method-put',
  'method-delete',
  'no-length',
  'chunked',
  'one-byte-too-many',
  'form',
  'no-type',
  'json-suffix',
  'charset-utf-16',
  'expectation',
  'body-cut-off',
] as const

const CHALLENGE = [
  'wrong-token',
  'empty-token',
  'mode-twice',
  'token-twice',
  'encoded-name',
  'no-query',
  'script-challenge',
  'crlf-challenge',
  'long-challenge',
] as const

const SIGNATURE = [
  'unsigned',
  'sha1-only',
  'empty-signature',
  'upper-case',
  'scheme-case',
  'quoted',
  '63-digits',
  'comma-joined',
  'two-signatures',
  'sha1-in-sha256',
  'foreign-secret',
  'empty-secret',
  'bit-in-digest',
  'bit-in-body',
  'newline-added',
  're-serialised',
  'empty-body',
] as const

export const REQUEST_ROWS: readonly Row[] = [
  ...GOOD,
  ...HANDSHAKE.map((id) => attacked('handshake', id)),
  ...REQUEST.map((id) => attacked('request', id)),
  ...CHALLENGE.map((id) => attacked('challenge', id)),
  ...SIGNATURE.map((id) => attacked('signature', id)),
]

function attacked(group: Row['group'], id: string): Row {
  const attack = attackNamed(id)
  if (attack === undefined) throw new Error(`no attack is named ${id}`)
  return {
    group,
    name: attack.title,
    verdict: attack.expect.code,
    send: (visit) => attack.send(contextOf(visit)),
  }
}

function contextOf({ dial: whole, identity, authorities }: Visit) {
  const { identity: _, ...dial } = whole
  return {
    dial,
    client: identity,
    authorities,
    authority: 'gateway.example',
    path: '/webhooks/meta',
    secret: CANARY_SECRET,
    verifyToken: CANARY_VERIFY_TOKEN,
    limits: {
      body: 4 * 1024 * 1024,
      head: 16 * 1024,
      connectionsPerAddress: 10_000,
      handshakeTimeout: 10_000,
      headTimeout: 10_000,
      bodyTimeout: 30_000,
    },
    mark: 'parity',
  }
}
