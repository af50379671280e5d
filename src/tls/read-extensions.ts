// Reads the extensions of a certificate (RFC 5280 §4.2) and what those of a leaf say that its profile asks for.
import { DerError, DerReader, TAG, readBoolean, readOid, readOnly } from './der.ts'

const OID = {
  keyUsage: '2.5.29.15',
  basicConstraints: '2.5.29.19',
  extendedKeyUsage: '2.5.29.37',
} as const

/** RFC 5280 §4.2.1.3, in the order of their bits. */
const USAGES = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const

export interface Extension {
  readonly critical: boolean
  readonly value: Uint8Array
}

/** By OID, in their order. */
export type Extensions = ReadonlyMap<string, Extension>

/** @param tbs what is left of the signed part behind the public key, which it reads to its end. */
export function readExtensions(tbs: DerReader): Extensions {
  const found = new Map<string, Extension>()
  // RFC 5280 §4.1.2.8: unique identifiers are not to be used, and to be read over. They name nobody here.
  tbs.optional(0x81)
  tbs.optional(0x82)
  const explicit = tbs.optional(0xa3)
  tbs.end()
  if (explicit === undefined) return found
  const list = new DerReader(readOnly(explicit.content, TAG.sequence).content)
  while (!list.done) {
    const extension = list.inside(TAG.sequence)
    const oid = readOid(extension.next(TAG.oid))
    const critical = extension.optional(TAG.boolean)
    const value = extension.next(TAG.octetString).content
    extension.end()
    // RFC 5280 §4.2: an extension stands at most once; two could say two things.
    if (found.has(oid)) throw new DerError(`extension ${oid} stands twice`)
    found.set(oid, { critical: critical !== undefined && readBoolean(critical), value })
  }
  return found
}

/** @returns undefined where the extension is absent. */
export function readKeyUsage(extensions: Extensions): readonly string[] | undefined {
  const extension = extensions.get(OID.keyUsage)
  if (extension === undefined) return undefined
  const [unused = 8, ...bytes] = readOnly(extension.value, TAG.bitString).content
  if (unused > 7 || (unused > 0 && bytes.length === 0)) throw new DerError('a malformed BIT STRING')
  return USAGES.filter((_, i) => ((bytes[i >> 3] ?? 0) & (0x80 >> (i & 7))) !== 0)
}

export function readExtendedKeyUsage(extensions: Extensions): readonly string[] | undefined {
  const extension = extensions.get(OID.extendedKeyUsage)
  if (extension === undefined) return undefined
  const purposes = new DerReader(readOnly(extension.value, TAG.sequence).content)
  const oids: string[] = []
  while (!purposes.done) oids.push(readOid(purposes.next(TAG.oid)))
  return oids
}

export function readIsAuthority(extensions: Extensions): boolean {
  const extension = extensions.get(OID.basicConstraints)
  if (extension === undefined) return false
  const constraints = new DerReader(readOnly(extension.value, TAG.sequence).content)
  const authority = constraints.optional(TAG.boolean)
  constraints.optional(TAG.integer)
  constraints.end()
  return authority !== undefined && readBoolean(authority)
}
