// The set of revoked serials against the plainest one there is: whatever is in it is found, and nothing else.
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SerialSet } from '../../src/tls/crl-serials.ts'

/** @param serials hex. */
function setOf(serials: readonly string[]): SerialSet {
  const bytes = Buffer.concat(
    serials.map((hex) => Buffer.concat([Buffer.of(0x02, hex.length / 2), Buffer.from(hex, 'hex')])),
  )
  const set = new SerialSet(bytes, serials.length)
  for (let at = 1; at < bytes.length; at += bytes.readUInt8(at) + 2) set.add(at)
  return set
}

const withoutZeros = (hex: string): string => hex.replace(/^(?:00)+(?=..)/, '')

// Few different bytes and lengths, so that equal ones, prefixes of others and zeros are frequent.
const serial = fc
  .array(fc.constantFrom('00', '01', '0a', '80', 'ff'), { minLength: 1, maxLength: 5 })
  .map((bytes) => bytes.join(''))

describe('a set of serials', () => {
  it('holds what was added, zeros before it aside', () => {
    fc.assert(
      fc.property(fc.array(serial, { maxLength: 300 }), fc.array(serial), (added, asked) => {
        const set = setOf(added)
        const plain = new Set(added.map(withoutZeros))
        expect(set.size).toBe(plain.size)
        for (const one of [...added, ...asked]) {
          expect(set.has(one)).toBe(plain.has(withoutZeros(one)))
          expect(set.has(one.toUpperCase())).toBe(plain.has(withoutZeros(one)))
        }
      }),
      { numRuns: 500 },
    )
  })

  it('never takes the beginning of a serial for the whole', () => {
    for (let first = 1; first < 256; first++) {
      const prefix = first.toString(16).padStart(2, '0')
      const longer = Array.from({ length: 256 }, (_, i) => prefix + i.toString(16).padStart(2, '0'))
      expect(setOf(longer).has(prefix), prefix).toBe(false)
    }
  })

  it('holds a million that count upwards, without slowing down', { timeout: 60_000 }, () => {
    const count = 1_000_000
    const bytes = Buffer.alloc(count * 6)
    const set = new SerialSet(bytes, count)
    for (let i = 0; i < count; i++) {
      bytes.writeUInt8(4, i * 6 + 1)
      bytes.writeUInt32BE(i, i * 6 + 2)
      set.add(i * 6 + 1)
    }
    expect(set.size).toBe(count)
    expect([0, 1, 999_999, 1_000_000].map((number) => set.has(number.toString(16)))).toEqual([
      true,
      true,
      true,
      false,
    ])
  })
})
