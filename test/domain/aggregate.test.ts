// Aggregation: the same addresses as before, in as few prefixes as there can be. Small worlds are tried out completely,
// large ones are compared with a reference that knows only first and last addresses.
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Prefix, formatPrefix, parsePrefix } from '../../src/domain/address.ts'
import { aggregate, countAddresses, intersection } from '../../src/domain/aggregate.ts'

type Range = readonly [first: bigint, last: bigint]

/** Written anew for this test: shares no arithmetic with the code. */
function rangeOf({ address, length }: Prefix): Range {
  const bits = address.family === 4 ? 32 : 128
  const first = address.words.reduce((sum, word) => sum * 4_294_967_296n + BigInt(word), 0n)
  return [first, first + 2n ** BigInt(bits - length) - 1n]
}

/** The addresses of prefixes of one family, as ranges with gaps between them. */
function merged(prefixes: readonly Prefix[]): Range[] {
  return joined(prefixes.map(rangeOf).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
}

/** @param sorted by their first addresses. */
function joined(sorted: readonly Range[]): Range[] {
  const ranges: Range[] = []
  for (const [first, last] of sorted) {
    const before = ranges.at(-1)
    if (before !== undefined && first <= before[1] + 1n)
      ranges[ranges.length - 1] = [before[0], before[1] > last ? before[1] : last]
    else ranges.push([first, last])
  }
  return ranges
}

function size(ranges: readonly Range[]): bigint {
  return ranges.reduce((sum, [first, last]) => sum + last - first + 1n, 0n)
}

function common(one: readonly Range[], other: readonly Range[]): Range[] {
  return one.flatMap(([a, b]) =>
    other.flatMap(([c, d]): Range[] => {
      const [first, last] = [a > c ? a : c, b < d ? b : d]
      return first <= last ? [[first, last]] : []
    }),
  )
}

function ofFamily(prefixes: readonly Prefix[], family: 4 | 6): Prefix[] {
  return prefixes.filter(({ address }) => address.family === family)
}

function texts(prefixes: readonly Prefix[]): string[] {
  return prefixes.map(formatPrefix)
}

function prefixFrom(family: 4 | 6, value: bigint, length: number): Prefix {
  const bits = family === 4 ? 32 : 128
  const host = BigInt(bits - length)
  const network = (value >> host) << host
  const words = Array.from({ length: bits / 32 }, (_, i) =>
    Number((network >> BigInt(bits - 32 * (i + 1))) & 0xffffffffn),
  )
  return { address: { family, words }, length }
}

/** Crowded into few networks, so that prefixes are nested, next to each other, and halves. */
function somePrefixes(family: 4 | 6) {
  const bits = family === 4 ? 32 : 128
  const crowded = fc
    .tuple(
      fc.bigInt({ min: 0n, max: 255n }),
      fc.integer({ min: 0, max: 8 }),
      fc.constantFrom(0, 24, bits - 8),
    )
    .map(([value, longer, base]) => prefixFrom(family, value << BigInt(bits - base - 8), base + longer))
  const anywhere = fc
    .tuple(fc.bigInt({ min: 0n, max: 2n ** BigInt(bits) - 1n }), fc.integer({ min: 0, max: bits }))
    .map(([value, length]) => prefixFrom(family, value, length))
  return fc.array(fc.oneof({ arbitrary: crowded, weight: 4 }, anywhere), { maxLength: 40 })
}
const lists = fc.tuple(somePrefixes(4), somePrefixes(6)).map(([ipv4, ipv6]) => ipv6.concat(ipv4))

describe('aggregation', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ['of nothing is nothing', [], []],
    ['keeps one', ['157.240.0.0/16'], ['157.240.0.0/16']],
    ['keeps one of two', ['157.240.0.0/16', '157.240.0.0/16'], ['157.240.0.0/16']],
    [
      'drops what lies within',
      ['157.240.1.0/24', '157.240.0.0/16', '157.240.255.255/32'],
      ['157.240.0.0/16'],
    ],
    ['joins halves', ['157.240.128.0/17', '157.240.0.0/17'], ['157.240.0.0/16']],
    ['joins halves of halves', ['10.0.0.0/10', '10.64.0.0/10', '10.128.0.0/9'], ['10.0.0.0/8']],
    [
      'joins neighbours only where they are halves',
      ['10.0.1.0/24', '10.0.2.0/24'],
      ['10.0.1.0/24', '10.0.2.0/24'],
    ],
    ['joins no halves of different length', ['10.0.0.0/24', '10.0.1.0/25'], ['10.0.0.0/24', '10.0.1.0/25']],
    [
      'joins everything to everything',
      ['0.0.0.0/1', '128.0.0.0/1', '::/1', '8000::/1'],
      ['0.0.0.0/0', '::/0'],
    ],
    ['keeps everything', ['0.0.0.0/0', '0.0.0.0/0', '1.2.3.4/32'], ['0.0.0.0/0']],
    ['joins at the end of the space', ['255.255.255.254/32', '255.255.255.255/32'], ['255.255.255.254/31']],
    ['joins across 32 bits', ['2a03:2880::/32', '2a03:2881::/32', '2a03:2882::/31'], ['2a03:2880::/30']],
    ['joins within the last 32 bits', ['::2/128', '::3/128'], ['::2/127']],
    [
      'puts IPv4 first, each in order',
      ['2a03:2881::/32', '157.240.0.0/16', '2401:db00::/32', '31.13.64.0/18'],
      ['31.13.64.0/18', '157.240.0.0/16', '2401:db00::/32', '2a03:2881::/32'],
    ],
    ['never joins families', ['128.0.0.0/1', '::/1'], ['128.0.0.0/1', '::/1']],
  ])('%s', (_name, before, after) => expect(texts(aggregate(before.map(parsePrefix)))).toEqual(after))

  it('admits the same addresses as before, in ascending prefixes that are apart', () => {
    fc.assert(
      fc.property(lists, (before) => {
        const after = aggregate(before)
        for (const family of [4, 6] as const) {
          const prefixes = ofFamily(after, family)
          expect(merged(prefixes)).toEqual(merged(ofFamily(before, family)))
          expect(size(prefixes.map(rangeOf))).toBe(size(merged(prefixes)))
          expect(prefixes.map(rangeOf)).toEqual(prefixes.map(rangeOf).sort(([a], [b]) => (a < b ? -1 : 1)))
        }
        expect(after).toEqual([...ofFamily(after, 4), ...ofFamily(after, 6)])
      }),
      { numRuns: 500 },
    )
  })

  it('is the same however the list is ordered, and done once is done', () => {
    fc.assert(
      fc.property(lists, fc.infiniteStream(fc.nat()), (before, luck) => {
        const after = texts(aggregate(before))
        const shuffled = before
          .map((prefix) => ({ prefix, key: luck.next().value }))
          .sort((a, b) => a.key - b.key)
          .map(({ prefix }) => prefix)
        expect(texts(aggregate(shuffled))).toEqual(after)
        expect(texts(aggregate(aggregate(before)))).toEqual(after)
      }),
      { numRuns: 300 },
    )
  })

  it('leaves the list that it was given as it was', () => {
    const given = ['157.240.128.0/17', '157.240.0.0/17'].map(parsePrefix)
    const before = structuredClone(given)
    aggregate(Object.freeze(given))
    expect(given).toEqual(before)
  })
})

// Eight addresses (or blocks) have 15 prefixes: all 32,768 lists of them, and for each set of addresses the fewest prefixes
// that any list needs for it.
describe('in a world of eight, each of all lists becomes the fewest prefixes that there are', () => {
  it.each<[string, 4 | 6, string]>([
    ['at the end of IPv4', 4, '255.255.255.248/29'],
    ['in the middle of IPv4', 4, '157.240.0.0/21'],
    ['all of IPv4', 4, '0.0.0.0/0'],
    ['all of IPv6', 6, '::/0'],
    ['across the first 32 bits of IPv6', 6, '2a03:2880::/30'],
    ['across 64 bits', 6, '2a03:2880:0:fffc::/62'],
    ['across 96 bits', 6, '2a03:2880::fffc:0:0/94'],
    ['at the end of IPv6', 6, 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:fff8/125'],
  ])('%s', (_name, family, text) => {
    const { first, length } = worldOf(text)
    const bits = family === 4 ? 32 : 128
    const unit = 2n ** BigInt(bits - length - 3)
    // Each prefix with the set of those of the eight that it holds, as bits of a number.
    const all = [0, 1, 2, 3].flatMap((longer) =>
      Array.from({ length: 2 ** longer }, (_, nth) => {
        const width = 8 / 2 ** longer
        return {
          prefix: prefixFrom(family, first + BigInt(nth * width) * unit, length + longer),
          holds: (2 ** width - 1) << (nth * width),
        }
      }),
    )
    const listOf = (chosen: number) => all.filter((_, i) => (chosen & (1 << i)) !== 0)
    const holdsOf = (list: typeof all) => list.reduce((sum, { holds }) => sum | holds, 0)
    const fewest = new Map<number, number>()
    for (let chosen = 0; chosen < 2 ** all.length; chosen++) {
      const list = listOf(chosen)
      const holds = holdsOf(list)
      fewest.set(holds, Math.min(fewest.get(holds) ?? Infinity, list.length))
    }
    const known = new Map(all.map(({ prefix, holds }) => [formatPrefix(prefix), holds]))
    const wrong: string[] = []
    for (let chosen = 0; chosen < 2 ** all.length; chosen++) {
      const list = listOf(chosen)
      const after = aggregate(list.map(({ prefix }) => prefix)).map(formatPrefix)
      const holds = after.reduce((sum, one) => sum | (known.get(one) ?? NaN), 0)
      if (holds !== holdsOf(list) || after.length !== fewest.get(holds))
        wrong.push(`${chosen}: ${after.join(' ')}`)
    }
    expect(wrong).toEqual([])
  })

  function worldOf(text: string): { first: bigint; length: number } {
    const prefix = parsePrefix(text)
    return { first: rangeOf(prefix)[0], length: prefix.length }
  }
})

describe('counting and comparing', () => {
  it.each<[string, readonly string[], bigint]>([
    ['nothing', [], 0n],
    ['one address', ['1.2.3.4/32'], 1n],
    ['all of IPv4', ['0.0.0.0/0'], 2n ** 32n],
    ['all of IPv6', ['::/0'], 2n ** 128n],
    ['two families', ['157.240.0.0/16', '2a03:2880::/32'], 2n ** 16n + 2n ** 96n],
  ])('%s holds as many addresses as it does', (_name, prefixes, count) =>
    expect(countAddresses(prefixes.map(parsePrefix))).toBe(count),
  )

  it('counts and intersects aggregated lists as the reference does', () => {
    fc.assert(
      fc.property(lists, lists, (one, other) => {
        const [a, b] = [aggregate(one), aggregate(other)]
        const both = intersection(a, b)
        for (const family of [4, 6] as const) {
          const ranges = (list: readonly Prefix[]) => merged(ofFamily(list, family))
          expect(ranges(both)).toEqual(joined(common(ranges(a), ranges(b))))
          expect(countAddresses(ofFamily(a, family))).toBe(size(ranges(one)))
        }
        expect(countAddresses(both)).toBe(countAddresses(aggregate(both)))
        expect(texts(aggregate(intersection(b, a)))).toEqual(texts(aggregate(both)))
        expect(texts(intersection(a, a))).toEqual(texts(a))
      }),
      { numRuns: 500 },
    )
  })
})
