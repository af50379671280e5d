// The two certificate authorities Meta's webhook client has had, rebuilt with keys of our own, and leaves below them.
import { type CertificateOptions, type Issued, issue } from './certificate.ts'
import type { TextEncoding } from './asn1.ts'
import type { KeyKind } from './keys.ts'
import type { NameAttribute } from './name.ts'

/** The common name of Meta's webhook client. */
export const META_CLIENT_NAME = 'client.webhooks.fbclientcerts.com'

/** What a client presents: `certificate` is its chain, leaf first, without the root. PEM. */
export interface ClientIdentity {
  readonly certificate: string
  readonly key: string
  readonly leaf: Issued
}

export interface LeafOptions extends Omit<CertificateOptions, 'subject' | 'issuer'> {
  /** In order, repeated where wanted. Default: Meta's one. */
  readonly commonNames?: readonly string[]
  readonly encoding?: TextEncoding
  /** Attributes before the common names. */
  readonly before?: readonly NameAttribute[]
  /** Attributes after the common names. */
  readonly after?: readonly NameAttribute[]
  /** Default: the authority that stands right above the leaf. */
  readonly issuer?: Issued
  /** Further certificates sent after the leaf. Default: the intermediates. */
  readonly chain?: readonly Issued[]
}

export interface LabAuthority {
  readonly root: Issued
  /** Sent by the client after its leaf, nearest first. */
  readonly intermediates: readonly Issued[]
  /** A client leaf: without options one that Meta might present. */
  readonly client: (options?: LeafOptions) => ClientIdentity
}

/** RSA-2048 root with a SHA-1 self-signature, an intermediate, and leaves below that: what arrived until spring 2026. */
export function digicertShaped(): LabAuthority {
  const root = issue({
    subject: organisation('Lab DigiCert-like Inc', 'Lab High Assurance EV Root CA'),
    authority: {},
    digest: 'sha1',
    notBefore: new Date('2006-11-10T00:00:00Z'),
    notAfter: new Date('2031-11-10T00:00:00Z'),
  })
  const intermediate = issue({
    subject: organisation('Lab DigiCert-like Inc', 'Lab SHA2 High Assurance Server CA'),
    issuer: root,
    authority: { pathLength: 0 },
    extendedKeyUsage: ['serverAuth', 'clientAuth'],
  })
  return authority(root, [intermediate], ['serverAuth', 'clientAuth'])
}

/** A root with path length 0 for clients only, and leaves right below it: what arrives now. @param key of the root. */
export function metaShaped(key: KeyKind = 'rsa-2048'): LabAuthority {
  const root = issue({
    key,
    subject: organisation('Lab Meta-like Inc.', 'Lab Outbound API CA 2025-12'),
    authority: { pathLength: 0 },
    extendedKeyUsage: ['clientAuth'],
    notBefore: new Date('2025-12-15T00:00:00Z'),
    notAfter: new Date('2030-12-14T00:00:00Z'),
  })
  return authority(root, [], ['clientAuth'])
}

/** A self-signed client certificate; its own root. */
export function selfSigned(options: LeafOptions = {}): ClientIdentity {
  const leaf = issue({ ...options, subject: subjectOf(options) })
  return { certificate: leaf.certificate, key: leaf.key, leaf }
}

function authority(
  root: Issued,
  intermediates: readonly Issued[],
  purposes: CertificateOptions['extendedKeyUsage'] & {},
): LabAuthority {
  const client = (options: LeafOptions = {}): ClientIdentity => {
    const { chain = intermediates } = options
    const issuer = options.issuer ?? intermediates[0] ?? root
    const leaf = issue({ extendedKeyUsage: purposes, ...options, issuer, subject: subjectOf(options) })
    const certificate = [leaf, ...chain].map((issued) => issued.certificate).join('')
    return { certificate, key: leaf.key, leaf }
  }
  return { root, intermediates, client }
}

function subjectOf({
  commonNames = [META_CLIENT_NAME],
  encoding = 'utf8',
  before = [],
  after = [],
}: LeafOptions) {
  const names = commonNames.map((value): NameAttribute => ({ type: 'CN', value, encoding }))
  return [...before, ...names, ...after]
}

function organisation(name: string, commonName: string): readonly NameAttribute[] {
  return [
    { type: 'C', value: 'US' },
    { type: 'O', value: name },
    { type: 'CN', value: commonName },
  ]
}
