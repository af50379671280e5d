// The signature functions: bytes in, the same verdict however they were split, and nothing but Meta's exact shape.
import { createHmac } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  BodyDigests,
  parseSignature,
  sameDigest,
  sign,
  signatureMatches,
} from '../../src/domain/signature.ts'
import { CANARY_OLD_SECRET, CANARY_SECRET } from '../canary.ts'

const BODY = Buffer.from('{"object":"page","entry":[{"id":"0"}]}')

describe('sign', () => {
  it('is HMAC-SHA256 in lower-case hex behind sha256=', () => {
    // RFC 4231 test case 2.
    expect(sign(Buffer.from('what do ya want for nothing?'), 'Jefe')).toBe(
      'sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    )
  })

  it('fits its own body and secret only', () => {
    const field = sign(BODY, CANARY_SECRET)
    expect(signatureMatches(BODY, field, CANARY_SECRET)).toBe(true)
    expect(signatureMatches(BODY, field, CANARY_OLD_SECRET)).toBe(false)
    expect(signatureMatches(BODY.subarray(1), field, CANARY_SECRET)).toBe(false)
    expect(signatureMatches(BODY, field.toUpperCase(), CANARY_SECRET)).toBe(false)
    expect(signatureMatches(BODY, '', CANARY_SECRET)).toBe(false)
  })

  it('takes an empty body', () =>
    expect(signatureMatches(Buffer.alloc(0), sign(Buffer.alloc(0), 'x'), 'x')).toBe(true))
})

describe('BodyDigests', () => {
  const keys = [
    { app: 'shop', index: 0, secret: CANARY_SECRET },
    { app: 'shop', index: 1, secret: CANARY_OLD_SECRET },
  ]
  const expected = keys.map(({ app, index, secret }) => ({
    app,
    index,
    digest: createHmac('sha256', secret).update(BODY).digest(),
  }))

  it('gives the same digests split at every byte', () => {
    for (let at = 0; at <= BODY.length; at++) {
      const digests = new BodyDigests(keys)
      digests.update(BODY.subarray(0, at))
      digests.update(BODY.subarray(at))
      expect(digests.digests()).toEqual(expected)
    }
  })

  it('gives the same digests in pieces of any size', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 5_000 }),
        fc.array(fc.nat(700), { maxLength: 30 }),
        (body, sizes) => {
          const digests = new BodyDigests(keys.slice(0, 1))
          let at = 0
          for (const size of sizes) digests.update(body.subarray(at, (at += size)))
          digests.update(body.subarray(at))
          expect(digests.digests()[0]?.digest).toEqual(
            createHmac('sha256', CANARY_SECRET).update(body).digest(),
          )
        },
      ),
      { numRuns: 200 },
    )
  })

  it('has none without a key', () => expect(new BodyDigests([]).digests()).toEqual([]))
})

describe('parseSignature', () => {
  it('reads 32 bytes, or nothing', () => {
    expect(parseSignature(`sha256=${'0f'.repeat(32)}`)).toEqual(Buffer.alloc(32, 0x0f))
    for (const field of [
      '',
      'sha256=',
      `sha256=${'0F'.repeat(32)}`,
      `sha256=${'0f'.repeat(31)}`,
      `\nsha256=${'0f'.repeat(32)}`,
    ])
      expect(parseSignature(field), JSON.stringify(field)).toBeUndefined()
  })
})

describe('sameDigest', () => {
  it('compares bytes, and is false rather than a throw where lengths differ', () => {
    expect(sameDigest(Buffer.from('ab'), Buffer.from('ab'))).toBe(true)
    expect(sameDigest(Buffer.from('ab'), Buffer.from('ac'))).toBe(false)
    expect(sameDigest(Buffer.from('ab'), Buffer.from('abc'))).toBe(false)
    expect(sameDigest(new Uint8Array(0), new Uint8Array(0))).toBe(true)
  })
})
