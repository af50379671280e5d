// What one process of several has measured, as it travels to the one that answers /metrics, and how all of it is summed.
import { AggregatorRegistry, type MetricObjectWithValues, type MetricValue, type Registry } from 'prom-client'

/** One metric with its values. */
export type MeasuredFamily = Omit<MetricObjectWithValues<MetricValue<string>>, 'collect'>

const KINDS: ReadonlySet<unknown> = new Set(['counter', 'gauge', 'histogram', 'summary'])
const AGGREGATORS: ReadonlySet<unknown> = new Set(['sum', 'first', 'min', 'max', 'average', 'omit'])

/** Sums counts and histograms; each gauge says itself how it is joined. */
export function joined(all: readonly (readonly MeasuredFamily[])[]): Registry {
  return AggregatorRegistry.aggregate([...all])
}

/** Of those that are no more, what may not go down again: counts and histograms. */
export async function outlasting(
  all: readonly (readonly MeasuredFamily[])[],
): Promise<readonly MeasuredFamily[]> {
  const families = await joined(all).getMetricsAsJSON()
  return families.filter(counts)
}

// prom-client declares its types as numbers, and writes words.
export function counts({ type }: Pick<MeasuredFamily, 'type'>): boolean {
  return ['counter', 'histogram'].includes(String(type))
}

/** @throws SyntaxError where it is not what prom-client makes. */
export function parseMeasured(raw: unknown): readonly MeasuredFamily[] {
  if (!Array.isArray(raw) || !raw.every(isFamily)) throw new SyntaxError('not metrics')
  return raw
}

function isFamily(raw: unknown): raw is MeasuredFamily {
  if (!(raw instanceof Object)) return false
  const { name, help, type, values, aggregator } = raw as Readonly<Record<string, unknown>>
  return (
    isName(name) &&
    typeof help === 'string' &&
    KINDS.has(type) &&
    AGGREGATORS.has(aggregator) &&
    Array.isArray(values) &&
    values.every(isValue)
  )
}

function isValue(raw: unknown): boolean {
  if (!(raw instanceof Object)) return false
  const { value, labels, metricName } = raw as Readonly<Record<string, unknown>>
  return (
    typeof value === 'number' &&
    (metricName === undefined || isName(metricName)) &&
    labels instanceof Object &&
    Object.entries(labels).every(([name, text]) => isName(name) && ['string', 'number'].includes(typeof text))
  )
}

function isName(raw: unknown): boolean {
  return typeof raw === 'string' && /^[a-z_][a-z0-9_]*$/i.test(raw)
}
