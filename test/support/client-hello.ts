// ClientHellos byte by byte (RFC 5246 §7.4.1.2, RFC 8446 §4.1.2), for what no TLS library sends any more.
import { randomBytes } from 'node:crypto'

export interface Hello {
  /** Of the handshake: 0x0303 is TLS 1.2, and the version itself where there is no supported_versions. */
  readonly version?: number
  readonly suites?: readonly number[]
  /** The bytes of a server name. */
  readonly serverName?: Uint8Array
  readonly alpn?: readonly string[]
}

export const ECDHE_ECDSA_AES128_GCM = 0xc02b
export const ECDHE_RSA_AES128_GCM = 0xc02f

/** One record with one ClientHello, of TLS 1.2 or before. */
export function clientHello(hello: Hello = {}): Buffer {
  const {
    version = 0x0303,
    suites = [ECDHE_ECDSA_AES128_GCM, ECDHE_RSA_AES128_GCM],
    serverName,
    alpn = [],
  } = hello
  const extensions = [
    ...(serverName === undefined
      ? []
      : [extension(0, vector(2, Buffer.concat([Buffer.of(0), vector(2, serverName)])))]),
    // x25519, P-256, P-384; uncompressed points; the usual signatures.
    extension(10, vector(2, numbers(0x001d, 0x0017, 0x0018))),
    extension(11, vector(1, Buffer.of(0))),
    extension(13, vector(2, numbers(0x0403, 0x0503, 0x0804, 0x0401, 0x0501, 0x0203, 0x0201))),
    ...(alpn.length === 0
      ? []
      : [extension(16, vector(2, Buffer.concat(alpn.map((name) => vector(1, Buffer.from(name))))))]),
    // RFC 5746: renegotiation_info, empty.
    extension(0xff01, Buffer.of(0)),
  ]
  const body = Buffer.concat([
    numbers(version),
    randomBytes(32),
    vector(1, Buffer.alloc(0)),
    vector(2, numbers(...suites)),
    vector(1, Buffer.of(0)),
    vector(2, Buffer.concat(extensions)),
  ])
  return record(0x16, Buffer.concat([Buffer.of(1), sized(3, body.length), body]))
}

export function record(type: number, content: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(type, 3, 1), vector(2, content)])
}

export type Reply =
  | { readonly kind: 'alert'; readonly description: number }
  | { readonly kind: 'handshake'; readonly message: number }
  | { readonly kind: 'nothing' }

/** What the first record of an answer is. */
export function firstRecord(answer: Uint8Array): Reply {
  const [type, , , , , first = 0, second = 0] = answer
  if (type === 0x15) return { kind: 'alert', description: second }
  return type === 0x16 ? { kind: 'handshake', message: first } : { kind: 'nothing' }
}

function extension(type: number, content: Uint8Array): Buffer {
  return Buffer.concat([numbers(type), vector(2, content)])
}

/** Content behind its length in so many bytes. */
function vector(width: number, content: Uint8Array): Buffer {
  return Buffer.concat([sized(width, content.length), content])
}

function numbers(...values: number[]): Buffer {
  return Buffer.concat(values.map((value) => sized(2, value)))
}

function sized(width: number, value: number): Buffer {
  const bytes = Buffer.alloc(width)
  bytes.writeUIntBE(value, 0, width)
  return bytes
}
