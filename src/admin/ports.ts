// What the admin listener needs of the gateway it speaks for. It reads and asks through this, and reaches for nothing else.
import type { ReloadOutcome } from '../gateway/gateway.ts'

/** One thing that readiness looks at. `required` false: shown, and never the reason for not being ready. */
export interface ReadinessCheck {
  readonly name: string
  readonly ok: boolean
  readonly required: boolean
  readonly detail: string
}

export interface Readiness {
  /** Listening, trust and list loaded, not draining: whether to send deliveries here. */
  readonly ready: boolean
  readonly checks: readonly ReadinessCheck[]
}

/** A trust anchor and what it did, as JSON: times in ISO 8601, null where there is none. */
export interface AdministeredAnchor {
  readonly name: string
  readonly fingerprint: string
  readonly state: 'active' | 'staged' | 'retired'
  readonly from: string | null
  readonly until: string | null
  readonly notAfter: string
  readonly daysLeft: number
  /** Admitted connections, over restarts. */
  readonly uses: number
  readonly firstUsed: string | null
  readonly lastUsed: string | null
  /** Refused connections that it would have admitted, were it active. */
  readonly wouldAdmit: number
}

export interface Administered {
  /** Whether the process works at all; false asks an orchestrator to restart it. */
  readonly live: () => boolean
  readonly readiness: () => Readiness
  /** All metrics in Prometheus' text format 0.0.4. */
  readonly metrics: () => Promise<string>
  /** Every configured one, in the order of the configuration. */
  readonly anchors: () => readonly AdministeredAnchor[]
  readonly reload: () => Promise<ReloadOutcome>
}
