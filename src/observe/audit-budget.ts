// Keeps a flood of refused connections from becoming a flood of lines: beyond 50 a second they are summed into one
// record a second. Counts stay exact; which ones are written is only a matter of order. Metrics never pass through here.
import type { RefusalCode } from '../domain/refusals.ts'
import type { Ending } from './audit.ts'

/** Time, handed in. `after` calls back once and returns how to prevent that. */
export interface BudgetClock {
  readonly now: () => number
  readonly after: (milliseconds: number, callback: () => void) => () => void
}

/** What one second's summed connections were. */
export interface AuditSum {
  readonly count: number
  readonly codes: Readonly<Partial<Record<RefusalCode, number>>>
  /** When the second began, milliseconds since 1970. */
  readonly since: number
}

export interface BudgetOptions {
  readonly clock: BudgetClock
  readonly emit: (sum: AuditSum) => void
  readonly perSecond?: number
}

const SECOND = 1_000
const PER_SECOND = 50

export class AuditBudget {
  readonly #options: Required<BudgetOptions>
  #since = Number.NEGATIVE_INFINITY
  #written = 0
  #summed = 0
  #codes = new Map<RefusalCode, number>()
  #cancel: (() => void) | undefined

  constructor(options: BudgetOptions) {
    this.#options = { perSecond: PER_SECOND, ...options }
  }

  /** @returns whether the record is to be written by itself; otherwise it is in the sum. Requests always are. */
  takes({ kind, code }: Ending): boolean {
    if (kind === 'request') return true
    const { clock, perSecond } = this.#options
    const now = clock.now()
    // A clock set back begins a new second rather than a very long one.
    if (now - this.#since >= SECOND || now < this.#since) this.#begin(now)
    if (this.#written < perSecond) {
      this.#written++
      return true
    }
    this.#sum(code ?? 'INTERNAL_ERROR')
    this.#cancel ??= clock.after(this.#since + SECOND - now, () => this.flush())
    return false
  }

  /** Writes what is summed so far: at the end of the second, and at the end of the process. */
  flush(): void {
    this.#cancel?.()
    this.#cancel = undefined
    if (this.#summed === 0) return
    const sum = { count: this.#summed, codes: Object.fromEntries(this.#codes), since: this.#since }
    this.#summed = 0
    this.#codes = new Map()
    this.#options.emit(sum)
  }

  #begin(now: number): void {
    this.flush()
    this.#since = now
    this.#written = 0
  }

  #sum(code: RefusalCode): void {
    this.#summed++
    this.#codes.set(code, (this.#codes.get(code) ?? 0) + 1)
  }
}
