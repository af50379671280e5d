// Exact counts under a few labels, kept as plain numbers: counting costs one map look-up, rendering happens when asked.
// Bounded: beyond MOST_SERIES every new combination is counted under `other`, so that no label can fill the memory.
import { Counter, type Registry } from 'prom-client'

export interface TallyOptions<Label extends string> {
  readonly name: string
  readonly help: string
  readonly labels: readonly Label[]
  readonly registry: Registry
}

/** Far above what configured names and codes make together. */
export const MOST_SERIES = 2_000

export class Tally<Label extends string> {
  readonly #labels: readonly Label[]
  readonly #counts = new Map<string, { values: readonly string[]; count: number }>()

  constructor({ name, help, labels, registry }: TallyOptions<Label>) {
    this.#labels = labels
    const entries = () => this.#counts.values()
    const labelled = (values: readonly string[]) => this.#labelled(values)
    registry.registerMetric(
      new Counter({
        name,
        help,
        labelNames: [...labels],
        registers: [],
        collect() {
          this.reset()
          for (const { values, count } of entries()) this.inc(labelled(values), count)
        },
      }),
    )
  }

  /** @param values one for each label, in the order of the labels; empty where it does not apply. */
  add(values: readonly string[]): void {
    const key = values.join('\n')
    const found = this.#counts.get(key)
    if (found !== undefined) found.count++
    else if (this.#counts.size < MOST_SERIES) this.#counts.set(key, { values, count: 1 })
    else this.#addOther()
  }

  #addOther(): void {
    const other = this.#counts.get('other')
    if (other === undefined) this.#counts.set('other', { values: this.#labels.map(() => 'other'), count: 1 })
    else other.count++
  }

  #labelled(values: readonly string[]): Partial<Record<Label, string>> {
    const labelled: Partial<Record<Label, string>> = {}
    for (const [i, label] of this.#labels.entries()) labelled[label] = values[i] ?? ''
    return labelled
  }
}
