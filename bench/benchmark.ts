// What a benchmark is: a name, how to run it, and the shape of what it found. How that is shown is report.ts's matter.
import type { Cleanup } from './cleanup.ts'
import type { Cores } from './cores.ts'
import type { Judged } from './goals.ts'
import type { Curve } from './growth/curve.ts'
import type { Profile } from './profile/parts.ts'

export interface Benchmark {
  readonly name: string
  readonly title: string
  /** Runs only where it is named: all the others together take long enough. */
  readonly apart?: boolean
  /** Heads of its table's first two columns. Default: case and contestant. */
  readonly columns?: readonly [string, string]
  /** @throws CheckFailed where a contestant does not do what it is timed for. */
  readonly run: (context: Context) => Promise<Outcome>
}

export interface Context {
  /** Just enough to see that everything works; its figures mean nothing. */
  readonly quick: boolean
  readonly cores: Cores
  /** Of this benchmark alone. */
  readonly cleanup: Cleanup
  /** Of the whole run. */
  readonly shared: Shared
  /** Tells a person what goes on. */
  readonly say: (line: string) => void
}

/** What several benchmarks of a run use, made once. */
export interface Shared {
  readonly cleanup: Cleanup
  readonly made: Map<string, Promise<unknown>>
}

export interface Outcome {
  /** Under what the figures hold. */
  readonly conditions: readonly string[]
  /** What was seen to be right before, while and after it was timed. */
  readonly checked: readonly string[]
  readonly rows: readonly Row[]
  /** Contestants whose programs are missing, and how to get them. */
  readonly leftOut?: readonly string[]
  readonly goals?: readonly Judged[]
  readonly curves?: readonly Curve[]
  readonly profiles?: readonly Profile[]
}

/** One contestant in one case. */
export interface Row {
  readonly case: string
  readonly contestant: string
  readonly unit: 'µs' | 'ns' | 'MB'
  /** Of all rounds. */
  readonly median: number
  /** Against the case's first contestant, in the same round. */
  readonly ratio: Spread
  /** Further figures, such as requests a second. */
  readonly more: Readonly<Record<string, number>>
}

export interface Spread {
  readonly median: number
  readonly lowest: number
  readonly highest: number
}

/** A contestant is not what it should be: its figures would be worthless, so the whole run is void. */
export class CheckFailed extends Error {
  override readonly name = 'CheckFailed'
}
