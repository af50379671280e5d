// What a case about the guards is: prefixes as registered, the present list, and the one limit that matters.
import { failedGuards } from '../../src/allowlist/guards.ts'
import type { GuardsConfig } from '../../src/config/config.ts'
import { loadSources } from '../../src/config/load.ts'
import { parsePrefix } from '../../src/domain/address.ts'
import { aggregate } from '../../src/domain/aggregate.ts'

export const DEFAULTS = loadSources({ file: undefined, env: {} }).sources.guards
/** Nothing is refused, but for what a case limits. */
export const OPEN: GuardsConfig = {
  minIPv4: 0,
  minIPv6: 0,
  minAddresses: 0,
  maxAddresses: 2 ** 32,
  broadestIPv4: 8,
  broadestIPv6: 16,
  wellKnown: [],
  shrink: 100,
  growth: 1_000,
}

export interface Case {
  readonly registered: readonly string[]
  /** Undefined: the first time. */
  readonly present?: readonly string[] | undefined
  readonly malformed?: readonly string[]
  readonly limits: Partial<GuardsConfig>
}

/** `guard: message` for each that fails. */
export function failures({ registered, present, malformed = [], limits }: Case): string[] {
  const prefixes = registered.map(parsePrefix)
  const candidate = {
    malformed,
    registered: prefixes,
    list: aggregate(prefixes),
    present: present && aggregate(present.map(parsePrefix)),
  }
  return failedGuards(candidate, { ...OPEN, ...limits }).map(({ guard, message }) => `${guard}: ${message}`)
}
