// A trust anchor in words and as JSON: what a person compares before trusting it.
import { type Anchor, subjectOf } from '../tls/anchors.ts'

export interface AnchorFacts {
  readonly name: string
  readonly subject: string
  readonly notBefore: string
  readonly notAfter: string
  readonly daysLeft: number
  readonly key: string
  readonly pathLength: number | null
  readonly sha256: string
  readonly known: string | null
  readonly current: boolean
}

export function anchorFacts({ name, certificate, fingerprint, known, pathLength }: Anchor): AnchorFacts {
  const { asymmetricKeyType = 'unknown', asymmetricKeyDetails } = certificate.publicKey
  const size = asymmetricKeyDetails?.modulusLength ?? asymmetricKeyDetails?.namedCurve
  return {
    name,
    subject: subjectOf(certificate),
    notBefore: new Date(certificate.validFrom).toISOString().slice(0, 10),
    notAfter: new Date(certificate.validTo).toISOString().slice(0, 10),
    daysLeft: Math.floor((Date.parse(certificate.validTo) - Date.now()) / 86_400_000),
    key: size === undefined ? asymmetricKeyType : `${asymmetricKeyType} ${size}`,
    pathLength: pathLength ?? null,
    sha256: fingerprint,
    known: known === undefined ? null : `${known.label}: ${known.note}`,
    current: known?.current ?? false,
  }
}

export function anchorText(anchor: Anchor): string {
  const facts = anchorFacts(anchor)
  const rows = [
    ['subject', facts.subject],
    [
      'valid',
      `${facts.notBefore} to ${facts.notAfter} (${facts.daysLeft < 0 ? 'expired' : `${facts.daysLeft} days left`})`,
    ],
    ['key', facts.key],
    ['path length', facts.pathLength === null ? 'not limited' : String(facts.pathLength)],
    ['SHA-256', facts.sha256],
    ['known', facts.known ?? 'no: compare the fingerprint with its source before you trust it'],
  ] as const
  return [facts.name, ...rows.map(([label, value]) => `  ${label.padEnd(12)} ${value}`)].join('\n')
}
