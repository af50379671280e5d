// Whose list this is: the known authority with the list's issuer name, byte for byte, whose key the signature over exactly
// these bytes fits, and who may sign lists. The signature is node:crypto's to verify, off the event loop.
import { type X509Certificate, verify } from 'node:crypto'
import {
  type CertificateParts,
  isAuthority,
  maySignLists,
  readCertificateParts,
  showName,
} from './crl-certificate.ts'
import { RevocationListError } from './crl-error.ts'
import { DerError, DerReader, type Element, TAG, readOid } from './der.ts'

interface Algorithm {
  readonly key: 'rsa' | 'ec' | 'ed25519'
  /** Of node:crypto; null where the key's kind says it. */
  readonly digest: 'sha256' | 'sha384' | 'sha512' | null
}

const ALGORITHMS: Readonly<Record<string, Algorithm>> = {
  '1.2.840.113549.1.1.11': { key: 'rsa', digest: 'sha256' },
  '1.2.840.113549.1.1.12': { key: 'rsa', digest: 'sha384' },
  '1.2.840.113549.1.1.13': { key: 'rsa', digest: 'sha512' },
  '1.2.840.10045.4.3.2': { key: 'ec', digest: 'sha256' },
  '1.2.840.10045.4.3.3': { key: 'ec', digest: 'sha384' },
  '1.2.840.10045.4.3.4': { key: 'ec', digest: 'sha512' },
  '1.3.101.112': { key: 'ed25519', digest: null },
}

const WEAK: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.2': 'MD2',
  '1.2.840.113549.1.1.4': 'MD5',
  '1.2.840.113549.1.1.5': 'SHA-1',
  '1.3.14.3.2.29': 'SHA-1',
  '1.2.840.10040.4.3': 'SHA-1',
  '1.2.840.10045.4.1': 'SHA-1',
}

const WEAKEST_RSA = 2048

/** @param element a whole AlgorithmIdentifier. @throws DerError or RevocationListError */
export function readAlgorithm({ content }: Element): Algorithm {
  const reader = new DerReader(content)
  const oid = readOid(reader.next(TAG.oid))
  const weak = WEAK[oid]
  if (weak !== undefined)
    throw new RevocationListError(
      `it is signed with ${weak}, under which signatures can be forged`,
      'ask the authority for a list signed with SHA-256 or better',
    )
  const algorithm = ALGORITHMS[oid]
  if (algorithm === undefined)
    throw new RevocationListError(
      `it is signed with an algorithm that is not known here (${oid})`,
      'RSA (PKCS #1), ECDSA with SHA-256, -384 or -512, and Ed25519 are',
    )
  // RFC 4055 §5: NULL beside RSA, where old writers leave it out; RFC 5758, RFC 8410: nothing beside the others.
  if (!reader.done) {
    const { tag, content: parameters } = reader.next()
    reader.end()
    if (algorithm.key !== 'rsa' || tag !== 0x05 || parameters.length > 0)
      throw new DerError('parameters of the signature algorithm')
  }
  return algorithm
}

export interface Signed {
  /** The whole tbsCertList. */
  readonly bytes: Uint8Array
  readonly algorithm: Algorithm
  readonly signature: Uint8Array
  /** The whole DER Name. */
  readonly issuer: Uint8Array
}

/** @throws RevocationListError where it is nobody's among `authorities`. */
export async function signerOf(
  signed: Signed,
  authorities: readonly X509Certificate[],
): Promise<X509Certificate> {
  const namesakes = authorities
    .map((certificate) => ({ certificate, parts: partsOf(certificate) }))
    .filter(({ parts }) => parts !== undefined && Buffer.compare(parts.subject, signed.issuer) === 0)
  if (namesakes.length === 0)
    throw new RevocationListError(
      `it is issued by "${showName(signed.issuer)}", which is none of the authorities known here`,
      'an intermediate authority has to stand in the file beside its list, as a CERTIFICATE block',
    )
  const fitting: typeof namesakes = []
  for (const one of namesakes) if (await fits(signed, one.certificate)) fitting.push(one)
  if (fitting.length === 0)
    throw new RevocationListError(
      `its signature does not fit the key of "${showName(signed.issuer)}"`,
      'it was changed after it was signed, or another authority has the same name; fetch it again',
    )
  const faults = fitting.map(({ parts }) => faultOf(parts))
  const signer = fitting[faults.indexOf(undefined)]
  if (signer === undefined)
    throw new RevocationListError(
      `"${showName(signed.issuer)}" may not sign lists: ${faults[0] ?? ''}`,
      'ask the authority for the list that its own CA certificate signs',
    )
  if ((signer.certificate.publicKey.asymmetricKeyDetails?.modulusLength ?? WEAKEST_RSA) < WEAKEST_RSA)
    throw new RevocationListError(
      `it is signed with an RSA key of fewer than ${WEAKEST_RSA} bits`,
      'ask the authority for a list of a stronger one',
    )
  return signer.certificate
}

function partsOf(certificate: X509Certificate): CertificateParts | undefined {
  try {
    return readCertificateParts(certificate.raw)
  } catch (error) {
    if (error instanceof DerError) return undefined
    throw error
  }
}

function faultOf(parts: CertificateParts | undefined): string | undefined {
  try {
    if (parts === undefined || !isAuthority(parts)) return 'it is not a CA certificate'
    return maySignLists(parts) ? undefined : 'its key usage leaves out cRLSign'
  } catch (error) {
    if (error instanceof DerError) return 'its certificate is not well-formed'
    throw error
  }
}

function fits({ bytes, algorithm, signature }: Signed, { publicKey }: X509Certificate): Promise<boolean> {
  if (publicKey.asymmetricKeyType !== algorithm.key) return Promise.resolve(false)
  return new Promise((resolve) => {
    verify(algorithm.digest, bytes, publicKey, signature, (error, good) => resolve(error === null && good))
  })
}
