// What the running gateway saw of its anchors: state, uses, last use. Nobody answering, or one who does not tell, is no
// failure here: the commands about anchors work without a gateway, and say that they could not know.
import { askAdmin } from './admin-client.ts'
import { adminSection } from './admin-section.ts'
import { CliError } from './io.ts'
import type { ConfigOption } from './options.ts'
import { ConfigError } from '../config/problem.ts'

export interface AnchorUsage {
  readonly name: string
  /** Hex, without colons, lower case. */
  readonly fingerprint: string
  readonly uses: number
  readonly lastUsed: Date | undefined
  /** Refused clients that it would admit, were it active. */
  readonly wouldAdmit: number
}

// An operator waits for it.
const TIMEOUT_MS = 3000

/** @returns undefined where no gateway tells. */
export async function anchorUsage(options: ConfigOption): Promise<readonly AnchorUsage[] | undefined> {
  try {
    const asked = { method: 'GET', path: '/api/anchors', timeout: TIMEOUT_MS } as const
    const { status, value } = await askAdmin(adminSection(options), asked)
    return status === 200 && Array.isArray(value) ? value.flatMap(read) : undefined
  } catch (error) {
    if (error instanceof CliError || error instanceof ConfigError) return undefined
    throw error
  }
}

/** That of one certificate, whatever it is called by then. */
export function usageOf(
  usage: readonly AnchorUsage[] | undefined,
  fingerprint: string,
): AnchorUsage | undefined {
  return usage?.find((one) => one.fingerprint === plainHex(fingerprint))
}

/** The one that admitted a client last; undefined where none has. */
export function lastUsed(usage: readonly AnchorUsage[]): AnchorUsage | undefined {
  const timeOf = (one: AnchorUsage) => one.lastUsed?.getTime() ?? 0
  const latest = usage.toSorted((a, b) => timeOf(b) - timeOf(a))[0]
  return latest?.lastUsed === undefined ? undefined : latest
}

function read(row: unknown): AnchorUsage[] {
  const { name, fingerprint, uses, lastUsed, wouldAdmit } = members(row)
  if (typeof name !== 'string' || typeof fingerprint !== 'string') return []
  const time = typeof lastUsed === 'string' ? new Date(lastUsed) : undefined
  return [
    {
      name,
      fingerprint: plainHex(fingerprint),
      uses: countOf(uses),
      lastUsed: time === undefined || Number.isNaN(time.getTime()) ? undefined : time,
      wouldAdmit: countOf(wouldAdmit),
    },
  ]
}

function members(row: unknown): Readonly<Record<string, unknown>> {
  return row instanceof Object ? Object.fromEntries(Object.entries(row)) : {}
}

function countOf(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : 0
}

function plainHex(fingerprint: string): string {
  return fingerprint.replaceAll(':', '').toLowerCase()
}
