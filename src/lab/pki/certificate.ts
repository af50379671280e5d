// Makes one X.509 certificate, sound or deliberately odd. node-forge writes the structure, node:crypto signs it,
// so that every key type works. Verifies nothing.
import { type KeyObject, createHash, randomBytes, sign } from 'node:crypto'
import { type Asn1, bits, context, fromDer, integer, nothing, oid, sequence, time, toDer } from './asn1.ts'
import * as extension from './extensions.ts'
import { type KeyKind, type KeyPair, newKeyPair, privateKeyPem, sharedKeyPair } from './keys.ts'
import { type NameAttribute, nameOf } from './name.ts'

export interface CertificateOptions {
  /** The whole subject, in order; an empty list is an empty subject. */
  readonly subject: readonly NameAttribute[]
  /** Absent: self-signed. */
  readonly issuer?: Issued
  /** Default: RSA-2048; shared within the process for leaves, new for authorities. */
  readonly key?: KeyKind | KeyPair
  /** CA:TRUE, with a path length where one is given. Default: CA:FALSE. `omit`: no basic constraints at all. */
  readonly authority?: { readonly pathLength?: number } | 'omit'
  /** Default: certSign and crlSign for an authority, digitalSignature for a leaf. */
  readonly keyUsage?: readonly extension.KeyUsage[]
  /** Default: none for an authority, clientAuth for a leaf. An empty list leaves the extension out. */
  readonly extendedKeyUsage?: readonly extension.Purpose[]
  /** DNS names or IP addresses. */
  readonly altNames?: readonly string[]
  readonly permittedDnsNames?: readonly string[]
  /** URLs of revocation lists. */
  readonly distributionPoints?: readonly string[]
  /** Default: an hour ago. */
  readonly notBefore?: Date
  /** Default: in 30 days. */
  readonly notAfter?: Date
  /** Of the issuer's signature; without meaning for an Ed25519 issuer. Default: sha256. */
  readonly digest?: Digest
  /** Hex. Default: 16 random bytes. */
  readonly serial?: string
}

/** A certificate with its private key, which may issue further ones. PEM unless said otherwise. */
export interface Issued {
  readonly certificate: string
  readonly key: string
  readonly der: Buffer
  readonly keyPair: KeyPair
  readonly subject: readonly NameAttribute[]
}

export type Digest = 'sha1' | 'sha256' | 'sha384' | 'sha512'

const HOUR = 3_600_000
const DAY = 24 * HOUR

const RSA = { sha1: 5, sha256: 11, sha384: 12, sha512: 13 } as const
const ECDSA = { sha1: '1', sha256: '3.2', sha384: '3.3', sha512: '3.4' } as const

/** Issues a certificate under `issuer`, or self-signed. */
export function issue(options: CertificateOptions): Issued {
  const { issuer, subject, digest = 'sha256' } = options
  const keyPair = keyPairOf(options)
  const signer = issuer?.keyPair ?? keyPair
  const algorithm = algorithmOf(signer.privateKey, digest)
  const tbs = sequence(
    context(0, [integer('2')]),
    integer(options.serial ?? `4a${randomBytes(15).toString('hex')}`),
    algorithm,
    nameOf(issuer?.subject ?? subject),
    sequence(
      time(options.notBefore ?? new Date(Date.now() - HOUR)),
      time(options.notAfter ?? new Date(Date.now() + 30 * DAY)),
    ),
    nameOf(subject),
    fromDer(spki(keyPair)),
    context(3, [sequence(...extensionsOf(options, keyPair, signer))]),
  )
  const der = toDer(sequence(tbs, algorithm, bits(signatureOf(toDer(tbs), signer.privateKey, digest))))
  return { certificate: pem(der), key: privateKeyPem(keyPair), der, keyPair, subject }
}

/** @param der what `label` names, one certificate by default. @returns it as PEM, ending in a newline. */
export function pem(der: Buffer, label = 'CERTIFICATE'): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}

function keyPairOf({ key = 'rsa-2048', authority }: CertificateOptions): KeyPair {
  if (typeof key !== 'string') return key
  return authority === undefined ? sharedKeyPair(key) : newKeyPair(key)
}

function extensionsOf(options: CertificateOptions, keyPair: KeyPair, signer: KeyPair): Asn1[] {
  const { authority, altNames = [], permittedDnsNames = [], distributionPoints = [] } = options
  const isAuthority = authority !== undefined && authority !== 'omit'
  const purposes = options.extendedKeyUsage ?? (isAuthority ? [] : ['clientAuth' as const])
  const usages =
    options.keyUsage ??
    (isAuthority ? ['certSign' as const, 'crlSign' as const] : ['digitalSignature' as const])
  return [
    ...(authority === 'omit'
      ? []
      : [extension.basicConstraints(isAuthority, isAuthority ? authority.pathLength : undefined)]),
    ...(usages.length === 0 ? [] : [extension.keyUsage(usages)]),
    ...(purposes.length === 0 ? [] : [extension.extendedKeyUsage(purposes)]),
    ...(altNames.length === 0 ? [] : [extension.subjectAltName(altNames)]),
    ...(permittedDnsNames.length === 0 ? [] : [extension.permittedDnsNames(permittedDnsNames)]),
    ...(distributionPoints.length === 0 ? [] : [extension.crlDistributionPoints(distributionPoints)]),
    extension.subjectKeyIdentifier(keyIdentifier(keyPair)),
    extension.authorityKeyIdentifier(keyIdentifier(signer)),
  ]
}

/** The AlgorithmIdentifier of a signature with `key`. */
export function algorithmOf(key: KeyObject, digest: Digest): Asn1 {
  if (key.asymmetricKeyType === 'rsa') return sequence(oid(`1.2.840.113549.1.1.${RSA[digest]}`), nothing())
  if (key.asymmetricKeyType === 'ec') return sequence(oid(`1.2.840.10045.4.${ECDSA[digest]}`))
  return sequence(oid('1.3.101.112'))
}

/** Of `tbs`, one character a byte. */
export function signatureOf(tbs: Buffer, key: KeyObject, digest: Digest): string {
  return sign(key.asymmetricKeyType === 'ed25519' ? null : digest, tbs, key).toString('latin1')
}

function spki({ publicKey }: KeyPair): Buffer {
  return publicKey.export({ type: 'spki', format: 'der' })
}

// RFC 7093 §2 allows any digest; only equality matters.
function keyIdentifier(keyPair: KeyPair): Buffer {
  return createHash('sha256').update(spki(keyPair)).digest().subarray(0, 20)
}
