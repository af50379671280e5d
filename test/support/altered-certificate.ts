// Certificates that no honest authority makes: a lab certificate taken apart, changed, and signed again by its issuer.
import { sign } from 'node:crypto'
import { type Asn1, bits, context, fromDer, oid, sequence, toDer } from '../../src/lab/pki/asn1.ts'
import type { ClientIdentity } from '../../src/lab/pki/authorities.ts'
import { type Issued, pem } from '../../src/lab/pki/certificate.ts'

/** The parts of a to-be-signed certificate, in order: version, serial, algorithm, issuer, validity, subject, key, extensions. */
export type Parts = readonly Asn1[]

/** `identity` with its leaf changed and signed again by `issuer`, whose key has to be RSA; the rest of its chain is dropped. */
export function altered(
  { leaf, key }: ClientIdentity,
  issuer: Issued,
  change: (parts: Parts) => readonly Asn1[],
): ClientIdentity {
  const [tbs, algorithm] = partsOf(fromDer(leaf.der))
  if (tbs === undefined || algorithm === undefined) throw new Error('not a certificate')
  const changed = sequence(...change(partsOf(tbs)))
  const signature = sign('sha256', toDer(changed), issuer.keyPair.privateKey).toString('latin1')
  const der = toDer(sequence(changed, algorithm, bits(signature)))
  const certificate = pem(der)
  return { certificate, key, leaf: { ...leaf, der, certificate } }
}

/** X.509 version 1: no version, no extensions. */
export const asVersionOne = (parts: Parts): readonly Asn1[] => parts.slice(1, 7)

/** Version 3 without any extension: nothing tells which of its issuer's keys it is. */
export const withoutExtensions = (parts: Parts): readonly Asn1[] => parts.slice(0, 7)

/** Its extensions once more behind themselves. */
export function withExtensionsTwice(parts: Parts): readonly Asn1[] {
  const extensions = partsOf(parts[7]).flatMap(partsOf)
  return [...parts.slice(0, 7), context(3, [sequence(...extensions, ...extensions)])]
}

/** Another algorithm within what is signed than beside the signature: ecdsa-with-SHA256. */
export const withOtherAlgorithm = (parts: Parts): readonly Asn1[] => [
  ...parts.slice(0, 2),
  sequence(oid('1.2.840.10045.4.3.2')),
  ...parts.slice(3),
]

/** With one bit of its signature the other way round. */
export function forged({ leaf, key }: ClientIdentity): ClientIdentity {
  const der = Buffer.from(leaf.der)
  der.writeUInt8(der.readUInt8(der.length - 1) ^ 1, der.length - 1)
  const certificate = pem(der)
  return { certificate, key, leaf: { ...leaf, der, certificate } }
}

function partsOf(value: Asn1 | undefined): readonly Asn1[] {
  return Array.isArray(value?.value) ? value.value : []
}
