// The leaf reader on bytes that are no certificate, or nearly one: it ends in a word, and never means less than OpenSSL.
import { X509Certificate } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { META_CLIENT_NAME, digicertShaped, metaShaped, selfSigned } from '../../src/lab/pki/authorities.ts'
import { anchorOf, anchorsOf } from '../../src/tls/anchors.ts'
import { DerError, DerReader, TAG } from '../../src/tls/der.ts'
import { readLeaf } from '../../src/tls/read-leaf.ts'

const meta = metaShaped()
const digicert = digicertShaped()
const anchors = [meta.root, digicert.root].map(({ der }, i) => anchorOf(new X509Certificate(der), `lab-${i}`))

describe('an element of DER', () => {
  it.each([
    ['nothing', []],
    ['a tag alone', [0x04]],
    ['content cut off', [0x04, 2, 1]],
    ['a length cut off', [0x04, 0x82, 1]],
    ['a length of no bytes: indefinite', [0x04, 0x80, 0, 0]],
    ['a length of five bytes', [0x04, 0x85, 0, 0, 0, 0, 1, 1]],
    ['a long length that is short', [0x04, 0x81, 1, 1]],
    ['a length with a zero before', [0x04, 0x82, 0, 0x80, ...Array.from({ length: 0x80 }, () => 0)]],
    ['a length of four GiB', [0x04, 0x84, 0xff, 0xff, 0xff, 0xff, 0]],
    ['a tag of several bytes', [0x1f, 0x81, 1, 1, 0]],
    ['another tag', [0x05, 0]],
  ])('is refused: %s', (_name, bytes) => {
    expect(() => new DerReader(Uint8Array.from(bytes)).next(TAG.octetString)).toThrow(DerError)
  })
})

describe('bytes that are nearly a certificate', () => {
  const whole = [
    meta.client().leaf,
    digicert.client({ altNames: ['a.example'] }).leaf,
    digicert.root,
    selfSigned({ key: 'ed25519' }).leaf,
  ]
  const edit = fc.record({
    at: fc.nat(2000),
    cut: fc.nat(4),
    put: fc.oneof(
      fc.uint8Array({ maxLength: 4 }),
      fc.constantFrom(...[0x00, 0x30, 0x80, 0x84, 0xff].map((byte) => Uint8Array.of(byte))),
    ),
  })
  const mutant = fc
    .record({
      base: fc.constantFrom(...whole.map(({ der }) => der)),
      edits: fc.array(edit, { minLength: 1, maxLength: 4 }),
      length: fc.option(fc.nat(2000)),
    })
    .map(({ base, edits, length }) => {
      const edited = edits.reduce(
        (bytes, { at, cut, put }) =>
          Buffer.concat([
            bytes.subarray(0, at % bytes.length),
            put,
            bytes.subarray((at % bytes.length) + cut),
          ]),
        base,
      )
      return edited.subarray(0, length ?? edited.length)
    })

  it('are read or unreadable, never throw, and where OpenSSL reads them, mean nothing weaker', () => {
    let readByBoth = 0
    fc.assert(
      fc.property(mutant, (der) => {
        const leaf = readLeaf(der)
        const other = parsedByOpenssl(der)
        if (other === undefined) return
        // Asked of every client's certificate, whatever OpenSSL thinks of it.
        expect(anchors).toEqual(expect.arrayContaining([...anchorsOf([other], anchors)]))
        if (leaf === 'unreadable') return
        readByBoth += 1
        if (leaf.commonNames.join('\n') === META_CLIENT_NAME)
          expect(other.subject).toContain(`CN=${META_CLIENT_NAME}`)
        expect(leaf.extendedKeyUsage).toEqual(other.keyUsage)
        // OpenSSL wants a fitting key usage, too; an authority for it is one for us.
        expect(leaf.isAuthority || !other.ca).toBe(true)
      }),
      { numRuns: 5_000 },
    )
    expect(readByBoth).toBeGreaterThan(100)
  })

  it('are unreadable where TRUE is another byte than 0xff, which OpenSSL takes for true', () => {
    const { der } = meta.client({ authority: {} }).leaf
    const other = Buffer.from(der.toString('hex').replace('30030101ff', '3003010101'), 'hex')
    expect(other).not.toEqual(der)
    expect(readLeaf(der)).toMatchObject({ isAuthority: true })
    expect(new X509Certificate(other).ca).toBe(true)
    expect(readLeaf(other)).toBe('unreadable')
  })

  it('are unreadable, cut anywhere', () => {
    for (const { der } of whole)
      for (let length = 0; length < der.length; length++)
        expect(readLeaf(der.subarray(0, length))).toBe('unreadable')
  })

  it('are unreadable with anything behind', () => {
    for (const { der } of whole) expect(readLeaf(Buffer.concat([der, Buffer.of(0)]))).toBe('unreadable')
  })

  it('of any kind end in a word', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(readLeaf(bytes)).toBe('unreadable')
      }),
    )
  })
})

function parsedByOpenssl(der: Uint8Array): X509Certificate | undefined {
  try {
    return new X509Certificate(der)
  } catch {
    return undefined
  }
}
