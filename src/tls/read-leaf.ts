// Reads the client's certificate from its DER structure (RFC 5280 §4.1) into the facts the gates judge.
// Structure, never a printed subject: in text an O or OU can spell "CN=…". Signature and chain are OpenSSL's to verify.
import { createHash } from 'node:crypto'
import type { Leaf, LeafKey } from '../domain/leaf.ts'
import { DerError, DerReader, TAG, readBoolean, readOid, readOnly, readText, readTime } from './der.ts'

const OID = {
  commonName: '2.5.4.3',
  basicConstraints: '2.5.29.19',
  extendedKeyUsage: '2.5.29.37',
  rsa: '1.2.840.113549.1.1.1',
  rsaPss: '1.2.840.113549.1.1.10',
  ec: '1.2.840.10045.2.1',
  ed25519: '1.3.101.112',
} as const

const CURVES: Readonly<Record<string, string>> = {
  '1.2.840.10045.3.1.7': 'P-256',
  '1.3.132.0.34': 'P-384',
  '1.3.132.0.35': 'P-521',
}

const SHORT_NAMES: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '1.2.840.113549.1.9.1': 'emailAddress',
}

/** @returns the leaf, or `unreadable` where the bytes are not one well-formed certificate. */
export function readLeaf(der: Uint8Array): Leaf | 'unreadable' {
  try {
    return read(der)
  } catch (error) {
    if (error instanceof DerError) return 'unreadable'
    throw error
  }
}

function read(der: Uint8Array): Leaf {
  const outer = new DerReader(readOnly(der, TAG.sequence).content)
  const tbs = outer.inside(TAG.sequence)
  const version = readVersion(tbs)
  const serial = Buffer.from(tbs.next(TAG.integer).content).toString('hex').toUpperCase()
  const signatureAlgorithm = readOid(tbs.inside(TAG.sequence).next(TAG.oid))
  const issuer = readName(tbs.inside(TAG.sequence))
  const validity = tbs.inside(TAG.sequence)
  const notBefore = readTime(validity.next())
  const notAfter = readTime(validity.next())
  const subject = readName(tbs.inside(TAG.sequence))
  const key = readKey(tbs.next(TAG.sequence).content)
  const extensions = readExtensions(tbs)
  const outerAlgorithm = readOid(outer.inside(TAG.sequence).next(TAG.oid))
  // RFC 5280 §4.1.1.2: both fields name the same algorithm.
  if (outerAlgorithm !== signatureAlgorithm) throw new DerError('two different signature algorithms')
  return {
    version,
    serial: serial.replace(/^00(?=.)/, ''),
    commonNames: subject.filter(({ oid }) => oid === OID.commonName).map(({ text }) => text ?? '\u{fffd}'),
    subject: showName(subject),
    issuer: showName(issuer),
    notBefore,
    notAfter,
    signatureAlgorithm,
    key,
    extendedKeyUsage: readExtendedKeyUsage(extensions.get(OID.extendedKeyUsage)),
    isAuthority: readIsAuthority(extensions.get(OID.basicConstraints)),
    fingerprint: createHash('sha256').update(der).digest('hex'),
  }
}

function readVersion(tbs: DerReader): number {
  const explicit = tbs.optional(0xa0)
  return explicit === undefined ? 1 : (readOnly(explicit.content, TAG.integer).content[0] ?? 0) + 1
}

interface Attribute {
  readonly oid: string
  readonly text: string | undefined
}

// Every attribute of every RDN, those of a multi-valued RDN one after another.
function readName(name: DerReader): Attribute[] {
  const attributes: Attribute[] = []
  while (!name.done) {
    const rdn = name.inside(TAG.set)
    while (!rdn.done) {
      const attribute = rdn.inside(TAG.sequence)
      const oid = readOid(attribute.next(TAG.oid))
      attributes.push({ oid, text: readText(attribute.next()) })
      attribute.end()
    }
  }
  return attributes
}

// For records: separators within a value are escaped (RFC 4514 §2.4), so that a value cannot pose as an attribute.
function showName(name: readonly Attribute[]): string {
  const shown = name.map(({ oid, text }) => {
    const value = (text ?? '?').replace(/[\\,+"<>;=#]/g, (character) => `\\${character}`)
    return `${SHORT_NAMES[oid] ?? oid}=${value}`
  })
  return shown.join(', ')
}

function readKey(spki: Uint8Array): LeafKey {
  const reader = new DerReader(spki)
  const algorithm = reader.inside(TAG.sequence)
  const oid = readOid(algorithm.next(TAG.oid))
  if (oid === OID.ec) {
    const curve = algorithm.optional(TAG.oid)
    return {
      kind: `ec ${curve === undefined ? 'unnamed curve' : (CURVES[readOid(curve)] ?? readOid(curve))}`,
      bits: 0,
    }
  }
  if (oid === OID.ed25519) return { kind: 'ed25519', bits: 0 }
  if (oid === OID.rsa || oid === OID.rsaPss) return { kind: 'rsa', bits: modulusBits(reader) }
  return { kind: oid, bits: 0 }
}

function modulusBits(spki: DerReader): number {
  const bits = spki.next(TAG.bitString).content
  if (bits[0] !== 0) throw new DerError('a key of a broken number of bytes')
  const modulus = new DerReader(readOnly(bits.subarray(1), TAG.sequence).content).next(TAG.integer).content
  const hex = Buffer.from(modulus)
    .toString('hex')
    .replace(/^(?:00)+/, '')
  return hex === '' ? 0 : hex.length * 4 - Math.clz32(Number.parseInt(hex[0] ?? '0', 16)) + 28
}

function readExtensions(tbs: DerReader): Map<string, Uint8Array> {
  const found = new Map<string, Uint8Array>()
  tbs.optional(0x81)
  tbs.optional(0x82)
  const explicit = tbs.optional(0xa3)
  tbs.end()
  if (explicit === undefined) return found
  const list = new DerReader(readOnly(explicit.content, TAG.sequence).content)
  while (!list.done) {
    const extension = list.inside(TAG.sequence)
    const oid = readOid(extension.next(TAG.oid))
    extension.optional(TAG.boolean)
    const value = extension.next(TAG.octetString).content
    extension.end()
    // RFC 5280 §4.2: an extension stands at most once; two could say two things.
    if (found.has(oid)) throw new DerError(`extension ${oid} stands twice`)
    found.set(oid, value)
  }
  return found
}

function readExtendedKeyUsage(value: Uint8Array | undefined): string[] | undefined {
  if (value === undefined) return undefined
  const purposes = new DerReader(readOnly(value, TAG.sequence).content)
  const oids: string[] = []
  while (!purposes.done) oids.push(readOid(purposes.next(TAG.oid)))
  return oids
}

function readIsAuthority(value: Uint8Array | undefined): boolean {
  if (value === undefined) return false
  const constraints = new DerReader(readOnly(value, TAG.sequence).content)
  const authority = constraints.optional(TAG.boolean)
  constraints.optional(TAG.integer)
  constraints.end()
  return authority !== undefined && readBoolean(authority)
}
