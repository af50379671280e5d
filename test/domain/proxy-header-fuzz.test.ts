// A PROXY header split anywhere, spoilt anywhere, or made of anything: one verdict, whatever has come of it, and nothing
// read beyond it.
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readProxyHeader } from '../../src/domain/proxy-header.ts'
import { SSL, inet6, summed, tlv, version1, version2 } from '../support/proxy-headers.ts'

const META6 = '2a032880000000000000000000000001'
const GOOD: readonly Buffer[] = [
  Buffer.from(version1()),
  Buffer.from(version1('2a03:2880::1')),
  Buffer.from('PROXY UNKNOWN\r\n'),
  version2(),
  version2({ family: 0x21, addresses: inet6(META6) }),
  version2({ tlvs: [tlv(5, 'id'), SSL] }),
  summed(),
  version2({ command: 0x20, family: 0, addresses: Buffer.alloc(0) }),
]

/** The verdict when bytes come one by one, as `more` is asked for. */
function bytewise(bytes: Uint8Array) {
  for (let length = 0; length <= bytes.length; length++) {
    const header = readProxyHeader(bytes.subarray(0, length))
    if (header.outcome !== 'more') return { header, at: length }
  }
  return { header: readProxyHeader(bytes), at: bytes.length }
}

/** Every beginning that decides, decides as the whole. */
function expectOneVerdict(bytes: Uint8Array): void {
  const whole = readProxyHeader(bytes)
  const { header, at } = bytewise(bytes)
  expect(header).toEqual(whole)
  if (header.outcome === 'read') expect(header.length).toBe(at)
}

const headerLike = fc.oneof(
  fc.constantFrom(...GOOD),
  fc
    .string({ unit: 'binary-ascii', maxLength: 120 })
    .map((text) => Buffer.from(`PROXY ${text}\r\n`, 'latin1')),
  fc
    .array(fc.constantFrom(' ', 'TCP4', 'TCP6', 'UNKNOWN', '1.2.3.4', '::1', '1', '65536', '\r', '\n', 'x'), {
      maxLength: 14,
    })
    .map((parts) => Buffer.from(`PROXY ${parts.join('')}`)),
  fc
    .record({
      command: fc.integer({ min: 0, max: 255 }),
      family: fc.integer({ min: 0, max: 255 }),
      addresses: fc.uint8Array({ maxLength: 40 }),
      tlvs: fc.array(fc.uint8Array({ maxLength: 9 }), { maxLength: 3 }),
      length: fc.integer({ min: 0, max: 90 }),
    })
    .map(version2),
  fc
    .record({
      command: fc.constantFrom(0x20, 0x21),
      family: fc.constantFrom(0x00, 0x11, 0x21, 0x31),
      addresses: fc.uint8Array({ minLength: 10, maxLength: 40 }),
      tlvs: fc.array(
        fc
          .tuple(fc.constantFrom(1, 3, 4, 0x20), fc.uint8Array({ maxLength: 9 }))
          .map(([type, value]) => tlv(type, value)),
        { maxLength: 3 },
      ),
    })
    .map(version2),
  fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
)

describe('a PROXY header', () => {
  it.each(GOOD.map((header, i) => [i, header] as const))(
    'good one %i: every single byte changed to every value',
    (_i, header) => {
      for (let at = 0; at < header.length; at++)
        for (let value = 0; value < 256; value++) {
          const changed = Buffer.from(header)
          changed.writeUInt8(value, at)
          const whole = readProxyHeader(changed)
          const { header: slow } = bytewise(changed)
          if (JSON.stringify(slow) !== JSON.stringify(whole))
            expect(slow, `byte ${at} is ${value}`).toEqual(whole)
        }
    },
  )

  it('has one verdict however it is split, whatever it is made of and whatever follows', () => {
    fc.assert(
      fc.property(headerLike, fc.uint8Array({ maxLength: 30 }), (header, rest) =>
        expectOneVerdict(Buffer.concat([header, rest])),
      ),
      { numRuns: 5_000 },
    )
  })

  it('is not changed, nor is anything behind it looked at', () => {
    fc.assert(
      fc.property(headerLike, fc.uint8Array({ minLength: 1, maxLength: 30 }), (header, rest) => {
        const alone = readProxyHeader(header)
        fc.pre(alone.outcome === 'read' && alone.length === header.length)
        const both = Buffer.concat([header, rest])
        const before = both.toString('hex')
        expect(readProxyHeader(both)).toEqual(alone)
        expect(both.toString('hex')).toBe(before)
      }),
      { numRuns: 500 },
    )
  })

  it('says what is wrong without a byte of it as it came', () => {
    fc.assert(
      fc.property(headerLike, (header) => {
        const verdict = readProxyHeader(header)
        if (verdict.outcome === 'refused') expect(verdict.reason).toMatch(/^[\x20-\x7e]{5,100}$/)
      }),
      { numRuns: 3_000 },
    )
  })
})
