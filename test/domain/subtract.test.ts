// Subtraction of address sets against a reference that cannot be wrong: asking for addresses one by one.
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Prefix, formatPrefix, parsePrefix } from '../../src/domain/address.ts'
import { aggregate, countAddresses, intersection } from '../../src/domain/aggregate.ts'
import { subtract } from '../../src/domain/subtract.ts'

const minus = (from: readonly string[], what: readonly string[]) =>
  subtract(from.map(parsePrefix), what.map(parsePrefix)).map(formatPrefix)

describe('subtract', () => {
  it.each<[string, readonly string[], readonly string[], readonly string[]]>([
    ['nothing from something', ['31.13.64.0/18'], [], ['31.13.64.0/18']],
    ['something from nothing', [], ['31.13.64.0/18'], []],
    ['the same', ['31.13.64.0/18'], ['31.13.64.0/18'], []],
    ['the same in pieces', ['31.13.64.0/18'], ['31.13.96.0/19', '31.13.64.0/19'], []],
    ['a wider one', ['31.13.64.0/18', '8.8.8.0/24'], ['31.0.0.0/8'], ['8.8.8.0/24']],
    ['a half', ['31.13.64.0/18'], ['31.13.96.0/19'], ['31.13.64.0/19']],
    ['one address from four', ['1.2.3.0/30'], ['1.2.3.1/32'], ['1.2.3.0/32', '1.2.3.2/31']],
    ['another family', ['0.0.0.0/0'], ['::/0'], ['0.0.0.0/0']],
    ['the end of a family', ['::/0'], ['8000::/1'], ['::/1']],
    ['across a word', ['2a03:2880::/31'], ['2a03:2880::/33'], ['2a03:2880:8000::/33', '2a03:2881::/32']],
  ])('%s', (_name, ...[from, what, left]) => {
    expect(minus(from, what)).toEqual(left)
  })

  // Eight bits below 31.13.64.0/24 and the same below 2a03:2880::/120: small enough to ask for every address.
  const prefix = fc.record({ six: fc.boolean(), value: fc.nat(255), bits: fc.nat(8) }).map(small)
  const prefixes = fc.array(prefix, { maxLength: 12 })

  it('leaves exactly what is in one and not in the other, in the fewest prefixes', () => {
    fc.assert(
      fc.property(prefixes, prefixes, (from, what) => {
        const left = subtract(from, what)
        const taken = addresses(what)
        const wanted = [...addresses(from)].filter((one) => !taken.has(one))
        expect([...addresses(left)].sort()).toEqual(wanted.sort())
        expect(aggregate(left)).toEqual(left)
      }),
      { numRuns: 300 },
    )
  })

  it('what is left and what is common make the whole', () => {
    fc.assert(
      fc.property(prefixes, prefixes, (from, what) => {
        const whole = aggregate(from)
        const common = intersection(whole, aggregate(what))
        expect(countAddresses(subtract(from, what)) + countAddresses(common)).toBe(countAddresses(whole))
      }),
      { numRuns: 300 },
    )
  })
})

function small({ six, value, bits }: { six: boolean; value: number; bits: number }): Prefix {
  const first = (value >> (8 - bits)) << (8 - bits)
  return parsePrefix(
    six ? `2a03:2880::${first.toString(16)}/${120 + bits}` : `31.13.64.${first}/${24 + bits}`,
  )
}

function addresses(list: readonly Prefix[]): Set<string> {
  return new Set(
    list.flatMap(({ address, length }) => {
      const whole = address.family === 4 ? 32 : 128
      const first = (address.words.at(-1) ?? 0) & 0xff
      return Array.from({ length: 2 ** (whole - length) }, (_, i) => `${address.family}:${first + i}`)
    }),
  )
}
