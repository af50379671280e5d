// HMAC-SHA256 (RFC 2104) of a message that is there in one piece, as two hashes that are each computed in one call: of a small
// message createHmac spends more on making and freeing its contexts than on hashing. crypto.hash has the same SHA-256.
import { hash } from 'node:crypto'

/** SHA-256 takes its input in blocks of so many bytes (FIPS 180-4 §5.2.1); RFC 2104 calls it B. */
const BLOCK = 64
const DIGEST = 32
/** Bytes: up to here a message is copied behind the inner pad. */
export const ONE_PIECE = 16 * 1024

/** One message at a time, and nothing of it is read again. */
const room = Buffer.alloc(BLOCK + ONE_PIECE)

export class HmacKey {
  readonly #inner: Buffer
  /** The outer pad, and room for the inner hash. */
  readonly #outer = Buffer.alloc(BLOCK + DIGEST)

  constructor(secret: string) {
    const bytes = Buffer.from(secret, 'utf8')
    const key = Buffer.alloc(BLOCK)
    key.set(bytes.length > BLOCK ? hash('sha256', bytes, 'buffer') : bytes)
    this.#inner = key.map((byte) => byte ^ 0x36) as Buffer
    this.#outer.set(key.map((byte) => byte ^ 0x5c))
  }

  /** @param message of at most ONE_PIECE bytes. @throws RangeError where it is longer. */
  digest(message: Uint8Array): Buffer {
    room.set(this.#inner)
    room.set(message, BLOCK)
    // Text of one character a byte costs less than a buffer of its own for each.
    const inner = hash('sha256', room.subarray(0, BLOCK + message.length), 'binary')
    this.#outer.write(inner, BLOCK, 'binary')
    return Buffer.from(hash('sha256', this.#outer, 'binary'), 'latin1')
  }
}
