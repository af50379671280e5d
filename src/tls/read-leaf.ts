// Reads the client's certificate from its DER structure (RFC 5280 §4.1) into the facts the gates judge.
// Structure, never a printed subject: in text an O or OU can spell "CN=…". Signature and chain are OpenSSL's to verify.
import { createHash } from 'node:crypto'
import type { Leaf } from '../domain/leaf.ts'
import { DerError, DerReader, type Element, TAG, readInteger, readOid, readOnly, readTime } from './der.ts'
import { readExtendedKeyUsage, readExtensions, readIsAuthority, readKeyUsage } from './read-extensions.ts'
import { readKey } from './read-key.ts'
import { commonNamesOf, readName, showName } from './read-name.ts'

const OID_RSASSA_PSS = '1.2.840.113549.1.1.10'
const OID_SHA1 = '1.3.14.3.2.26'

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
  const serial = readInteger(tbs.next(TAG.integer))
  const algorithm = tbs.next(TAG.sequence)
  const issuer = readName(tbs.inside(TAG.sequence))
  const validity = tbs.inside(TAG.sequence)
  const notBefore = readTime(validity.next())
  const notAfter = readTime(validity.next())
  validity.end()
  const subject = readName(tbs.inside(TAG.sequence))
  const spki = tbs.next(TAG.sequence)
  const extensions = readExtensions(tbs)
  // RFC 5280 §4.1.1.2: both fields name the same algorithm, parameters and all.
  if (Buffer.compare(outer.next(TAG.sequence).whole, algorithm.whole) !== 0)
    throw new DerError('two different signature algorithms')
  outer.next(TAG.bitString)
  outer.end()
  return {
    version,
    serial,
    ...commonNamesOf(subject),
    subject: showName(subject),
    issuer: showName(issuer),
    notBefore,
    notAfter,
    ...readAlgorithm(algorithm),
    key: readKey(spki),
    spkiFingerprint: sha256(spki.whole),
    keyUsage: readKeyUsage(extensions),
    extendedKeyUsage: readExtendedKeyUsage(extensions),
    isAuthority: readIsAuthority(extensions),
    criticalExtensions: [...extensions].filter(([, { critical }]) => critical).map(([oid]) => oid),
    fingerprint: sha256(der),
  }
}

// RFC 5280 §4.1.2.1: [0] EXPLICIT, and left out where it would say version 1.
function readVersion(tbs: DerReader): number {
  const explicit = tbs.optional(0xa0)
  return explicit === undefined
    ? 1
    : Number.parseInt(readInteger(readOnly(explicit.content, TAG.integer)), 16) + 1
}

function readAlgorithm({ content }: Element): Pick<Leaf, 'signatureAlgorithm' | 'signatureDigest'> {
  const algorithm = new DerReader(content)
  const signatureAlgorithm = readOid(algorithm.next(TAG.oid))
  const signatureDigest =
    signatureAlgorithm === OID_RSASSA_PSS ? readPssDigest(algorithm.next(TAG.sequence)) : undefined
  return { signatureAlgorithm, signatureDigest }
}

// RFC 4055 §3.1: hashAlgorithm [0], SHA-1 where it is left out.
function readPssDigest({ content }: Element): string {
  const digest = new DerReader(content).optional(0xa0)
  if (digest === undefined) return OID_SHA1
  return readOid(new DerReader(readOnly(digest.content, TAG.sequence).content).next(TAG.oid))
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
