// `hubgate allowlist show, check, diff, export` as programs: what they answer, and what they end with.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FORMATS, exportList } from '../../src/allowlist/exports.ts'
import { listText } from '../../src/allowlist/store.ts'
import { parsePrefix } from '../../src/domain/address.ts'
import { META_PREFIXES } from '../support/registry-objects.ts'
import { Place } from './allowlist-place.ts'

const LIST = META_PREFIXES.map(parsePrefix)
const DAY = 86_400_000

/** As a refresh stores it, so many days ago. */
function stored(days: number): string {
  const time = new Date(Date.now() - days * DAY)
  return listText(LIST, { source: 'whois.example:43 (RADB)', time, objects: { ipv4: 433, ipv6: 648 } })
}

let place: Place
beforeEach(() => {
  place = new Place()
  place.write('hubgate.yaml', 'sources: { allowlist: list.txt }\napps: { shop: {} }\n')
  place.write('list.txt', stored(3))
})
afterEach(() => place.remove())

describe('show', () => {
  it('says where the list came from, how old it is, and that its lines are those that were stored', async () => {
    const { code, out, err } = await place.allowlist(['show'])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out.replace(/[0-9a-f]{64}/, 'DIGEST').replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/, 'TIME')).toBe(
      `${place.path('list.txt')}
  source    whois.example:43 (RADB)
  objects   433 IPv4, 648 IPv6
  sha256    DIGEST, fits the lines
  time      TIME (3 days ago)
  prefixes  23 IPv4, 5 IPv6: 531,968 IPv4 addresses

${META_PREFIXES.join('\n')}
`,
    )
  })

  it('--json says the same to programs', async () => {
    place.write(
      'list.txt.status.json',
      '{"time":"2026-11-20T04:00:00.000Z","outcome":"failed","detail":"no connection"}',
    )
    const { code, out } = await place.allowlist(['show', '--json'])
    expect(code).toBe(0)
    expect(JSON.parse(out)).toEqual({
      file: place.path('list.txt'),
      source: 'whois.example:43 (RADB)',
      time: expect.stringMatching(/^\d{4}-.*Z$/),
      written: expect.stringMatching(/^\d{4}-.*Z$/),
      ageSeconds: expect.any(Number),
      objects: { ipv4: 433, ipv6: 648 },
      counts: { ipv4: 23, ipv6: 5 },
      addresses: { ipv4: '531968', ipv6: expect.stringMatching(/^\d{30}$/) },
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      verified: true,
      lastRefresh: { time: '2026-11-20T04:00:00.000Z', outcome: 'failed', detail: 'no connection' },
      prefixes: META_PREFIXES,
    })
  })

  it.each([
    ['a line more', (text: string) => `${text}198.18.0.0/24\n`],
    ['a line less', (text: string) => text.replace('31.13.24.0/21\n', '')],
    ['another order', (text: string) => text.replace(/(31\.13\.24\.0\/21\n)(.*\n)/, '$2$1')],
  ])('%s than was stored is said: 3', async (_name, edit) => {
    place.write('list.txt', edit(stored(0)))
    const { code, out, err } = await place.allowlist(['show'])
    expect(code).toBe(3)
    expect(out).toContain('  sha256    DOES NOT FIT the lines\n')
    expect(err).toMatch(/^hubgate: error: .*the lines are not those that were stored[^\n]*\nhubgate: hint: /)
  })

  it('a list of another hand has no digest, and is shown', async () => {
    const own = place.write('own.txt', '# mine\n31.13.64.0/18\n31.13.64.0/24 # inside\n')
    const { code, out } = await place.allowlist(['show', '--file', 'own.txt'])
    expect(code).toBe(0)
    expect(out).toMatch(/^ {2}source +not known/m)
    expect(out).toContain(
      '  prefixes  2 IPv4, 0 IPv6: 16,384 IPv4 addresses\n\n31.13.64.0/18\n31.13.64.0/24\n',
    )
    expect(JSON.parse((await place.allowlist(['show', '--file', own, '--json'])).out)).toMatchObject({
      source: null,
      sha256: null,
      verified: null,
    })
  })

  it('an old list is called one', async () => {
    place.write('list.txt', stored(9))
    expect((await place.allowlist(['show'])).out).toMatch(/9 days ago; older than sources\.maxAge\)/)
  })
})

describe('a list that is none', () => {
  it.each([
    [
      'that is not there: 1, and how to get one',
      { text: undefined, exit: 1, said: /there is no list at .*\n.*hubgate allowlist refresh/ },
    ],
    ['of comments alone: 3', { text: '# nothing\n', exit: 3, said: /holds no prefix/ }],
    [
      'with a line that is none: 3',
      { text: '31.13.64.0/18\n31.13.64.7/18\n', exit: 3, said: /line 2: .*bits are set beyond/ },
    ],
  ])('%s', async (_name, { text, exit, said }) => {
    if (text !== undefined) place.write('bad.txt', text)
    const { code, out, err } = await place.allowlist(['check', '31.13.64.1', '--file', 'bad.txt'])
    expect({ code, out }).toEqual({ code: exit, out: '' })
    expect(err).toMatch(said)
  })
})

describe('check', () => {
  it.each([
    ['157.240.1.1', '157.240.0.0/16'],
    ['::ffff:157.240.1.1', '157.240.0.0/16'],
    ['2A03:2880:0::1', '2a03:2880::/31'],
  ])('%s is in %s: 0', async (address, prefix) => {
    const { code, out } = await place.allowlist(['check', address])
    expect(code).toBe(0)
    expect(out).toContain(` is in ${prefix}, from ${place.path('list.txt')}\n`)
  })

  it('says how it read an address that is spelled otherwise', async () => {
    expect((await place.allowlist(['check', '::FFFF:9df0:101'])).out).toMatch(
      /^::FFFF:9df0:101 \(157\.240\.1\.1\) is in 157\.240\.0\.0\/16/,
    )
  })

  it.each(['8.8.8.8', '2002:9df0:101::1', '42.3.40.128'])('%s is in none: 3', async (address) => {
    const { code, out, err } = await place.allowlist(['check', address])
    expect({ code, err }).toEqual({ code: 3, err: '' })
    expect(out).toBe(`${address} is in none of the 28 prefixes of ${place.path('list.txt')}\n`)
  })

  it.each(['157.240.01.1', '157.240.1.0/24', 'fe80::1%eth0', ''])(
    '"%s" is no address: 2',
    async (address) => {
      const { code, out, err } = await place.allowlist(['check', address])
      expect({ code, out }).toEqual({ code: 2, out: '' })
      expect(err).toMatch(/is not an IPv4 or IPv6 address\nhubgate: hint: /)
    },
  )

  it('sources.extra counts, and is named', async () => {
    place.write('hubgate.yaml', 'sources: { allowlist: list.txt, extra: ["192.0.2.0/24"] }')
    const within = await place.allowlist(['check', '192.0.2.7'])
    expect(within).toMatchObject({
      code: 0,
      out: '192.0.2.7 is in 192.0.2.0/24, from sources.extra of hubgate.yaml\n',
    })
    const outside = await place.allowlist(['check', '8.8.8.8'])
    expect(outside.code).toBe(3)
    expect(outside.out).toMatch(
      / is in none of the 28 prefixes of .*, nor of the 1 of sources\.extra of hubgate\.yaml\n$/,
    )
  })

  it('--json answers programs', async () => {
    place.write('hubgate.yaml', 'sources: { allowlist: list.txt, extra: ["192.0.2.0/24"] }')
    const answer = async (address: string): Promise<unknown> =>
      JSON.parse((await place.allowlist(['check', '--json', address])).out)
    const file = place.path('list.txt')
    expect(await answer('157.240.1.1')).toEqual({
      address: '157.240.1.1',
      prefix: '157.240.0.0/16',
      from: 'list',
      file,
    })
    expect(await answer('192.0.2.7')).toMatchObject({ prefix: '192.0.2.0/24', from: 'sources.extra' })
    expect(await answer('8.8.8.8')).toMatchObject({ prefix: null, from: null })
  })

  it.each([
    ['none', 'admits every address'],
    ['observe', 'records what is outside, and admits it'],
  ])('sources.mode %s is noted', async (mode, said) => {
    place.write('hubgate.yaml', `sources: { allowlist: list.txt, mode: ${mode} }`)
    const { code, err } = await place.allowlist(['check', '8.8.8.8'])
    expect(code).toBe(3)
    expect(err).toContain(`hubgate: note: sources.mode is ${mode}: the gateway ${said}`)
  })
})

describe('diff', () => {
  it('the same addresses in other words are the same: 0', async () => {
    const other = [...META_PREFIXES.slice(1), '31.13.28.0/22', '31.13.24.0/22', '31.13.64.0/24']
    place.write('other.txt', `${other.join('\n')}\n`)
    const { code, out } = await place.allowlist(['diff', 'other.txt'])
    expect(code).toBe(0)
    expect(out).toBe(`${place.path('list.txt')} and other.txt hold the same addresses\n`)
  })

  it('tells what would come and what would go: 3', async () => {
    const other = `${META_PREFIXES.slice(1).join('\n')}\n31.13.24.0/22\n192.0.2.0/24\n2001:db8::/32\n`
    const { code, out } = await place.allowlist(['diff', '-'], { input: other })
    expect(code).toBe(3)
    expect(out).toBe(`+ 192.0.2.0/24
+ 2001:db8::/32
- 31.13.28.0/22
# would add 256 IPv4 addresses and 1 IPv6 prefixes; would take away 1024 IPv4 addresses and 0 IPv6 prefixes
`)
  })

  it('--json answers programs; --file is the list it is compared with', async () => {
    place.write('one.txt', '31.13.64.0/18\n')
    place.write('two.txt', '31.13.64.0/19\n')
    const { code, out } = await place.allowlist(['diff', 'two.txt', '--file', 'one.txt', '--json'])
    expect(code).toBe(3)
    expect(JSON.parse(out)).toEqual({ same: false, added: [], removed: ['31.13.96.0/19'] })
  })
})

describe('export', () => {
  it.each(FORMATS)('--format %s is a whole file on standard output', async (format) => {
    const { code, out, err } = await place.allowlist(['export', '--format', format])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toBe(exportList(LIST, format))
  })

  it('joins what another hand wrote in pieces, and leaves sources.extra out', async () => {
    place.write('hubgate.yaml', 'sources: { allowlist: list.txt, extra: ["192.0.2.0/24"] }')
    place.write('list.txt', '31.13.96.0/19\n31.13.64.0/19\n31.13.64.0/24\n')
    const { out, err } = await place.allowlist(['export'])
    expect(out).toBe('31.13.64.0/18\n')
    expect(err).toMatch(/^hubgate: note: sources\.extra \(1\) is not in it/)
  })

  it('a format that is none: 2', async () => {
    const { code, err } = await place.allowlist(['export', '--format', 'iptables'])
    expect(code).toBe(2)
    expect(err).toContain('plain, json, nginx, haproxy, ipset, nft')
  })
})
