// The settings of trust: each kind of value, each rule about anchors, and what of it an editor learns.
import { describe, expect, it } from 'vitest'
import { configJsonSchema } from '../../src/config/json-schema.ts'
import { parsed, problemsOf, said, sample } from './sample.ts'

const A = { name: 'a', file: 'a.pem' }
const PIN = `sha256/${Buffer.alloc(32, 0xab).toString('base64')}`
const withAnchors = (...anchors: unknown[]) => sample({ client: { anchors } })
const withClient = (keys: Record<string, unknown>) => sample({ client: { anchors: [A], ...keys } })

describe('the anchors', () => {
  it.each<[string, unknown[]]>([
    ['one active', [A]],
    ['one active that says so', [{ ...A, state: 'active' }]],
    [
      'one of each state',
      [A, { name: 'b', file: 'b', state: 'staged' }, { name: 'c', file: 'c', state: 'retired' }],
    ],
    ['a builtin one with a state', [A, { builtin: 'digicert-ev', state: 'retired' }]],
    ['a builtin one with dates', [{ builtin: 'digicert-ev', from: '2020-01-01', until: '2027-01-01' }]],
    ['a beginning', [{ ...A, from: '2027-01-01' }]],
    ['an end', [{ ...A, state: 'active', until: '2027-01-01' }]],
    ['a second between beginning and end', [{ ...A, from: '2027-01-01', until: '2027-01-01T00:00:01Z' }]],
  ])('%s are valid', (_name, anchors) => expect(said(problemsOf(withAnchors(...anchors)))).toEqual([]))

  it.each<[string, unknown[], string]>([
    ['none', [], 'client.anchors: is empty: every client would be refused'],
    [
      'only a staged one',
      [{ ...A, state: 'staged' }],
      'client.anchors: holds no active one: every client would be refused',
    ],
    [
      'only staged and retired ones',
      [
        { ...A, state: 'staged' },
        { builtin: 'digicert-ev', state: 'retired' },
      ],
      'client.anchors: holds no active one: every client would be refused',
    ],
    [
      'an end before the beginning',
      [{ ...A, from: '2027-01-02', until: '2027-01-01' }],
      'client.anchors[0]: has no time between from and until',
    ],
    [
      'an end at the beginning',
      [{ ...A, from: '2027-01-01', until: '2027-01-01T00:00:00Z' }],
      'client.anchors[0]: has no time between from and until',
    ],
    [
      'a staged one with a beginning',
      [A, { name: 'b', file: 'b', state: 'staged', from: '2027-01-01' }],
      'client.anchors[1]: is staged and has a date: dates say when an active anchor counts',
    ],
    [
      'a retired one with an end',
      [A, { name: 'b', file: 'b', state: 'retired', until: '2027-01-01' }],
      'client.anchors[1]: is retired and has a date: dates say when an active anchor counts',
    ],
    [
      'a staged one of a taken name',
      [A, { ...A, state: 'staged' }],
      'client.anchors[1]: has the same name as client.anchors[0]',
    ],
    [
      'a state of another spelling',
      [{ ...A, state: 'Active' }],
      'client.anchors[0].state: "Active": is not one of its words',
    ],
    ['a switch for a state', [{ ...A, active: true }], 'client.anchors[0].active: is not a setting'],
  ])('%s is refused', (_name, anchors, expected) =>
    expect(said(problemsOf(withAnchors(...anchors)))).toEqual([expected]),
  )

  it('have moments as they were written, in UTC', () => {
    const { config } = parsed(withAnchors({ ...A, from: '2026-03-01', until: '2030-12-14T12:30:15Z' }))
    expect(config.client.anchors).toEqual([
      {
        kind: 'file',
        name: 'a',
        file: '/etc/hubgate/a.pem',
        state: 'active',
        from: new Date('2026-03-01T00:00:00Z'),
        until: new Date('2030-12-14T12:30:15Z'),
      },
    ])
  })
})

describe('a moment', () => {
  it.each([
    '2027-1-1',
    '2027-02-29',
    '2027-13-01',
    '2027-01-32',
    '2027-01-01T24:00:00Z',
    '2027-01-01T12:00Z',
    '2027-01-01T12:00:00',
    '2027-01-01T12:00:00+01:00',
    '2027-01-01T12:00:00.5Z',
    '2027-01-01 12:00:00Z',
    ' 2027-01-01',
    '2027-01-01\n',
    '1767225600',
    'tomorrow',
    '',
  ])('is not %j', (from) =>
    expect(said(problemsOf(withAnchors({ ...A, from })))).toEqual([
      expect.stringMatching(/^client\.anchors\[0\]\.from: .*(?:is neither a day nor a moment|is empty)$/s),
    ]),
  )

  it.each([20270101, true, null, ['2027-01-01']])('is not %j, which is no text', (from) =>
    expect(problemsOf(withAnchors({ ...A, from }))).toMatchObject([{ setting: 'client.anchors[0].from' }]),
  )

  it('in a leap year may be the 29th of February', () =>
    expect(said(problemsOf(withAnchors({ ...A, until: '2028-02-29' })))).toEqual([]))
})

describe('a pin', () => {
  it('is kept as the bytes that it means', () =>
    expect(parsed(withClient({ pins: [PIN] })).config.client.pins).toEqual(['ab'.repeat(32)]))

  it.each([
    ['without its prefix', PIN.slice('sha256/'.length)],
    ['with two slashes', PIN.replace('/', '//')],
    ['of another digest', PIN.replace('sha256', 'sha1')],
    ['in upper case', PIN.replace('sha256', 'SHA256')],
    ['without its padding', PIN.slice(0, -1)],
    ['of 31 bytes', `sha256/${Buffer.alloc(31).toString('base64')}`],
    ['of 33 bytes', `sha256/${Buffer.alloc(33).toString('base64')}`],
    ['whose last bits say more than it holds', PIN.replace(/.=$/, 't=')],
    ['in hex', `sha256/${'ab'.repeat(32)}`],
    ['for the web', `sha256/${Buffer.alloc(32, 0xff).toString('base64url')}=`],
    ['with a space at its end', `${PIN} `],
    ['that is empty', ''],
    ['that is no text', 7],
  ])('%s is refused', (_name, pin) =>
    expect(problemsOf(withClient({ pins: [pin] }))).toMatchObject([{ setting: 'client.pins[0]' }]),
  )
})

describe('an address of revocation lists', () => {
  it.each(['http://crl.example/a.crl', 'https://crl.example:8443/a.crl?x=1', 'http://[::1]:8080/'])(
    'may be %s',
    (url) => expect(said(problemsOf(withClient({ revocation: { urls: [url] } })))).toEqual([]),
  )

  it.each([
    'ftp://crl.example/a.crl',
    'ldap://crl.example/cn=a',
    'file:///etc/passwd',
    'crl.example/a.crl',
    '/a.crl',
    'http://',
    'http:crl.example',
    'https://user:pass@crl.example/',
    'https://user@crl.example/',
    ' http://crl.example/',
    '',
  ])('is not %j', (url) =>
    expect(problemsOf(withClient({ revocation: { urls: [url] } }))).toMatchObject([
      { setting: 'client.revocation.urls[0]' },
    ]),
  )
})

describe('the numbers of trust', () => {
  it.each<[Record<string, unknown>]>([
    [{ maxDepth: 1 }],
    [{ maxDepth: 10 }],
    [{ trustGrace: '0s' }],
    [{ trustGrace: '10m' }],
    [{ revocation: { refresh: '1m' } }],
    [{ revocation: { refresh: '24h' } }],
    [{ revocation: { mode: 'soft' } }],
    [{ revocation: { mode: 'hard', files: ['lists/a.crl'] } }],
  ])('may be %j', (keys) => expect(said(problemsOf(withClient(keys)))).toEqual([]))

  it.each<[Record<string, unknown>, string]>([
    [{ maxDepth: 0 }, 'client.maxDepth: "0": is out of bounds'],
    [{ maxDepth: 11 }, 'client.maxDepth: "11": is out of bounds'],
    [{ maxDepth: 'no' }, 'client.maxDepth: "no": is not a whole number'],
    [{ trustGrace: '601s' }, 'client.trustGrace: "601s": is too long'],
    [{ trustGrace: 30 }, 'client.trustGrace: "30": is not a duration'],
    [{ revocation: { refresh: '59s' } }, 'client.revocation.refresh: "59s": is too short'],
    [{ revocation: { refresh: '25h' } }, 'client.revocation.refresh: "25h": is too long'],
    [{ revocation: { mode: 'on' } }, 'client.revocation.mode: "on": is not one of its words'],
    [{ revocation: { files: 'a.crl' } }, 'client.revocation.files: is not a list'],
  ])('are not %j', (keys, expected) => expect(said(problemsOf(withClient(keys)))).toEqual([expected]))

  it('files of lists are beside the configuration', () =>
    expect(
      parsed(withClient({ revocation: { files: ['lists/a.crl'] } })).config.client.revocation.files,
    ).toEqual(['/etc/hubgate/lists/a.crl']))
})

describe('further certificates', () => {
  it('are pairs, beside the configuration', () =>
    expect(
      parsed(sample({ tls: { certificate: 'c', key: 'k', others: [{ certificate: 'd', key: '/l' }] } }))
        .config.tls,
    ).toMatchObject({ others: [{ certificate: '/etc/hubgate/d', key: '/l' }] }))

  it('without a key are refused', () =>
    expect(
      said(problemsOf(sample({ tls: { certificate: 'c', key: 'k', others: [{ certificate: 'd' }] } }))),
    ).toEqual(['tls.others[0].key: is missing']))
})

// Editors know patterns, not parsers: every pattern has to be one, and to take what is taken and refuse what is not.
describe('the JSON Schema of an editor', () => {
  const patterns = patternsIn(configJsonSchema())

  it('holds patterns that are patterns', () => {
    expect(patterns.length).toBeGreaterThan(4)
    for (const pattern of patterns) expect(() => new RegExp(pattern, 'u')).not.toThrow()
  })

  it.each([
    ['a day', '2027-01-01'],
    ['a moment', '2027-01-01T12:00:00Z'],
    ['a pin', PIN],
    ['what comes from the environment', '${PIN}'],
  ])('takes %s', (_name, value) =>
    expect(patterns.some((pattern) => new RegExp(pattern, 'u').test(value))).toBe(true),
  )

  it.each(['2027-01-01T12:00', 'sha256/abc=', 'tomorrow'])('takes %s nowhere', (value) =>
    expect(patterns.filter((pattern) => new RegExp(pattern, 'u').test(value))).toEqual([]),
  )
})

function patternsIn(value: unknown): string[] {
  if (!(value instanceof Object)) return []
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) =>
    key === 'pattern' && typeof inner === 'string' ? [inner] : patternsIn(inner),
  )
}
