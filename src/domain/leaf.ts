// The client's certificate as facts: what the gates and the records need of it, read from its DER structure.

export interface Leaf {
  /** X.509 version as people count: 3. */
  readonly version: number
  /** Hex, upper case, as openssl prints it. */
  readonly serial: string
  /** Every commonName of the subject, in order. */
  readonly commonNames: readonly string[]
  /** The subject in one line, for records only: never compared. */
  readonly subject: string
  readonly issuer: string
  readonly notBefore: Date
  readonly notAfter: Date
  /** OID of the algorithm its issuer signed it with. */
  readonly signatureAlgorithm: string
  readonly key: LeafKey
  /** Extended key usage OIDs; undefined where the extension is absent. */
  readonly extendedKeyUsage: readonly string[] | undefined
  readonly isAuthority: boolean
  /** SHA-256 of the DER bytes: lower-case hex. */
  readonly fingerprint: string
}

export interface LeafKey {
  /** Such as rsa, ec P-256, ed25519, or the OID of another kind. */
  readonly kind: string
  /** RSA: bits of the modulus. Others: 0. */
  readonly bits: number
}

export const OID_CLIENT_AUTH = '1.3.6.1.5.5.7.3.2'
