// Twins of certificates: the same bytes but for the key, which is ours, and the signature, which we make. So a chain whose
// private key is elsewhere can go through a handshake, and OpenSSL judges everything about it that is no signature.
// A twin is as weak as its original where that is too weak, so that OpenSSL refuses it for the same reason.
import { type KeyObject, type X509Certificate, generateKeyPairSync, sign } from 'node:crypto'
import { DerReader, type Element, TAG, encode, readOnly } from './der.ts'
import { readLeaf } from './read-leaf.ts'

export interface TwinKey {
  readonly key: KeyObject
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array
}

/** @param sound P-256; else P-192, which OpenSSL's security level 2 refuses as it does RSA-1024. */
export function twinKey(sound: boolean): TwinKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', {
    namedCurve: sound ? 'prime256v1' : 'prime192v1',
  })
  return { key: privateKey, spki: publicKey.export({ type: 'spki', format: 'der' }) }
}

export interface TwinOptions {
  /** Stands for the original's key. */
  readonly own: TwinKey
  /** Stands for the key that signed the original; a stray one where nobody's did. */
  readonly signer: TwinKey
}

/** @throws DerError where the original is not one well-formed certificate. */
export function twinOf({ raw }: X509Certificate, { own, signer }: TwinOptions): Uint8Array {
  const [tbs] = elementsOf(readOnly(raw, TAG.sequence).content)
  const fields = elementsOf(tbs?.content ?? new Uint8Array())
  // RFC 5280 §4.1: [0] version where it is said, serial, signature, issuer, validity, subject, subjectPublicKeyInfo, …
  const serial = fields[0]?.tag === VERSION ? 1 : 0
  const { oid, digest } = signedSoundly(raw) ? SOUND : UNSOUND
  const changed = fields.map(({ whole }, i) => (i === serial + 1 ? oid : i === serial + 5 ? own.spki : whole))
  return signed(encode(TAG.sequence, ...changed), { oid, digest, signer })
}

/** A certificate of ours for the other side of such a handshake: nobody looks at it. */
export function twinServer({ key, spki }: TwinKey): { certificate: Uint8Array; key: KeyObject } {
  const name = encode(TAG.sequence)
  const time = (text: string) => encode(TAG.generalizedTime, Buffer.from(text, 'latin1'))
  const validity = encode(TAG.sequence, time('20200101000000Z'), time('99991231235959Z'))
  const serial = encode(TAG.integer, Uint8Array.of(1))
  const tbs = encode(TAG.sequence, serial, SOUND.oid, name, validity, name, spki)
  return { certificate: signed(tbs, { ...SOUND, signer: { key, spki } }), key }
}

/** Whether OpenSSL's security level 2 takes a key: 112 bits. What is not known here is not. */
export function isSoundKey(key: KeyObject): boolean {
  const { modulusLength = 0, namedCurve = '' } = key.asymmetricKeyDetails ?? {}
  const kind = key.asymmetricKeyType
  if (kind === 'rsa' || kind === 'rsa-pss' || kind === 'dsa') return modulusLength >= 2048
  return kind === 'ec' ? SOUND_CURVES.has(namedCurve) : kind === 'ed25519' || kind === 'ed448'
}

const VERSION = 0xa0

const SOUND_CURVES = new Set([
  'secp224r1',
  'prime256v1',
  'secp256k1',
  'secp384r1',
  'secp521r1',
  'brainpoolP256r1',
  'brainpoolP384r1',
  'brainpoolP512r1',
])

// ecdsa-with-SHA256 and ecdsa-with-SHA1 (RFC 5758 §3.2, RFC 3279 §2.2.3).
const algorithm = (...last: readonly number[]) =>
  encode(TAG.sequence, encode(TAG.oid, Uint8Array.of(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, ...last)))
const SOUND = { oid: algorithm(0x03, 0x02), digest: 'sha256' }
const UNSOUND = { oid: algorithm(0x01), digest: 'sha1' }

const SOUND_SIGNATURES = new Set([
  // RSA with SHA-256, 384, 512 and 224; ECDSA likewise; DSA with SHA-224 and 256; Ed25519 and Ed448.
  '1.2.840.113549.1.1.11',
  '1.2.840.113549.1.1.12',
  '1.2.840.113549.1.1.13',
  '1.2.840.113549.1.1.14',
  '1.2.840.10045.4.3.1',
  '1.2.840.10045.4.3.2',
  '1.2.840.10045.4.3.3',
  '1.2.840.10045.4.3.4',
  '2.16.840.1.101.3.4.3.1',
  '2.16.840.1.101.3.4.3.2',
  '1.3.101.112',
  '1.3.101.113',
])
const SHA2 = /^2\.16\.840\.1\.101\.3\.4\.2\.[1-4]$/

function signedSoundly(der: Uint8Array): boolean {
  const read = readLeaf(der)
  if (read === 'unreadable') return false
  // RSASSA-PSS names its digest apart.
  return read.signatureDigest === undefined
    ? SOUND_SIGNATURES.has(read.signatureAlgorithm)
    : SHA2.test(read.signatureDigest)
}

interface Signing {
  readonly oid: Uint8Array
  readonly digest: string
  readonly signer: TwinKey
}

function signed(tbs: Uint8Array, { oid, digest, signer }: Signing): Uint8Array {
  const signature = sign(digest, tbs, signer.key)
  return encode(TAG.sequence, tbs, oid, encode(TAG.bitString, Uint8Array.of(0), signature))
}

function elementsOf(bytes: Uint8Array): Element[] {
  const reader = new DerReader(bytes)
  const elements: Element[] = []
  while (!reader.done) elements.push(reader.next())
  return elements
}
