// Certificates that no honest authority makes: a lab certificate taken apart, changed, and signed again by its issuer.
import { type SignKeyObjectInput, constants, sign } from 'node:crypto'
import type { ClientIdentity } from '../../src/lab/pki/authorities.ts'
import { type Issued, pem } from '../../src/lab/pki/certificate.ts'
import { type Der, type Element, at, element, parse, replaced, write } from './der-tree.ts'

/** Changes the part that is signed. */
export type Change = (tbs: Element) => Der

/** Where each part of a version 3 certificate's signed part stands. */
export const PART = {
  version: 0,
  serial: 1,
  algorithm: 2,
  issuer: 3,
  validity: 4,
  subject: 5,
  key: 6,
  extensions: 7,
} as const

/** How the issuer signs, and what the certificate says of it. */
export interface Signing {
  /** AlgorithmIdentifier. Default: as it was. */
  readonly algorithm?: Der
  /** Default: sha256. */
  readonly digest?: string
  readonly padding?: Omit<SignKeyObjectInput, 'key'>
}

/** Who signs, as usual or in another way. */
export type Signer = Issued | (Signing & { readonly issuer: Issued })

/** `identity` with its leaf changed and signed again; the rest of its chain stays. */
export function altered(identity: ClientIdentity, signer: Signer, change: Change): ClientIdentity {
  return withLeaf(identity, resigned(identity.leaf.der, signer, change))
}

/** An authority's certificate changed and signed again. */
export function alteredAuthority(issued: Issued, signer: Signer, change: Change): Issued {
  const der = resigned(issued.der, signer, change)
  return { ...issued, der, certificate: pem(der) }
}

/** A certificate's bytes with what is signed changed, and signed again. */
export function resigned(der: Uint8Array, signer: Signer, change: Change): Buffer {
  const {
    issuer,
    algorithm,
    digest = 'sha256',
    padding = {},
  } = 'issuer' in signer ? signer : { issuer: signer }
  const whole = parse(der)
  const named = algorithm ?? at(whole, 1)
  const changed = write(change(replaced(at(whole, 0), [PART.algorithm], () => [named])))
  const signature = sign(digest, changed, { key: issuer.keyPair.privateKey, ...padding })
  return write(element(0x30, changed, named, element(0x03, Buffer.of(0), signature)))
}

/** `identity` with other bytes for its leaf, whatever they are. */
export function withLeaf({ certificate, key, leaf }: ClientIdentity, der: Buffer): ClientIdentity {
  const first = pem(der)
  return {
    certificate: certificate.replace(leaf.certificate, first),
    key,
    leaf: { ...leaf, der, certificate: first },
  }
}

/** One part of what is signed becomes others. */
export const part =
  (place: keyof typeof PART, change: (was: Element) => readonly Der[]): Change =>
  (tbs) =>
    replaced(tbs, [PART[place]], change)

/** A serial of these content bytes, minimal or not. */
export const withSerial = (...bytes: readonly number[]): Change =>
  part('serial', () => [element(0x02, Uint8Array.from(bytes))])

/** X.509 version 1: no version, no extensions. */
export const asVersionOne: Change = (tbs) => ({ ...tbs, inside: tbs.inside.slice(1, 7) })

/** Version 3 without any extension: nothing tells which of its issuer's keys it is. */
export const withoutExtensions: Change = (tbs) => ({ ...tbs, inside: tbs.inside.slice(0, 7) })

/** Its list of extensions is another one. */
export const withExtensions = (change: (was: readonly Der[]) => readonly Der[]): Change =>
  part('extensions', (was) => [element(was.tag, element(0x30, ...change(at(was, 0).inside)))])

/** Its extensions once more behind themselves. */
export const withExtensionsTwice: Change = withExtensions((was) => [...was, ...was])

/** One extension more, of any OID and value. */
export const withExtension = (oid: Uint8Array, value: Uint8Array, { critical = false } = {}): Change =>
  withExtensions((was) => [...was, extensionOf(oid, value, { critical })])

export function extensionOf(oid: Uint8Array, value: Uint8Array, { critical = false } = {}): Element {
  const flag = critical ? [element(0x01, Buffer.of(0xff))] : []
  return element(0x30, element(0x06, oid), ...flag, element(0x04, value))
}

/** Another algorithm within what is signed than beside the signature: ecdsa-with-SHA256. */
export const withOtherAlgorithm: Change = part('algorithm', () => [
  element(0x30, element(0x06, Buffer.from('2a8648ce3d040302', 'hex'))),
])

/** With one bit of its signature the other way round. */
export function forged(identity: ClientIdentity): ClientIdentity {
  const der = Buffer.from(identity.leaf.der)
  der.writeUInt8(der.readUInt8(der.length - 1) ^ 1, der.length - 1)
  return withLeaf(identity, der)
}

const NULL = element(0x05)
const algorithm = (oid: string, ...parameters: Der[]): Element =>
  element(0x30, element(0x06, Buffer.from(oid, 'hex')), ...parameters)

/** Signatures of an RSA issuer that the lab does not make by itself. */
export const RSA_SIGNINGS = {
  md5: { digest: 'md5', algorithm: algorithm('2a864886f70d010104', NULL) },
  sha1: { digest: 'sha1', algorithm: algorithm('2a864886f70d010105', NULL) },
  sha224: { digest: 'sha224', algorithm: algorithm('2a864886f70d01010e', NULL) },
  'pss-sha1': pss('sha1', '2b0e03021a', 20),
  'pss-sha256': pss('sha256', '608648016503040201', 32),
  'pss-sha512': pss('sha512', '608648016503040203', 64),
} as const satisfies Record<string, Signing>

// RFC 4055 §3.1: digest [0], mask generation [1], length of the salt [2].
function pss(digest: string, oid: string, saltLength: number): Signing {
  const hash = algorithm(oid, NULL)
  const parameters = element(
    0x30,
    element(0xa0, hash),
    element(0xa1, algorithm('2a864886f70d010108', hash)),
    element(0xa2, element(0x02, Buffer.of(saltLength))),
  )
  return {
    digest,
    algorithm: algorithm('2a864886f70d01010a', parameters),
    padding: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength },
  }
}
