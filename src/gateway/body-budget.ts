// How many bytes of bodies may be in memory at once: taken before the first byte is read, given back when the request ends.

export class BodyBudget {
  limit: number
  #taken = 0

  /** @param limit bytes (`limits.bodiesInMemory`). */
  constructor(limit: number) {
    this.limit = limit
  }

  get taken(): number {
    return this.#taken
  }

  has(bytes: number): boolean {
    return this.#taken + bytes <= this.limit
  }

  /** @returns whether there was room; what was taken must be given back exactly once. */
  take(bytes: number): boolean {
    if (!this.has(bytes)) return false
    this.#taken += bytes
    return true
  }

  give(bytes: number): void {
    this.#taken -= bytes
  }
}
