// `hubgate anchor promote`, `retire` and `list` as programs: which line changes, what is refused, what a gateway tells.
import { chmodSync, statSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { X509Certificate } from 'node:crypto'
import {
  ROOT_A,
  ROOT_B,
  anchor,
  authority,
  configWith,
  gatewayTelling,
  placeWith,
  program,
} from './anchor-place.ts'

const A = '{ name: a, file: a.pem }   # ours'
const B_STAGED = '{ name: b, file: b.pem, state: staged }'
const B_ACTIVE = '{ name: b, file: b.pem, state: active }'
const A_RETIRED = '{ name: a, file: a.pem, state: retired }   # ours'

const uses = (name: string, pem: string, rest: Record<string, unknown>) => ({
  name,
  fingerprint: new X509Certificate(pem).fingerprint256,
  state: 'active',
  uses: 3,
  lastUsed: null,
  wouldAdmit: 0,
  ...rest,
})

describe('hubgate anchor promote', () => {
  it('shows what will be trusted and the line that changes, and leaves the file', async () => {
    const place = placeWith([A, B_STAGED])
    const { code, out, err } = await anchor(place, 'promote', 'b')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(/^b\n {2}subject +CN=Lab Root B\n/)
    expect(out).toContain(`\n    6 -     - ${B_STAGED}\n    6 +     - ${B_ACTIVE}\n`)
    expect(place.read('hubgate.yaml')).toBe(configWith([A, B_STAGED]))
  })

  it('--write changes that line, whole, with the mode of the file, and says what is next', async () => {
    const place = placeWith([A, B_STAGED])
    chmodSync(place.path('hubgate.yaml'), 0o640)
    const { code, out } = await program(place, 'promote', 'b', '--write')
    expect(code).toBe(0)
    expect(out).toMatch(/hubgate config check && hubgate reload\n$/)
    expect(place.read('hubgate.yaml')).toBe(configWith([A, B_ACTIVE]))
    expect(statSync(place.path('hubgate.yaml')).mode & 0o777).toBe(0o640)
    expect(place.files).toEqual(['a.pem', 'anchors', 'b.pem', 'hubgate.yaml'])
    expect((await anchor(place, 'promote', 'b', '--write')).out).toMatch(/^b is active already/)
  })

  it('keeps a byte order mark and the line ends of Windows', async () => {
    const place = placeWith([])
    const text = (item: string) => `\u00ef\u00bb\u00bf${configWith([A, item])}`.replaceAll('\n', '\r\n')
    place.write('hubgate.yaml', text(B_STAGED))
    expect((await anchor(place, 'promote', 'b', '--write')).code).toBe(0)
    expect(place.read('hubgate.yaml')).toBe(text(B_ACTIVE))
  })

  it('of one that bears a known name, shouts', async () => {
    const place = placeWith([A, B_STAGED])
    place.write('b.pem', authority('Meta Outbound API CA 2025-12').certificate)
    expect((await anchor(place, 'promote', 'b')).err).toContain(
      'THIS IS NOT THE KNOWN "Meta Outbound API CA 2025-12"',
    )
  })

  it.each<[string, string, RegExp]>([
    ['one that nobody knows', '{ name: c, file: c.pem }', /holds no anchor called b — there are: a, c/],
    [
      'one whose file is missing',
      '{ name: b, file: c.pem, state: staged }',
      /anchor b: there is no such file/,
    ],
    [
      'one whose file is no anchor',
      '{ name: b, file: hubgate.yaml, state: staged }',
      /anchor b: no PEM block/,
    ],
    ['one that is over', '{ name: b, file: b.pem, until: 2020-01-01 }', /retired by its date/],
    ['one that is to come', '{ name: b, file: b.pem, from: 2099-01-01 }', /staged by its date/],
    ['one beside an unknown key', '{ name: b, file: b.pem, state: staged, x: 1 }', /client\.anchors\[1\]\.x/],
  ])('refuses %s, and leaves the file', async (_name, item, message) => {
    const place = placeWith([A, item])
    const { code, err } = await anchor(place, 'promote', 'b', '--write')
    expect({ code, err }).toEqual({ code: 3, err: expect.stringMatching(message) })
    expect(place.read('hubgate.yaml')).toBe(configWith([A, item]))
  })
})

describe('hubgate anchor retire', () => {
  it('shows the line, and writes it with --write', async () => {
    const place = placeWith([A, B_ACTIVE])
    const { code, out, err } = await anchor(place, 'retire', 'a')
    expect(code).toBe(0)
    expect(out).toContain(`\n    5 -     - ${A}\n    5 +     - ${A_RETIRED}\n`)
    expect(err).toMatch(/note: no gateway tells which anchor is in use/)
    expect(place.read('hubgate.yaml')).toBe(configWith([A, B_ACTIVE]))
    expect((await program(place, 'retire', 'a', '--write')).code).toBe(0)
    expect(place.read('hubgate.yaml')).toBe(configWith([A_RETIRED, B_ACTIVE]))
    expect((await anchor(place, 'retire', 'a')).out).toMatch(/^a is retired already/)
  })

  it('of the builtin one needs no file', async () => {
    const place = placeWith(['builtin: digicert-ev', A])
    expect((await anchor(place, 'retire', 'digicert-ev', '--write')).code).toBe(0)
    expect(place.read('hubgate.yaml')).toBe(configWith(['builtin: digicert-ev\n      state: retired', A]))
  })

  it.each<[string, readonly string[], RegExp]>([
    ['the only anchor', [A], /holds no active one: every client would be refused/],
    ['the last active one', [A, B_STAGED], /holds no active one: every client would be refused/],
    [
      'the last beside one to come',
      [A, '{ name: b, file: b.pem, from: 2099-01-01 }'],
      /without a no anchor is active now/,
    ],
    [
      'the last beside one that is over',
      [A, '{ name: b, file: b.pem, until: 2020-01-01 }'],
      /without a no anchor is active now/,
    ],
    [
      'one with an end',
      ['{ name: a, file: a.pem, until: 2099-01-01 }', B_ACTIVE],
      /has dates.* — write until: 2/,
    ],
  ])('refuses %s, with and without --write', async (_name, items, message) => {
    const place = placeWith(items)
    for (const options of [[], ['--write', '--although-used']]) {
      const { code, err } = await anchor(place, 'retire', 'a', ...options)
      expect({ code, err }).toEqual({ code: 3, err: expect.stringMatching(message) })
    }
    expect(place.read('hubgate.yaml')).toBe(configWith(items))
  })

  it('refuses the one by which the last client came in, unless told again', async () => {
    const admin = await gatewayTelling([
      uses('a', ROOT_A.certificate, { lastUsed: '2026-11-20T10:00:00.000Z' }),
      uses('b', ROOT_B.certificate, { lastUsed: '2026-11-20T09:00:00.000Z' }),
    ])
    const place = placeWith([A, B_ACTIVE], admin)
    expect(await anchor(place, 'retire', 'a')).toMatchObject({
      code: 0,
      err: expect.stringMatching(/note: a admitted the last client, at 2026-11-20T10:00:00\.000Z/),
    })
    expect(await anchor(place, 'retire', 'a', '--write')).toMatchObject({
      code: 3,
      err: expect.stringMatching(/admitted the last client.*\n.*--although-used/),
    })
    expect(place.read('hubgate.yaml')).toBe(configWith([A, B_ACTIVE], admin))
    expect(await anchor(place, 'retire', 'b', '--write')).toMatchObject({ code: 0, err: '' })
    place.write('hubgate.yaml', configWith([A, B_ACTIVE], admin))
    expect((await anchor(place, 'retire', 'a', '--write', '--although-used')).code).toBe(0)
    expect(place.read('hubgate.yaml')).toBe(configWith([A_RETIRED, B_ACTIVE], admin))
  })

  it.each<[string, unknown, number]>([
    ['knows no anchors', { error: {} }, 404],
    ['tells no list', {}, 200],
    ['tells nonsense', [null, 1, { name: 'a' }, { name: 1, fingerprint: 2 }], 200],
    ['fails', { error: {} }, 500],
  ])('goes on where the gateway %s', async (_name, rows, status) => {
    const place = placeWith([A, B_ACTIVE], await gatewayTelling(rows, status))
    expect((await anchor(place, 'retire', 'a', '--write')).code).toBe(0)
  })
})

describe('hubgate anchor list', () => {
  it('shows the state of each, and its dates', async () => {
    const { code, out, err } = await anchor(
      placeWith([
        A,
        B_STAGED,
        '{ builtin: digicert-ev, until: 2020-01-01 }',
        '{ name: c, file: a.pem, from: 2099-01-01 }',
        '{ name: d, file: b.pem, from: 2020-01-01, until: 2099-06-30T12:00:00Z }',
      ]),
      'list',
    )
    expect({ code, err }).toEqual({ code: 0, err: '' })
    const states = [...out.matchAll(/^(\S+)\n {2}state +(.*)\n {2}used +(.*)$/gm)].map(
      ([, ...found]) => found,
    )
    const unknown = 'not known: no gateway tells'
    expect(states).toEqual([
      ['a', 'active', unknown],
      ['b', 'staged', unknown],
      ['digicert-ev', 'retired since 2020-01-01', unknown],
      ['c', 'staged, active from 2099-01-01', unknown],
      ['d', 'active until 2099-06-30T12:00:00Z', unknown],
    ])
    expect(out).toMatch(/None of the active ones is Meta's current root/)
  })

  it('shows what the gateway saw of each', async () => {
    const admin = await gatewayTelling([
      uses('a', ROOT_A.certificate, { uses: 1234, lastUsed: '2026-11-20T10:00:00.000Z' }),
      uses('b', ROOT_B.certificate, { state: 'staged', uses: 0, wouldAdmit: 7 }),
    ])
    const place = placeWith([A, B_STAGED, 'builtin: digicert-ev'], admin)
    const { out } = await anchor(place, 'list')
    expect([...out.matchAll(/^ {2}used +(.*)$/gm)].map(([, found]) => found)).toEqual([
      '1234 times, last at 2026-11-20T10:00:00Z',
      'never; refused clients that it would admit: 7',
      'not known: no gateway tells',
    ])
    const json: unknown = JSON.parse((await anchor(place, 'list', '--json')).out)
    expect(json).toMatchObject([
      {
        name: 'a',
        state: 'active',
        from: null,
        uses: 1234,
        lastUsed: '2026-11-20T10:00:00.000Z',
        wouldAdmit: 0,
      },
      { name: 'b', state: 'staged', uses: 0, lastUsed: null, wouldAdmit: 7 },
      { name: 'digicert-ev', state: 'active', uses: null, lastUsed: null, wouldAdmit: null },
    ])
  })

  it('ends with 3 where an anchor cannot be read, and shows the others', async () => {
    const { code, out, err } = await program(placeWith([A, '{ name: b, file: c.pem }']), 'list')
    expect({ code, err }).toEqual({ code: 3, err: 'hubgate: error: anchor b: there is no such file\n' })
    expect(out).toMatch(/^a\n/)
  })
})
