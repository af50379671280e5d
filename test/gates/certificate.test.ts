// The certificate gate: what OpenSSL said, and what it lets pass and we do not.
import { describe, expect, it } from 'vitest'
import type { CertificateFacts } from '../../src/domain/facts.ts'
import { OID_CLIENT_AUTH } from '../../src/domain/leaf.ts'
import { certificate, certificateOnDelivery } from '../../src/gates/certificate.ts'
import { ABSENT, COMMON_NAME, certificateFacts, leaf, outcome, route } from './facts.ts'

const SERVER_AUTH = '1.3.6.1.5.5.7.3.1'
const ANY_USAGE = '2.5.29.37.0'
const PSS = '1.2.840.113549.1.1.10'

const refusedBy = (error: string) => certificateFacts({ authorized: false, error })
const rsa = (bits: number, exponent = '010001') => withLeaf({ key: { kind: 'rsa', bits, exponent } })
const withLeaf = (change: Parameters<typeof leaf>[0]) => certificateFacts({ leaf: leaf(change) })

const CERTIFICATES: readonly (readonly [string, CertificateFacts, string])[] = [
  ['a good one', certificateFacts(), 'admit'],
  ['none', ABSENT, 'CERTIFICATE_MISSING'],
  ['none, yet authorized', { ...ABSENT, authorized: true, error: undefined }, 'CERTIFICATE_MISSING'],
  ['a resumed session without one', { ...ABSENT, authorized: true, resumed: true }, 'CERTIFICATE_UNTRUSTED'],
  ['a resumed session with one', certificateFacts({ resumed: true }), 'CERTIFICATE_UNTRUSTED'],
  ['one that cannot be read', certificateFacts({ leaf: 'unreadable' }), 'CERTIFICATE_PROFILE'],
  ['self-signed', refusedBy('DEPTH_ZERO_SELF_SIGNED_CERT'), 'CERTIFICATE_UNTRUSTED'],
  ['another root', refusedBy('SELF_SIGNED_CERT_IN_CHAIN'), 'CERTIFICATE_UNTRUSTED'],
  ['a missing intermediate', refusedBy('UNABLE_TO_VERIFY_LEAF_SIGNATURE'), 'CERTIFICATE_UNTRUSTED'],
  ['a chain too long', refusedBy('CERT_CHAIN_TOO_LONG'), 'CERTIFICATE_UNTRUSTED'],
  ['a path length exceeded', refusedBy('PATH_LENGTH_EXCEEDED'), 'CERTIFICATE_PROFILE'],
  [
    'a critical extension OpenSSL does not know',
    refusedBy('UNHANDLED_CRITICAL_EXTENSION'),
    'CERTIFICATE_PROFILE',
  ],
  ['a reason Node has no name for', refusedBy('UNSPECIFIED'), 'CERTIFICATE_UNTRUSTED'],
  [
    'a reason Node has no name for, and a critical extension nobody knows',
    { ...refusedBy('UNSPECIFIED'), leaf: leaf({ criticalExtensions: ['1.2.3.4'] }) },
    'CERTIFICATE_PROFILE',
  ],
  ['a reason nobody knows', refusedBy('SOMETHING_NEW'), 'CERTIFICATE_UNTRUSTED'],
  ['a reason that is a word of JavaScript', refusedBy('constructor'), 'CERTIFICATE_UNTRUSTED'],
  ['refused without a reason', certificateFacts({ authorized: false }), 'CERTIFICATE_UNTRUSTED'],
  ['expired', refusedBy('CERT_HAS_EXPIRED'), 'CERTIFICATE_EXPIRED'],
  ['not yet valid', refusedBy('CERT_NOT_YET_VALID'), 'CERTIFICATE_EXPIRED'],
  ['revoked', refusedBy('CERT_REVOKED'), 'CERTIFICATE_REVOKED'],
  ['for another purpose', refusedBy('INVALID_PURPOSE'), 'CERTIFICATE_PROFILE'],
  ['version 1', withLeaf({ version: 1 }), 'CERTIFICATE_PROFILE'],
  ['a CA', withLeaf({ isAuthority: true }), 'CERTIFICATE_PROFILE'],
  ['no common name', withLeaf({ commonNames: [] }), 'CERTIFICATE_PROFILE'],
  ['two common names, ours first', withLeaf({ commonNames: [COMMON_NAME, 'x'] }), 'CERTIFICATE_PROFILE'],
  ['two common names, ours last', withLeaf({ commonNames: ['x', COMMON_NAME] }), 'CERTIFICATE_PROFILE'],
  ['our common name twice', withLeaf({ commonNames: [COMMON_NAME, COMMON_NAME] }), 'CERTIFICATE_PROFILE'],
  ['no extended key usage', withLeaf({ extendedKeyUsage: undefined }), 'CERTIFICATE_PROFILE'],
  ['an empty one', withLeaf({ extendedKeyUsage: [] }), 'CERTIFICATE_PROFILE'],
  ['serverAuth only', withLeaf({ extendedKeyUsage: [SERVER_AUTH] }), 'CERTIFICATE_PROFILE'],
  ['anyExtendedKeyUsage', withLeaf({ extendedKeyUsage: [ANY_USAGE] }), 'CERTIFICATE_PROFILE'],
  ['serverAuth and clientAuth', withLeaf({ extendedKeyUsage: [SERVER_AUTH, OID_CLIENT_AUTH] }), 'admit'],
  ['signed with SHA-1', withLeaf({ signatureAlgorithm: '1.2.840.113549.1.1.5' }), 'CERTIFICATE_PROFILE'],
  ['signed with MD5', withLeaf({ signatureAlgorithm: '1.2.840.113549.1.1.4' }), 'CERTIFICATE_PROFILE'],
  ['ECDSA with SHA-1', withLeaf({ signatureAlgorithm: '1.2.840.10045.4.1' }), 'CERTIFICATE_PROFILE'],
  ['ECDSA with SHA-384', withLeaf({ signatureAlgorithm: '1.2.840.10045.4.3.3' }), 'admit'],
  ['signed with Ed25519', withLeaf({ signatureAlgorithm: '1.3.101.112' }), 'admit'],
  ['RSA of 1024 bits', rsa(1024), 'CERTIFICATE_PROFILE'],
  ['RSA of 2047 bits', rsa(2047), 'CERTIFICATE_PROFILE'],
  ['RSA of 2048 bits', rsa(2048), 'admit'],
  ['RSA of 4096 bits', rsa(4096), 'admit'],
  ['RSA of 8192 bits', rsa(8192), 'admit'],
  ['RSA of 8193 bits', rsa(8193), 'CERTIFICATE_PROFILE'],
  ['RSA with exponent 3', rsa(2048, '03'), 'admit'],
  ['RSA with exponent 1', rsa(2048, '01'), 'CERTIFICATE_PROFILE'],
  ['RSA with exponent 0', rsa(2048, '00'), 'CERTIFICATE_PROFILE'],
  ['RSA with an even exponent', rsa(2048, '010000'), 'CERTIFICATE_PROFILE'],
  ['RSA with a negative exponent', rsa(2048, '-03'), 'CERTIFICATE_PROFILE'],
  ['RSA with an exponent of 256 bits', rsa(2048, 'FF'.repeat(32)), 'admit'],
  ['RSA with an exponent of 264 bits', rsa(2048, 'FF'.repeat(33)), 'CERTIFICATE_PROFILE'],
  ['RSA without an exponent', withLeaf({ key: { kind: 'rsa', bits: 2048 } }), 'CERTIFICATE_PROFILE'],
  ['serial 1', withLeaf({ serial: '01' }), 'admit'],
  ['serial 0', withLeaf({ serial: '00' }), 'CERTIFICATE_PROFILE'],
  ['a negative serial', withLeaf({ serial: '-01' }), 'CERTIFICATE_PROFILE'],
  ['a serial of 20 bytes', withLeaf({ serial: 'FF'.repeat(20) }), 'admit'],
  ['a serial of 21 bytes', withLeaf({ serial: 'FF'.repeat(21) }), 'CERTIFICATE_PROFILE'],
  [
    'an end before its beginning',
    withLeaf({ notAfter: new Date('2025-12-31T23:59:59Z') }),
    'CERTIFICATE_PROFILE',
  ],
  ['an end at its beginning', withLeaf({ notAfter: new Date('2026-01-01T00:00:00Z') }), 'admit'],
  ['a PrintableString', withLeaf({ commonNameTypes: ['PrintableString'] }), 'admit'],
  ['a BMPString', withLeaf({ commonNameTypes: ['BMPString'] }), 'CERTIFICATE_PROFILE'],
  ['malformed UTF-8', withLeaf({ commonNameTypes: ['malformed UTF8String'] }), 'CERTIFICATE_PROFILE'],
  ['a name of no type', withLeaf({ commonNameTypes: [] }), 'CERTIFICATE_PROFILE'],
  ['no key usage', withLeaf({ keyUsage: undefined }), 'admit'],
  ['a key usage of nothing', withLeaf({ keyUsage: [] }), 'CERTIFICATE_PROFILE'],
  ['a key usage without signatures', withLeaf({ keyUsage: ['keyAgreement'] }), 'CERTIFICATE_PROFILE'],
  ['a key usage with signatures', withLeaf({ keyUsage: ['nonRepudiation', 'digitalSignature'] }), 'admit'],
  ['a critical SAN', withLeaf({ criticalExtensions: ['2.5.29.17'] }), 'admit'],
  ['critical name constraints', withLeaf({ criticalExtensions: ['2.5.29.30'] }), 'CERTIFICATE_PROFILE'],
  ['a critical extension nobody knows', withLeaf({ criticalExtensions: ['1.2.3.4'] }), 'CERTIFICATE_PROFILE'],
  [
    'RSASSA-PSS with SHA-256',
    withLeaf({ signatureAlgorithm: PSS, signatureDigest: '2.16.840.1.101.3.4.2.1' }),
    'admit',
  ],
  [
    'RSASSA-PSS with SHA-1',
    withLeaf({ signatureAlgorithm: PSS, signatureDigest: '1.3.14.3.2.26' }),
    'CERTIFICATE_PROFILE',
  ],
  ['RSASSA-PSS without a digest', withLeaf({ signatureAlgorithm: PSS }), 'CERTIFICATE_PROFILE'],
  ['P-256', withLeaf({ key: { kind: 'ec P-256', bits: 0 } }), 'admit'],
  ['P-384', withLeaf({ key: { kind: 'ec P-384', bits: 0 } }), 'admit'],
  ['Ed25519', withLeaf({ key: { kind: 'ed25519', bits: 0 } }), 'admit'],
  ['secp256k1', withLeaf({ key: { kind: 'ec 1.3.132.0.10', bits: 0 } }), 'CERTIFICATE_PROFILE'],
  ['DSA', withLeaf({ key: { kind: '1.2.840.10040.4.1', bits: 0 } }), 'CERTIFICATE_PROFILE'],
]

describe('what a gate says of an unfit certificate', () => {
  const gate = certificate({ absentMayWait: false })
  const detail = (facts: CertificateFacts) => gate.check({ certificate: facts }).detail

  it.each([
    [withLeaf({ extendedKeyUsage: [SERVER_AUTH] }), 'extended key usage without clientAuth'],
    [
      withLeaf({ commonNameTypes: ['BMPString'] }),
      'its common name is written as BMPString, not as UTF8String or PrintableString',
    ],
    [
      withLeaf({ criticalExtensions: ['2.5.29.15', '1.2.3.4', '2.5.29.30'] }),
      'it has a critical extension that hubgate does not know: 1.2.3.4, 2.5.29.30',
    ],
    [
      withLeaf({ key: { kind: 'ec 1.3.132.0.10', bits: 0 } }),
      'key ec secp256k1 (ec 1.3.132.0.10) is too weak or unknown',
    ],
    [
      { ...refusedBy('INVALID_PURPOSE'), leaf: leaf({ extendedKeyUsage: [SERVER_AUTH] }) },
      'extended key usage without clientAuth',
    ],
    [
      refusedBy('INVALID_PURPOSE'),
      'OpenSSL: INVALID_PURPOSE: it, or an authority of its chain, is not for clients',
    ],
    [
      refusedBy('PATH_LENGTH_EXCEEDED'),
      "OpenSSL: PATH_LENGTH_EXCEEDED: the chain is longer than client.maxDepth or an authority's own path length allows",
    ],
    [refusedBy('CERT_HAS_EXPIRED'), 'OpenSSL: CERT_HAS_EXPIRED'],
  ])('is for an operator to understand: %#', (facts, words) => expect(detail(facts)).toBe(words))
})

describe('certificate gate', () => {
  const gate = certificate({ absentMayWait: false })

  it.each(CERTIFICATES)('%s', (_name, certificate, expected) =>
    expect(outcome(gate.check({ certificate }))).toBe(expected),
  )
})

describe('certificate gate where an absent one may wait', () => {
  const gate = certificate({ absentMayWait: true })

  it.each(CERTIFICATES)('%s', (name, certificate, expected) =>
    expect(outcome(gate.check({ certificate }))).toBe(name.startsWith('none') ? 'admit' : expected),
  )
})

describe('certificate gate on a delivery', () => {
  const gate = certificateOnDelivery()

  it.each(CERTIFICATES)('a POST with %s', (_name, certificate, expected) =>
    expect(outcome(gate.check({ certificate, method: 'POST', route: route() }))).toBe(expected),
  )

  it.each(CERTIFICATES)('a GET with %s', (name, certificate, expected) =>
    expect(outcome(gate.check({ certificate, method: 'GET', route: route() }))).toBe(
      name.startsWith('none') ? 'admit' : expected,
    ),
  )

  it.each([
    ['a route that streams through', route({ mode: 'unsigned', apps: [], keys: [], tokens: [] })],
    ['no route', undefined],
  ])('a GET to %s is no challenge, and may not come without', (_name, to) =>
    expect(outcome(gate.check({ certificate: ABSENT, method: 'GET', route: to }))).toBe(
      'CERTIFICATE_MISSING',
    ),
  )

  it.each(['HEAD', 'get', 'PUT', ''])('only GET may come without: %s', (method) =>
    expect(outcome(gate.check({ certificate: ABSENT, method, route: route() }))).toBe('CERTIFICATE_MISSING'),
  )
})
