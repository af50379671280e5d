// Memory for bodies that come in several pieces, used again: a fresh buffer for each costs its page faults and the garbage
// collector more than all other work on a delivery (docs/performance.md). What lies idle is bounded in bytes and in time.

/** Smaller ones are no cheaper to keep than to make. */
const SMALLEST = 16 * 1024
/** Classes an octave: a buffer is at most a quarter larger than its body. */
const STEPS = 4
const IDLE_BYTES = 32 * 1024 * 1024
const IDLE_MS = 10_000

export class BodyBuffers {
  readonly #idle = new Map<number, ArrayBufferLike[]>()
  #idleBytes = 0
  #least = 0
  #sweeper: NodeJS.Timeout | undefined

  /** @returns a buffer of exactly `length` bytes that holds whatever it held before: the body has to fill it. */
  take(length: number): Buffer {
    const size = sizeClass(length)
    const kept = this.#idle.get(size)?.pop()
    if (kept === undefined) return Buffer.from(new ArrayBuffer(size), 0, length)
    this.#idleBytes -= size
    this.#least = Math.min(this.#least, this.#idleBytes)
    return Buffer.from(kept, 0, length)
  }

  /** @param buffer from take(), which nobody reads or writes any more. */
  giveBack({ buffer }: Buffer): void {
    const size = buffer.byteLength
    if (this.#idleBytes + size > IDLE_BYTES) return
    const same = this.#idle.get(size)
    if (same === undefined) this.#idle.set(size, [buffer])
    else same.push(buffer)
    this.#idleBytes += size
    this.#sweeper ??= setInterval(() => this.#sweep(), IDLE_MS).unref()
  }

  get idleBytes(): number {
    return this.#idleBytes
  }

  clear(): void {
    this.#idle.clear()
    this.#idleBytes = 0
    clearInterval(this.#sweeper)
    this.#sweeper = undefined
  }

  // What lay idle all the time since the last sweep is not needed at this rate of deliveries.
  #sweep(): void {
    let surplus = this.#least
    for (const [size, buffers] of this.#idle) {
      while (surplus >= size && buffers.pop() !== undefined) {
        surplus -= size
        this.#idleBytes -= size
      }
      if (buffers.length === 0) this.#idle.delete(size)
    }
    this.#least = this.#idleBytes
    if (this.#idleBytes === 0) this.clear()
  }
}

/** The bytes kept for a body of `length`: four sizes between each power of two and the next. */
export function sizeClass(length: number): number {
  if (length <= SMALLEST) return SMALLEST
  const step = 2 ** (Math.floor(Math.log2(length - 1)) - Math.log2(STEPS))
  return Math.ceil(length / step) * step
}
