// What a curve is: the cost of one request by the size of something, and whether that size can be seen in the cost.
import type { Row } from '../benchmark.ts'
import { median, ratios, rounded } from '../statistics.ts'

export interface Curve {
  readonly name: string
  readonly title: string
  /** What grows. */
  readonly axis: string
  /** From the smallest size on. Microseconds of CPU time of the server. */
  readonly points: readonly Point[]
  /** The highest median ÷ the lowest. */
  readonly slope: number
  readonly isFlat: boolean
}

export interface Point {
  readonly size: number
  readonly median: number
  readonly lowest: number
  readonly highest: number
}

/** A curve whose highest median is more than this times the lowest one is not flat. */
export const FLAT = 1.25

/** One figure a round, the same rounds for each size. */
export interface Measured {
  readonly size: number
  readonly figures: readonly number[]
}

export function curveOf(about: Pick<Curve, 'name' | 'title' | 'axis'>, measured: readonly Measured[]): Curve {
  const points = measured.map(({ size, figures }) => ({
    size,
    median: rounded(median(figures)),
    lowest: rounded(Math.min(...figures)),
    highest: rounded(Math.max(...figures)),
  }))
  const medians = points.map((point) => point.median)
  const slope = rounded(Math.max(...medians) / Math.min(...medians))
  return { ...about, points, slope, isFlat: slope <= FLAT }
}

export function rowsOf(title: string, measured: readonly Measured[]): Row[] {
  const [base = { figures: [] }] = measured
  return measured.map(({ size, figures }) => ({
    case: title,
    contestant: size.toLocaleString('en'),
    unit: 'µs',
    median: rounded(median(figures)),
    ratio: ratios(figures, base.figures),
    more: { 'lowest µs': rounded(Math.min(...figures)), 'highest µs': rounded(Math.max(...figures)) },
  }))
}

export function curveText({ title, slope, isFlat }: Pick<Curve, 'title' | 'slope' | 'isFlat'>): string {
  return `${title}: highest median ÷ lowest ${slope.toFixed(2)}, ${isFlat ? 'flat' : 'not flat'}`
}
