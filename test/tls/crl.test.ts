// The reader of revocation lists: which are used, which are refused and in what words, and what a list says of a certificate.
import { sign } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { type Asn1, boolean, context, integer, nothing, sequence } from '../../src/lab/pki/asn1.ts'
import { type CertificateOptions, issue } from '../../src/lab/pki/certificate.ts'
import { type CrlOptions, reasonCode } from '../../src/lab/pki/crl.ts'
import { extension, pointName } from '../../src/lab/pki/extensions.ts'
import { type Judgement, isCurrent } from '../../src/tls/crl.ts'
import { distributionPointsOf } from '../../src/tls/crl-certificate.ts'
import { DerReader, TAG, encode, readOnly } from '../../src/tls/der.ts'
import {
  CA_NAME,
  DAY,
  MINUTE,
  NOW,
  after,
  authority,
  certificateOf,
  listOf,
  read,
  refusalOf,
} from '../support/crl-lists.ts'

const ca = authority()
const rsa = authority({ key: 'rsa-2048' })

/** An issuingDistributionPoint. */
const issuingPoint = (...fields: Asn1[]) =>
  extension({ id: '2.5.29.28', critical: true, value: sequence(...fields) })
const yes = (tag: number) => context(tag, '\xff')
const unknown = (critical: boolean) => extension({ id: '1.2.3.4', critical, value: nothing() })
const entry = (...extensions: Asn1[]) => [{ serial: '05', extensions }]

/** Ed25519 with NULL beside it. */
const WITH_NULL = Buffer.from('300706032b65700500', 'hex')

function elementsOf(bytes: Uint8Array): Uint8Array[] {
  const reader = new DerReader(bytes)
  const elements: Uint8Array[] = []
  while (!reader.done) elements.push(reader.next().whole)
  return elements
}

describe('a list is used', () => {
  const USED: readonly (readonly [string, Partial<CrlOptions>, readonly string[]])[] = [
    ['with three serials', { revoked: ['05', '7f', 'a0b1c2'] }, ['05', '7F', 'A0B1C2']],
    ['without the field of entries: nobody is revoked', {}, []],
    ['with an empty field of entries', { revoked: [] }, []],
    ['with one serial twice', { revoked: ['05', '06', '05'] }, ['05', '06']],
    ['with serial 0', { revoked: ['00'] }, ['00']],
    ['with a serial of 20 bytes', { revoked: [`7f${'ab'.repeat(19)}`] }, [`7F${'AB'.repeat(19)}`]],
    ['with a serial that was written too long', { revoked: [{ serial: '000005' }] }, ['05']],
    ['with reasons, on hold too', { revoked: [1, 6].flatMap((reason) => entry(reasonCode(reason))) }, ['05']],
    [
      'with unknown extensions that are not critical',
      { revoked: entry(unknown(false)), extensions: [unknown(false)] },
      ['05'],
    ],
    ['of version 1', { version: 1, revoked: ['05'] }, ['05']],
    [
      'whose entries were revoked after 2049',
      { revoked: [{ serial: '05', date: new Date('2051-01-01') }] },
      ['05'],
    ],
    ['without nextUpdate', { nextUpdate: 'omit', revoked: ['05'] }, ['05']],
    ['that has run out', { thisUpdate: after(-9 * DAY), nextUpdate: after(-DAY), revoked: ['05'] }, ['05']],
    ['from four minutes ahead', { thisUpdate: after(4 * MINUTE), revoked: ['05'] }, ['05']],
    ['limited to leaves', { revoked: ['05'], extensions: [issuingPoint(yes(1))] }, ['05']],
  ]
  it.each(USED)('%s', async (_name, options, revoked) => {
    const list = await read(listOf(ca, options), ca)
    expect(list.size).toBe(revoked.length)
    expect(revoked.filter((serial) => !list.revokes(serial))).toEqual([])
    expect(['04', '0500', '50', 'FF05', '', 'x'].filter(list.revokes)).toEqual([])
  })

  it.each([
    ['rsa-2048', 'sha256'],
    ['rsa-2048', 'sha384'],
    ['rsa-2048', 'sha512'],
    ['p-256', 'sha256'],
    ['p-384', 'sha384'],
    ['ed25519', 'sha512'],
  ] as const)('signed by a key of %s with %s', async (key, digest) => {
    const signer = key === 'rsa-2048' ? rsa : authority({ key })
    const list = await read(listOf(signer, { digest, revoked: ['05'] }), ca, signer)
    expect(list.revokes('05')).toBe(true)
    expect(list.issuer.fingerprint256).toBe(certificateOf(signer).fingerprint256)
  })

  it('and tells its number, times and fingerprint', async () => {
    const der = listOf(ca, { number: 'ff00112233445566778899', nextUpdate: after(DAY) })
    const list = await read(der, ca)
    expect(list.number).toBe(0xff00112233445566778899n)
    expect(list.nextUpdate).toEqual(after(DAY))
    expect(list.fingerprint).toMatch(/^[0-9a-f]{64}$/)
    expect((await read(listOf(ca, { number: 'omit' }), ca)).number).toBeUndefined()
  })

  it('and what its owner does to the bytes afterwards changes nothing', async () => {
    const der = listOf(ca, { revoked: ['05', '06'] })
    const reading = read(der, ca)
    der.fill(0)
    const list = await reading
    expect(['05', '06', '07'].filter(list.revokes)).toEqual(['05', '06'])
  })

  it.each([
    ['before nextUpdate', { nextUpdate: after(1000) }, true],
    ['at nextUpdate', { nextUpdate: NOW }, false],
    ['never without nextUpdate', { nextUpdate: 'omit' }, false],
  ] as const)('as current %s', async (_name, options, current) => {
    expect(isCurrent(await read(listOf(ca, options), ca), NOW)).toBe(current)
  })
})

describe('a list is refused', () => {
  const REFUSED: readonly (readonly [string, Partial<CrlOptions>, RegExp])[] = [
    ['signed with MD5', { claimed: '1.2.840.113549.1.1.4' }, /signed with MD5/],
    ['signed with SHA-1 by ECDSA', { claimed: '1.2.840.10045.4.1' }, /signed with SHA-1/],
    ['signed with RSASSA-PSS', { claimed: '1.2.840.113549.1.1.10' }, /algorithm that is not known here/],
    [
      'that claims another algorithm than its key has',
      { claimed: '1.2.840.10045.4.3.2' },
      /does not fit the key/,
    ],
    ['with two algorithms', { claimedInside: '1.2.840.10045.4.3.2' }, /two different signature algorithms/],
    [
      'with a critical extension nobody knows',
      { extensions: [unknown(true)] },
      /critical extension .* \(1\.2\.3\.4\)/,
    ],
    [
      'with one on an entry',
      { revoked: entry(unknown(true)) },
      /an entry has a critical extension .* \(1\.2\.3\.4\)/,
    ],
    [
      'with one on an entry after many sound ones',
      {
        revoked: [
          ...Array.from({ length: 300 }, (_, i) => ({
            serial: `10${i.toString(16)}`,
            extensions: [reasonCode(1)],
          })),
          ...entry(unknown(true)),
        ],
      },
      /an entry has a critical/,
    ],
    [
      'that is a delta',
      { extensions: [extension({ id: '2.5.29.27', critical: true, value: integer('1') })] },
      /delta list/,
    ],
    [
      'that is a delta and does not call it critical',
      { extensions: [extension({ id: '2.5.29.27', value: integer('1') })] },
      /delta list/,
    ],
    ['that takes somebody off', { revoked: entry(reasonCode(8)) }, /removeFromCRL/],
    [
      'with an entry of another issuer',
      { revoked: entry(extension({ id: '2.5.29.29', critical: true, value: sequence() })) },
      /indirect: an entry/,
    ],
    [
      'with a reason of two bytes',
      { revoked: entry(extension({ id: '2.5.29.21', value: nothing() })) },
      /well-formed/,
    ],
    ['for authorities only', { extensions: [issuingPoint(yes(2))] }, /authorities only/],
    [
      'for attribute certificates only',
      { extensions: [issuingPoint(yes(5))] },
      /attribute certificates only/,
    ],
    ['for some reasons only', { extensions: [issuingPoint(context(3, '\x01\x40'))] }, /some reasons/],
    ['that is indirect', { extensions: [issuingPoint(yes(4))] }, /indirect/],
    [
      'for a distribution point without a URI',
      { extensions: [issuingPoint(context(0, [context(1, [])]))] },
      /no URI/,
    ],
    [
      'with an issuing distribution point of garbage',
      { extensions: [issuingPoint(boolean(true))] },
      /well-formed/,
    ],
    ['with an extension twice', { extensions: [unknown(false), unknown(false)] }, /stands twice/],
    [
      'with a negative number',
      {
        number: 'omit',
        extensions: [extension({ id: '2.5.29.20', value: { ...integer('1'), value: '\xff' } })],
      },
      /malformed list number/,
    ],
    ['of version 1 with extensions', { version: 1, extensions: [unknown(false)] }, /list of version 1/],
    [
      'of version 1 with extensions on an entry',
      { version: 1, revoked: entry(reasonCode(1)) },
      /list of version 1/,
    ],
    ['from ten minutes ahead', { thisUpdate: after(10 * MINUTE) }, /from the future/],
    [
      'that ends before it begins',
      { thisUpdate: after(-DAY), nextUpdate: after(-2 * DAY) },
      /before thisUpdate/,
    ],
    [
      'under another name',
      { issuerName: [{ type: 'CN', value: 'Lab Authority' }] },
      /issued by "Lab Authority", which is none/,
    ],
    [
      'under a name in another string type',
      { issuerName: CA_NAME.map((one) => ({ ...one, encoding: 'printable' as const })) },
      /which is none/,
    ],
  ]
  it.each(REFUSED)('%s', async (_name, options, words) => {
    const { message, hint } = await refusalOf(read(listOf(ca, options), ca))
    expect(message).toMatch(words)
    expect(hint).not.toBe('')
  })

  it('that claims ECDSA under the good signature of an RSA key', async () => {
    const der = listOf(rsa, { claimed: '1.2.840.10045.4.3.2' })
    expect((await refusalOf(read(der, rsa))).message).toMatch(/does not fit the key/)
  })

  it('with a further field behind the signature', async () => {
    const { content } = readOnly(listOf(ca), TAG.sequence)
    const der = encode(TAG.sequence, content, Uint8Array.of(0x05, 0))
    expect((await refusalOf(read(der, ca))).message).toMatch(/bytes after the last element/)
  })

  const REWRITTEN: readonly (readonly [string, (fields: readonly Uint8Array[]) => Uint8Array[], RegExp])[] = [
    [
      'with a further field behind the extensions',
      (fields) => [...fields, Buffer.of(0x05, 0)],
      /bytes after the last/,
    ],
    ['of version 1 that says so', ([, ...fields]) => [Buffer.of(2, 1, 0), ...fields], /neither 1 nor 2/],
    ['of version 3', ([, ...fields]) => [Buffer.of(2, 1, 2), ...fields], /neither 1 nor 2/],
    ['with a version of two bytes', ([, ...fields]) => [Buffer.of(2, 2, 0, 1), ...fields], /neither 1 nor 2/],
    [
      'with parameters of Ed25519',
      ([version, , ...fields]) => [version ?? Buffer.of(), WITH_NULL, ...fields],
      /parameters of the signature/,
    ],
    ['without a time', (fields) => fields.slice(0, 3), /malformed time|ends within/],
  ]
  it.each(REWRITTEN)('%s, though it is signed', async (_name, change, words) => {
    const [tbs] = elementsOf(readOnly(listOf(ca), TAG.sequence).content)
    const fields = change(elementsOf(readOnly(tbs ?? Buffer.of(), TAG.sequence).content))
    const changed = encode(TAG.sequence, ...fields)
    const signature = encode(TAG.bitString, Buffer.of(0), sign(null, changed, ca.keyPair.privateKey))
    const algorithm = fields.find((field) => field[0] === TAG.sequence) ?? Buffer.of()
    const der = encode(TAG.sequence, changed, algorithm, signature)
    expect((await refusalOf(read(der, ca))).message).toMatch(words)
  })

  it('signed with SHA-1, though the signature is good', async () => {
    expect((await refusalOf(read(listOf(rsa, { digest: 'sha1' }), rsa))).message).toMatch(/signed with SHA-1/)
  })

  const TIME = '170d3236303130313030303030305a'
  const ENTRIES: readonly (readonly [string, string])[] = [
    ['a serial of no bytes', `30110200${TIME}`],
    ['a serial of 128 bytes', `308192028180${'11'.repeat(128)}${TIME}`],
    ['a time with a letter', `3012020105${TIME.slice(0, -4)}785a`],
    ['a time without a zone', `3012020105${TIME.slice(0, -2)}30`],
    ['a time too short', `3011020105170c${TIME.slice(6)}`],
    ['no time', '3003020105'],
    ['a list in place of the time', `301202010530${TIME.slice(2)}`],
    ['an entry shorter than its fields', `3011020105${TIME}`],
    ['an entry beyond the end', `3020020105${TIME}`],
    ['a field beyond its entry', `3012020105170e${TIME.slice(4)}`],
    ['an indefinite length', `3080020105${TIME}0000`],
    ['a length in a longer form', `308112020105${TIME}`],
    ['bytes after the last entry', `3012020105${TIME}30`],
    ['something after the extensions', `3016020105${TIME}30000500`],
    ['a NULL in place of an entry', '0500'],
  ]
  it('only for what is wrong in these: the sound one is used', async () => {
    const der = listOf(ca, { revoked: Buffer.from(`3012020105${TIME}`, 'hex') })
    expect((await read(der, ca)).revokes('05')).toBe(true)
  })

  it.each(ENTRIES)('with %s among its entries', async (_name, hex) => {
    const der = listOf(ca, { revoked: Buffer.from(hex, 'hex') })
    expect((await refusalOf(read(der, ca))).message).toMatch(/not a well-formed revocation list/)
  })

  const BYTES: readonly (readonly [string, (der: Buffer) => Buffer])[] = [
    ['nothing', () => Buffer.alloc(0)],
    ['a byte after it', (der) => Buffer.concat([der, Buffer.of(0)])],
    ['a second list after it', (der) => Buffer.concat([der, der])],
    ['its last byte cut off', (der) => der.subarray(0, -1)],
    ['its first half', (der) => der.subarray(0, der.length / 2)],
    ['a certificate', () => ca.der],
    ['text', () => Buffer.from('<html>')],
  ]
  it.each(BYTES)('that is %s', async (_name, change) => {
    const bytes = change(listOf(ca, { revoked: ['05'] }))
    expect((await refusalOf(read(bytes, ca))).message).toMatch(/well-formed/)
  })
})

describe('the signer of a list', () => {
  const revoked = { revoked: ['05'] }

  it('is an authority known here, or the list is refused', async () => {
    expect((await refusalOf(read(listOf(ca)))).message).toMatch(/"US, Lab Authority", which is none/)
  })

  it('has the right key, not only the right name', async () => {
    expect((await refusalOf(read(listOf(authority()), ca))).message).toMatch(/does not fit the key/)
  })

  it('is found among several of one name', async () => {
    const others = [authority(), authority({ key: 'p-256' }), rsa]
    expect((await read(listOf(ca, revoked), ...others, ca)).issuer.fingerprint256).toBe(
      certificateOf(ca).fingerprint256,
    )
  })

  it.each([
    ['its key usage leaves out cRLSign', { keyUsage: ['certSign'] }],
    ['it is not a CA certificate', { authority: 'omit' }],
  ] as const)('is refused where %s', async (words, options) => {
    const odd = authority({ ...options })
    expect((await refusalOf(read(listOf(odd), odd))).message).toContain(words)
  })

  it('is refused where it is a leaf', async () => {
    const leaf = issue({ subject: CA_NAME, issuer: ca, key: ca.keyPair, keyUsage: ['crlSign'] })
    expect((await refusalOf(read(listOf(leaf), leaf))).message).toContain('it is not a CA certificate')
  })

  it('may say nothing about what its key is for', async () => {
    const silent = authority({ keyUsage: [] })
    expect((await read(listOf(silent, revoked), silent)).size).toBe(1)
  })

  it('is the certificate that may sign, where one of the same name and key may not', async () => {
    const mute = authority({ key: ca.keyPair, keyUsage: ['certSign'] })
    expect((await read(listOf(ca), mute, ca)).issuer.fingerprint256).toBe(certificateOf(ca).fingerprint256)
  })

  it('is refused with a short RSA key', async () => {
    const short = authority({ key: 'rsa-1024' })
    expect((await refusalOf(read(listOf(short), short))).message).toMatch(/fewer than 2048 bits/)
  })
})

describe('what a list says of a certificate', () => {
  const HERE = 'http://lists.example/1.crl'
  const leaf = (options: Partial<CertificateOptions> = {}) =>
    certificateOf(
      issue({
        subject: [{ type: 'CN', value: 'a' }],
        issuer: ca,
        key: 'ed25519',
        serial: '0a0b',
        ...options,
      }),
    )
  const point = { extensions: [issuingPoint(pointName([HERE, 'http://lists.example/2.crl']))] }
  const leavesOnly = { extensions: [issuingPoint(yes(1))] }
  const intermediate = { authority: {} }
  const namesake = authority()

  const JUDGED: readonly (readonly [string, Partial<CrlOptions>, Partial<CertificateOptions>, Judgement])[] =
    [
      ['its serial is there', { revoked: ['0a0b'] }, {}, 'revoked'],
      ['its serial is there with zeros before', { revoked: ['00000a0b'] }, {}, 'revoked'],
      ['its serial is not there', { revoked: ['0a0c'] }, {}, 'good'],
      ['nobody is revoked', {}, {}, 'good'],
      ['it has another issuer', { revoked: ['0a0b'] }, { issuer: rsaNamed() }, 'not covered'],
      ['its issuer has the name and another key', {}, { issuer: namesake }, 'not covered'],
      ['the same, and its serial is there', { revoked: ['0a0b'] }, { issuer: namesake }, 'revoked'],
      [
        'the list is of a point that it names',
        point,
        { distributionPoints: ['http://x.example/', HERE] },
        'good',
      ],
      [
        'the list is of a point that it does not name',
        point,
        { distributionPoints: [`${HERE}x`] },
        'not covered',
      ],
      ['the list is of a point and it names none', point, {}, 'not covered'],
      ['the same, and its serial is there', { ...point, revoked: ['0a0b'] }, {}, 'revoked'],
      ['the list is of leaves, and it is one', leavesOnly, {}, 'good'],
      ['the list is of leaves, and it is none', leavesOnly, intermediate, 'not covered'],
      ['it is an intermediate', {}, intermediate, 'good'],
      ['it is a revoked intermediate', { revoked: ['0a0b'] }, intermediate, 'revoked'],
    ]
  it.each(JUDGED)('where %s', async (...[, list, certificate, judgement]) => {
    expect((await read(listOf(ca, list), ca)).judge(leaf(certificate))).toBe(judgement)
  })

  function rsaNamed() {
    return authority({ subject: [{ type: 'CN', value: 'Another' }] })
  }
})

describe('the distribution points of an anchor', () => {
  it.each([
    ['none', [], []],
    [
      'http and https',
      ['http://a.example/x.crl', 'https://b.example/'],
      ['http://a.example/x.crl', 'https://b.example/'],
    ],
    ['the same one twice', ['http://a.example/', 'http://a.example/'], ['http://a.example/']],
    [
      'no other schemes',
      ['ldap://a.example/cn=x', 'file:///etc/passwd', 'ftp://a.example/', 'javascript:1'],
      [],
    ],
    ['nothing that is no URL', ['http://', 'http://a b/', 'http://a.example/\r\nx', 'http://ä.example/'], []],
  ])('are read: %s', (_name, written, found) => {
    expect(distributionPointsOf(certificateOf(authority({ distributionPoints: written })))).toEqual(found)
  })
})
