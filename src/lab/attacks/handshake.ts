// Attacks on the TLS handshake itself: other protocols, old versions, and slowness.
import { randomBytes } from 'node:crypto'
import type { ConnectionOptions } from 'node:tls'
import { type Step, exchange } from '../exchange.ts'
import { type Attack, closed, deliveryOf, dialOf, say } from './attack.ts'

export const handshakeAttacks: readonly Attack[] = [
  plain('plain-http', 'plain HTTP on the TLS port', 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'),
  plain('ssh', 'an SSH greeting on the TLS port', 'SSH-2.0-OpenSSH_9.9\r\n'),
  plain('random-bytes', '512 random bytes', () => Buffer.concat([Buffer.from([0xff]), randomBytes(511)])),
  plain('bad-hello', 'a ClientHello that is cut and filled with zeros', () =>
    Buffer.concat([CLIENT_HELLO.subarray(0, 30), Buffer.alloc(CLIENT_HELLO.length - 30)]),
  ),
  secured('tls-1.0', 'a client that speaks TLS 1.0 only', {
    minVersion: 'TLSv1',
    maxVersion: 'TLSv1',
    ciphers: 'DEFAULT@SECLEVEL=0',
  }),
  secured('tls-1.1', 'a client that speaks TLS 1.1 only', {
    minVersion: 'TLSv1.1',
    maxVersion: 'TLSv1.1',
    ciphers: 'DEFAULT@SECLEVEL=0',
  }),
  secured('null-cipher', 'a client that offers no encryption', {
    maxVersion: 'TLSv1.2',
    ciphers: 'NULL-SHA256:ECDHE-ECDSA-NULL-SHA:@SECLEVEL=0',
  }),
  secured('http2-only', 'a client that speaks HTTP/2 only (ALPN h2)', { ALPNProtocols: ['h2'] }),
  {
    ...slowHello('slow-handshake', 'a ClientHello, one byte at a time'),
    send: (context) =>
      exchange({
        dial: dialOf(context, { tls: false }),
        steps: [...CLIENT_HELLO].flatMap((byte): Step[] => [Buffer.from([byte]), { wait: 40 }]),
        deadline: context.limits.handshakeTimeout + 3000,
      }),
  },
  {
    ...slowHello('silent', 'a connection that never says a word'),
    send: (context) =>
      exchange({
        dial: dialOf(context, { tls: false }),
        steps: [],
        deadline: context.limits.handshakeTimeout + 3000,
      }),
  },
]

const EXTENSIONS = Buffer.from(
  // supported_versions 1.3, groups x25519, signature algorithms, and a key share of zeros.
  `002b0003020304000a00040002001d000d0006000404030804003300260024001d0020${'00'.repeat(32)}`,
  'hex',
)

/** A small but complete TLS 1.3 ClientHello. */
const CLIENT_HELLO = helloRecord()

function helloRecord(): Buffer {
  const body = Buffer.concat([
    Buffer.from('0303', 'hex'),
    Buffer.alloc(32, 0x5a),
    Buffer.from('00000213010100', 'hex'),
    lengthOf(EXTENSIONS, 2),
    EXTENSIONS,
  ])
  const message = Buffer.concat([Buffer.from([1]), lengthOf(body, 3), body])
  return Buffer.concat([Buffer.from('160301', 'hex'), lengthOf(message, 2), message])
}

function lengthOf(bytes: Uint8Array, size: number): Buffer {
  const field = Buffer.alloc(size)
  field.writeUIntBE(bytes.length, 0, size)
  return field
}

type Row = Pick<Attack, 'id' | 'title' | 'chapter' | 'gate' | 'expect'>

function row(id: string, title: string): Row {
  return { id, title, chapter: 'handshake', gate: 'tls', expect: closed('TLS_FAILED') }
}

function slowHello(id: string, title: string): Row & { slow: true } {
  return { ...row(id, title), gate: 'deadline', expect: closed('HANDSHAKE_TIMEOUT'), slow: true }
}

function plain(id: string, title: string, bytes: string | (() => Buffer)): Attack {
  return {
    ...row(id, title),
    // TLS alerts are no HTTP answer: whatever comes back before the end is not read as one.
    send: (context) =>
      exchange({
        dial: dialOf(context, { tls: false }),
        steps: [typeof bytes === 'string' ? bytes : bytes()],
      }),
  }
}

function secured(id: string, title: string, tls: ConnectionOptions): Attack {
  return {
    ...row(id, title),
    send: (context) => say(context, [deliveryOf(context)], { dial: dialOf(context, { tls }) }),
  }
}
