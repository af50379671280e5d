// What is observed of the state that decides, as the shape that the metrics need of it. The gateway's Generation fits it.
import type { X509Certificate } from 'node:crypto'

interface PlacedGate {
  readonly gate: { readonly name: string }
  readonly observed: boolean
}

export interface Observed {
  readonly prefixes: { readonly size: number }
  readonly listUpdated: Date | undefined
  readonly anchors: readonly { readonly name: string; readonly certificate: X509Certificate }[]
  readonly revocation: {
    readonly lists: readonly { readonly issuer: X509Certificate; readonly nextUpdate: Date | undefined }[]
  }
  readonly terms: { readonly identities: readonly { readonly leaf: X509Certificate }[] } | undefined
  readonly policy: {
    readonly connection: readonly PlacedGate[]
    readonly identity: readonly PlacedGate[]
    readonly request: readonly PlacedGate[]
    readonly challenge: readonly PlacedGate[]
    readonly body: readonly PlacedGate[]
  }
}

export interface ObservedCertificate {
  readonly role: 'server' | 'anchor'
  readonly name: string
  readonly notAfter: Date
}

/** The gates that a metric has to name even where the policy leaves them out. */
const ALWAYS_NAMED = ['source', 'certificate', 'common-name', 'signature'] as const

/** @returns whether each gate refuses; one that stands in no phase, or only observes in some place, does not. */
export function enforcedGates({ policy }: Observed): ReadonlyMap<string, boolean> {
  const enforced = new Map<string, boolean>()
  const { connection, identity, request, challenge, body } = policy
  for (const { gate, observed } of [connection, identity, request, challenge, body].flat())
    enforced.set(gate.name, (enforced.get(gate.name) ?? true) && !observed)
  for (const name of ALWAYS_NAMED) if (!enforced.has(name)) enforced.set(name, false)
  return enforced
}

export function observedCertificates({ anchors, terms }: Observed): readonly ObservedCertificate[] {
  const anchor = ({ name, certificate }: Observed['anchors'][number]) =>
    ({ role: 'anchor', name, notAfter: new Date(certificate.validTo) }) as const
  return [
    ...(terms?.identities ?? []).map(
      ({ leaf }, i) =>
        ({
          role: 'server',
          name: i === 0 ? 'tls' : `tls.others[${i - 1}]`,
          notAfter: new Date(leaf.validTo),
        }) as const,
    ),
    ...anchors.map(anchor),
  ]
}
