// The allow-list file: which lines are prefixes and which are refused, with what words. Empty never means everybody.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AllowListError, notPublic, parseAllowList, readAllowList } from '../../src/allowlist/read-list.ts'
import { formatPrefix, parseAddress } from '../../src/domain/address.ts'
import { prefixTable } from '../../src/domain/prefix-table.ts'

let directory = ''
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'hubgate-list-'))
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** What it holds, as text; or why it is refused. */
function read(text: string): readonly string[] | string {
  try {
    return parseAllowList(text).map(formatPrefix)
  } catch (error) {
    if (error instanceof AllowListError) return error.message
    throw error
  }
}

describe('a list holds', () => {
  it.each<[string, string, readonly string[]]>([
    ['one prefix a line', '31.13.64.0/18\n2a03:2880::/32\n', ['31.13.64.0/18', '2a03:2880::/32']],
    ['its last line without a line end', '31.13.64.0/18', ['31.13.64.0/18']],
    ['lines that end in CRLF', '31.13.64.0/18\r\n2a03:2880::/32\r\n', ['31.13.64.0/18', '2a03:2880::/32']],
    ['a UTF-8 byte order mark, read as bytes', '\xef\xbb\xbf31.13.64.0/18\n', ['31.13.64.0/18']],
    ['a byte order mark, decoded', '\u{feff}31.13.64.0/18\n', ['31.13.64.0/18']],
    ['a mark before a comment', '\xef\xbb\xbf# ours\r\n31.13.64.0/18\r\n', ['31.13.64.0/18']],
    ['comments of whole lines', '# 10.0.0.0/8\n#\n  # 10.0.0.0/8\n31.13.64.0/18\n', ['31.13.64.0/18']],
    [
      'comments behind prefixes',
      '31.13.64.0/18 # AS32934\n31.13.24.0/21\t\t#x\r\n',
      ['31.13.64.0/18', '31.13.24.0/21'],
    ],
    ['empty lines and lines of blanks', '\n\r\n \t \n31.13.64.0/18\n\n', ['31.13.64.0/18']],
    [
      'one address, with its length',
      '31.13.64.1/32\n2a03:2880::1/128\n',
      ['31.13.64.1/32', '2a03:2880::1/128'],
    ],
    ['IPv6 in any spelling', '2A03:2880:0:0::/32\n', ['2a03:2880::/32']],
    ['comments in any bytes', '# Stra\xdfe \xff\n31.13.64.0/18\n', ['31.13.64.0/18']],
  ])('%s', (_name, text, prefixes) => expect(read(text)).toEqual(prefixes))
})

describe('a line is refused that is', () => {
  it.each([
    ['all of IPv4', '0.0.0.0/0', /too broad/],
    ['all of IPv6', '::/0', /too broad/],
    ['half the Internet', '128.0.0.0/1', /too broad/],
    ['broader than any company: IPv4', '30.0.0.0/7', /too broad/],
    ['broader than any company: IPv6', '2a00::/15', /too broad/],
    ['all of IPv4 in IPv6 form', '::ffff:0.0.0.0/96', /not a number from 0 to 32/],
    ['IPv4 in IPv6 form', '::ffff:31.13.64.0/18', /write an IPv4 prefix in IPv4 form/],
    ['a network with bits set beyond its length', '31.13.64.1/18', /the network is 31\.13\.64\.0\/18/],
    ['an IPv6 one with bits set beyond its length', '2a03:2880::1/32', /the network is 2a03:2880::\/32/],
    ['longer than an address', '31.13.64.0/33', /from 0 to 32/],
    ['longer than an IPv6 address', '2a03:2880::/129', /from 0 to 128/],
    ['a length with a leading zero', '31.13.64.0/024', /leading zero/],
    ['a length with a sign', '31.13.64.0/+18', /without sign/],
    ['a negative length', '31.13.64.0/-1', /without sign/],
    ['a length of digits and more', '31.13.64.0/18x', /not a number/],
    ['an empty length', '31.13.64.0/', /not a number/],
    ['two lengths', '31.13.64.0/18/18', /not a number/],
    ['an address without a length', '31.13.64.0', /no prefix length/],
    ['a netmask', '31.13.64.0/255.255.192.0', /not a number/],
    ['a range', '31.13.64.0-31.13.127.255', /no prefix length/],
    ['a range of octets', '31.13.64-127.0/24', /not an IPv4 or IPv6 address/],
    ['a wildcard', '31.13.*.0/24', /not an IPv4 or IPv6 address/],
    ['two prefixes', '31.13.64.0/18 31.13.24.0/21', /not a number/],
    ['two prefixes with a comma', '31.13.64.0/18,31.13.24.0/21', /not a number/],
    ['a blank before it', ' 31.13.64.0/18', /not an IPv4 or IPv6 address/],
    ['a blank behind it', '31.13.64.0/18 ', /not a number/],
    ['a blank within it', '31.13.64.0 /18', /not an IPv4 or IPv6 address/],
    ['a comment that sticks to it', '31.13.64.0/18#x', /not a number/],
    ['octal', '031.13.64.0/18', /not an IPv4 or IPv6 address/],
    ['hexadecimal', '0x1f.13.64.0/18', /not an IPv4 or IPv6 address/],
    ['short', '31.13.64/18', /not an IPv4 or IPv6 address/],
    ['one number', '520962048/18', /not an IPv4 or IPv6 address/],
    ['an octet too large', '31.13.256.0/24', /not an IPv4 or IPv6 address/],
    ['a zone id', 'fe80::1%eth0/128', /not an IPv4 or IPv6 address/],
    ['in brackets', '[2a03:2880::]/32', /not an IPv4 or IPv6 address/],
    ['IPv6 with two gaps', '2a03::2880::/32', /not an IPv4 or IPv6 address/],
    ['a name', 'facebook.com/24', /not an IPv4 or IPv6 address/],
    ['the RPSL it came from', 'route: 31.13.64.0/18', /not an IPv4 or IPv6 address/],
    ['a page of a captive portal', '<!DOCTYPE html>', /no prefix length/],
    ['lines ended by CR alone', '31.13.64.0/18\r31.13.24.0/21', /not a number/],
    ['hidden behind a CR in a comment', '31.13.64.0/18 # x\r31.13.24.0/21', /not a number/],
    ['a NUL', '31.13.64.0/18\0', /not a number/],
    [
      'UTF-16',
      Buffer.from('\u{feff}31.13.64.0/18', 'utf16le').toString('latin1'),
      /not an IPv4 or IPv6 address/,
    ],
  ])('%s', (_name, line, why) => {
    expect(read(`${line}\n`)).toMatch(why)
    // Nor does a good line beside it save it.
    expect(read(`31.13.24.0/21\n${line}\n`)).toMatch(/^line 2: /)
  })

  it('told with its number, five at once at most, and no control characters', () => {
    const said = read(['31.13.64.0/18', ...Array.from({ length: 9 }, (_, i) => `\x1b[31m${i}`)].join('\n'))
    expect(said).toMatch(
      /^line 2: .*; line 3: .*; line 4: .*; line 5: .*; line 6: "\?\[31m4" has no prefix length/,
    )
    expect(said).not.toContain('line 7')
    expect(said).not.toContain('\x1b')
  })
})

describe('a list without a prefix is refused', () => {
  it.each([
    ['empty', ''],
    ['a line end', '\n'],
    ['only a byte order mark', '\xef\xbb\xbf'],
    ['only blanks', '  \r\n\t\n'],
    ['only comments', '# 31.13.64.0/18\n  # 31.13.24.0/21\n'],
  ])('%s', (_name, text) => expect(read(text)).toBe('it holds no prefix: everybody would be refused'))
})

describe('a list file', () => {
  const file = (name: string, content: string | Uint8Array) => {
    writeFileSync(join(directory, name), content)
    return join(directory, name)
  }

  it('is read with the time it was written', async () => {
    const { prefixes, updated } = await readAllowList(file('good.txt', '31.13.64.0/18\n'))
    expect(prefixes.map(formatPrefix)).toEqual(['31.13.64.0/18'])
    expect(Math.abs(updated.getTime() - Date.now())).toBeLessThan(600_000)
  })

  it('that is not there is an error of the system, not an empty list', () =>
    expect(readAllowList(join(directory, 'absent.txt'))).rejects.toMatchObject({ code: 'ENOENT' }))

  it.each([
    ['a directory', () => directory],
    ['a device that never ends', () => '/dev/zero'],
    ['a pipe that nobody writes to', pipe],
  ])('that is %s is refused', (_name, path) =>
    expect(readAllowList(path())).rejects.toThrow('it is not a regular file'),
  )

  it('that is larger than any list is refused unread', () =>
    expect(readAllowList(file('large.txt', Buffer.alloc(64 * 1024 * 1024 + 1, '#')))).rejects.toThrow(
      'it is larger than',
    ))

  it('of more than a million lines is refused, whatever they hold', () => {
    expect(read('\n'.repeat(1_000_001))).toMatch(/more than 1000000 lines/)
    expect(read(`${'#\n'.repeat(1_000_001)}31.13.64.0/18`)).toMatch(/more than 1000000 lines/)
    expect(read(`${'#\n'.repeat(999_999)}31.13.64.0/18\n`)).toEqual(['31.13.64.0/18'])
  })

  it('with one line of sixteen million blanks is read all the same', () =>
    expect(read(`${' '.repeat(16_000_000)}\n31.13.64.0/18 ${' '.repeat(16_000_000)}# x\n`)).toEqual([
      '31.13.64.0/18',
    ]))
})

function pipe(): string {
  const path = join(directory, 'pipe')
  const { status } = spawnSync('mkfifo', [path])
  if (status !== 0) throw new Error('mkfifo failed')
  return path
}

describe('a list of a million prefixes', () => {
  it('decides as a short one does, and fits into memory', { timeout: 120_000 }, async () => {
    const path = join(directory, 'million.txt')
    // Every second address, so that nothing can be joined.
    const line = (i: number) =>
      `${57 + (i >>> 23)}.${(i >>> 15) & 255}.${(i >>> 7) & 255}.${(i & 127) * 2}/32`
    writeFileSync(path, Array.from({ length: 1_000_000 }, (_, i) => line(i)).join('\n'))
    const before = process.memoryUsage().heapUsed
    const { prefixes } = await readAllowList(path)
    const table = prefixTable(prefixes)
    expect(table.size).toBe(1_000_000)
    expect(found(table, '57.0.0.0')).toBe('57.0.0.0/32')
    expect(found(table, '57.0.0.1')).toBeUndefined()
    expect(found(table, '57.30.10.66')).toBe('57.30.10.66/32')
    expect(found(table, '57.30.10.67')).toBeUndefined()
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(1_000_000_000)
  })
})

function found(table: ReturnType<typeof prefixTable>, text: string): string | undefined {
  const address = parseAddress(text)
  return address === undefined ? undefined : table.find(address)
}

describe('prefixes that nobody reaches us from across the Internet', () => {
  it.each([
    ['private', '10.1.0.0/16'],
    ['private', '172.16.0.0/12'],
    ['private', '192.168.1.0/24'],
    ['behind a carrier', '100.64.0.0/10'],
    ['loopback', '127.0.0.1/32'],
    ['link-local', '169.254.0.0/16'],
    ['for documentation', '203.0.113.0/24'],
    ['multicast', '224.0.0.0/8'],
    ['reserved', '240.0.0.0/8'],
    ['broadcast', '255.255.255.255/32'],
    ['wider than a reserved one', '172.0.0.0/8'],
    ['IPv6 loopback', '::1/128'],
    ['IPv6 private', 'fd00::/16'],
    ['IPv6 link-local', 'fe80::/16'],
    ['IPv6 multicast', 'ff02::/16'],
    ['6to4', '2002::/16'],
    ['NAT64', '64:ff9b::/96'],
    ['for documentation', '2001:db8::/48'],
  ])('%s: %s is named', (_name, text) =>
    expect(notPublic(parseAllowList(`${text}\n31.13.64.0/18`))).toEqual([text]),
  )

  it('are not those of AS32934', () =>
    expect(
      notPublic(
        parseAllowList('31.13.24.0/21\n31.13.64.0/18\n157.240.0.0/16\n2a03:2880::/29\n2620:0:1c00::/40'),
      ),
    ).toEqual([]))
})
