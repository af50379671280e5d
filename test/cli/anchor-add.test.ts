// `hubgate anchor add` and `inspect` as programs: what they show, store and write, and what they refuse to.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { strToU8, zipSync } from 'fflate'
import { describe, expect, it } from 'vitest'
import { issue } from '../../src/lab/pki/certificate.ts'
import { selfSigned } from '../../src/lab/pki/authorities.ts'
import { KNOWN_ANCHORS } from '../../src/tls/known-anchors.ts'
import { ROOT_A, ROOT_B, anchor, program, authority, configWith, placeWith } from './anchor-place.ts'

const ACTIVE = ['{ name: a, file: a.pem }']
const LINE = '{ name: lab-root-b, file: anchors/lab-root-b.pem }'
const DIGICERT = fileURLToPath(new URL('../../certs/digicert-high-assurance-ev-root-ca.pem', import.meta.url))

describe('hubgate anchor add', () => {
  it.each<[string, string | Uint8Array]>([
    ['PEM', ROOT_B.certificate],
    ['DER', ROOT_B.der],
    [
      'a zip',
      zipSync({ 'Meta/root.pem': strToU8(ROOT_B.certificate), '__MACOSX/Meta/._root.pem': strToU8('x') }),
    ],
  ])('takes %s: shows it, stores it, prints the line, and changes nothing else', async (_name, content) => {
    const place = placeWith(ACTIVE)
    writeFileSync(place.path('new'), content)
    const { code, out, err } = await program(place, 'add', 'new')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(/^lab-root-b\n {2}subject +CN=Lab Root B\n {2}valid +\S+ to \S+ \(\d+ days left\)\n/)
    expect(out).toMatch(
      /\n {2}key +ec prime256v1\n {2}path length +1\n {2}for +all purposes\n {2}SHA-256 +(?:..:){31}..\n/,
    )
    expect(out).toContain(`\n    - ${LINE}\n`)
    expect(place.read('anchors/lab-root-b.pem')).toBe(ROOT_B.certificate)
    expect(place.read('hubgate.yaml')).toBe(configWith(ACTIVE))
    expect(place.files).toEqual([
      'a.pem',
      'anchors',
      'anchors/lab-root-b.pem',
      'b.pem',
      'hubgate.yaml',
      'new',
    ])
  })

  it('--write adds the one line, though the app secrets are not at hand', async () => {
    const place = placeWith(ACTIVE)
    const { code, out, err } = await anchor(place, 'add', 'b.pem', '--write')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(place.read('hubgate.yaml')).toBe(configWith([...ACTIVE, LINE]))
    expect(out).toContain(`\n    6 +     - ${LINE}\n`)
    expect(out).toContain('hubgate reload')
    const again = await anchor(place, 'add', 'b.pem', '--write')
    expect(again).toMatchObject({ code: 0, out: expect.stringMatching(/names it already, as active\n$/) })
    const unwritten = await anchor(place, 'add', 'b.pem')
    expect(unwritten).toMatchObject({ code: 0, out: expect.stringContaining('names it already, as active') })
    expect(unwritten.out).not.toContain('Add this')
    expect(place.read('hubgate.yaml')).toBe(configWith([...ACTIVE, LINE]))
  })

  it('--stage writes that it admits nobody yet', async () => {
    const place = placeWith(ACTIVE)
    const staged = LINE.replace(' }', ', state: staged }')
    expect((await anchor(place, 'add', 'b.pem', '--stage')).out).toContain(`    - ${staged}\n`)
    expect((await anchor(place, 'add', 'b.pem', '--stage', '--write')).code).toBe(0)
    expect(place.read('hubgate.yaml')).toBe(configWith([...ACTIVE, staged]))
  })

  it('says of a known one which it is, by its fingerprint', async () => {
    const { out } = await anchor(placeWith(ACTIVE), 'inspect', DIGICERT)
    expect(out).toMatch(/^digicert-ev\n/)
    expect(out).toContain('known        DigiCert High Assurance EV Root CA: ')
  })

  it('says of an intermediate what it means, and what it is limited to', async () => {
    const place = placeWith(ACTIVE)
    const intermediate = issue({
      subject: [{ type: 'CN', value: 'Lab Intermediate' }],
      issuer: ROOT_A,
      authority: { pathLength: 0 },
      extendedKeyUsage: ['clientAuth', 'serverAuth'],
      permittedDnsNames: ['example.com'],
      distributionPoints: ['http://lists.example/a.crl'],
    })
    place.write('i.pem', intermediate.certificate)
    const { code, out } = await anchor(place, 'inspect', 'i.pem')
    expect(code).toBe(0)
    expect(out).toMatch(/\n {2}issuer +CN=Lab Root A\n {15}an intermediate: /)
    expect(out).toMatch(/\n {2}path length +0\n {2}for +clients, servers\n {2}names +only example\.com\n/)
    expect(out).toContain('\n  revocation   http://lists.example/a.crl\n')
  })
})

describe('hubgate anchor add refuses', () => {
  it('to put another certificate where one is in use: its file is watched', async () => {
    const place = placeWith(['{ name: lab-root-b, file: anchors/lab-root-b.pem }'])
    expect((await anchor(place, 'add', 'b.pem')).code).toBe(0)
    place.write('other.pem', authority('Lab Root B').certificate)
    for (const options of [[], ['--write'], ['--stage', '--write']]) {
      const { code, err } = await anchor(place, 'add', 'other.pem', ...options)
      expect({ code, err }).toEqual({
        code: 3,
        err: expect.stringMatching(/holds something else.*\n.*--name/),
      })
    }
    expect(place.read('anchors/lab-root-b.pem')).toBe(ROOT_B.certificate)
  })

  it.each(KNOWN_ANCHORS)(
    'what only bears the name of $label, and shouts',
    async ({ label, name, fingerprint }) => {
      const place = placeWith(ACTIVE)
      place.write('fake.pem', authority(label.toLowerCase().replace(' ', '  ')).certificate)
      const refused = await anchor(place, 'add', 'fake.pem', '--write')
      expect(refused).toMatchObject({
        code: 3,
        err: expect.stringContaining(`THIS IS NOT THE KNOWN "${label}"`),
      })
      expect(refused.err).toContain(fingerprint)
      expect(refused.out).toContain(`NO: IT ONLY BEARS THE NAME OF "${label}"`)
      expect(place.files).not.toContain(`anchors/${name}.pem`)
      expect(place.read('hubgate.yaml')).toBe(configWith(ACTIVE))
      const staged = await anchor(place, 'add', 'fake.pem', '--stage', '--write')
      expect(staged).toMatchObject({ code: 0, err: expect.stringContaining('THIS IS NOT THE KNOWN') })
      expect(place.read('hubgate.yaml')).toMatch(/- \{ name: \S+, file: \S+, state: staged \}\n\n/)
    },
  )

  it.each(KNOWN_ANCHORS)('the name $name for anything else', async ({ name }) => {
    const { code, err } = await anchor(placeWith(ACTIVE), 'add', 'b.pem', '--name', name)
    expect({ code, err }).toEqual({
      code: 3,
      err: expect.stringContaining('this certificate is another one'),
    })
  })

  it.each<[string, string | Uint8Array, RegExp]>([
    ['a leaf', selfSigned().certificate, /is not a CA certificate/],
    ['two certificates', ROOT_A.certificate + ROOT_B.certificate, /holds 2 certificates/],
    [
      'a zip of two',
      zipSync({ 'a.pem': strToU8('x'), 'b.pem': strToU8('y') }),
      /2 certificate files: a\.pem, b\.pem/,
    ],
    ['a zip of a leaf', zipSync({ 'a.pem': strToU8(selfSigned().certificate) }), /is not a CA certificate/],
    ['a zip of a key', zipSync({ 'a.pem': strToU8(ROOT_A.key) }), /holds a private key/],
    [
      'a zip that is cut off',
      zipSync({ 'a.pem': strToU8(ROOT_A.certificate) }).subarray(0, 200),
      /zip is damaged/,
    ],
    ['garbage', 'garbage', /no PEM block and no DER certificate/],
  ])('%s, with words and 3', async (_name, content, message) => {
    const place = placeWith(ACTIVE)
    writeFileSync(place.path('new'), content)
    const { code, err } = await anchor(place, 'add', 'new', '--write')
    expect({ code, err }).toEqual({ code: 3, err: expect.stringMatching(message) })
    expect(err).toContain('\nhubgate: hint: ')
    expect(place.read('hubgate.yaml')).toBe(configWith(ACTIVE))
    expect(place.files).not.toContain('anchors/new.pem')
  })

  it.each(['../x', '-x', '.x', 'a b', 'a/b', '', 'ä', 'x'.repeat(65)])('the name %j', async (name) => {
    const { code, err } = await anchor(placeWith(ACTIVE), 'add', 'b.pem', `--name=${name}`)
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('is not a usable name') })
  })

  it.each([
    [
      'a list in brackets',
      'client: { anchors: [{ name: a, file: a.pem }] }\n',
      'and add: - { name: lab-root-b',
    ],
    ['a client section that does not hold', 'client:\n  anchors:\n    - { nmae: a, file: a.pem }\n', 'nmae'],
  ])('to write into %s, and stores nothing', async (_name, text, message) => {
    const place = placeWith([])
    place.write('hubgate.yaml', text)
    const { code, err } = await anchor(place, 'add', 'b.pem', '--write')
    expect({ code, err }).toEqual({ code: 3, err: expect.stringContaining(message) })
    expect(place.read('hubgate.yaml')).toBe(text)
    expect(place.files).not.toContain('anchors/lab-root-b.pem')
  })
})

it('hubgate anchor inspect takes a zip, too, --json for programs', async () => {
  const place = placeWith(ACTIVE)
  writeFileSync(place.path('m.zip'), zipSync({ 'm.pem': strToU8(readFileSync(DIGICERT, 'utf8')) }))
  const { out } = await anchor(place, 'inspect', 'm.zip', '--json')
  expect(JSON.parse(out)).toMatchObject([
    { name: 'digicert-ev', issuer: null, purposes: null, names: [], revocationLists: [], namesake: null },
  ])
})

it('--json escapes what a terminal would obey', async () => {
  const place = placeWith(ACTIVE)
  const value = 'Lab \u009b2J\u202e\u2028 Root'
  const { certificate } = issue({
    subject: [{ type: 'CN', value, encoding: 'utf8' }],
    authority: {},
    key: 'p-256',
  })
  writeFileSync(place.path('odd.pem'), certificate)
  const { out } = await anchor(place, 'inspect', 'odd.pem', '--json')
  expect(out).not.toMatch(/[\u0080-\u009f\u2028\u202e]/)
  expect(JSON.parse(out)).toMatchObject([{ subject: `CN=${value}` }])
})
