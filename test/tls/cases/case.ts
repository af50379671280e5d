// One row of the certificate tables: what a client presents, and what the gateway must say to it.
import type { RefusalCode } from '../../../src/domain/refusals.ts'
import type { Proof } from '../../support/raw-tls.ts'
import { type ClientIdentity, type LabAuthority, type LeafOptions } from '../../../src/lab/pki/authorities.ts'
import { type Issued, issue } from '../../../src/lab/pki/certificate.ts'

export interface Case {
  readonly name: string
  readonly present: (authorities: Authorities) => ClientIdentity | undefined
  readonly verdict: 'admitted' | RefusalCode
  /** OpenSSL may find it first, by its version or by how the bytes came: then the handshake failed. */
  readonly orFailed?: true
  /** In the record's detail: which rule bit. */
  readonly because?: RegExp | undefined
  /** The anchor an admitted one's record names. */
  readonly anchor?: string
  /** Presented byte for byte by a client that is not OpenSSL, which would mend or refuse it. */
  readonly raw?: true
  /** How that client proves a key of another kind than its own. */
  readonly proof?: Proof
}

export interface Authorities {
  readonly meta: LabAuthority
  readonly digicert: LabAuthority
  readonly odd: OddAnchors
}

/** Anchors beside the usual two: configured, but for `stranger`. */
export interface OddAnchors {
  readonly expired: Issued
  readonly future: Issued
  /** Three roots of one name and three keys. */
  readonly twins: readonly [first: Issued, second: Issued, stranger: Issued]
}

const DAY = 86_400_000
export const YESTERDAY = new Date(Date.now() - DAY)
export const TOMORROW = new Date(Date.now() + DAY)
export const LONG_AGO = new Date('2020-01-01T00:00:00Z')
export const FAR_AHEAD = new Date('2090-01-01T00:00:00Z')

export function oddAnchors(): OddAnchors {
  const twin = () => root('Lab Twin Root')
  return {
    expired: root('Lab Expired Root', { notBefore: LONG_AGO, notAfter: YESTERDAY }),
    future: root('Lab Future Root', { notBefore: TOMORROW, notAfter: FAR_AHEAD }),
    twins: [twin(), twin(), twin()],
  }
}

export function root(commonName: string, validity: { notBefore?: Date; notAfter?: Date } = {}): Issued {
  return issue({ subject: [{ type: 'CN', value: commonName }], authority: {}, key: 'p-256', ...validity })
}

/** An intermediate below `issuer`. */
export function below(
  issuer: Issued,
  commonName: string,
  options: Partial<Parameters<typeof issue>[0]> = {},
): Issued {
  return issue({
    subject: [{ type: 'CN', value: commonName }],
    issuer,
    authority: {},
    key: 'p-256',
    ...options,
  })
}

/** A leaf below Meta's lab root. */
export const metaLeaf =
  (options: LeafOptions) =>
  ({ meta }: Authorities): ClientIdentity =>
    meta.client(options)
