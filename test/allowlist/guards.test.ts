// The guards that look at a new list alone, just inside and just outside of their limits.
import { describe, expect, it } from 'vitest'
import { metaRoutes, META_PREFIXES } from '../support/registry-objects.ts'
import { type Case, DEFAULTS, failures } from './guard-case.ts'

/** So many prefixes that are not neighbours. */
function apart(count: number, family: 4 | 6): string[] {
  return Array.from({ length: count }, (_, i) =>
    family === 4 ? `50.0.${i * 2}.0/24` : `2a03:2880:${(i * 2).toString(16)}::/48`,
  )
}

const TWO = ['50.0.0.0/16', '2a00::/32'] as const

describe('just inside of a limit nothing is refused', () => {
  it.each<[string, Case]>([
    [
      'as few objects as there have to be',
      { registered: [...apart(3, 4), ...apart(4, 6)], limits: { minIPv4: 3, minIPv6: 4 } },
    ],
    ['as few addresses as there have to be', { registered: ['50.0.0.0/24'], limits: { minAddresses: 256 } }],
    [
      'as many addresses as there may be',
      { registered: ['50.0.0.0/24', '50.0.0.0/25'], limits: { maxAddresses: 256 } },
    ],
    [
      'all of IPv6 counts as no address',
      { registered: ['50.0.0.0/24', '2a00::/16'], limits: { maxAddresses: 256 } },
    ],
    [
      'as broad as a prefix may be',
      { registered: ['48.0.0.0/12', '2a03:2800::/24'], limits: { broadestIPv4: 12, broadestIPv6: 24 } },
    ],
    [
      'neighbours that are broader together',
      { registered: ['48.0.0.0/12', '48.16.0.0/12'], limits: { broadestIPv4: 12 } },
    ],
    ['well-known prefixes as they are', { registered: TWO, limits: { wellKnown: [...TWO] } }],
    [
      'well-known prefixes within broader ones',
      { registered: TWO, limits: { wellKnown: ['50.0.255.0/24', '2a00:0:1::/48'] } },
    ],
    [
      'well-known prefixes in halves',
      { registered: ['50.0.128.0/17', '50.0.0.0/17'], limits: { wellKnown: ['50.0.0.0/16'] } },
    ],
    [
      'well-known prefixes in many pieces',
      {
        registered: ['50.0.0.0/17', '50.0.128.0/18', '50.0.192.0/19', '50.0.224.0/19'],
        limits: { wellKnown: ['50.0.0.0/16'] },
      },
    ],
    [
      'networks beside private ones',
      {
        registered: [
          '9.0.0.0/8',
          '11.0.0.0/8',
          '172.32.0.0/16',
          '192.167.0.0/16',
          '2001:200::/23',
          '2001:db9::/32',
          '2003::/16',
        ],
        limits: {},
      },
    ],
  ])('%s', (_name, one) => expect(failures(one)).toEqual([]))
})

describe('just outside of a limit one guard refuses, with the numbers', () => {
  it.each<[string, Case, string]>([
    [
      'malformed prefixes',
      { registered: TWO, malformed: ['route x (line 7)'], limits: {} },
      'prefix: route x (line 7)',
    ],
    [
      'too few IPv4 objects',
      { registered: [...apart(2, 4), ...apart(4, 6)], limits: { minIPv4: 3, minIPv6: 4 } },
      'count: 2 IPv4 objects, at least 3 expected',
    ],
    [
      'too few IPv6 objects',
      { registered: [...apart(3, 4), ...apart(3, 6)], limits: { minIPv4: 3, minIPv6: 4 } },
      'count: 3 IPv6 objects, at least 4 expected',
    ],
    [
      'too few addresses',
      { registered: ['50.0.0.0/25', '50.0.0.128/26', '2a00::/32'], limits: { minAddresses: 193 } },
      'coverage: 192 IPv4 addresses, expected between 193 and 4294967296',
    ],
    [
      'too many addresses',
      { registered: ['50.0.0.0/24', '50.0.2.0/32'], limits: { maxAddresses: 256 } },
      'coverage: 257 IPv4 addresses, expected between 0 and 256',
    ],
    [
      'a prefix that is too broad',
      { registered: ['48.0.0.0/11', '2a03:2800::/24'], limits: { broadestIPv4: 12, broadestIPv6: 24 } },
      'breadth: broader than /12 or /24 (IPv6): 48.0.0.0/11',
    ],
    [
      'an IPv6 prefix that is too broad',
      { registered: ['48.0.0.0/12', '2a03:2800::/23'], limits: { broadestIPv4: 12, broadestIPv6: 24 } },
      'breadth: broader than /12 or /24 (IPv6): 2a03:2800::/23',
    ],
    [
      'a well-known prefix that is gone',
      { registered: TWO, limits: { wellKnown: ['50.1.0.0/16', '2a00::/32'] } },
      'well-known: no longer inside: 50.1.0.0/16',
    ],
    [
      'a well-known prefix of which half is there',
      { registered: ['50.0.0.0/17', '2a00::/32'], limits: { wellKnown: ['50.0.0.0/16'] } },
      'well-known: no longer inside: 50.0.0.0/16',
    ],
    [
      'a well-known prefix of which one address is missing',
      {
        registered: ['50.0.0.0/17', '50.0.128.0/18', '50.0.192.0/19', '50.0.224.0/20'],
        limits: { wellKnown: ['50.0.0.0/16'] },
      },
      'well-known: no longer inside: 50.0.0.0/16',
    ],
  ])('%s', (_name, one, failure) => expect(failures(one)).toEqual([failure]))

  it.each([
    '0.0.0.0/8',
    '10.0.0.0/8',
    '10.255.255.255/32',
    '100.64.0.0/10',
    '127.0.0.1/32',
    '169.254.0.0/16',
    '172.16.0.0/12',
    '172.31.0.0/16',
    '192.0.2.0/24',
    '192.168.0.0/16',
    '198.18.0.0/15',
    '198.51.100.0/24',
    '203.0.113.0/24',
    '224.0.0.0/8',
    '239.255.255.255/32',
    '240.0.0.0/8',
    '255.255.255.255/32',
    '192.0.0.0/16',
    '::/16',
    '::1/128',
    '64:ff9b::/96',
    '100::/64',
    '2001::/32',
    '2001:10::/28',
    '2001:db8::/48',
    '2002::/16',
    '3fff::/32',
    '4000::/16',
    '5f00::/16',
    'fc00::/16',
    'fdff::/16',
    'fe80::/16',
    'ff02::1/128',
    '1fff::/16',
  ])('private or reserved space: %s', (prefix) =>
    expect(failures({ registered: [...TWO, prefix], limits: {} })).toEqual([
      `reserved: private or reserved space among the objects: ${prefix}`,
    ]),
  )

  it('names a few of many', () => {
    const registered = Array.from({ length: 8 }, (_, i) => `10.${i}.0.0/16`)
    expect(failures({ registered, limits: {} })).toEqual([
      expect.stringMatching(/: 10\.0\.0\.0\/16, .*10\.4\.0\.0\/16 and 3 more$/),
    ])
  })

  it('all that fail are told at once, in one order', () => {
    const found = failures({
      registered: ['0.0.0.0/0', '::/0'],
      present: TWO,
      malformed: ['x'],
      limits: { ...DEFAULTS, shrink: 30 },
    })
    expect(found.map((text) => text.split(':')[0])).toEqual([
      'prefix',
      'reserved',
      'breadth',
      'count',
      'count',
      'coverage',
      'growth',
      'growth',
    ])
  })
})

describe('the defaults', () => {
  it('are those of the facts about AS32934', () =>
    expect(DEFAULTS).toEqual({
      minIPv4: 200,
      minIPv6: 300,
      minAddresses: 200_000,
      maxAddresses: 4_000_000,
      broadestIPv4: 12,
      broadestIPv6: 24,
      wellKnown: ['31.13.64.0/18', '157.240.0.0/16', '2a03:2880::/32'],
      shrink: 30,
      growth: 2,
    }))

  it('let the real list pass, at the first time and afterwards', () => {
    const registered = metaRoutes().map(({ prefix }) => prefix)
    for (const present of [undefined, META_PREFIXES])
      expect(failures({ registered, present, limits: DEFAULTS })).toEqual([])
  })
})
