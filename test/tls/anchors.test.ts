// Trust anchor files: what is exactly a list of CA certificates is taken, whole; everything else is refused in words.
import { type KeyObject, X509Certificate } from 'node:crypto'
import { rootCertificates } from 'node:tls'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { digicertShaped, metaShaped } from '../../src/lab/pki/authorities.ts'
import { type Issued, issue } from '../../src/lab/pki/certificate.ts'
import { AnchorFileError, anchorOf, anchorsOf, loadAnchors, parseAnchors } from '../../src/tls/anchors.ts'
import { KNOWN_ANCHORS } from '../../src/tls/known-anchors.ts'
import { altered, withoutExtensions } from '../support/altered-certificate.ts'
import { below, root } from './cases/case.ts'

const DIGICERT =
  '74:31:E5:F4:C3:C1:CE:46:90:77:4F:0B:61:E0:54:40:88:3B:A9:A0:1E:D0:0B:A6:AB:D7:80:6E:D3:B1:18:CF'
const META = 'DE:CB:20:96:C4:8B:2B:14:68:58:03:FE:9E:A1:E1:BC:D4:13:95:35:42:19:E3:1A:87:70:0E:58:62:A4:78:BF'

const meta = metaShaped()
const digicert = digicertShaped()
const one = meta.root.certificate
const two = digicert.root.certificate
const [intermediate = digicert.root] = digicert.intermediates
const leaf = meta.client().leaf.certificate

const pem = (label: string, base64: string) => `-----BEGIN ${label}-----\n${base64}\n-----END ${label}-----\n`
const inner = (text: string) => text.replace(/-----[^-]+-----\n/g, '').trim()
const privateKey = (type: 'pkcs1' | 'pkcs8' | 'sec1', key: KeyObject) =>
  key.export({ type, format: 'pem' }).toString()
const latin1 = (text: string) => Buffer.from(text, 'latin1')
const cutTwo = (at: number) => one + two.slice(0, at)

const TAKEN: readonly (readonly [name: string, bytes: Buffer, holds: readonly Issued[]])[] = [
  ['one certificate', latin1(one), [meta.root]],
  ['two certificates', latin1(one + two), [meta.root, digicert.root]],
  ['DER', meta.root.der, [meta.root]],
  ['Windows line ends', latin1(one.replaceAll('\n', '\r\n')), [meta.root]],
  ['no line end at the end', latin1(one.trimEnd()), [meta.root]],
  ['no line end between two', latin1(one.trimEnd() + two), [meta.root, digicert.root]],
  [
    'comments all around',
    latin1(`# hers\n${one}\nsubject=CN = x\n\n${two}# the end\n`),
    [meta.root, digicert.root],
  ],
  ['comments in UTF-8', Buffer.from(`# größer ✓\n${one}`), [meta.root]],
  ['a byte order mark', Buffer.from(`\ufeff${one}`), [meta.root]],
  ['base64 in one line', latin1(pem('CERTIFICATE', inner(one).replaceAll('\n', ''))), [meta.root]],
  ['an intermediate', latin1(intermediate.certificate), [intermediate]],
]

const REFUSED: readonly (readonly [name: string, bytes: Uint8Array, message: RegExp])[] = [
  ['nothing', latin1(''), /^the file is empty$/],
  ['a line end', latin1('\n'), /^no PEM block and no DER certificate$/],
  ['a comment only', latin1('# put the certificate here\n'), /^no PEM block/],
  ['garbage', latin1('Not Found'), /^no PEM block/],
  ['an HTML page', latin1('<!doctype html><title>Sign in</title>'), /^no PEM block/],
  ['zeros', Buffer.alloc(1000), /^no PEM block/],
  ['UTF-16', Buffer.from(`\ufeff${one}`, 'utf16le'), /^no PEM block/],
  [
    'more than a MiB',
    Buffer.concat([latin1(one), Buffer.alloc(1024 * 1024, '\n')]),
    /^the file is larger than 1048576 bytes$/,
  ],
  ['an END that is missing', latin1(one.replace(/-----END.*\n/, '')), /cut off or garbled/],
  ['a BEGIN that is missing', latin1(one.replace(/-----BEGIN.*\n/, '')), /cut off or garbled/],
  ['BEGIN and END that differ', latin1(one.replace('END CERTIFICATE', 'END X509 CRL')), /cut off or garbled/],
  [
    'a block without content',
    latin1('-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n'),
    /cut off or garbled/,
  ],
  ['a second block cut off after its BEGIN', latin1(cutTwo(28)), /cut off or garbled/],
  ['a second block cut off in the middle', latin1(cutTwo(600)), /cut off or garbled/],
  ['a second block cut off before its END', latin1(cutTwo(two.length - 26)), /cut off or garbled/],
  ['a second block cut off within its END', latin1(cutTwo(two.length - 5)), /cut off or garbled/],
  [
    'a second block without its last line',
    latin1(one + two.replace(/[^\n]+\n-----END/, '-----END')),
    /not one whole certificate|not whole base64/,
  ],
  ['a character of its base64 missing', latin1(one.replace('MII', 'MI')), /not whole base64/],
  ['a character that is no base64', latin1(one.replace('MII', 'MI*')), /cut off or garbled/],
  [
    'a header within the block',
    latin1(one.replace('MII', 'Proc-Type: 4,ENCRYPTED\n\nMII')),
    /cut off or garbled/,
  ],
  [
    'base64 of no certificate',
    latin1(pem('CERTIFICATE', 'aGVsbG8=')),
    /^a block is not one whole certificate$/,
  ],
  [
    'bytes after the certificate in a block',
    latin1(pem('CERTIFICATE', Buffer.concat([meta.root.der, Buffer.of(0)]).toString('base64'))),
    /not one whole certificate/,
  ],
  ['DER cut off', meta.root.der.subarray(0, -1), /not one whole certificate/],
  ['DER with a byte more', Buffer.concat([meta.root.der, Buffer.of(0)]), /not one whole certificate/],
  ['two certificates in DER', Buffer.concat([meta.root.der, digicert.root.der]), /not one whole certificate/],
  ['a private key behind', latin1(one + meta.root.key), /^the file holds a private key$/],
  [
    'a private key before, PKCS#1',
    latin1(privateKey('pkcs1', meta.root.keyPair.privateKey) + one),
    /private key/,
  ],
  ['a private key, SEC1', latin1(one + privateKey('sec1', root('x').keyPair.privateKey)), /private key/],
  ['an encrypted private key', latin1(one + pem('ENCRYPTED PRIVATE KEY', 'aGVsbG8=')), /private key/],
  ['a private key cut off', latin1(one + meta.root.key.slice(0, 100)), /private key/],
  ['a public key', latin1(pem('PUBLIC KEY', 'aGVsbG8=')), /^a block is "PUBLIC KEY", not CERTIFICATE$/],
  [
    'a request',
    latin1(one + pem('CERTIFICATE REQUEST', 'aGVsbG8=')),
    /"CERTIFICATE REQUEST", not CERTIFICATE/,
  ],
  [
    'a trusted certificate of openssl',
    latin1(pem('TRUSTED CERTIFICATE', inner(one))),
    /"TRUSTED CERTIFICATE"/,
  ],
  ['PKCS#7', latin1(pem('PKCS7', inner(one))), /"PKCS7"/],
  ['a leaf', latin1(leaf), /^CN=client\.webhooks\.fbclientcerts\.com is not a CA certificate$/],
  ['a leaf behind a CA', latin1(one + leaf), /is not a CA certificate$/],
  [
    'the same certificate twice',
    latin1(one + two + one),
    /^C=US, O=Lab Meta-like Inc\., CN=.* stands there twice$/,
  ],
]

describe('an anchor file', () => {
  it.each(TAKEN)('with %s is taken', (_name, bytes, holds) => {
    expect(parseAnchors(bytes).map(({ raw }) => raw)).toEqual(holds.map(({ der }) => der))
  })

  it.each(REFUSED)('with %s is refused', (_name, bytes, message) => {
    const error = thrownBy(() => parseAnchors(bytes))
    expect(error).toBeInstanceOf(AnchorFileError)
    expect(error).toMatchObject({ message: expect.stringMatching(message), hint: expect.stringMatching(/./) })
  })

  it('of any bytes is refused in words, or holds authorities only', () => {
    const text = one + two
    const edit = fc.record({ at: fc.nat(text.length), cut: fc.nat(40), put: fc.string({ maxLength: 6 }) })
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
        const bytes = latin1(
          edits.reduce(
            (before, { at, cut, put }) => before.slice(0, at) + put + before.slice(at + cut),
            text,
          ),
        )
        const error = thrownBy(() => expect(parseAnchors(bytes).every(({ ca }) => ca)).toBe(true))
        if (error !== undefined) expect(error).toBeInstanceOf(AnchorFileError)
      }),
      { numRuns: 1000 },
    )
  })

  it.each(['one by one', 'all in one file'])('takes the authorities that Node ships, %s', (how) => {
    const authorities = rootCertificates.filter((text) => new X509Certificate(text).ca)
    const files = how === 'one by one' ? authorities : [authorities.join('\n')]
    expect(files.flatMap((text) => parseAnchors(latin1(text)))).toHaveLength(authorities.length)
  })
})

describe('the anchors that Meta is known to use', () => {
  it('are told by their fingerprints', () => {
    expect(KNOWN_ANCHORS.map(({ label, fingerprint, current }) => ({ label, fingerprint, current }))).toEqual(
      [
        { label: 'Meta Outbound API CA 2025-12', fingerprint: META, current: true },
        { label: 'DigiCert High Assurance EV Root CA', fingerprint: DIGICERT, current: false },
      ],
    )
  })

  it('the builtin one is DigiCert’s root', () => {
    const [anchor, ...others] = loadAnchors(
      { kind: 'builtin', name: 'digicert-ev', builtin: 'digicert-ev', state: 'active' },
      new Date(),
    )
    expect(others).toEqual([])
    expect(anchor).toMatchObject({ name: 'digicert-ev', fingerprint: DIGICERT, known: { current: false } })
    expect(anchor?.certificate).toMatchObject({
      subject: 'C=US\nO=DigiCert Inc\nOU=www.digicert.com\nCN=DigiCert High Assurance EV Root CA',
      validTo: 'Nov 10 00:00:00 2031 GMT',
    })
  })
})

describe('the anchor of a chain', () => {
  const certificateOf = ({ der }: { der: Buffer }) => new X509Certificate(der)
  const twin = () => issue({ subject: [{ type: 'CN', value: 'Lab Twin' }], authority: {} })
  const [first, second, stranger] = [twin(), twin(), twin()]
  const anchors = [first, second].map((issued, i) => anchorOf(certificateOf(issued), `twin-${i + 1}`))
  const names = (chain: readonly { der: Buffer }[]) =>
    anchorsOf(chain.map(certificateOf), anchors).map(({ name }) => name)

  it('is the one whose key signed it, not the one of its name', () => {
    expect(names([below(first, 'x')])).toEqual(['twin-1'])
    expect(names([below(second, 'x')])).toEqual(['twin-2'])
    const intermediate = below(second, 'Lab Intermediate')
    expect(names([below(intermediate, 'x'), intermediate])).toEqual(['twin-2'])
  })

  it('is told by the signature where no key identifier tells it', () => {
    const client = meta.client({ issuer: second })
    expect(names([altered(client, second, withoutExtensions).leaf])).toEqual(['twin-2'])
  })

  it('is any, where no signer is seen', () => {
    expect(names([below(below(stranger, 'Lab Unseen'), 'x')])).toEqual(['twin-1', 'twin-2'])
  })
})

function thrownBy(work: () => unknown): unknown {
  try {
    work()
    return undefined
  } catch (error) {
    return error
  }
}
