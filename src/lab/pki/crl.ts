// Makes X.509 revocation lists (RFC 5280 §5), sound or deliberately odd. Verifies nothing.
import { encode } from '../../tls/der.ts'
import { type Asn1, bits, context, integer, oid, sequence, time, toDer } from './asn1.ts'
import { type Digest, type Issued, algorithmOf, pem, signatureOf } from './certificate.ts'
import { extension } from './extensions.ts'
import { type NameAttribute, nameOf } from './name.ts'

export interface CrlOptions {
  readonly issuer: Issued
  /** Default: the issuer's subject. */
  readonly issuerName?: readonly NameAttribute[]
  /** Serials in hex, or with what stands on the entry; or the whole of the entries in DER. `omit`: no such field. Default: omit. */
  readonly revoked?: readonly (string | CrlEntry)[] | Uint8Array
  /** Default: an hour ago. */
  readonly thisUpdate?: Date
  /** Default: in 7 days. `omit`: none. */
  readonly nextUpdate?: Date | 'omit'
  /** cRLNumber, hex. Default: 1. `omit`: none. */
  readonly number?: string
  /** Default: sha256; without meaning for an Ed25519 issuer. */
  readonly digest?: Digest
  /** Further extensions of the list. */
  readonly extensions?: readonly Asn1[]
  /** 1: no version field, and no extensions but those asked for. Default: 2. */
  readonly version?: 1 | 2
  /** OID that both algorithm fields claim, whatever the signature is. */
  readonly claimed?: string
  /** OID that the field within what is signed claims alone. */
  readonly claimedInside?: string
}

export interface CrlEntry {
  readonly serial: string
  readonly date?: Date
  readonly extensions?: readonly Asn1[]
}

export interface Crl {
  readonly der: Buffer
  /** PEM. */
  readonly list: string
}

const HOUR = 3_600_000
const DAY = 24 * HOUR

export function issueCrl(options: CrlOptions): Crl {
  const { issuer, issuerName = issuer.subject, digest = 'sha256', version = 2, claimed } = options
  const key = issuer.keyPair.privateKey
  const algorithm = claimed === undefined ? algorithmOf(key, digest) : sequence(oid(claimed))
  const inside = options.claimedInside === undefined ? algorithm : sequence(oid(options.claimedInside))
  const { nextUpdate = new Date(Date.now() + 7 * DAY), revoked } = options
  const tbs = encode(
    0x30,
    ...(version === 2 ? [toDer(integer('1'))] : []),
    toDer(inside),
    toDer(nameOf(issuerName)),
    toDer(time(options.thisUpdate ?? new Date(Date.now() - HOUR))),
    ...(nextUpdate === 'omit' ? [] : [toDer(time(nextUpdate))]),
    ...(revoked === undefined ? [] : [entriesOf(revoked)]),
    ...extensionsOf(options),
  )
  const signature = bits(signatureOf(Buffer.from(tbs), key, digest))
  const der = Buffer.from(encode(0x30, tbs, toDer(algorithm), toDer(signature)))
  return { der, list: pem(der, 'X509 CRL') }
}

/** Why a certificate was revoked: 1 is keyCompromise, 8 removeFromCRL. */
export function reasonCode(reason: number): Asn1 {
  // An ENUMERATED is written like an INTEGER but for its tag.
  const value = context(10, String.fromCharCode(reason))
  return extension({ id: '2.5.29.21', value: { ...value, tagClass: 0x00 } })
}

function entriesOf(revoked: readonly (string | CrlEntry)[] | Uint8Array): Uint8Array {
  if (revoked instanceof Uint8Array) return encode(0x30, revoked)
  const entries = revoked.map((entry) => (typeof entry === 'string' ? { serial: entry } : entry))
  return toDer(sequence(...entries.map(entryOf)))
}

function entryOf({ serial, date = new Date(Date.now() - HOUR), extensions = [] }: CrlEntry): Asn1 {
  return sequence(integer(serial), time(date), ...(extensions.length === 0 ? [] : [sequence(...extensions)]))
}

function extensionsOf({ number = '1', extensions = [], version = 2 }: CrlOptions): Uint8Array[] {
  const numbered = number !== 'omit' && version === 2
  const all = [...(numbered ? [extension({ id: '2.5.29.20', value: integer(number) })] : []), ...extensions]
  return all.length === 0 ? [] : [toDer(context(0, [sequence(...all)]))]
}
