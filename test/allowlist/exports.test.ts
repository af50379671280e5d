// The exported files hold the same set in each language, read back here by the simplest reading of each. What programs
// that nobody here wrote make of them is in exports-proxies.test.ts and exports-packet-filters.test.ts.
import { describe, expect, it } from 'vitest'
import { FORMATS, exportList } from '../../src/allowlist/exports.ts'
import { parseAllowList } from '../../src/allowlist/read-list.ts'
import { formatPrefix, parsePrefix } from '../../src/domain/address.ts'
import { LIST, ofFamily } from './exports-addresses.ts'

const ALL = LIST.map(formatPrefix)

/** Each format read by its own grammar, without a word of ours. */
const READ: Readonly<Record<(typeof FORMATS)[number], (text: string) => readonly string[]>> = {
  plain: (text) => lines(text),
  json: (text) => {
    const { ipv4, ipv6 } = JSON.parse(text) as Record<'ipv4' | 'ipv6', string[]>
    return [...ipv4, ...ipv6]
  },
  nginx: (text) => lines(text).map((line) => /^(\S+) 1;$/.exec(line)?.[1] ?? `? ${line}`),
  haproxy: (text) => lines(text),
  ipset: (text) =>
    lines(text).flatMap((line) => /^add hubgate-meta[46]-new (\S+) -exist$/.exec(line)?.[1] ?? []),
  nft: (text) =>
    [...text.matchAll(/^add element inet hubgate meta[46] \{ ([^}]*) \}$/gm)].flatMap(([, list = '']) =>
      list.split(', '),
    ),
}

it.each(FORMATS)('%s holds exactly the prefixes of the list', (format) => {
  expect(READ[format](exportList(LIST, format))).toEqual(ALL)
})

it.each(FORMATS)('%s ends with one line end and holds no other control character', (format) => {
  expect(exportList(LIST, format)).toMatch(/^(?:[\x20-\x7e]+\n)+$/)
})

describe('plain', () => {
  it('is a list that a gateway reads', () => {
    expect(parseAllowList(exportList(LIST, 'plain')).map(formatPrefix)).toEqual(ALL)
  })
})

describe('ipset', () => {
  it('fills a set beside the live one and swaps them', () => {
    const commands = lines(exportList(LIST, 'ipset')).filter((line) => !line.startsWith('add '))
    const steps = (name: string, family: string) => [
      `create ${name} hash:net family ${family} hashsize 1024 maxelem 65536 -exist`,
      `create ${name}-new hash:net family ${family} hashsize 1024 maxelem 65536 -exist`,
      `flush ${name}-new`,
      `swap ${name}-new ${name}`,
      `destroy ${name}-new`,
    ]
    expect(commands).toEqual([...steps('hubgate-meta4', 'inet'), ...steps('hubgate-meta6', 'inet6')])
  })
})

describe('a list of one family', () => {
  it.each(FORMATS)('%s says so by an empty other one', (format) => {
    expect(READ[format](exportList([parsePrefix('31.13.64.0/18')], format))).toEqual(['31.13.64.0/18'])
  })

  it('nft still empties the other set', () => {
    const text = exportList([parsePrefix('31.13.64.0/18')], 'nft')
    expect(text).toContain('flush set inet hubgate meta6\n')
    expect(text).not.toContain('add element inet hubgate meta6')
  })
})

it('what is asked of other programs covers both families and both verdicts', () => {
  expect(ofFamily(4).length).toBeGreaterThan(20)
  expect(ofFamily(6).length).toBeGreaterThan(5)
})

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
}
