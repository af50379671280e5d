// The gateway as others use it: start, reload, end, and listen to what it decides. createGateway makes one.
import type { AddressInfo } from 'node:net'
import type { Config } from '../config/config.ts'
import type { Problem } from '../config/problem.ts'
import type { AuditRecord } from '../observe/audit.ts'

export type ReloadOutcome =
  | {
      readonly outcome: 'reloaded'
      readonly generation: number
      readonly closed: number
      readonly changes: readonly string[]
    }
  | { readonly outcome: 'refused'; readonly problems: readonly Problem[] }

export interface Gateway {
  /** Where it listens, once it does: an AddressInfo, or the path of a Unix socket. */
  readonly addresses: readonly (AddressInfo | string)[]
  /** Resolves when every listener accepts. @throws ConfigError, or the system's error (EADDRINUSE …). */
  readonly listen: () => Promise<void>
  /** All or nothing. Without a configuration: reads the file again. */
  readonly reload: (config?: Config) => Promise<ReloadOutcome>
  /** Drains: takes no new connection, finishes what is in flight within shutdown.timeout, then ends. Twice: ends at once. */
  readonly close: () => Promise<void>
  /** Calls back with every audit record, after it was logged. @returns how to stop that. */
  readonly onAudit: (listener: (record: AuditRecord) => void) => () => void
}
