// The record layer and key schedules of raw-tls.ts: AES-128-GCM with SHA-256, as TLS 1.2 and 1.3 use them.
import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto'
import type { Socket } from 'node:net'

export const TYPE = { change: 20, alert: 21, handshake: 22, data: 23 } as const

const MAX_FRAGMENT = 16_384

interface Fragment {
  readonly type: number
  readonly content: Buffer
}

export interface Protection {
  readonly seal: (fragment: Fragment) => Fragment
  readonly open: (fragment: Fragment) => Fragment
}

export class Records {
  reading: Protection | undefined
  readingAfterChange: Protection | undefined
  writing: Protection | undefined
  readonly #socket: Socket
  readonly #chunks: AsyncIterator<Buffer>
  #bytes = Buffer.alloc(0)

  constructor(socket: Socket) {
    this.#socket = socket
    this.#chunks = socket[Symbol.asyncIterator]()
  }

  send(type: number, bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += MAX_FRAGMENT) {
      const plain = { type, content: Buffer.from(bytes.subarray(at, at + MAX_FRAGMENT)) }
      const { type: outer, content } = this.writing?.seal(plain) ?? plain
      this.#socket.write(Buffer.concat([header(outer, content.length), content]))
    }
  }

  /** Undefined at the end of the connection, however it came. */
  async next(): Promise<Fragment | undefined> {
    while (this.#bytes.length < 5 || this.#bytes.length < 5 + this.#bytes.readUInt16BE(3)) {
      const chunk = await this.#chunks.next().catch(() => undefined)
      if (chunk === undefined || chunk.done === true) return undefined
      this.#bytes = Buffer.concat([this.#bytes, chunk.value])
    }
    const end = 5 + this.#bytes.readUInt16BE(3)
    const fragment = { type: this.#bytes.readUInt8(0), content: this.#bytes.subarray(5, end) }
    this.#bytes = this.#bytes.subarray(end)
    return fragment.type === TYPE.change ? fragment : (this.reading?.open(fragment) ?? fragment)
  }

  /** The server's change of cipher came: in TLS 1.2 it means something. */
  changed(): void {
    this.reading = this.readingAfterChange ?? this.reading
  }
}

function header(type: number, length: number): Buffer {
  return Buffer.of(type, 3, 3, length >> 8, length & 255)
}

/** RFC 5288 §3: the nonce's last eight bytes travel with the record. */
export function protection12(key: Buffer, salt: Buffer): Protection {
  let sequence = 0n
  const about = (type: number, length: number): Buffer =>
    Buffer.concat([counter(sequence++), header(type, length)])
  return {
    seal: ({ type, content }) => {
      const explicit = counter(sequence)
      const sealed = gcm({ key, nonce: Buffer.concat([salt, explicit]), about: about(type, content.length) })
      return { type, content: Buffer.concat([explicit, sealed.seal(content)]) }
    },
    open: ({ type, content }) => {
      const nonce = Buffer.concat([salt, content.subarray(0, 8)])
      const opened = gcm({ key, nonce, about: about(type, content.length - 24) })
      return { type, content: opened.open(content.subarray(8)) }
    },
  }
}

/** RFC 8446 §5.2: the real type stands behind the content. */
export function protection13(secret: Buffer): Protection {
  const key = expandLabel(secret, 'key', { length: 16 })
  const iv = expandLabel(secret, 'iv', { length: 12 })
  let sequence = 0n
  const next = (length: number): Gcm => {
    const mask = Buffer.concat([Buffer.alloc(4), counter(sequence++)])
    return gcm({ key, nonce: iv.map((byte, i) => byte ^ (mask[i] ?? 0)), about: header(TYPE.data, length) })
  }
  return {
    seal: ({ type, content }) => ({
      type: TYPE.data,
      content: next(content.length + 17).seal(Buffer.concat([content, Buffer.of(type)])),
    }),
    open: ({ content }) => {
      const plain = next(content.length).open(content)
      const end = plain.findLastIndex((byte) => byte !== 0)
      return { type: plain[end] ?? 0, content: plain.subarray(0, Math.max(0, end)) }
    },
  }
}

interface Gcm {
  readonly seal: (plain: Buffer) => Buffer
  readonly open: (sealed: Buffer) => Buffer
}

function gcm({ key, nonce, about }: { key: Buffer; nonce: Uint8Array; about: Buffer }): Gcm {
  return {
    seal: (plain) => {
      const cipher = createCipheriv('aes-128-gcm', key, nonce).setAAD(about)
      return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()])
    },
    open: (sealed) => {
      const decipher = createDecipheriv('aes-128-gcm', key, nonce).setAAD(about)
      decipher.setAuthTag(sealed.subarray(-16))
      return Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()])
    },
  }
}

function counter(value: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(value)
  return bytes
}

export function hmac(key: Buffer, bytes: Buffer): Buffer {
  return createHmac('sha256', key).update(bytes).digest()
}

/** RFC 5246 §5. @param seed a label and what it is about. */
export function prf(secret: Buffer, seed: readonly (string | Buffer)[], length: number): Buffer {
  const whole = Buffer.concat(seed.map((each) => Buffer.from(each)))
  const out: Buffer[] = []
  let link: Buffer = whole
  for (let bytes = 0; bytes < length; bytes += 32) {
    link = hmac(secret, link)
    out.push(hmac(secret, Buffer.concat([link, whole])))
  }
  return Buffer.concat(out).subarray(0, length)
}

/** RFC 5869 §2.2. */
export function extract(salt: Buffer, secret: Buffer): Buffer {
  return hmac(salt, secret)
}

/** RFC 8446 §7.1, for up to one hash's length. */
export function expandLabel(
  secret: Buffer,
  label: string,
  { context = Buffer.alloc(0), length = 32 }: { context?: Buffer; length?: number } = {},
): Buffer {
  const name = Buffer.from(`tls13 ${label}`)
  const about = Buffer.concat([
    Buffer.of(0, length, name.length),
    name,
    Buffer.of(context.length),
    context,
    Buffer.of(1),
  ])
  return hmac(secret, about).subarray(0, length)
}
