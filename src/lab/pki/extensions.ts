// The X.509 extensions lab certificates carry (RFC 5280 §4.2.1).
import { isIP } from 'node:net'
import { parseAddress } from '../../domain/address.ts'
import { type Asn1, bits, boolean, context, integer, octets, oid, sequence, toDer } from './asn1.ts'

const PURPOSES = {
  clientAuth: '1.3.6.1.5.5.7.3.2',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  codeSigning: '1.3.6.1.5.5.7.3.3',
  any: '2.5.29.37.0',
} as const
export type Purpose = keyof typeof PURPOSES

const USAGES = { digitalSignature: 0, keyEncipherment: 2, certSign: 5, crlSign: 6 } as const
export type KeyUsage = keyof typeof USAGES

export function basicConstraints(authority: boolean, pathLength?: number): Asn1 {
  const parts = authority ? [boolean(true)] : []
  if (pathLength !== undefined) parts.push(integer(pathLength.toString(16)))
  return extension({ id: '2.5.29.19', critical: true, value: sequence(...parts) })
}

export function keyUsage(usages: readonly KeyUsage[]): Asn1 {
  const mask = usages.reduce((byte, usage) => byte | (0x80 >>> USAGES[usage]), 0)
  const highest = Math.max(0, ...usages.map((usage) => USAGES[usage]))
  return extension({ id: '2.5.29.15', critical: true, value: bits(String.fromCharCode(mask), 7 - highest) })
}

export function extendedKeyUsage(purposes: readonly Purpose[]): Asn1 {
  return extension({
    id: '2.5.29.37',
    value: sequence(...purposes.map((purpose) => oid(PURPOSES[purpose]))),
  })
}

/** @param names DNS names, or IP addresses as text. */
export function subjectAltName(names: readonly string[]): Asn1 {
  const general = names.map((name) => (isIP(name) ? context(7, addressBytes(name)) : context(2, name)))
  return extension({ id: '2.5.29.17', value: sequence(...general) })
}

/** Names below which alone this authority may issue, as DNS names. */
export function permittedDnsNames(names: readonly string[]): Asn1 {
  const subtrees = names.map((name) => sequence(context(2, name)))
  return extension({ id: '2.5.29.30', critical: true, value: sequence(context(0, subtrees)) })
}

/** Where revocation lists are, one distribution point each. */
export function crlDistributionPoints(urls: readonly string[]): Asn1 {
  return extension({ id: '2.5.29.31', value: sequence(...urls.map((url) => sequence(pointName([url])))) })
}

/** A DistributionPointName with URIs. */
export function pointName(urls: readonly string[]): Asn1 {
  return context(0, [
    context(
      0,
      urls.map((url) => context(6, url)),
    ),
  ])
}

/** @param id of the subject's key, as bytes. */
export function subjectKeyIdentifier(id: Buffer): Asn1 {
  return extension({ id: '2.5.29.14', value: octets(id.toString('latin1')) })
}

/** @param id of the issuer's key, as bytes. */
export function authorityKeyIdentifier(id: Buffer): Asn1 {
  return extension({ id: '2.5.29.35', value: sequence(context(0, id.toString('latin1'))) })
}

/** Any extension: `value` is what stands within its OCTET STRING. */
export function extension({ id, critical, value }: { id: string; critical?: boolean; value: Asn1 }): Asn1 {
  const der = octets(toDer(value).toString('latin1'))
  return critical === true ? sequence(oid(id), boolean(true), der) : sequence(oid(id), der)
}

function addressBytes(text: string): string {
  const words = parseAddress(text)?.words ?? []
  return String.fromCharCode(
    ...words.flatMap((word) => [24, 16, 8, 0].map((shift) => (word >>> shift) & 255)),
  )
}
