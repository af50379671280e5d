// What is kept of certificates that were read: that it is of the same bytes and anchors, bounded, and never a verdict.
import { X509Certificate } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { metaShaped } from '../../src/lab/pki/authorities.ts'
import { anchorOf } from '../../src/tls/anchors.ts'
import { clientCertificate } from '../../src/tls/client-certificate.ts'
import { type Chain, Readings } from '../../src/tls/readings.ts'

const [own, foreign] = [metaShaped(), metaShaped()]
const anchors = [anchorOf(new X509Certificate(own.root.certificate), 'own')]
const ONE = own.client().certificate
const ANOTHER = foreign.client().certificate

// As each handshake gives it: an object of its own.
function chainOf(...pems: readonly [string, ...string[]]): Chain {
  const [leaf, ...above] = pems
  return [new X509Certificate(leaf), ...above.map((pem) => new X509Certificate(pem))]
}

describe('a reading', () => {
  it('is kept for the next handshake with the same bytes', () => {
    const readings = new Readings(anchors)
    const first = readings.of(chainOf(ONE))
    expect(readings.of(chainOf(ONE))).toBe(first)
  })

  it.each([
    ['another leaf', chainOf(ANOTHER)],
    ['the same leaf below an intermediate', chainOf(ONE, ANOTHER)],
  ])('is made anew for %s', (_name, chain) => {
    const readings = new Readings(anchors)
    const first = readings.of(chainOf(ONE))
    const other = readings.of(chain)
    expect(other).not.toBe(first)
    expect(Buffer.from(other.der).equals(chain[0].raw)).toBe(true)
    expect(other.chain).toBe(chain)
  })

  it('goes when sixty-four others were made after it', () => {
    const readings = new Readings(anchors)
    const first = readings.of(chainOf(ONE))
    for (let i = 0; i < 64; i++) {
      const above = Array.from({ length: 6 }, (_, bit) => ((i >> bit) & 1 ? ONE : ANOTHER))
      readings.of(chainOf(ONE, ...above))
    }
    expect(readings.of(chainOf(ONE))).not.toBe(first)
  })

  it('of more bytes than honest chains have is not kept', () => {
    const readings = new Readings(anchors)
    const many = () => chainOf(ONE, ...Array.from({ length: 40 }, () => ANOTHER))
    expect(readings.of(many())).not.toBe(readings.of(many()))
  })
})

describe('a handshake', () => {
  const readings = new Readings(anchors)
  const socket = (
    pem: string,
    { authorized, resumed = false }: { authorized: boolean; resumed?: boolean },
  ) => ({
    authorized,
    authorizationError: new Error(authorized ? '' : 'CERT_HAS_EXPIRED'),
    getPeerX509Certificate: () => new X509Certificate(pem),
    isSessionReused: () => resumed,
  })
  const under = (trusted: typeof anchors) => ({ anchors: trusted, revocation: undefined })
  const kept = clientCertificate(socket(ONE, { authorized: true }), under(anchors), readings)

  it('shares what was read of a certificate before', () => {
    const again = clientCertificate(socket(ONE, { authorized: true }), under(anchors), readings)
    expect(again.facts.leaf).toBe(kept.facts.leaf)
    expect(again.der).toBe(kept.der)
  })

  it('has its own verdict, whatever was read before', () => {
    const { facts } = clientCertificate(
      socket(ONE, { authorized: false, resumed: true }),
      under(anchors),
      readings,
    )
    expect(facts).toMatchObject({ authorized: false, error: 'CERT_HAS_EXPIRED', resumed: true })
  })

  it('that OpenSSL did not verify puts nothing into the book', () => {
    const refused = () =>
      clientCertificate(socket(ANOTHER, { authorized: false }), under(anchors), readings).facts.leaf
    expect(refused()).not.toBe(refused())
  })

  it('under other anchors does not believe what was read under these', () => {
    const others = [anchorOf(new X509Certificate(foreign.root.certificate), 'foreign')]
    const { anchors: found } = clientCertificate(
      socket(ANOTHER, { authorized: true }),
      under(others),
      readings,
    )
    expect(found).toEqual(others)
  })
})
