// X-Hub-Signature-256: HMAC-SHA256 of the body's bytes under an app secret, in lower-case hex behind "sha256=".
// Bytes in, bytes out: text never takes part, so no BOM, escape or encoding can change what is signed.
import { type Hmac, createHmac, timingSafeEqual } from 'node:crypto'
import { HmacKey, ONE_PIECE } from './hmac.ts'

const FIELD = /^sha256=([0-9a-f]{64})$/

/** One secret of one app, ready to sign; `index` counts the app's secrets from 0, the newest. */
export interface SigningKey {
  readonly app: string
  readonly index: number
  readonly secret: string
}

export interface Digest {
  readonly app: string
  readonly index: number
  readonly digest: Uint8Array
}

/** Takes the body as it arrives, in chunks of any size, and gives the digest under every key at the end. */
export class BodyDigests {
  readonly #running: { app: string; index: number; hmac: Hmac }[]

  constructor(keys: readonly SigningKey[]) {
    this.#running = keys.map(({ app, index, secret }) => ({ app, index, hmac: createHmac('sha256', secret) }))
  }

  update(chunk: Uint8Array): void {
    for (const { hmac } of this.#running) hmac.update(chunk)
  }

  digests(): readonly Digest[] {
    return this.#running.map(({ app, index, hmac }) => ({ app, index, digest: hmac.digest() }))
  }
}

/** The same of a whole body at once: of a small one for less. */
export function digestsOf(body: Uint8Array, keys: readonly SigningKey[]): readonly Digest[] {
  if (body.length <= ONE_PIECE)
    return keys.map((key) => ({ app: key.app, index: key.index, digest: hmacKey(key).digest(body) }))
  const digests = new BodyDigests(keys)
  digests.update(body)
  return digests.digests()
}

const hmacKeys = new WeakMap<SigningKey, HmacKey>()

function hmacKey(key: SigningKey): HmacKey {
  const known = hmacKeys.get(key)
  if (known !== undefined) return known
  const made = new HmacKey(key.secret)
  hmacKeys.set(key, made)
  return made
}

/** @returns the value for X-Hub-Signature-256. */
export function sign(body: Uint8Array, secret: string): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`
}

/** Whether `field` is the signature of exactly these bytes, compared in constant time; a malformed field is not. */
export function signatureMatches(body: Uint8Array, field: string, secret: string): boolean {
  const presented = parseSignature(field)
  return presented !== undefined && sameDigest(createHmac('sha256', secret).update(body).digest(), presented)
}

/** @returns the 32 bytes presented, or undefined where the field is not of exactly Meta's shape. */
export function parseSignature(field: string): Uint8Array | undefined {
  const hex = FIELD.exec(field)?.[1]
  return hex === undefined ? undefined : Buffer.from(hex, 'hex')
}

/** Constant time; false rather than a throw where lengths differ. */
export function sameDigest(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}
