// Finds how much of a body a signature covers, where that is less than all of it: HMAC over every prefix, one pass.
import { createHash } from 'node:crypto'
import { sameDigest } from './signature.ts'

/** Prefixes up to this length are tried, bytes; each costs a few microseconds. */
const FROM_START = 64 * 1024
/** And this many that end near the end. */
const NEAR_END = 4096

const BLOCK = 64

/** @returns the length in bytes of the prefix whose HMAC-SHA256 is `digest`; undefined where none of those tried is. */
export function signedPrefix(body: Uint8Array, secret: string, digest: Uint8Array): number | undefined {
  const { inner, outer } = keyed(secret)
  const whole = body.length
  for (let length = 0; length < whole; length++) {
    if (length === FROM_START && whole - NEAR_END > FROM_START) {
      inner.update(body.subarray(length, whole - NEAR_END))
      length = whole - NEAR_END
    }
    if (sameDigest(outer.copy().update(inner.copy().digest()).digest(), digest)) return length
    inner.update(body.subarray(length, length + 1))
  }
  return undefined
}

// RFC 2104, by hand: a Hash can be copied midway, an Hmac cannot.
function keyed(secret: string) {
  const bytes = Buffer.from(secret)
  const key = Buffer.alloc(BLOCK)
  const short = bytes.length > BLOCK ? createHash('sha256').update(bytes).digest() : bytes
  short.copy(key)
  return {
    inner: createHash('sha256').update(key.map((byte) => byte ^ 0x36)),
    outer: createHash('sha256').update(key.map((byte) => byte ^ 0x5c)),
  }
}
