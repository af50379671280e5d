// Keeps a burst of connections from ending in one worker. All wait on one queue, and whoever is awake first would take
// everything that is in it: a worker that holds clearly more than the others gives them a moment before it takes the next.

// Below this many more it does not matter.
const MARGIN = 2
const MOMENT_MS = 1

export class Balance {
  readonly #cell = new Int32Array(new SharedArrayBuffer(4))
  // Until it hears of others: a burst may come before.
  #others = 0

  /** @param connections that each of the others has open, on average. */
  heard(connections: number): void {
    this.#others = connections
  }

  /** One more was accepted. @param open how many there are now. @returns whether others were given a moment. */
  accepted(open: number): boolean {
    // To stop accepting for a while Node has no way but to close the socket; so all of this process waits, shorter than a
    // handshake takes.
    if (open <= this.#others + MARGIN) return false
    Atomics.wait(this.#cell, 0, 0, MOMENT_MS)
    return true
  }
}
