// The grammar of addresses and prefixes: what is one, what only looks like one, and how they are written.
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { covers, formatAddress, formatPrefix, parseAddress, parsePrefix } from '../../src/domain/address.ts'

describe('parseAddress', () => {
  it.each([
    ['0.0.0.0', '0.0.0.0'],
    ['255.255.255.255', '255.255.255.255'],
    ['31.13.64.1', '31.13.64.1'],
    ['::', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['2A03:2880:0:0:0:0:0:1', '2a03:2880::1'],
    ['2a03:2880::', '2a03:2880::'],
    ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['::2:3:4:5:6:7:8', '0:2:3:4:5:6:7:8'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
    ['1:0:0:2:3:0:0:4', '1::2:3:0:0:4'],
    ['::ffff:31.13.64.1', '31.13.64.1'],
    ['::FFFF:1F0D:4001', '31.13.64.1'],
    ['0:0:0:0:0:ffff:31.13.64.1', '31.13.64.1'],
    ['0000:0000:0000:0000:0000:ffff:255.255.255.255', '255.255.255.255'],
    ['::31.13.64.1', '::1f0d:4001'],
    ['::fffe:31.13.64.1', '::fffe:1f0d:4001'],
    ['1::ffff:31.13.64.1', '1::ffff:1f0d:4001'],
    ['64:ff9b::31.13.64.1', '64:ff9b::1f0d:4001'],
    ['1:2:3:4:5:6:31.13.64.1', '1:2:3:4:5:6:1f0d:4001'],
  ])('%s is %s', (text, shown) => {
    const address = parseAddress(text)
    expect(address === undefined ? undefined : formatAddress(address)).toBe(shown)
  })

  it.each([
    '',
    ' ',
    '31.13.64',
    '31.13.6149',
    '520241153',
    '0x1f.13.64.1',
    '031.13.24.5',
    '31.13.024.5',
    '31.13.64.00',
    '256.1.1.1',
    '31.13.64.1.1',
    '31.13.64.',
    '.13.64.1',
    '31.13.64.-1',
    '+31.13.64.1',
    '31.13.64.1 ',
    ' 31.13.64.1',
    '31.13.64.1\n',
    '31.13.64.1\0',
    '31.13.64.1:80',
    '31.13.64.1/32',
    '31,13,64,1',
    '３１.13.64.1',
    ':',
    ':::',
    '1:::2',
    '::1::',
    '1::2::3',
    ':1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1::2:3:4:5:6:7:8',
    '12345::',
    'g::',
    '::1%eth0',
    'fe80::1%25eth0',
    '[::1]',
    '[::1]:80',
    '::1/128',
    '31.13.64.1::',
    '::31.13.64.1:1',
    '1:31.13.64.1::',
    '::ffff:031.13.64.1',
    '::ffff:31.13.64',
    '::ffff:256.13.64.1',
    '1:2:3:4:5:6:7:31.13.64.1',
    'unknown',
    'localhost',
    '_hidden',
    '::1\n',
    `${'0'.repeat(50)}::1`,
  ])('%j is none', (text) => expect(parseAddress(text)).toBeUndefined())

  it('reads back every address it writes', () => {
    const word = fc.nat(0xffff_ffff)
    fc.assert(
      fc.property(fc.oneof(fc.tuple(word), fc.tuple(word, word, word, word)), (words) => {
        const address = { family: words.length === 1 ? (4 as const) : (6 as const), words }
        const mapped = words.length === 4 && words[0] === 0 && words[1] === 0 && words[2] === 0xffff
        const expected = mapped ? { family: 4, words: [words[3]] } : address
        expect(parseAddress(formatAddress(address))).toEqual(expected)
      }),
      { numRuns: 2_000, examples: [[[0, 0, 0xffff, 7]], [[0, 0, 0, 0]], [[0xffff_ffff]]] },
    )
  })

  it('never throws', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...Array.from('0123456789abcdefF:.%/[] ')), maxLength: 50 }),
        (text) => {
          parseAddress(text)
        },
      ),
      { numRuns: 3_000 },
    )
  })
})

describe('parsePrefix', () => {
  it.each([
    ['31.13.64.0/18', '31.13.64.0/18'],
    ['31.13.64.1/32', '31.13.64.1/32'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['::/0', '::/0'],
    ['2A03:2880:0::/32', '2a03:2880::/32'],
    ['::1/128', '::1/128'],
    ['2a03:2880:f000::/36', '2a03:2880:f000::/36'],
  ])('%s is %s', (text, shown) => expect(formatPrefix(parsePrefix(text))).toBe(shown))

  it.each([
    ['31.13.64.0', /no prefix length/],
    ['31.13.64.0/', /length/],
    ['31.13.64.0/33', /length/],
    ['31.13.64.0/024', /length/],
    ['31.13.64.0/+18', /length/],
    ['31.13.64.0/-1', /length/],
    ['31.13.64.0/18 ', /length/],
    ['31.13.64.0/ 18', /length/],
    ['31.13.64.0/1e1', /length/],
    ['31.13.64.0/18/18', /length/],
    ['31.13.64.0/255.255.192.0', /length/],
    ['2a03:2880::/129', /length/],
    [' 31.13.64.0/18', /not an IPv4 or IPv6 address/],
    ['31.13.64/18', /not an IPv4 or IPv6 address/],
    ['031.13.64.0/18', /not an IPv4 or IPv6 address/],
    ['31.13.64.0-31.13.127.255', /no prefix length/],
    ['::ffff:31.13.64.0/114', /length|IPv4 form/],
    ['::ffff:31.13.64.0/18', /IPv4 form/],
    ['31.13.64.1/18', /the network is 31\.13\.64\.0\/18/],
    ['2a03:2880::1/32', /the network is 2a03:2880::\/32/],
    ['', /no prefix length/],
    ['/', /not an IPv4 or IPv6 address/],
  ])('%j: %s', (text, message) => expect(() => parsePrefix(text)).toThrow(message))

  it('its message is one short printable line, whatever came', () => {
    const hostile = `\u001b[2J\r\n\u2028${'x'.repeat(1_000)}`
    expect(() => parsePrefix(hostile)).toThrow(/^[\x20-\x7e]{1,200}$/)
  })
})

describe('covers', () => {
  it.each([
    ['31.13.64.0/18', '31.13.64.0/19', true],
    ['31.13.64.0/18', '31.13.64.0/18', true],
    ['31.13.64.0/19', '31.13.64.0/18', false],
    ['31.13.64.0/18', '31.13.128.0/19', false],
    ['0.0.0.0/0', '255.255.255.255/32', true],
    ['::/0', '0.0.0.0/0', false],
    ['2a03:2880::/32', '2a03:2880:f000::/36', true],
    ['2a03:2880::/33', '2a03:2880:8000::/33', false],
    ['::/96', '::1/128', true],
  ] as const)('%s and %s: %s', (outer, inner, expected) =>
    expect(covers(parsePrefix(outer), parsePrefix(inner))).toBe(expected),
  )
})
