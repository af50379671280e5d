// A TLS client that sends whatever bytes it is given as its certificate: OpenSSL's own would refuse, or mend, what it
// cannot read. One cipher suite a version, nothing verified, nothing resumed; what it says is RFC 5246 and RFC 8446.
import {
  type KeyObject,
  constants,
  createHash,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  randomBytes,
  sign,
} from 'node:crypto'
import { once } from 'node:events'
import { type Socket, connect } from 'node:net'
import {
  Records,
  TYPE,
  expandLabel,
  extract,
  hmac,
  prf,
  protection12,
  protection13,
} from './raw-tls-records.ts'

export interface RawClient {
  readonly port: number
  readonly version: 'TLSv1.2' | 'TLSv1.3'
  /** As sent, leaf first. */
  readonly certificates: readonly Uint8Array[]
  /** Signs the handshake: RSA, or EC with P-256. */
  readonly key: KeyObject
  /** Makes another signature of the key's one, as a key of another kind would. */
  readonly proof?: Proof
  /** Sent once the handshake is done. */
  readonly request: Uint8Array
}

export type Proof = (signature: Buffer) => Buffer

export interface RawEnd {
  /** The first bytes that came back, as text; empty where the server ended the connection before any. */
  readonly answer: string
  readonly localPort: number | undefined
}

const HELLO = { client: 1, server: 2, certificate: 11, keyExchange: 16, verify: 15, finished: 20 } as const
const X25519_SPKI = Buffer.from('302a300506032b656e032100', 'hex')

/** Shakes hands, sends the request and resolves with what comes back, or when the server has ended the connection. */
export async function rawClient(options: RawClient): Promise<RawEnd> {
  const socket = connect(options.port, '127.0.0.1')
  socket.on('error', () => {})
  await once(socket, 'connect')
  const { localPort } = socket
  const answer = await converse(socket, options).catch((error: unknown) => {
    if (error instanceof Ended) return ''
    throw error
  })
  socket.destroy()
  return { answer, localPort }
}

/** The server said goodbye, by an alert or without. */
class Ended extends Error {}

async function converse(socket: Socket, options: RawClient): Promise<string> {
  const shake = new Handshake(socket)
  const share = generateKeyPairSync('x25519')
  const random = randomBytes(32)
  shake.send(HELLO.client, clientHello(options.version, random, rawShare(share.publicKey)))
  await (options.version === 'TLSv1.2'
    ? finish12(shake, options, { share: share.privateKey, ownShare: rawShare(share.publicKey), random })
    : finish13(shake, options, share.privateKey))
  shake.records.send(TYPE.data, options.request)
  for (;;) {
    const { type, content } = await shake.record()
    if (type === TYPE.data && content.length > 0) return content.toString('latin1')
  }
}

/** Handshake messages over records, and all of them so far. */
class Handshake {
  readonly records: Records
  #said: Buffer[] = []
  #pending = Buffer.alloc(0)

  constructor(socket: Socket) {
    this.records = new Records(socket)
  }

  get transcript(): Buffer {
    return Buffer.concat(this.#said)
  }

  get hash(): Buffer {
    return createHash('sha256').update(this.transcript).digest()
  }

  send(type: number, body: Uint8Array): void {
    const message = Buffer.concat([Buffer.of(type), vector(3, body)])
    this.#said.push(message)
    this.records.send(TYPE.handshake, message)
  }

  /** The next record that is no change of cipher. @throws Ended where there is none, or an alert. */
  async record(): Promise<{ type: number; content: Buffer }> {
    for (;;) {
      const record = await this.records.next()
      if (record === undefined || record.type === TYPE.alert) throw new Ended()
      if (record.type !== TYPE.change) return record
      this.records.changed()
    }
  }

  /** Reads messages up to one of this type. @returns all of them, by type. */
  async upTo(last: number): Promise<Map<number, Buffer>> {
    const found = new Map<number, Buffer>()
    for (;;) {
      while (this.#pending.length < 4 || this.#pending.length < 4 + this.#pending.readUIntBE(1, 3))
        this.#pending = Buffer.concat([this.#pending, (await this.record()).content])
      const end = 4 + this.#pending.readUIntBE(1, 3)
      const message = this.#pending.subarray(0, end)
      this.#pending = this.#pending.subarray(end)
      this.#said.push(message)
      found.set(message.readUInt8(0), message.subarray(4))
      if (message[0] === last) return found
    }
  }
}

function clientHello(version: RawClient['version'], random: Buffer, share: Buffer): Buffer {
  const extensions = [
    extension(0, vector(2, Buffer.concat([Buffer.of(0), vector(2, Buffer.from('localhost'))]))),
    // X25519 is used; P-256 stands there for the server's certificate, whose curve has to be among them (RFC 8422 §5.1.1).
    extension(10, vector(2, Buffer.of(0, 0x1d, 0, 0x17))),
    extension(11, vector(1, Buffer.of(0, 1, 2))),
    extension(13, vector(2, Buffer.from('0804040308050806040105010601', 'hex'))),
    ...(version === 'TLSv1.2'
      ? []
      : [
          extension(43, vector(1, Buffer.of(3, 4))),
          extension(51, vector(2, Buffer.concat([Buffer.of(0, 0x1d), vector(2, share)]))),
        ]),
  ]
  return Buffer.concat([
    Buffer.of(3, 3),
    random,
    vector(1, Buffer.alloc(0)),
    vector(2, Buffer.from(version === 'TLSv1.2' ? 'c02fc02b' : '1301', 'hex')),
    vector(1, Buffer.of(0)),
    vector(2, Buffer.concat(extensions)),
  ])
}

interface Shares {
  readonly share: KeyObject
  readonly ownShare: Buffer
  readonly random: Buffer
}

async function finish12(
  shake: Handshake,
  { certificates, key, proof }: RawClient,
  { share, ownShare, random }: Shares,
): Promise<void> {
  const said = await shake.upTo(14)
  const serverRandom = part(said, HELLO.server).subarray(2, 34)
  const exchange = part(said, 12)
  const theirs = exchange.subarray(4, 4 + exchange.readUInt8(3))
  shake.send(HELLO.certificate, vector(3, Buffer.concat(certificates.map((der) => vector(3, der)))))
  shake.send(HELLO.keyExchange, vector(1, ownShare))
  shake.send(HELLO.verify, signed({ key, proof }, shake.transcript))
  const master = prf(agree(share, theirs), ['master secret', random, serverRandom], 48)
  const keys = prf(master, ['key expansion', serverRandom, random], 40)
  shake.records.send(TYPE.change, Buffer.of(1))
  shake.records.writing = protection12(keys.subarray(0, 16), keys.subarray(32, 36))
  shake.records.readingAfterChange = protection12(keys.subarray(16, 32), keys.subarray(36, 40))
  shake.send(HELLO.finished, prf(master, ['client finished', shake.hash], 12))
  await shake.upTo(HELLO.finished)
}

async function finish13(
  shake: Handshake,
  { certificates, key, proof }: RawClient,
  share: KeyObject,
): Promise<void> {
  const zero = Buffer.alloc(32)
  const nothing = createHash('sha256').digest()
  const hello = part(await shake.upTo(HELLO.server), HELLO.server)
  // The one key share, x25519, is looked for by its group and length.
  const at = hello.indexOf(Buffer.from('001d0020', 'hex'))
  const early = extract(zero, zero)
  const secret = extract(
    expandLabel(early, 'derived', { context: nothing }),
    agree(share, hello.subarray(at + 4, at + 36)),
  )
  const client = expandLabel(secret, 'c hs traffic', { context: shake.hash })
  shake.records.reading = protection13(expandLabel(secret, 's hs traffic', { context: shake.hash }))
  await shake.upTo(HELLO.finished)
  const master = extract(expandLabel(secret, 'derived', { context: nothing }), zero)
  const [clientData, serverData] = ['c ap traffic', 's ap traffic'].map((label) =>
    protection13(expandLabel(master, label, { context: shake.hash })),
  )
  shake.records.writing = protection13(client)
  const list = certificates.map((der) => Buffer.concat([vector(3, der), Buffer.of(0, 0)]))
  shake.send(HELLO.certificate, Buffer.concat([Buffer.of(0), vector(3, Buffer.concat(list))]))
  const context = `${' '.repeat(64)}TLS 1.3, client CertificateVerify\0`
  shake.send(HELLO.verify, signed({ key, proof }, Buffer.concat([Buffer.from(context), shake.hash])))
  shake.send(HELLO.finished, hmac(expandLabel(client, 'finished'), shake.hash))
  shake.records.writing = clientData
  shake.records.reading = serverData
}

function signed(
  { key, proof }: Pick<RawClient, 'key'> & { proof: Proof | undefined },
  bytes: Buffer,
): Buffer {
  const isRsa = key.asymmetricKeyType === 'rsa'
  const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }
  const signature = sign('sha256', bytes, isRsa ? { key, ...pss } : key)
  return Buffer.concat([
    Buffer.from(isRsa ? '0804' : '0403', 'hex'),
    vector(2, proof?.(signature) ?? signature),
  ])
}

function agree(privateKey: KeyObject, theirs: Buffer): Buffer {
  const spki = Buffer.concat([X25519_SPKI, theirs])
  return diffieHellman({ privateKey, publicKey: createPublicKey({ key: spki, format: 'der', type: 'spki' }) })
}

function rawShare(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' }).subarray(X25519_SPKI.length)
}

function extension(type: number, body: Buffer): Buffer {
  return Buffer.concat([Buffer.of(type >> 8, type & 255), vector(2, body)])
}

/** Bytes behind their length, which takes so many bytes itself. */
function vector(size: number, body: Uint8Array): Buffer {
  const length = Buffer.alloc(size)
  length.writeUIntBE(body.length, 0, size)
  return Buffer.concat([length, body])
}

function part(messages: ReadonlyMap<number, Buffer>, type: number): Buffer {
  const message = messages.get(type)
  if (message === undefined) throw new Error(`no handshake message ${type}`)
  return message
}
