// Short names for the few ASN.1 values a certificate is made of, on node-forge. Writes DER only; reading is others' work.
import forge from 'node-forge'

const { asn1 } = forge
export type Asn1 = forge.asn1.Asn1

export const sequence = (...parts: Asn1[]): Asn1 => universal(asn1.Type.SEQUENCE, parts)
export const set = (...parts: Asn1[]): Asn1 => universal(asn1.Type.SET, parts)
export const oid = (dotted: string): Asn1 => universal(asn1.Type.OID, asn1.oidToDer(dotted).getBytes())
export const boolean = (value: boolean): Asn1 => universal(asn1.Type.BOOLEAN, value ? '\xff' : '\x00')
export const nothing = (): Asn1 => universal(asn1.Type.NULL, '')
export const octets = (bytes: string): Asn1 => universal(asn1.Type.OCTETSTRING, bytes)

/** @param bytes the bits, a whole number of bytes but for `unused` at the end. */
export const bits = (bytes: string, unused = 0): Asn1 =>
  universal(asn1.Type.BITSTRING, String.fromCharCode(unused) + bytes)

/** @param hex a positive number, at most 20 bytes for a serial (RFC 5280 §4.1.2.2). */
export function integer(hex: string): Asn1 {
  const even = hex.length % 2 === 0 ? hex : `0${hex}`
  const positive = Number.parseInt(even.slice(0, 2), 16) >= 0x80 ? `00${even}` : even
  return universal(asn1.Type.INTEGER, forge.util.hexToBytes(positive))
}

/** UTCTime up to 2049, GeneralizedTime after (RFC 5280 §4.1.2.5). */
export function time(date: Date): Asn1 {
  const digits = `${date
    .toISOString()
    .replace(/\.\d+Z$/, '')
    .replace(/[-:T]/g, '')}Z`
  return date.getUTCFullYear() < 2050
    ? universal(asn1.Type.UTCTIME, digits.slice(2))
    : universal(asn1.Type.GENERALIZEDTIME, digits)
}

export type TextEncoding = 'utf8' | 'printable' | 'bmp' | 'ia5'

export function text(value: string, encoding: TextEncoding): Asn1 {
  if (encoding === 'utf8') return universal(asn1.Type.UTF8, Buffer.from(value, 'utf8').toString('latin1'))
  if (encoding === 'printable') return universal(asn1.Type.PRINTABLESTRING, value)
  // node-forge itself writes BMPString in 16-bit units.
  return universal(encoding === 'bmp' ? asn1.Type.BMPSTRING : asn1.Type.IA5STRING, value)
}

/** EXPLICIT [tag] around parts, or IMPLICIT [tag] with bytes. */
export function context(tag: number, content: Asn1[] | string): Asn1 {
  return asn1.create(asn1.Class.CONTEXT_SPECIFIC, tag, typeof content !== 'string', content)
}

export function toDer(value: Asn1): Buffer {
  return Buffer.from(asn1.toDer(value).getBytes(), 'latin1')
}

export function fromDer(der: Uint8Array): Asn1 {
  return asn1.fromDer(Buffer.from(der).toString('latin1'))
}

function universal(type: forge.asn1.Type, content: Asn1[] | string): Asn1 {
  return asn1.create(asn1.Class.UNIVERSAL, type, typeof content !== 'string', content)
}
