// Twins of whole chains: who of them can belong to a path, and whose key signed which. Signatures are all that is checked here,
// each by OpenSSL and on the original.
import { type KeyObject, X509Certificate } from 'node:crypto'
import { DerError } from './der.ts'
import { readLeaf } from './read-leaf.ts'
import { type TwinKey, isSoundKey, twinKey, twinOf } from './twin.ts'

/** Certificates beside the leaf that may belong to the path; those that cannot are left out before they are counted. */
const MOST = 16
/** Pairs of a certificate and who may have issued it, by their names: each costs a verification, with a key of the client's choice. */
const MOST_PAIRS = 32

export interface Twin {
  readonly original: X509Certificate
  readonly twin: X509Certificate
}

export interface TwinWorld {
  /** By the original's key; those that are missing are made and added. */
  readonly keys: Map<string, TwinKey>
  /** Who may have signed one of them. */
  readonly authorities: readonly X509Certificate[]
}

/** What cannot be taken apart has no twin: it is as if it had not come. */
export function twinsOf(originals: readonly X509Certificate[], { keys, authorities }: TwinWorld): Twin[] {
  const twinKeyOf = (certificate: X509Certificate) => {
    const id = keyId(certificate)
    const key = keys.get(id) ?? twinKey(isSound(certificate))
    keys.set(id, key)
    return key
  }
  return originals.flatMap((original): Twin[] => {
    const issuer = authorities.find((one) => isNamedIssuer(one, original) && hasSigned(one, original))
    try {
      const signer = issuer === undefined ? twinKey(true) : twinKeyOf(issuer)
      return [{ original, twin: new X509Certificate(twinOf(original, { own: twinKeyOf(original), signer })) }]
    } catch (error) {
      if (error instanceof DerError || isOpenSslError(error)) return []
      throw error
    }
  })
}

/** More of them than a path has, or more questions who signed which than any honest chain raises. */
export function isTooMuch(
  chain: readonly X509Certificate[],
  authorities: readonly X509Certificate[],
): boolean {
  const issuersOf = (one: X509Certificate) => authorities.filter((authority) => isNamedIssuer(authority, one))
  return chain.length > MOST + 1 || chain.flatMap(issuersOf).length > MOST_PAIRS
}

/** Those that names connect to the leaf, however they were sent: no other can be of a path. */
export function related(leaf: X509Certificate, others: readonly X509Certificate[]): X509Certificate[] {
  const kept: X509Certificate[] = []
  const seen = new Set([leaf.fingerprint256])
  collect(leaf)
  return kept

  function collect(below: X509Certificate): void {
    for (const one of others) {
      if (seen.has(one.fingerprint256) || !isNamedIssuer(one, below)) continue
      seen.add(one.fingerprint256)
      kept.push(one)
      if (kept.length <= MOST) collect(one)
    }
  }
}

// OpenSSL compares names without regard to case and repeated space; more than it does here only costs a signature.
function isNamedIssuer(issuer: X509Certificate, certificate: X509Certificate): boolean {
  return canonical(issuer.subject) === canonical(certificate.issuer)
}

function canonical(name: string | undefined): string {
  return (name ?? '').toLowerCase().replaceAll(/\s+/g, ' ')
}

function hasSigned(issuer: X509Certificate, certificate: X509Certificate): boolean {
  try {
    return certificate.verify(issuer.publicKey)
  } catch {
    // A key or an algorithm that OpenSSL does not know verifies nothing.
    return false
  }
}

function isSound(certificate: X509Certificate): boolean {
  const key = keyOf(certificate)
  return key !== undefined && isSoundKey(key)
}

/** Undefined where the key is of a kind that OpenSSL does not know, or none at all. */
export function keyOf(certificate: X509Certificate): KeyObject | undefined {
  try {
    return certificate.publicKey
  } catch {
    return undefined
  }
}

export function keyId(certificate: X509Certificate): string {
  const read = readLeaf(certificate.raw)
  // Unreadable ones share no key with anybody.
  return read === 'unreadable' ? certificate.fingerprint256 : read.spkiFingerprint
}

function isOpenSslError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_OSSL')
}
