// Reads X.509 revocation lists (RFC 5280 §5), strictly: a list is used as a whole or not at all, and only if one of our own
// authorities signed it. OpenSSL's `crl` option is not used: it needs a current list for every CA of a chain, and an empty
// one checks nothing. A list can only ever refuse what OpenSSL admitted.
import { type X509Certificate, createHash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { isAuthority, pointsOf, readCertificateParts, readExtensions } from './crl-certificate.ts'
import { readEntries } from './crl-entries.ts'
import { RevocationListError } from './crl-error.ts'
import { type ListScope, readScope } from './crl-extensions.ts'
import { SerialSet } from './crl-serials.ts'
import { type Signed, readAlgorithm, signerOf } from './crl-signature.ts'
import { DerError, DerReader, TAG, readOnly, readTime } from './der.ts'

export { RevocationListError } from './crl-error.ts'

/**
 * What a list says of a certificate. `revoked` takes no more than its issuer's name, byte for byte, and its serial; `good` that
 * the list speaks about it at all: it is within the list's scope, and the key that signed the list signed it, too, since two
 * authorities may have one name. Else it says nothing: `not covered`.
 */
export type Judgement = 'revoked' | 'good' | 'not covered'

export interface RevocationList {
  /** The authority whose key its signature fits. */
  readonly issuer: X509Certificate
  /** cRLNumber. */
  readonly number: bigint | undefined
  readonly thisUpdate: Date
  /** Undefined: never current, since RFC 5280 §5.1.2.5 demands one. */
  readonly nextUpdate: Date | undefined
  /** How many serial numbers it revokes. */
  readonly size: number
  /** Where not empty: it covers only certificates that name one of these URIs as their distribution point. */
  readonly points: readonly string[]
  /** @param serial hex as in Leaf.serial; leading zero bytes do not count. */
  readonly revokes: (serial: string) => boolean
  /** @param certificate one that OpenSSL verified. */
  readonly judge: (certificate: X509Certificate) => Judgement
  /** SHA-256 of the DER bytes: lower-case hex. */
  readonly fingerprint: string
}

/** How far our clock may be behind that of an authority, milliseconds. */
const SKEW = 5 * 60_000
const HASHED_AT_ONCE = 1024 * 1024

/** Whether a list may still be believed to be complete. */
export function isCurrent({ nextUpdate }: Pick<RevocationList, 'nextUpdate'>, now: Date): boolean {
  return nextUpdate !== undefined && now.getTime() < nextUpdate.getTime()
}

/**
 * @param authorities who may have signed it: the anchors, and intermediates known to the operator. @param now ours.
 * @throws RevocationListError
 */
export async function readRevocationList(
  der: Uint8Array,
  authorities: readonly X509Certificate[],
  now: Date,
): Promise<RevocationList> {
  // A copy, so that what is read between two turns of the event loop is what was signed.
  const bytes = Buffer.from(der)
  try {
    const { signed, version, thisUpdate, nextUpdate, entries, scope } = readList(bytes)
    const issuer = await signerOf(signed, authorities)
    if (thisUpdate.getTime() > now.getTime() + SKEW)
      throw new RevocationListError(
        `it is from the future (thisUpdate ${thisUpdate.toISOString()})`,
        'compare the clock of this machine with the right time',
      )
    const { number, points, leavesOnly } = scope()
    const serials = entries === undefined ? new SerialSet(bytes, 0) : await readEntries(entries, version)
    return {
      issuer,
      number,
      thisUpdate,
      nextUpdate,
      points,
      size: serials.size,
      revokes: (serial) => serials.has(serial),
      judge: (certificate) =>
        judge(certificate, { issuer, name: signed.issuer, serials, points, leavesOnly }),
      fingerprint: await fingerprintOf(bytes),
    }
  } catch (error) {
    if (!(error instanceof DerError)) throw error
    throw new RevocationListError(
      `it is not a well-formed revocation list: ${error.message}`,
      'compare it with its source; "openssl crl -text" shows what it holds',
    )
  }
}

interface ListParts {
  readonly signed: Signed
  readonly version: number
  readonly thisUpdate: Date
  readonly nextUpdate: Date | undefined
  /** What stands within revokedCertificates. */
  readonly entries: Uint8Array | undefined
  /** Read when the signature was found to be good. */
  readonly scope: () => ListScope
}

function readList(der: Uint8Array): ListParts {
  const outer = new DerReader(readOnly(der, TAG.sequence).content)
  const tbs = outer.next(TAG.sequence)
  const outerAlgorithm = outer.next(TAG.sequence)
  const bits = outer.next(TAG.bitString).content
  outer.end()
  if (bits[0] !== 0) throw new DerError('a signature of a broken number of bytes')

  const reader = new DerReader(tbs.content)
  const version = reader.optional(TAG.integer)
  if (version !== undefined && !(version.content.length === 1 && version.content[0] === 1))
    throw new DerError('a version that is neither 1 nor 2')
  const algorithm = reader.next(TAG.sequence)
  // RFC 5280 §5.1.1.2: both fields hold the same.
  if (Buffer.compare(algorithm.whole, outerAlgorithm.whole) !== 0)
    throw new DerError('two different signature algorithms')
  const issuer = reader.next(TAG.sequence).whole
  const thisUpdate = readTime(reader.next())
  const hasNext = reader.peek() === TAG.utcTime || reader.peek() === TAG.generalizedTime
  const nextUpdate = hasNext ? readTime(reader.next()) : undefined
  if (nextUpdate !== undefined && nextUpdate.getTime() < thisUpdate.getTime())
    throw new DerError('nextUpdate lies before thisUpdate')
  const entries = reader.optional(TAG.sequence)?.content
  const explicit = reader.optional(0xa0)
  reader.end()
  if (explicit !== undefined && version === undefined) throw new DerError('extensions in a list of version 1')
  return {
    signed: {
      bytes: tbs.whole,
      algorithm: readAlgorithm(algorithm),
      signature: bits.subarray(1),
      issuer,
    },
    version: version === undefined ? 1 : 2,
    thisUpdate,
    nextUpdate,
    entries,
    scope: () =>
      readScope(
        explicit === undefined ? new Map() : readExtensions(readOnly(explicit.content, TAG.sequence).content),
      ),
  }
}

interface Judge extends Omit<ListScope, 'number'> {
  readonly issuer: X509Certificate
  /** The whole DER Name of the issuer. */
  readonly name: Uint8Array
  readonly serials: SerialSet
}

function judge(
  certificate: X509Certificate,
  { issuer, name, serials, points, leavesOnly }: Judge,
): Judgement {
  try {
    const parts = readCertificateParts(certificate.raw)
    if (Buffer.compare(parts.issuer, name) !== 0) return 'not covered'
    if (serials.has(parts.serial)) return 'revoked'
    if (leavesOnly && isAuthority(parts)) return 'not covered'
    if (points.length > 0 && !pointsOf(parts).some((uri) => points.includes(uri))) return 'not covered'
    return certificate.verify(issuer.publicKey) ? 'good' : 'not covered'
  } catch (error) {
    // What cannot be read is not covered: with `hard` it is refused.
    if (error instanceof DerError) return 'not covered'
    throw error
  }
}

async function fingerprintOf(bytes: Uint8Array): Promise<string> {
  const hash = createHash('sha256')
  for (let at = 0; at < bytes.length; at += HASHED_AT_ONCE) {
    hash.update(bytes.subarray(at, at + HASHED_AT_ONCE))
    if (at > 0) await setImmediate()
  }
  return hash.digest('hex')
}
