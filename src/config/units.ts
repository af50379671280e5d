// Sizes and durations as people write them, to bytes and milliseconds and back. One unit each, no fractions, no sums.

const SIZES = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 } as const
const DURATIONS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** @returns bytes, or undefined where the text is not a size such as 4MiB. */
export function parseSize(text: string): number | undefined {
  return parseUnits(text, SIZES)
}

/** @returns milliseconds, or undefined where the text is not a duration such as 10s, 24h or 250ms. */
export function parseDuration(text: string): number | undefined {
  return parseUnits(text, DURATIONS)
}

/** In the largest unit that leaves no remainder. */
export function formatSize(bytes: number): string {
  return formatUnits(bytes, SIZES, 'B')
}

/** In the largest unit that leaves no remainder. */
export function formatDuration(milliseconds: number): string {
  return formatUnits(milliseconds, DURATIONS, 's')
}

function parseUnits(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const match = /^(0|[1-9]\d{0,14})([A-Za-z]{1,3})$/.exec(text)
  const unit = new Map(Object.entries(units)).get(match?.[2] ?? '')
  if (match === null || unit === undefined) return undefined
  const value = Number(match[1]) * unit
  return Number.isSafeInteger(value) ? value : undefined
}

function formatUnits(value: number, units: Readonly<Record<string, number>>, zero: string): string {
  if (value === 0) return `0${zero}`
  const fits = Object.entries(units).filter(([, unit]) => value % unit === 0)
  const [name, unit] = fits.at(-1) ?? ['', 1]
  return `${value / unit}${name}`
}
