// The store of fetched lists: what replaces what, and what is written down about it.
import { mkdir, mkdtemp, readFile, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import type { Issued } from '../../src/lab/pki/certificate.ts'
import { boolean, context, sequence } from '../../src/lab/pki/asn1.ts'
import type { CrlOptions } from '../../src/lab/pki/crl.ts'
import { extension, pointName } from '../../src/lab/pki/extensions.ts'
import { ListFetchError } from '../../src/tls/crl-fetch.ts'
import { readListStatus, statusFileOf } from '../../src/tls/crl-status.ts'
import { listFileOf, refreshLists } from '../../src/tls/crl-store.ts'
import { DAY, HOUR, NOW, after, authority, certificateOf, listOf } from '../support/crl-lists.ts'
import { type Answer, startListServer } from '../support/crl-server.ts'

const URL_A = 'http://lists.example/a.crl'
const URL_B = 'http://lists.example/b.crl'

const ca = authority()
const other = authority({ subject: [{ type: 'CN', value: 'Other Authority' }] })
const renewed = authority()

const made: string[] = []
let directory: string
beforeEach(async () => {
  const place = await mkdtemp(join(tmpdir(), 'hubgate-crl-store-'))
  made.push(place)
  directory = join(place, 'crl')
})
afterAll(() => Promise.all(made.map((place) => rm(place, { recursive: true, force: true }))))

/** One refresh of URL_A, with what its server would give. */
async function refresh(der: Uint8Array | Error, authorities: readonly Issued[] = [ca, other, renewed]) {
  const [outcome] = await refreshLists({
    urls: [URL_A],
    directory,
    authorities: authorities.map(certificateOf),
    now: NOW,
    fetch: () => (der instanceof Error ? Promise.reject(der) : Promise.resolve(der)),
  })
  return outcome
}

const stored = (url = URL_A): Promise<Buffer> => readFile(listFileOf(directory, url))

const limitedTo = (...urls: readonly string[]) => ({
  extensions: [extension({ id: '2.5.29.28', critical: true, value: sequence(pointName(urls)) })],
})

describe('a fetched list', () => {
  it('is stored where none was, in a file of its address', async () => {
    const der = listOf(ca, { revoked: ['05', '06'] })
    expect(await refresh(der)).toMatchObject({
      url: URL_A,
      outcome: 'stored',
      message: '2 revoked, number 1, of 2026-06-15T11:00:00.000Z, good until 2026-06-22T12:00:00.000Z',
      hint: undefined,
    })
    expect(Buffer.compare(await stored(), der)).toBe(0)
    expect(listFileOf('x', URL_A)).toMatch(/^x.[0-9a-f]{16}\.crl$/)
    expect((await readdir(directory)).sort()).toEqual([listFileOf('', URL_A), 'status.json'].sort())
  })

  it('is unchanged where it is the same', async () => {
    const der = listOf(ca)
    await refresh(der)
    const before = await stat(listFileOf(directory, URL_A))
    expect(await refresh(der)).toMatchObject({ outcome: 'unchanged' })
    expect((await stat(listFileOf(directory, URL_A))).ino).toBe(before.ino)
  })

  it.each([
    ['is stale', { thisUpdate: after(-9 * DAY), nextUpdate: after(-DAY) }, /stale since 2026-06-14T12/],
    ['has no nextUpdate', { nextUpdate: 'omit' }, /never current/],
  ] as const)('is stored though it %s, and that is said', async (_name, options, words) => {
    const outcome = await refresh(listOf(ca, options))
    expect(outcome).toMatchObject({ outcome: 'stored' })
    expect(outcome?.message).toMatch(words)
    expect(outcome?.hint).toMatch(/has not renewed its list/)
  })

  interface Replacing {
    readonly name: string
    readonly from?: Issued
    readonly old: Partial<CrlOptions>
    readonly to?: Issued
    readonly fresh: Partial<CrlOptions>
    readonly outcome: 'stored' | 'refused'
    readonly words?: RegExp
  }
  const newer = { thisUpdate: after(-HOUR / 2) }
  const older = { thisUpdate: after(-2 * HOUR) }
  const ran = { thisUpdate: after(-9 * DAY), nextUpdate: after(-DAY) }
  const REPLACING: readonly Replacing[] = [
    { name: 'a higher number', old: { number: '09' }, fresh: { number: '0a' }, outcome: 'stored' },
    {
      name: 'a higher number of an earlier time',
      old: { number: '09' },
      fresh: { number: '0a', ...older },
      outcome: 'stored',
    },
    { name: 'a number of more bytes', old: { number: 'ff' }, fresh: { number: '0100' }, outcome: 'stored' },
    {
      name: 'a lower number',
      old: { number: '0a' },
      fresh: { number: '09' },
      outcome: 'refused',
      words: /older than the stored list \(number 9, .* stored: number 10,/,
    },
    {
      name: 'a lower number of a later time',
      old: { number: '0a' },
      fresh: { number: '09', ...newer },
      outcome: 'refused',
      words: /older/,
    },
    {
      name: 'a lower number, though the stored one has run out',
      old: { number: '0a', ...ran },
      fresh: { number: '09' },
      outcome: 'refused',
      words: /older/,
    },
    { name: 'the same number of a later time', old: {}, fresh: newer, outcome: 'stored' },
    { name: 'the same number of an earlier time', old: {}, fresh: older, outcome: 'refused', words: /older/ },
    {
      name: 'no numbers, and a later time',
      old: { number: 'omit' },
      fresh: { number: 'omit', ...newer },
      outcome: 'stored',
    },
    {
      name: 'no numbers, and an earlier time',
      old: { number: 'omit' },
      fresh: { number: 'omit', ...older },
      outcome: 'refused',
      words: /older/,
    },
    {
      name: 'no number any more, and an earlier time',
      old: {},
      fresh: { number: 'omit', ...older },
      outcome: 'refused',
      words: /older/,
    },
    {
      name: 'a new key of the authority that counts anew',
      old: { number: '99' },
      to: renewed,
      fresh: newer,
      outcome: 'stored',
    },
    {
      name: 'a new key of the authority and an earlier time',
      old: {},
      to: renewed,
      fresh: older,
      outcome: 'refused',
      words: /older/,
    },
    {
      name: 'another authority',
      old: {},
      to: other,
      fresh: { number: '99', ...newer },
      outcome: 'refused',
      words: /another authority than the stored one, which is still current/,
    },
    {
      name: 'another authority, where the stored one has run out',
      old: ran,
      to: other,
      fresh: {},
      outcome: 'stored',
    },
    {
      name: 'a part of what it was',
      old: {},
      fresh: { number: '02', ...limitedTo(URL_A) },
      outcome: 'refused',
      words: /another part/,
    },
    {
      name: 'another part',
      old: limitedTo(URL_A),
      fresh: { number: '02', ...limitedTo(URL_B) },
      outcome: 'refused',
      words: /another part/,
    },
    {
      name: 'the same part',
      old: limitedTo(URL_A),
      fresh: { number: '02', ...limitedTo(URL_B, URL_A) },
      outcome: 'stored',
    },
    { name: 'all of it', old: limitedTo(URL_A), fresh: { number: '02' }, outcome: 'stored' },
    {
      name: 'another part, where the stored one has run out',
      old: { ...ran, ...limitedTo(URL_A) },
      fresh: { number: '02', ...limitedTo(URL_B) },
      outcome: 'stored',
    },
  ]
  it.each(REPLACING)(
    'of $name is $outcome',
    async ({ from = ca, old, to = from, fresh, outcome, words = /revoked/ }) => {
      const first = listOf(from, old)
      const second = listOf(to, { revoked: ['05'], ...fresh })
      expect(await refresh(first)).toMatchObject({ outcome: 'stored' })
      const answer = await refresh(second)
      expect(answer).toMatchObject({ outcome })
      expect(answer?.message).toMatch(words)
      expect(Buffer.compare(await stored(), outcome === 'stored' ? second : first)).toBe(0)
    },
  )

  const LEAVING: readonly (readonly [string, () => Uint8Array | Error, 'refused' | 'failed', RegExp])[] = [
    [
      'is signed by nobody known',
      () => listOf(authority(), { number: '02' }),
      'refused',
      /does not fit the key/,
    ],
    [
      'is a delta',
      () => listOf(ca, { number: '02', extensions: [extension({ id: '2.5.29.27', value: boolean(true) })] }),
      'refused',
      /delta/,
    ],
    [
      'covers authorities only',
      () => listOf(ca, { extensions: [extension({ id: '2.5.29.28', value: sequence(context(2, '\xff')) })] }),
      'refused',
      /authorities only/,
    ],
    ['is a page', () => Buffer.from('<html>'), 'refused', /well-formed/],
    ['could not be fetched', () => new ListFetchError('no way', 'walk'), 'failed', /^no way$/],
  ]
  it.each(LEAVING)('that %s leaves the stored one as it is', async (...[, answer, outcome, words]) => {
    const first = listOf(ca)
    await refresh(first)
    const told = await refresh(answer())
    expect(told).toMatchObject({ outcome })
    expect(told?.message).toMatch(words)
    expect(Buffer.compare(await stored(), first)).toBe(0)
  })

  it.each([
    ['damaged', Buffer.from('garbage')],
    ['empty', Buffer.alloc(0)],
    ['of an authority that is none of ours any more', listOf(authority(), { number: '7f' })],
  ])('takes the place of one that is %s', async (_name, old) => {
    await mkdir(directory)
    await writeFile(listFileOf(directory, URL_A), old)
    const der = listOf(ca)
    expect(await refresh(der)).toMatchObject({ outcome: 'stored' })
    expect(Buffer.compare(await stored(), der)).toBe(0)
  })

  it('that cannot be written is said to have failed', async () => {
    // A file where the directory should be.
    await writeFile(directory, '')
    const outcome = await refresh(listOf(ca))
    expect(outcome).toMatchObject({ outcome: 'failed' })
    expect(outcome?.message).toMatch(/could not be stored \(ENOTDIR\).*could not be written down/)
  })
})

describe('a refresh of several lists', () => {
  it('goes on where one fails, and asks once for an address that stands there twice', async () => {
    const der = listOf(ca)
    const asked: string[] = []
    const outcomes = await refreshLists({
      urls: [URL_B, URL_A, URL_B],
      directory,
      authorities: [certificateOf(ca)],
      now: NOW,
      fetch: (url) => {
        asked.push(url)
        return url === URL_A ? Promise.resolve(der) : Promise.reject(new ListFetchError('no way', 'walk'))
      },
    })
    expect(outcomes.map(({ url, outcome }) => [url, outcome])).toEqual([
      [URL_B, 'failed'],
      [URL_A, 'stored'],
    ])
    expect(asked.sort()).toEqual([URL_A, URL_B])
    expect(await readListStatus(directory)).toEqual(outcomes)
  })

  it('at the same time leaves the newest', async () => {
    const lists = ['03', '07', '05', '01', '06'].map((number) => listOf(ca, { number }))
    await Promise.all(lists.map((der) => refresh(der)))
    expect(Buffer.compare(await stored(), lists[1] ?? Buffer.alloc(0))).toBe(0)
  })

  it('removes what a killed one left an hour ago, and nothing that may be in use', async () => {
    await mkdir(directory)
    const [old, young] = ['a.crl.0011.tmp', 'b.crl.2233.tmp'].map((name) => join(directory, name))
    await writeFile(old ?? '', 'x')
    await writeFile(young ?? '', 'x')
    const then = new Date(Date.now() - 2 * HOUR)
    await utimes(old ?? '', then, then)
    await refresh(listOf(ca))
    expect((await readdir(directory)).filter((name) => name.endsWith('.tmp'))).toEqual(['b.crl.2233.tmp'])
  })

  it('over the network tells what each server did', async () => {
    const der = listOf(ca, { revoked: ['05'] })
    const answers: readonly (Uint8Array | Answer)[] = [der, (response) => void response.writeHead(404).end()]
    const servers = await Promise.all(answers.map((answer) => startListServer(answer)))
    try {
      const urls = servers.map(({ url }) => url)
      const outcomes = await refreshLists({ urls, directory, authorities: [certificateOf(ca)], now: NOW })
      expect(outcomes.map(({ outcome }) => outcome)).toEqual(['stored', 'failed'])
      expect(Buffer.compare(await stored(urls[0]), der)).toBe(0)
    } finally {
      await Promise.all(servers.map((server) => server.close()))
    }
  })
})

describe('the status', () => {
  it.each([
    ['was never written', undefined, 0],
    ['is garbage', '{', 0],
    ['is of another shape', '{"lists":{}}', 0],
    [
      'holds odd entries',
      '{"lists":[1,{"url":"x","time":"never","outcome":"stored","message":""},{"url":"x","time":"2026-01-01","outcome":"eaten","message":""}]}',
      0,
    ],
    ['holds a sound one', '{"lists":[{"url":"x","time":"2026-01-01","outcome":"stored","message":"m"}]}', 1],
  ])('that %s is read for what it is', async (_name, text, count) => {
    if (text !== undefined) {
      await mkdir(directory)
      await writeFile(statusFileOf(directory), text)
    }
    expect(await readListStatus(directory)).toHaveLength(count)
  })
})
