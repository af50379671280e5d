// Medians, and ratios within a round: what two contestants do one right after the other shares the machine's mood.
import type { Spread } from './benchmark.ts'

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2
}

/** @param values and @param base one figure a round each, in the same order. */
export function ratios(values: readonly number[], base: readonly number[]): Spread {
  const each = values.map((value, round) => value / (base[round] ?? NaN))
  return {
    median: rounded(median(each)),
    lowest: rounded(Math.min(...each)),
    highest: rounded(Math.max(...each)),
  }
}

/** To four significant digits: more would be a lie. */
export function rounded(value: number): number {
  return Number(value.toPrecision(4))
}
