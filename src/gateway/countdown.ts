// Counts days down to an end and says when one of several thresholds is passed: once each, not at every look.

export interface Counted {
  /** Such as a fingerprint: what has another one is another thing. */
  readonly id: string
  /** Whole days; negative: it is over. */
  readonly daysLeft: number
}

export class Countdown {
  readonly #thresholds: readonly number[]
  #levels: ReadonlyMap<string, number> = new Map()

  /** @param thresholds in days, in any order; the end itself is always one. */
  constructor(thresholds: readonly number[]) {
    this.#thresholds = thresholds
  }

  /**
   * @param present everything that is counted now: the rest is forgotten.
   * @returns those that passed a threshold since the last look. What is new has passed none: whoever brings it says so.
   */
  passed<T extends Counted>(present: readonly T[]): readonly T[] {
    const before = this.#levels
    this.#levels = new Map(present.map(({ id, daysLeft }) => [id, this.#levelOf(daysLeft)]))
    return present.filter(({ id, daysLeft }) => this.#levelOf(daysLeft) < (before.get(id) ?? -Infinity))
  }

  #levelOf(daysLeft: number): number {
    if (daysLeft < 0) return -1
    return Math.min(...this.#thresholds.filter((days) => daysLeft <= days))
  }
}
