// A trust anchor in words and as JSON: what a person compares before trusting it.
import type { X509Certificate } from 'node:crypto'
import { visible } from '../observe/text.ts'
import { type Anchor, subjectOf } from '../tls/anchors.ts'
import { anchorLimits } from './anchor-limits.ts'
import { namesake } from './anchor-name.ts'

export interface AnchorFacts {
  readonly name: string
  readonly subject: string
  /** Null: a root, its own issuer. */
  readonly issuer: string | null
  readonly notBefore: string
  readonly notAfter: string
  readonly daysLeft: number
  readonly key: string
  readonly pathLength: number | null
  /** Null: for all. */
  readonly purposes: readonly string[] | null
  readonly names: readonly string[]
  readonly revocationLists: readonly string[]
  readonly sha256: string
  readonly known: string | null
  readonly current: boolean
  /** It bears the name of this known anchor, and is not it. */
  readonly namesake: string | null
}

export function anchorFacts(anchor: Anchor): AnchorFacts {
  const { name, certificate, fingerprint, known, pathLength, partial } = anchor
  return {
    name,
    subject: subjectOf(certificate),
    issuer: partial ? certificate.issuer.split('\n').join(', ') : null,
    notBefore: new Date(certificate.validFrom).toISOString().slice(0, 10),
    notAfter: new Date(certificate.validTo).toISOString().slice(0, 10),
    daysLeft: Math.floor((Date.parse(certificate.validTo) - Date.now()) / 86_400_000),
    key: keyOf(certificate),
    pathLength: pathLength ?? null,
    ...anchorLimits(certificate),
    sha256: fingerprint,
    known: known === undefined ? null : `${known.label}: ${known.note}`,
    current: known?.current ?? false,
    namesake: namesake(certificate)?.label ?? null,
  }
}

export type Row = readonly [label: string, value: string]

/** @param more rows below its name, before what stands in the certificate. */
export function anchorText(anchor: Anchor, more: readonly Row[] = []): string {
  const facts = anchorFacts(anchor)
  const rows: readonly Row[] = [
    ...more,
    ['subject', facts.subject],
    ...issuerRow(facts),
    ['valid', `${facts.notBefore} to ${facts.notAfter} (${validity(facts)})`],
    ['key', facts.key],
    ['path length', facts.pathLength === null ? 'not limited' : String(facts.pathLength)],
    ['for', facts.purposes === null ? 'all purposes' : facts.purposes.join(', ')],
    ...rowOf('names', facts.names),
    ...rowOf('revocation', facts.revocationLists),
    ['SHA-256', facts.sha256],
    ['known', facts.known ?? unknown(facts)],
  ]
  return [facts.name, ...rows.map(([label, value]) => `  ${label.padEnd(12)} ${value}`)]
    .map(visible)
    .join('\n')
}

function issuerRow({ issuer }: AnchorFacts): readonly Row[] {
  if (issuer === null) return []
  return [
    ['issuer', issuer],
    ['', 'an intermediate: as an anchor it is enough by itself, and its issuer vouches for nothing here'],
  ]
}

function rowOf(label: string, values: readonly string[]): readonly Row[] {
  return values.length === 0 ? [] : [[label, values.join(', ')]]
}

function validity({ daysLeft, notBefore }: AnchorFacts): string {
  if (daysLeft < 0) return 'expired'
  return Date.parse(notBefore) > Date.now() ? 'not yet valid' : `${daysLeft} days left`
}

function unknown(facts: AnchorFacts): string {
  return facts.namesake === null
    ? 'no: compare the fingerprint with its source before you trust it'
    : `NO: IT ONLY BEARS THE NAME OF "${facts.namesake}", whose fingerprint is another`
}

function keyOf({ publicKey }: X509Certificate): string {
  const { asymmetricKeyType = 'unknown', asymmetricKeyDetails } = publicKey
  const size = asymmetricKeyDetails?.modulusLength ?? asymmetricKeyDetails?.namedCurve
  return size === undefined ? asymmetricKeyType : `${asymmetricKeyType} ${size}`
}
