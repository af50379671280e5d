// What revocation has to know of a certificate, read from its DER structure: names byte for byte, whether it may sign
// lists, and where its issuer says that lists are (RFC 5280 §4.2.1.3, §4.2.1.13). Verifies nothing.
import type { X509Certificate } from 'node:crypto'
import { DerError, DerReader, type Element, TAG, readBoolean, readOid, readOnly, readText } from './der.ts'

const OID_BASIC_CONSTRAINTS = '2.5.29.19'
const OID_KEY_USAGE = '2.5.29.15'
const OID_DISTRIBUTION_POINTS = '2.5.29.31'

/** Bit 6 of the first byte: the certificate's key signs revocation lists. */
const CRL_SIGN = 0x02

export interface Extension {
  readonly critical: boolean
  readonly value: Uint8Array
}

/** @param list what stands within a SEQUENCE of extensions. @throws DerError, where one stands twice as well. */
export function readExtensions(list: Uint8Array): ReadonlyMap<string, Extension> {
  const found = new Map<string, Extension>()
  const reader = new DerReader(list)
  while (!reader.done) {
    const extension = reader.inside(TAG.sequence)
    const oid = readOid(extension.next(TAG.oid))
    const flag = extension.optional(TAG.boolean)
    const { content } = extension.next(TAG.octetString)
    extension.end()
    if (found.has(oid)) throw new DerError(`extension ${oid} stands twice`)
    found.set(oid, { critical: flag !== undefined && readBoolean(flag), value: content })
  }
  return found
}

export interface CertificateParts {
  /** Hex, upper case, every byte as it stands. */
  readonly serial: string
  /** The whole DER Name. */
  readonly issuer: Uint8Array
  readonly subject: Uint8Array
  readonly extensions: ReadonlyMap<string, Extension>
}

/** @param der one certificate. @throws DerError */
export function readCertificateParts(der: Uint8Array): CertificateParts {
  const tbs = new DerReader(readOnly(der, TAG.sequence).content).inside(TAG.sequence)
  tbs.optional(0xa0)
  const serial = Buffer.from(tbs.next(TAG.integer).content).toString('hex').toUpperCase()
  tbs.next(TAG.sequence)
  const issuer = tbs.next(TAG.sequence).whole
  tbs.next(TAG.sequence)
  const subject = tbs.next(TAG.sequence).whole
  tbs.next(TAG.sequence)
  tbs.optional(0x81)
  tbs.optional(0x82)
  const explicit = tbs.optional(0xa3)
  tbs.end()
  const extensions =
    explicit === undefined ? new Map() : readExtensions(readOnly(explicit.content, TAG.sequence).content)
  return { serial, issuer, subject, extensions }
}

/** Whether its key may sign lists: where it says what its key is for, that must be among it (RFC 5280 §6.3.3 f). */
export function maySignLists({ extensions }: CertificateParts): boolean {
  const usage = extensions.get(OID_KEY_USAGE)
  if (usage === undefined) return true
  const [, first = 0] = readOnly(usage.value, TAG.bitString).content
  return (first & CRL_SIGN) !== 0
}

export function isAuthority({ extensions }: CertificateParts): boolean {
  const constraints = extensions.get(OID_BASIC_CONSTRAINTS)
  if (constraints === undefined) return false
  const flag = new DerReader(readOnly(constraints.value, TAG.sequence).content).optional(TAG.boolean)
  return flag !== undefined && readBoolean(flag)
}

/**
 * The http and https addresses at which an anchor's issuer says that whole lists are. None where it says nothing, where it
 * is not well-formed, or where the lists are for some reasons only or signed by somebody else.
 */
export function distributionPointsOf(certificate: X509Certificate): string[] {
  try {
    const uris = pointsOf(readCertificateParts(certificate.raw))
    return [...new Set(uris)].filter((uri) =>
      /^https?:$/.test(URL.canParse(uri) ? new URL(uri).protocol : ''),
    )
  } catch (error) {
    if (error instanceof DerError) return []
    throw error
  }
}

/** Every URI of every distribution point of a certificate. @throws DerError */
export function pointsOf({ extensions }: CertificateParts): string[] {
  const extension = extensions.get(OID_DISTRIBUTION_POINTS)
  if (extension === undefined) return []
  const points = new DerReader(readOnly(extension.value, TAG.sequence).content)
  const uris: string[] = []
  while (!points.done) {
    const point = points.inside(TAG.sequence)
    const name = point.optional(0xa0)
    const partly = point.optional(0x81) !== undefined
    const elsewhere = point.optional(0xa2) !== undefined
    point.end()
    if (name !== undefined && !partly && !elsewhere) uris.push(...urisOf(name))
  }
  return uris
}

/** The URIs of a DistributionPointName; none of one that is relative to its issuer's. @throws DerError */
export function urisOf(name: Element): string[] {
  const choice = new DerReader(name.content)
  const full = choice.next()
  choice.end()
  if (full.tag !== 0xa0) return []
  const names = new DerReader(full.content)
  const uris: string[] = []
  while (!names.done) {
    const { tag, content } = names.next()
    const uri = tag === 0x86 ? readText({ tag: TAG.ia5String, content, whole: content }) : undefined
    if (uri !== undefined && /^[\x21-\x7e]+$/.test(uri)) uris.push(uri)
  }
  return uris
}

/** A DER Name in one printable line, for messages only: never compared. */
export function showName(name: Uint8Array): string {
  const values: string[] = []
  const rdns = new DerReader(readOnly(name, TAG.sequence).content)
  while (!rdns.done) {
    const rdn = rdns.inside(TAG.set)
    while (!rdn.done) {
      const attribute = rdn.inside(TAG.sequence)
      attribute.next(TAG.oid)
      values.push(readText(attribute.next()) ?? '?')
    }
  }
  const shown = values.join(', ').replace(/[^\x20-\x7e]/g, '?')
  return shown === '' ? 'an empty name' : shown.slice(0, 200)
}
