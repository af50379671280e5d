// What ends at some moment, with one timer for all of it: a timer a request would cost more than the request's share.

// Where many end one after the other, no more often than this.
const FINEST_MS = 10

export interface Ending {
  /** On the clock of performance.now(); Infinity while nothing is awaited. Whoever makes it earlier says so: see expect(). */
  readonly endsAt: number
  /** The moment has passed: it has another one from now on, or none. */
  readonly late: () => void
}

export class Timetable<T extends Ending> {
  readonly #items = new Set<T>()
  #timer: NodeJS.Timeout | undefined
  #next = Infinity

  get items(): Iterable<T> {
    return this.#items
  }

  add(item: T): void {
    this.#items.add(item)
    this.expect(item.endsAt)
  }

  delete(item: T): void {
    this.#items.delete(item)
  }

  /** An item ends at `at`. One that ends later than it did need not be told of: its timer finds nothing, and is set again. */
  expect(at: number): void {
    if (at < this.#next) this.#arm(at)
  }

  /** Tells of no moment any more, until one is expected again. */
  stop(): void {
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
    let next = Infinity
    for (const item of this.#items) {
      if (item.endsAt <= now) item.late()
      if (item.endsAt < next) next = item.endsAt
    }
    this.expect(next)
  }
}
