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

export interface Administered {
  /** Whether the process works at all; false asks an orchestrator to restart it. */
  readonly live: () => boolean
  readonly readiness: () => Readiness
  /** All metrics in Prometheus' text format 0.0.4. */
  readonly metrics: () => Promise<string>
  readonly reload: () => Promise<ReloadOutcome>
}
