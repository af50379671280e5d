// The moment until which something is waited for: wall-clock from when it was set, whatever bytes drip in meanwhile.

export class Deadline {
  #at = Infinity
  #onPassed: () => void = () => {}

  /** Replaces what was set before. */
  set(milliseconds: number, onPassed: () => void): void {
    this.#at = performance.now() + milliseconds
    this.#onPassed = onPassed
  }

  clear(): void {
    this.#at = Infinity
  }

  /** @param now on the clock of performance.now(). */
  check(now: number): void {
    if (now < this.#at) return
    this.#at = Infinity
    this.#onPassed()
  }
}
