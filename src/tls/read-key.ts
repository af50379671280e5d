// Reads what kind of public key a SubjectPublicKeyInfo holds (RFC 3279 §2.3, RFC 5480, RFC 8410). Whether that is good
// enough is the profile's to say; whether the numbers make a key is OpenSSL's.
import type { LeafKey } from '../domain/leaf.ts'
import { DerError, DerReader, type Element, TAG, readInteger, readOid, readOnly } from './der.ts'

const OID = {
  rsa: '1.2.840.113549.1.1.1',
  rsaPss: '1.2.840.113549.1.1.10',
  ec: '1.2.840.10045.2.1',
  ed25519: '1.3.101.112',
} as const

interface Curve {
  readonly name: string
  /** Of one coordinate. */
  readonly bytes: number
}

const CURVES: Readonly<Record<string, Curve>> = {
  '1.2.840.10045.3.1.7': { name: 'P-256', bytes: 32 },
  '1.3.132.0.34': { name: 'P-384', bytes: 48 },
  '1.3.132.0.35': { name: 'P-521', bytes: 66 },
}

/** @param spki a SubjectPublicKeyInfo, as the SEQUENCE it is. */
export function readKey(spki: Element): LeafKey {
  const reader = new DerReader(spki.content)
  const algorithm = reader.inside(TAG.sequence)
  const oid = readOid(algorithm.next(TAG.oid))
  const { content } = reader.next(TAG.bitString)
  reader.end()
  if (content[0] !== 0) throw new DerError('a key of a broken number of bytes')
  const key = content.subarray(1)
  if (oid === OID.rsaPss) return readRsa(key)
  if (oid === OID.rsa) {
    // RFC 3279 §2.3.1: its parameters are NULL. OpenSSL would read over anything.
    const isPlain = algorithm.optional(TAG.null)?.content.length === 0 && algorithm.done
    return isPlain ? readRsa(key) : { kind: 'rsa with parameters', bits: 0 }
  }
  if (oid === OID.ec) return { kind: `ec ${readCurve(algorithm, key)}`, bits: 0 }
  if (oid === OID.ed25519)
    return { kind: isEd25519(algorithm, key) ? 'ed25519' : 'ed25519, malformed', bits: 0 }
  return { kind: oid, bits: 0 }
}

// RFC 8410 §3: no parameters, and 32 bytes.
function isEd25519(algorithm: DerReader, key: Uint8Array): boolean {
  return algorithm.done && key.length === 32
}

function readRsa(key: Uint8Array): LeafKey {
  const numbers = new DerReader(readOnly(key, TAG.sequence).content)
  const modulus = readInteger(numbers.next(TAG.integer))
  const exponent = readInteger(numbers.next(TAG.integer))
  numbers.end()
  return { kind: 'rsa', bits: bitLength(modulus), exponent }
}

// A negative modulus has no bits worth the name.
function bitLength(hex: string): number {
  return hex.startsWith('-') ? 0 : hex.length * 4 - (Math.clz32(Number.parseInt(hex.slice(0, 2), 16)) - 24)
}

function readCurve(algorithm: DerReader, point: Uint8Array): string {
  // RFC 5480 §2.1.1: a curve is named; spelt-out parameters could be anybody's curve.
  const named = algorithm.optional(TAG.oid)
  if (named === undefined) return 'unnamed curve'
  const oid = readOid(named)
  algorithm.end()
  const curve = CURVES[oid]
  if (curve === undefined) return oid
  return isPoint(point, curve) ? curve.name : `${curve.name} with a malformed point`
}

// RFC 5480 §2.2: uncompressed or compressed, anything else is to be refused.
function isPoint([form, ...coordinates]: Uint8Array, { bytes }: Curve): boolean {
  return form === 4
    ? coordinates.length === 2 * bytes
    : (form === 2 || form === 3) && coordinates.length === bytes
}
