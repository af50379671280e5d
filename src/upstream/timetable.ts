// Moments at which something ends, with one timer for all of them: a timer a request would cost more than the request's share.

// Where many end one after the other, no more often than this.
const FINEST_MS = 10

export class Timetable<T> {
  readonly #moments = new Map<T, number>()
  readonly #onPassed: (item: T) => void
  #timer: NodeJS.Timeout | undefined
  #next = Infinity

  constructor(onPassed: (item: T) => void) {
    this.#onPassed = onPassed
  }

  get size(): number {
    return this.#moments.size
  }

  /** @param at on the clock of performance.now(). */
  set(item: T, at: number): void {
    this.#moments.set(item, at)
    if (at < this.#next) this.#arm(at)
  }

  /** @returns whether it was there. */
  delete(item: T): boolean {
    return this.#moments.delete(item)
  }

  clear(): void {
    this.#moments.clear()
    clearTimeout(this.#timer)
    this.#next = Infinity
  }

  #arm(at: number): void {
    clearTimeout(this.#timer)
    this.#next = at
    this.#timer = setTimeout(() => this.#check(), Math.max(FINEST_MS, at - performance.now()))
    // What is awaited has a connection, and that keeps the process.
    this.#timer.unref()
  }

  #check(): void {
    const now = performance.now()
    this.#next = Infinity
    for (const [item, at] of this.#moments) {
      if (at > now) continue
      this.#moments.delete(item)
      this.#onPassed(item)
    }
    const next = Math.min(...this.#moments.values())
    if (next < this.#next) this.#arm(next)
  }
}
