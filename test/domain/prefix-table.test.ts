// The compiled allow-list against a slow reference that cannot be wrong: BigInt arithmetic over every prefix.
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Address,
  type Prefix,
  formatPrefix,
  parseAddress,
  parsePrefix,
} from '../../src/domain/address.ts'
import { prefixTable } from '../../src/domain/prefix-table.ts'

const table = (...texts: string[]) => prefixTable(texts.map(parsePrefix))

function find(prefixes: ReturnType<typeof table>, text: string): string | undefined {
  const address = parseAddress(text)
  return address === undefined ? 'no address' : prefixes.find(address)
}

describe('prefix table', () => {
  it('finds nothing in an empty list', () => {
    expect(table().size).toBe(0)
    for (const text of ['0.0.0.0', '127.0.0.1', '::', '::1', '2a03:2880::1'])
      expect(find(table(), text)).toBeUndefined()
  })

  it('keeps the wider of two nested prefixes, in whatever order they come', () => {
    const nested = ['31.13.64.0/18', '31.13.64.0/24', '31.13.100.0/24', '31.13.64.0/18']
    for (const order of [nested, nested.toReversed()]) {
      expect(table(...order).size).toBe(1)
      expect(find(table(...order), '31.13.100.7')).toBe('31.13.64.0/18')
    }
  })

  it('keeps neighbours apart', () => {
    const two = table('31.13.64.0/19', '31.13.96.0/19')
    expect(two.size).toBe(2)
    expect(find(two, '31.13.95.255')).toBe('31.13.64.0/19')
    expect(find(two, '31.13.96.0')).toBe('31.13.96.0/19')
  })

  it('never mixes families', () => {
    const six = table('2a03:2880::/32', '::/0')
    expect(find(six, '42.3.40.128')).toBeUndefined()
    expect(find(six, '::ffff:42.3.40.128')).toBeUndefined()
    const four = table('42.3.40.128/32', '0.0.0.0/0')
    expect(find(four, '2a03:2880::')).toBeUndefined()
    expect(find(four, '::2a03:2880')).toBeUndefined()
    expect(find(four, '::ffff:2a03:2880')).toBe('0.0.0.0/0')
  })

  it('holds the ends of the address space', () => {
    const ends = table(
      '0.0.0.0/8',
      '255.255.255.255/32',
      '::/16',
      'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128',
    )
    expect(find(ends, '0.0.0.0')).toBe('0.0.0.0/8')
    expect(find(ends, '255.255.255.255')).toBe('255.255.255.255/32')
    expect(find(ends, '255.255.255.254')).toBeUndefined()
    expect(find(ends, '::')).toBe('::/16')
    expect(find(ends, 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff')).toBe(
      'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128',
    )
    expect(find(ends, 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe')).toBeUndefined()
  })

  it('cannot be changed', () => expect(Object.isFrozen(table('31.13.64.0/18'))).toBe(true))

  it('agrees with the reference at random addresses and at every border', () => {
    fc.assert(
      fc.property(
        fc.array(PREFIX, { maxLength: 40 }),
        fc.array(ADDRESS, { maxLength: 40 }),
        (prefixes, addresses) => {
          const compiled = prefixTable(prefixes)
          for (const address of [...addresses, ...prefixes.flatMap(borders)]) {
            const found = compiled.find(address)
            const expected = reference(prefixes, address)
            expect(found !== undefined, formatPrefix({ address, length: address.words.length * 32 })).toBe(
              expected.length > 0,
            )
            if (found !== undefined) expect(expected.map(formatPrefix)).toContain(found)
          }
        },
      ),
      { numRuns: 500 },
    )
  })

  it('an IPv4-mapped address gets the verdict of its IPv4 address', () => {
    fc.assert(
      fc.property(fc.array(PREFIX, { maxLength: 20 }), fc.nat(0xffff_ffff), (prefixes, word) => {
        const compiled = prefixTable(prefixes)
        const [high, low] = [(word >>> 16).toString(16), (word & 0xffff).toString(16)]
        const dotted = [24, 16, 8, 0].map((shift) => (word >>> shift) & 0xff).join('.')
        const plain = compiled.find({ family: 4, words: [word] })
        for (const text of [`::ffff:${dotted}`, `::ffff:${high}:${low}`, dotted]) {
          const address = parseAddress(text)
          expect(address === undefined ? 'no address' : compiled.find(address), text).toBe(plain)
        }
      }),
      { numRuns: 500 },
    )
  })
})

// Few distinct bits at the top, so that prefixes nest and touch.
const WORD = fc.oneof(
  fc.nat(0xffff_ffff),
  fc.nat(15).map((nibble) => (nibble << 28) >>> 0),
  fc.constantFrom(0, 0xffff_ffff, 0xffff),
)
const ADDRESS: fc.Arbitrary<Address> = fc.oneof(
  WORD.map((word) => ({ family: 4 as const, words: [word] })),
  fc.tuple(WORD, WORD, WORD, WORD).map((words) => ({ family: 6 as const, words })),
)
const PREFIX: fc.Arbitrary<Prefix> = fc.tuple(ADDRESS, fc.nat(128)).map(([address, any]) => {
  const bits = address.words.length * 32
  const length = any % (bits + 1)
  const network = (valueOf(address) >> BigInt(bits - length)) << BigInt(bits - length)
  return { address: addressOf(network, address.family), length }
})

function reference(prefixes: readonly Prefix[], address: Address): Prefix[] {
  const bits = address.words.length * 32
  return prefixes.filter(({ address: network, length }) => {
    const shift = BigInt(bits - length)
    return network.family === address.family && valueOf(network) >> shift === valueOf(address) >> shift
  })
}

/** First and last address of a prefix, and the ones before and after, where there are any. */
function borders({ address, length }: Prefix): Address[] {
  const bits = BigInt(address.words.length * 32)
  const first = valueOf(address)
  const last = first + (1n << (bits - BigInt(length))) - 1n
  return [first - 1n, first, last, last + 1n]
    .filter((value) => value >= 0n && value < 1n << bits)
    .map((value) => addressOf(value, address.family))
}

function valueOf({ words }: Address): bigint {
  return words.reduce((value, word) => (value << 32n) | BigInt(word), 0n)
}

function addressOf(value: bigint, family: 4 | 6): Address {
  const count = family === 4 ? 1 : 4
  const words = Array.from({ length: count }, (_, i) =>
    Number((value >> BigInt(32 * (count - 1 - i))) & 0xffff_ffffn),
  )
  return { family, words }
}
