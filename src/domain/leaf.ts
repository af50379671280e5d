// The client's certificate as facts: what the gates and the records need of it, read from its DER structure.
// No judgement: what a leaf has to be stands in gates/leaf-profile.ts.

export interface Leaf {
  /** X.509 version as people count: 3. */
  readonly version: number
  /** Hex, upper case, as openssl prints it: a negative one begins with "-". */
  readonly serial: string
  /** Every commonName of the subject, in order; U+FFFD where its bytes are no plain text. */
  readonly commonNames: readonly string[]
  /** The ASN.1 string type of each of them, such as UTF8String; "malformed UTF8String" where the bytes do not fit the type. */
  readonly commonNameTypes: readonly string[]
  /** The subject in one line, for records only: never compared. */
  readonly subject: string
  readonly issuer: string
  readonly notBefore: Date
  readonly notAfter: Date
  /** OID of the algorithm its issuer signed it with. */
  readonly signatureAlgorithm: string
  /** OID of the digest, where that algorithm (RSASSA-PSS) names it apart. */
  readonly signatureDigest: string | undefined
  readonly key: LeafKey
  /** SHA-256 of the DER bytes of its SubjectPublicKeyInfo: lower-case hex. */
  readonly spkiFingerprint: string
  /** What its key may do, as RFC 5280 §4.2.1.3 calls it; undefined where the extension is absent. */
  readonly keyUsage: readonly string[] | undefined
  /** Extended key usage OIDs; undefined where the extension is absent. */
  readonly extendedKeyUsage: readonly string[] | undefined
  readonly isAuthority: boolean
  /** OIDs of the extensions that say: whoever does not understand me must not accept the certificate. */
  readonly criticalExtensions: readonly string[]
  /** SHA-256 of the DER bytes: lower-case hex. */
  readonly fingerprint: string
}

export interface LeafKey {
  /** Such as rsa, ec P-256, ed25519, or the OID of another kind. */
  readonly kind: string
  /** RSA: bits of the modulus. Others: 0. */
  readonly bits: number
  /** RSA: the public exponent, hex, upper case. */
  readonly exponent?: string
}

export const OID_CLIENT_AUTH = '1.3.6.1.5.5.7.3.2'
