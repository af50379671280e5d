// The gates of a client's identity: what OpenSSL said, what it lets pass and we do not, and whose name it is.
import { describe, expect, it } from 'vitest'
import type { CertificateFacts } from '../../src/domain/facts.ts'
import { OID_CLIENT_AUTH } from '../../src/domain/leaf.ts'
import { certificate, certificateOnDelivery } from '../../src/gates/certificate.ts'
import { commonName, commonNameOnDelivery } from '../../src/gates/common-name.ts'
import { ABSENT, COMMON_NAME, certificateFacts, leaf, outcome, route } from './facts.ts'

const SERVER_AUTH = '1.3.6.1.5.5.7.3.1'
const ANY_USAGE = '2.5.29.37.0'

const refusedBy = (error: string) => certificateFacts({ authorized: false, error })
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
  ['a path length exceeded', refusedBy('PATH_LENGTH_EXCEEDED'), 'CERTIFICATE_UNTRUSTED'],
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
  ['RSA of 1024 bits', withLeaf({ key: { kind: 'rsa', bits: 1024 } }), 'CERTIFICATE_PROFILE'],
  ['RSA of 2047 bits', withLeaf({ key: { kind: 'rsa', bits: 2047 } }), 'CERTIFICATE_PROFILE'],
  ['RSA of 4096 bits', withLeaf({ key: { kind: 'rsa', bits: 4096 } }), 'admit'],
  ['P-256', withLeaf({ key: { kind: 'ec P-256', bits: 0 } }), 'admit'],
  ['P-384', withLeaf({ key: { kind: 'ec P-384', bits: 0 } }), 'admit'],
  ['Ed25519', withLeaf({ key: { kind: 'ed25519', bits: 0 } }), 'admit'],
  ['secp256k1', withLeaf({ key: { kind: 'ec 1.3.132.0.10', bits: 0 } }), 'CERTIFICATE_PROFILE'],
  ['DSA', withLeaf({ key: { kind: '1.2.840.10040.4.1', bits: 0 } }), 'CERTIFICATE_PROFILE'],
]

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

const NAMES: readonly (readonly [string, readonly string[], string])[] = [
  ['exact match', [COMMON_NAME], 'admit'],
  ['a longer name that ends in it', [`evil.${COMMON_NAME}`], 'COMMON_NAME_MISMATCH'],
  ['a longer name that begins with it', [`${COMMON_NAME}.evil.example`], 'COMMON_NAME_MISMATCH'],
  ['another case', ['Client.Webhooks.FBclientcerts.com'], 'COMMON_NAME_MISMATCH'],
  ['a trailing dot', [`${COMMON_NAME}.`], 'COMMON_NAME_MISMATCH'],
  ['a space after it', [`${COMMON_NAME} `], 'COMMON_NAME_MISMATCH'],
  ['a space before it', [` ${COMMON_NAME}`], 'COMMON_NAME_MISMATCH'],
  ['a NUL after it', [`${COMMON_NAME}\0`], 'COMMON_NAME_MISMATCH'],
  ['a NUL and more', [`${COMMON_NAME}\0.evil.example`], 'COMMON_NAME_MISMATCH'],
  ['a line end after it', [`${COMMON_NAME}\n`], 'COMMON_NAME_MISMATCH'],
  ['a wildcard', ['*'], 'COMMON_NAME_MISMATCH'],
  ['a wildcard label', ['*.webhooks.fbclientcerts.com'], 'COMMON_NAME_MISMATCH'],
  ['X in place of a dot', [COMMON_NAME.replaceAll('.', 'X')], 'COMMON_NAME_MISMATCH'],
  ['a Cyrillic look-alike', [COMMON_NAME.replace('c', '\u0441')], 'COMMON_NAME_MISMATCH'],
  ['an empty one', [''], 'COMMON_NAME_MISMATCH'],
  ['none', [], 'COMMON_NAME_MISMATCH'],
  ['ours twice', [COMMON_NAME, COMMON_NAME], 'COMMON_NAME_MISMATCH'],
  ['ours and another', [COMMON_NAME, 'x'], 'COMMON_NAME_MISMATCH'],
]

describe('common-name gate', () => {
  const gate = commonName([COMMON_NAME], { absentMayWait: false })

  it.each(NAMES)('%s', (_name, commonNames, expected) =>
    expect(outcome(gate.check({ certificate: withLeaf({ commonNames }) }))).toBe(expected),
  )

  it.each([
    ['no certificate', ABSENT],
    ['one that cannot be read', certificateFacts({ leaf: 'unreadable' })],
  ])('%s has no name', (_name, certificate) =>
    expect(outcome(gate.check({ certificate }))).toBe('COMMON_NAME_MISMATCH'),
  )

  it('the name in O, OU, SAN or the subject text is no common name', () => {
    const named = withLeaf({ commonNames: ['x'], subject: `O=Evil\nCN=${COMMON_NAME}` })
    expect(outcome(gate.check({ certificate: named }))).toBe('COMMON_NAME_MISMATCH')
  })

  it('several configured names are each as good', () => {
    const both = commonName(['old.example', COMMON_NAME], { absentMayWait: false })
    expect(outcome(both.check({ certificate: certificateFacts() }))).toBe('admit')
  })

  it('no configured name admits nobody, not even an empty one', () => {
    const none = commonName([], { absentMayWait: false })
    for (const commonNames of [[COMMON_NAME], ['']])
      expect(outcome(none.check({ certificate: withLeaf({ commonNames }) }))).toBe('COMMON_NAME_MISMATCH')
  })

  it('its detail shows what came, on one line', () => {
    const verdict = gate.check({ certificate: withLeaf({ commonNames: ['a\r\nb\u001b[31m'] }) })
    expect(verdict.detail).not.toMatch(/\p{Cc}/u)
  })

  it('waits for an absent certificate only where told so, and never for a wrong name', () => {
    const waiting = commonName([COMMON_NAME], { absentMayWait: true })
    expect(outcome(waiting.check({ certificate: ABSENT }))).toBe('admit')
    expect(outcome(waiting.check({ certificate: withLeaf({ commonNames: ['x'] }) }))).toBe(
      'COMMON_NAME_MISMATCH',
    )
  })

  it('on a delivery: a GET may come without, a POST may not, and a wrong name never', () => {
    const gate = commonNameOnDelivery([COMMON_NAME])
    expect(outcome(gate.check({ certificate: ABSENT, method: 'GET', route: route() }))).toBe('admit')
    expect(outcome(gate.check({ certificate: ABSENT, method: 'POST', route: route() }))).toBe(
      'COMMON_NAME_MISMATCH',
    )
    const wrong = withLeaf({ commonNames: ['x'] })
    expect(outcome(gate.check({ certificate: wrong, method: 'GET', route: route() }))).toBe(
      'COMMON_NAME_MISMATCH',
    )
  })
})
