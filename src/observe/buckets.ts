// A histogram without labels whose observations cost one search and three additions: prom-client's own takes labels apart for
// each. It is one of prom-client's to whoever renders it.
import { Histogram, type HistogramConfiguration } from 'prom-client'

export type BucketsOptions = Pick<HistogramConfiguration<never>, 'name' | 'help' | 'registers'> & {
  /** Upper bounds, ascending. */
  readonly bounds: readonly number[]
}

export class Buckets extends Histogram<never> {
  readonly #options: BucketsOptions
  /** By bound, not yet summed up; the last is for what is above all bounds. */
  readonly #counts: Float64Array
  #sum = 0
  /** For what all histograms of prom-client say of themselves. */
  readonly #empty: Histogram<never>

  constructor(options: BucketsOptions) {
    const { name, help, bounds, registers } = options
    super({ name, help, buckets: [...bounds], ...(registers === undefined ? {} : { registers }) })
    this.#options = options
    this.#empty = new Histogram({ name, help, buckets: [...bounds], registers: [] })
    this.#counts = new Float64Array(bounds.length + 1)
  }

  /** @param value counts as 0 where it is less, and not at all where it is no finite number. */
  count(value: number | undefined): void {
    if (value === undefined || !Number.isFinite(value)) return
    const { bounds } = this.#options
    let at = 0
    while (at < bounds.length && value > (bounds[at] ?? 0)) at += 1
    this.#counts[at] = (this.#counts[at] ?? 0) + 1
    this.#sum += Math.max(0, value)
  }

  override async get(): ReturnType<Histogram<never>['get']> {
    const { name, bounds } = this.#options
    let total = 0
    const buckets = [...bounds, '+Inf'].map((le, i) => {
      total += this.#counts[i] ?? 0
      return { metricName: `${name}_bucket`, labels: { le }, value: total }
    })
    const values = [
      ...buckets,
      { metricName: `${name}_sum`, labels: {}, value: this.#sum },
      { metricName: `${name}_count`, labels: {}, value: total },
    ]
    return { ...(await this.#empty.get()), values }
  }

  /** What the registry asks in place of get(). */
  getForPromString(): ReturnType<Histogram<never>['get']> {
    return this.get()
  }
}
