// Files of revocation lists: every byte is accounted for, so that no list goes missing in silence.
import { describe, expect, it } from 'vitest'
import { issue, pem } from '../../src/lab/pki/certificate.ts'
import { RevocationListError } from '../../src/tls/crl-error.ts'
import { MAX_LIST_FILE, readRevocationFile } from '../../src/tls/crl-file.ts'
import { authority, listOf, manyEntries } from '../support/crl-lists.ts'

const ca = authority()
const leaf = issue({ subject: [{ type: 'CN', value: 'leaf' }], issuer: ca, key: 'ed25519' })
const der = listOf(ca, { revoked: ['05'] })
const other = listOf(ca, { revoked: ['06'] })
const text = pem(der, 'X509 CRL')
const BEGIN = '-----BEGIN X509 CRL-----'

describe('a file of revocation lists', () => {
  const READ: readonly (readonly [string, string | Buffer, readonly Buffer[], number])[] = [
    ['one list in DER', der, [der], 0],
    ['one list in PEM', text, [der], 0],
    [
      'two lists and text between them',
      `first\n${text}second: a-b\n${pem(other, 'X509 CRL')}`,
      [der, other],
      0,
    ],
    ['with lines as on Windows', text.replaceAll('\n', '\r\n'), [der], 0],
    ['in one line', `${BEGIN}\n${der.toString('base64')}\n-----END X509 CRL-----`, [der], 0],
    ['with the authority beside it', text + ca.certificate, [der], 1],
    ['with the authority first', ca.certificate + text, [der], 1],
    ['an authority alone, whose list is fetched', ca.certificate, [], 1],
    ['with a byte order mark', `\u{feff}${text}`, [der], 0],
  ]
  it.each(READ)('is read: %s', (...[, file, lists, authorities]) => {
    const found = readRevocationFile(Buffer.from(file))
    expect(found.lists.map((list) => Buffer.from(list))).toEqual(lists)
    expect(found.certificates).toHaveLength(authorities)
  })

  it.each([
    ['is empty', '', /the file is empty/],
    ['holds only white space', ' \n', /no PEM block/],
    ['is text', 'hello', /no PEM block/],
    ['is a certificate in DER', ca.der, /is a certificate, not a revocation list/],
    ['calls a certificate a list', pem(ca.der, 'X509 CRL'), /is a certificate, not a revocation list/],
    ['calls a list a certificate', pem(der), /not one whole certificate/],
    ['holds a leaf beside the list', text + leaf.certificate, /CN=leaf is not a CA certificate/],
    ['holds a private key', text + ca.key, /private key/],
    ['holds an encrypted private key', text + pem(der, 'ENCRYPTED PRIVATE KEY'), /private key/],
    ['holds something else', text + pem(der, 'PKCS7'), /a block is "PKCS7"/],
    ['is a list in DER cut off', der.subarray(0, -1), /not one whole list/],
    ['is a list in DER with a byte more', Buffer.concat([der, Buffer.of(10)]), /not one whole list/],
    ['has its second block cut off', text + text.slice(0, -40), /cut off or garbled/],
    ['has its only block cut off', text.slice(0, 60), /cut off or garbled/],
    ['has its end line cut off', text.slice(0, -6), /cut off or garbled/],
    ['begins a block twice', `${BEGIN}\n${text}`, /cut off or garbled/],
    ['ends a block twice', `${text}-----END X509 CRL-----\n`, /cut off or garbled/],
    ['ends a block as another', text.replace('END X509 CRL', 'END CERTIFICATE'), /cut off or garbled/],
    ['lacks a character', text.replace(/\n(\w)/, '\n'), /not whole base64|not one whole list/],
    ['has a character that is none of base64', text.replace(/\n\w/, '\n*'), /not whole base64/],
    ['has an empty block', `${BEGIN}\n-----END X509 CRL-----\n`, /not whole base64/],
    ['is UTF-16', Buffer.from(text, 'utf16le'), /no PEM block/],
    ['is larger than any list', Buffer.alloc(MAX_LIST_FILE + 1, 0x30), /larger than 67108864 bytes/],
  ])('is refused where it %s', (_name, file, words) => {
    const reading = () => readRevocationFile(Buffer.from(file))
    expect(reading).toThrow(RevocationListError)
    expect(reading).toThrow(words)
  })

  it('of 10 MB in PEM is read whole', () => {
    const large = listOf(ca, { revoked: manyEntries(300_000) })
    const file = `${BEGIN}\n${large.toString('base64').replaceAll(/.{64}/g, '$&\n')}\n-----END X509 CRL-----\n`
    const [list = Buffer.alloc(0)] = readRevocationFile(Buffer.from(file)).lists
    expect(Buffer.compare(list, large)).toBe(0)
  })
})
