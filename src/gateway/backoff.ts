// How long to wait before a worker that ended is replaced: not at all the first time, longer and longer while its successors
// end soon after they began.
const STEADY_MS = 10_000
const FIRST_MS = 500
const LONGEST_MS = 30_000

export class Backoff {
  #failures = 0
  #timer: NodeJS.Timeout | undefined

  /** @param lived milliseconds. @returns milliseconds to wait. */
  after(lived: number): number {
    if (lived >= STEADY_MS) this.#failures = 0
    this.#failures += 1
    return this.#failures === 1 ? 0 : Math.min(FIRST_MS * 2 ** (this.#failures - 2), LONGEST_MS)
  }

  in(milliseconds: number, work: () => void): void {
    this.cancel()
    if (milliseconds === 0) return work()
    this.#timer = setTimeout(work, milliseconds)
  }

  cancel(): void {
    clearTimeout(this.#timer)
  }
}
