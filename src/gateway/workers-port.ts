// What a gateway needs of the processes that serve in its place: `listen.workers`. workers.ts has them; nothing here knows how.
import type { AddressInfo } from 'node:net'
import type { Config } from '../config/config.ts'
import type { Problem } from '../config/problem.ts'
import type { MeasuredFamily } from '../observe/measured.ts'
import type { Observer } from '../observe/observer.ts'
import type { UpstreamState } from '../upstream/health.ts'
import type { Snapshot } from './snapshot.ts'
import type { Seen } from './trust-records.ts'
import type { Load } from './worker-messages.ts'

export interface WorkersInputs {
  readonly observer: Observer
  /** What a worker saw of anchors and clients. */
  readonly onSeen: (seen: Seen) => void
}

export interface Workers {
  readonly count: number
  /** How many accept connections now. */
  readonly serving: number
  /** Empty text for each while nobody accepts. */
  readonly addresses: readonly (AddressInfo | string)[]
  readonly load: Load
  /** What each worker said last. */
  readonly upstreams: readonly UpstreamState[]
  /** Resolves when all accept. @throws the system's error (EADDRINUSE …), with none left. */
  readonly start: (listen: Config['listen'], first: Snapshot) => Promise<void>
  /** All prepare the next generation, or tell why not; until commit or abandon nobody new begins to accept. */
  readonly prepare: (next: Snapshot) => Promise<readonly Problem[]>
  /** All take what they prepared. @returns how many connections were closed. */
  readonly commit: () => Promise<number>
  readonly abandon: () => void
  /** Judges open connections again: time has passed. */
  readonly judge: () => void
  /** Asks for what was counted, those that ended included. */
  readonly measured: () => Promise<readonly (readonly MeasuredFamily[])[]>
  /** Resolves when all have ended, by themselves or after `timeout` by force. */
  readonly drain: (timeout: number) => Promise<void>
  /** The same at once. */
  readonly end: () => Promise<void>
}
