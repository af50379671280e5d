// Certificates out of field values: base64, percent-encoded PEM, DER. One way to write each; anything else is refused.
import { X509Certificate } from 'node:crypto'
import { FrontFieldError } from './front.ts'

/** More certificates than any chain has. */
const MOST = 32

/** Canonical base64 with its padding (RFC 4648 §4): what Buffer would skip or forgive is refused. */
export function fromBase64(text: string, where: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64')
  if (text === '' || bytes.toString('base64') !== text)
    throw new FrontFieldError(`${where} is not canonical base64`)
  return bytes
}

/** Exactly one certificate. */
export function oneCertificate(der: Uint8Array, where: string): Uint8Array {
  const [certificate, ...others] = certificatesIn(der, where)
  if (certificate === undefined || others.length > 0)
    throw new FrontFieldError(`${where} holds more than one certificate`)
  return certificate
}

/** Certificates one behind the other, as HAProxy's ssl_c_chain_der writes them. */
export function certificatesIn(der: Uint8Array, where: string): readonly Uint8Array[] {
  const certificates: Uint8Array[] = []
  for (let rest = der; rest.length > 0;) {
    const length = lengthOfFirst(rest)
    const certificate = rest.subarray(0, length)
    if (length === 0 || certificates.length === MOST || !isCertificate(certificate))
      throw new FrontFieldError(`${where} is not DER of ${MOST} certificates or fewer`)
    certificates.push(certificate)
    rest = rest.subarray(length)
  }
  return certificates
}

const ENCODED = /^(?:[A-Za-z0-9\-._~+/=]|%[0-9A-Fa-f]{2})*$/

/** A percent-encoded PEM list. "+" is itself: form decoding would make a space of it and break the base64. */
export function fromEncodedPem(text: string, where: string): readonly Uint8Array[] {
  if (!ENCODED.test(text)) throw new FrontFieldError(`${where} is not percent-encoded`)
  return fromPem(decoded(text, where), where)
}

export function onlyCertificate(chain: readonly Uint8Array[], where: string): Uint8Array {
  const [certificate, ...others] = chain
  if (certificate === undefined || others.length > 0)
    throw new FrontFieldError(`${where} does not hold exactly one certificate`)
  return certificate
}

function decoded(text: string, where: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new FrontFieldError(`${where} is not percent-encoded UTF-8`)
  }
}

const BEGIN = '-----BEGIN CERTIFICATE-----'
const END = '-----END CERTIFICATE-----'

// RFC 7468 §3, its stricter form: lines of base64, nothing before, between or behind the blocks.
function fromPem(text: string, where: string): readonly Uint8Array[] {
  const lines = text.replaceAll('\r\n', '\n').replace(/\n$/, '').split('\n')
  const certificates: Uint8Array[] = []
  while (lines.length > 0) {
    const end = lines.indexOf(END)
    if (lines[0] !== BEGIN || end === -1 || certificates.length === MOST)
      throw new FrontFieldError(`${where} is not PEM of ${MOST} certificates or fewer`)
    const [, ...block] = lines.splice(0, end + 1).slice(0, -1)
    if (!block.every((line) => /^[A-Za-z0-9+/=]{1,76}$/.test(line)))
      throw new FrontFieldError(`${where} is not PEM: a line is no base64`)
    certificates.push(oneCertificate(fromBase64(block.join(''), where), where))
  }
  return certificates
}

function isCertificate(der: Uint8Array): boolean {
  try {
    return Buffer.compare(new X509Certificate(der).raw, der) === 0
  } catch {
    return false
  }
}

/** Of a DER SEQUENCE, header included; 0 where there is none, or it reaches beyond the end. */
function lengthOfFirst(der: Uint8Array): number {
  const [tag, first = 0xff] = der
  const count = first < 0x80 ? 0 : first & 0x7f
  if (tag !== 0x30 || count > 3) return 0
  const content = count === 0 ? first : der.subarray(2, 2 + count).reduce((sum, byte) => sum * 256 + byte, 0)
  const length = 2 + count + content
  return length <= der.length ? length : 0
}
