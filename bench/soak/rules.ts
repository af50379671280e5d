// What a soak has to show, and when a series counts as flat. Pure: figures in, judgements out.
import { median } from '../statistics.ts'
import type { Count } from './book.ts'

export interface Judgement {
  readonly rule: string
  readonly state: 'kept' | 'broken' | 'not judged'
  readonly detail: string
}

export interface Point {
  /** Seconds since the load began. */
  readonly at: number
  readonly value: number
}

export interface Flat {
  readonly name: string
  readonly unit: string
  /** What it may grow by in the half that is judged, however little it is of the whole: noise. */
  readonly slack: number
}

/** Shares of the steady value: of growth an hour, and of the way from the first steady value to the last. */
export const GROWTH_AN_HOUR = 0.2
export const DRIFT = 0.15

/** Below this a slope says nothing. */
const FEWEST_POINTS = 8
const SHORTEST_SECONDS = 240

/** At a start caches fill and code is compiled: only the second half of a series is looked at. */
export function judgeFlat(series: readonly Point[], { name, unit, slack }: Flat): Judgement {
  const rule = `${name} is flat: over the second half the median slope is at most ${percent(GROWTH_AN_HOUR)} an hour, or ${slack} ${unit} in all, and the last values are within ${percent(DRIFT)} or ${slack} ${unit} of the first`
  const half = series.slice(Math.floor(series.length / 2))
  const seconds = (half.at(-1)?.at ?? 0) - (half[0]?.at ?? 0)
  if (half.length < FEWEST_POINTS || seconds < SHORTEST_SECONDS)
    return { rule, state: 'not judged', detail: 'the run is too short for that' }
  const first = middle(half.slice(0, 3))
  const last = middle(half.slice(-3))
  const slope = slopeOf(half)
  const drift = last - first
  const isFlat =
    slope * seconds <= Math.max((first * GROWTH_AN_HOUR * seconds) / 3_600, slack) &&
    drift <= Math.max(first * DRIFT, slack)
  const detail = `from ${shown(first)} to ${shown(last)} ${unit}, ${shown(slope * 3_600)} ${unit} an hour`
  return { rule, state: isFlat ? 'kept' : 'broken', detail }
}

/** The median slope between any two points (Theil and Sen), in units a second: a collection that came late is no trend. */
export function slopeOf(series: readonly Point[]): number {
  const slopes = series.flatMap((to, index) =>
    series.slice(0, index).map((from) => (to.value - from.value) / (to.at - from.at)),
  )
  return median(slopes)
}

export interface Ended {
  readonly count: Readonly<Count>
  /** Good deliveries that nobody acknowledged, however often they were tried. */
  readonly open: number
  /** Of the bulk, whose consumer never goes away: good ones, what came through beyond them or is missing, and why it broke off. */
  readonly bulk: {
    readonly good: number
    readonly requests: number
    readonly bytes: number
    readonly failed: string | undefined
  }
  /** Bad requests and connections that got in. */
  readonly admitted: number
  readonly reloads: { readonly taken: number; readonly failed: number }
  /** Open files of the gateway without load: before it, and after it. */
  readonly descriptors: { readonly before: number; readonly after: number }
  /** Why the gateway ended in between. */
  readonly died: string | undefined
}

/** Files that may be open at the end and were not at the start: a watched file, a connection that is being closed. */
export const SPARE_DESCRIPTORS = 4

export function judgeEnd(end: Ended): Judgement[] {
  const { count, open, bulk, admitted, reloads, descriptors, died } = end
  const { acknowledged, lost, doubled, spoilt, strangers, refused } = count
  const rule = (text: string, isKept: boolean, detail: string): Judgement => {
    return { rule: text, state: isKept ? 'kept' : 'broken', detail }
  }
  return [
    rule('the gateway ran to the end', died === undefined, died ?? 'it did'),
    rule(
      'what was answered 200 had arrived, once and with the right bytes',
      lost + doubled + spoilt === 0 && acknowledged > 0,
      `${acknowledged} answered 200; ${lost} of them never arrived, ${doubled} came twice, ${spoilt} with other bytes`,
    ),
    rule(
      'where the consumer never goes away every good delivery was answered 200 at once and had arrived, and no bad one',
      bulk.failed === undefined && bulk.requests === 0 && bulk.bytes === 0 && bulk.good > 0,
      bulk.failed ??
        `${bulk.good} were good; ${bulk.requests} requests and ${bulk.bytes} bytes too many or too few arrived`,
    ),
    rule('every good delivery was acknowledged in the end', open === 0, `${open} were not`),
    rule('no good delivery was refused', refused === 0, `${refused} were answered 4xx`),
    rule(
      'nothing bad got in',
      admitted + strangers === 0,
      `${admitted} were let in, ${strangers} reached the consumer`,
    ),
    rule(
      'every reload was taken over',
      reloads.failed === 0 && reloads.taken > 0,
      `${reloads.taken} were, ${reloads.failed} were not`,
    ),
    rule(
      `without load as many files are open as before it, or ${SPARE_DESCRIPTORS} more`,
      descriptors.after <= descriptors.before + SPARE_DESCRIPTORS,
      `${descriptors.before} before, ${descriptors.after} after`,
    ),
  ]
}

function middle(points: readonly Point[]): number {
  const values = points.map(({ value }) => value).sort((a, b) => a - b)
  return values[values.length >> 1] ?? NaN
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`
}

function shown(value: number): string {
  return value.toFixed(Math.abs(value) < 100 ? 1 : 0)
}
