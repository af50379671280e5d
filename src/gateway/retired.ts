// What workers that are no more have counted: /metrics may not go back when one ends.
import { type MeasuredFamily, counts, outlasting } from '../observe/measured.ts'

type Families = readonly MeasuredFamily[]

export class Retired {
  #sum: Families = []
  #fresh: readonly Families[] = []

  get all(): readonly Families[] {
    return [this.#sum, ...this.#fresh]
  }

  /** What one told last. */
  add(measured: Families | undefined): void {
    if (measured !== undefined) this.#fresh = [...this.#fresh, measured.filter(counts)]
  }

  /** Makes one sum of it, so that it does not grow with every one that ends. */
  async settle(): Promise<void> {
    const added = this.#fresh
    if (added.length === 0) return
    const sum = await outlasting(this.all)
    // Another call may have been here meanwhile.
    if (this.#fresh[0] !== added[0]) return
    this.#sum = sum
    this.#fresh = this.#fresh.slice(added.length)
  }
}
