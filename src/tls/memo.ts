// Remembers what was computed for a key, for a bounded time and a bounded number of keys; the least recently made goes first.
export interface MemoOptions {
  readonly entries: number
  /** Milliseconds. */
  readonly life: number
}

export class Memo<Value> {
  readonly #options: MemoOptions
  readonly #kept = new Map<string, { readonly value: Value; readonly until: number }>()

  constructor(options: MemoOptions) {
    this.#options = options
  }

  get(key: string, make: () => Value): Value {
    const now = performance.now()
    const kept = this.#kept.get(key)
    if (kept !== undefined && now < kept.until) return kept.value
    const value = make()
    this.#kept.delete(key)
    this.#kept.set(key, { value, until: now + this.#options.life })
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > this.#options.entries && oldest !== undefined) this.#kept.delete(oldest)
    return value
  }
  forget(key: string): void {
    this.#kept.delete(key)
  }
}
