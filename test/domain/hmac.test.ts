// HMAC in two hashes gives what createHmac gives, whatever the key and the message are.
import { createHmac } from 'node:crypto'
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { HmacKey, ONE_PIECE } from '../../src/domain/hmac.ts'

const expected = (secret: string, message: Uint8Array) =>
  createHmac('sha256', secret).update(message).digest('hex')

it('is HMAC-SHA256 by RFC 4231, test case 2', () =>
  expect(new HmacKey('Jefe').digest(Buffer.from('what do ya want for nothing?')).toString('hex')).toBe(
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  ))

it.each([0, 1, 31, 32, 63, 64, 65, 128, 200])('takes a key of %i bytes', (length) => {
  const secret = 'k'.repeat(length)
  const message = Buffer.from('{"object":"page"}')
  expect(new HmacKey(secret).digest(message).toString('hex')).toBe(expected(secret, message))
})

it.each([0, 1, 55, 56, 63, 64, 65, 1_500, ONE_PIECE - 1, ONE_PIECE])(
  'takes a message of %i bytes',
  (length) => {
    const message = Buffer.alloc(length, 0xe9)
    expect(new HmacKey('key').digest(message).toString('hex')).toBe(expected('key', message))
  },
)

it('gives the same as createHmac for any key and message', () =>
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 100 }),
      fc.uint8Array({ maxLength: 300 }),
      (secret, message) => {
        const key = new HmacKey(secret)
        expect(key.digest(message).toString('hex')).toBe(expected(secret, message))
        // Nothing of one message stays for the next.
        expect(key.digest(message.subarray(1)).toString('hex')).toBe(expected(secret, message.subarray(1)))
      },
    ),
    { numRuns: 2_000 },
  ))

it('refuses a message that has no room', () =>
  expect(() => new HmacKey('key').digest(Buffer.alloc(ONE_PIECE + 1))).toThrow(RangeError))
