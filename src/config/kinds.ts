// The kinds of values settings have: sizes, durations, numbers, switches, choices, text, files, secrets.
// Addresses, prefixes and URLs are in kinds-network.ts; what the settings are is in schema.ts.
import { Malformed, leaf } from './leaf.ts'
import { Secret } from './secret.ts'
import { nearest } from './suggest.ts'
import { formatDuration, formatSize, parseDuration, parseSize } from './units.ts'

/** Timers hold a signed 32-bit number of milliseconds; a longer one would fire at once. */
export const LONGEST_TIMER = 2 ** 31 - 1
const INTERPOLATED = { type: 'string', pattern: '\\$\\{' } as const
export const SECRET_LENGTH = 16

interface Bounds {
  readonly min: number
  readonly max: number
}

/** Bytes, written 4MiB. */
export function size({ min, max }: Bounds) {
  const json = { type: 'string', pattern: '^[0-9]+(B|KiB|MiB|GiB)$|\\$\\{', examples: ['4MiB'] }
  return leaf<string, number>({ looks: 'size', json }, (raw) => {
    const bytes = typeof raw === 'string' ? parseSize(raw) : missing(raw)
    if (bytes === undefined)
      throw new Malformed('is not a size', 'write a number with B, KiB, MiB or GiB: 4MiB')
    if (bytes < min || bytes > max)
      throw new Malformed('is out of bounds', `from ${formatSize(min)} to ${formatSize(max)}`)
    return bytes
  })
}

/** Milliseconds, written 10s. */
export function duration({ min, max }: Bounds = { min: 1, max: LONGEST_TIMER }) {
  const json = { type: 'string', pattern: '^[0-9]+(ms|s|m|h|d)$|\\$\\{', examples: ['10s', '24h'] }
  return leaf<string, number>({ looks: 'duration', json }, (raw) => {
    const time = typeof raw === 'string' ? parseDuration(raw) : missing(raw)
    if (time === undefined)
      throw new Malformed('is not a duration', 'write a number with ms, s, m, h or d: 250ms, 10s, 7d')
    if (time < min)
      throw new Malformed('is too short', min === 1 ? 'more than 0' : `at least ${formatDuration(min)}`)
    if (time > max) throw new Malformed('is too long', `at most ${Math.floor(max / 86_400_000)}d`)
    return time
  })
}

/** A whole number; digits in a string count too, so that ${NAME} can stand for it. */
export function count({ min, max }: Bounds) {
  const json = { anyOf: [{ type: 'integer', minimum: min, maximum: max }, INTERPOLATED] }
  return leaf<number | string, number>({ looks: 'number', json }, (raw) => wholeNumber(raw, { min, max }))
}

/** A whole number or `auto`. */
export function countOrAuto({ min, max }: Bounds) {
  const json = { anyOf: [{ const: 'auto' }, { type: 'integer', minimum: min, maximum: max }, INTERPOLATED] }
  return leaf<number | string, number | 'auto'>({ looks: 'number or `auto`', json }, (raw) =>
    raw === 'auto' ? raw : wholeNumber(raw, { min, max }),
  )
}

/** true or false. */
export function flag() {
  const json = { anyOf: [{ type: 'boolean' }, INTERPOLATED] }
  return leaf<boolean | string, boolean>({ looks: '`true` or `false`', json }, (raw) => {
    if (raw === true || raw === 'true') return true
    if (raw === false || raw === 'false') return false
    missing(raw)
    throw new Malformed('is neither true nor false')
  })
}

/** One of these words. */
export function choice<const Word extends string>(...words: readonly Word[]) {
  const looks = words.map((word) => `\`${word}\``).join(', ')
  const json = { anyOf: [{ enum: words }, INTERPOLATED] }
  return leaf<Word | `${string}\${${string}`, Word>({ looks, json }, (raw) => {
    const word = words.find((known) => known === raw)
    if (word !== undefined) return word
    missing(raw)
    const meant = typeof raw === 'string' ? nearest(raw, words) : undefined
    const list = words.join(', ')
    throw new Malformed(
      'is not one of its words',
      meant === undefined ? `write ${list}` : `did you mean "${meant}"? (${list})`,
    )
  })
}

/** Text that is not blank, by a grammar of its own where it has one. */
export function text(looks = 'text', check: (value: string) => void = () => undefined) {
  return leaf<string, string>({ looks, json: { type: 'string', minLength: 1 } }, (raw) => {
    const value = textOf(raw)
    if (value.trim() === '') throw new Malformed('is empty')
    check(value)
    return value
  })
}

/** A name of the operator's own: it becomes a metric label and stands in records and header fields. */
export function name(looks: string) {
  return text(looks, (value) => {
    if (!isName(value)) throw new Malformed(NAME_WRONG, NAME_HINT)
  })
}

export const NAME_WRONG = 'is not a usable name'
export const NAME_HINT = 'a letter or digit, then letters, digits, ".", "_" or "-", at most 64 in all'

export function isName(value: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(value)
}

/** A day, `2027-01-01` (its first moment in UTC), or a moment, `2027-01-01T12:00:00Z`. */
export function moment() {
  const json = { type: 'string', pattern: `${MOMENT.source}|\\$\\{`, examples: ['2027-01-01'] }
  return leaf<string, Date>({ looks: 'day `2027-01-01` or moment `2027-01-01T12:00:00Z`', json }, (raw) => {
    const value = textOf(raw)
    const time = MOMENT.test(value) ? Date.parse(value) : NaN
    const exact = !Number.isNaN(time) && new Date(time).toISOString().startsWith(value.replace('Z', ''))
    if (!exact)
      throw new Malformed('is neither a day nor a moment', 'write 2027-01-01 or 2027-01-01T12:00:00Z')
    return new Date(time)
  })
}

const MOMENT = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}Z)?$/

/** `sha256/` and the base64 of 32 bytes. @returns the bytes in lower-case hex. */
export function pin() {
  const json = { type: 'string', pattern: '^sha256/[A-Za-z0-9+/]{43}=$|\\$\\{' }
  return leaf<string, string>({ looks: '`sha256/BASE64`', json }, (raw) => {
    const base64 = /^sha256\/([A-Za-z0-9+/]{43}=)$/.exec(textOf(raw))?.[1] ?? ''
    const bytes = Buffer.from(base64, 'base64')
    if (bytes.length !== 32 || bytes.toString('base64') !== base64)
      throw new Malformed('is no pin', 'write sha256/ and the base64 of a SHA-256 digest')
    return bytes.toString('hex')
  })
}

/** The name of a file or directory; made absolute later. */
export function path() {
  return text('path', (value) => {
    if (value.includes('\0')) throw new Malformed('holds a NUL character')
  })
}

/** Text that must never be seen. @param what it is, for messages. */
export function secret(what: string, check: (value: string) => void) {
  const json = { type: 'string', minLength: 1 }
  return leaf<string, Secret>({ looks: 'secret text', json, secret: true }, (raw) => {
    const value = textOf(raw)
    if (value.trim() === '') throw new Malformed(`is blank: ${what} that is empty would prove nothing`)
    if (/^\s|\s$|\p{Cc}/u.test(value))
      throw new Malformed(
        'begins or ends with white space, or holds a control character',
        'a slip when it was copied',
      )
    check(value)
    return new Secret(value)
  })
}

/** For secrets that prove something by themselves. */
export function longEnough(value: string): void {
  if (value.length < SECRET_LENGTH)
    throw new Malformed(`has fewer than ${SECRET_LENGTH} characters`, 'a shorter one could be guessed')
}

export const NOT_BUILT = 'is not built yet in this version'

/** @throws Malformed where the value is missing; else gives undefined, for the caller to say what is wrong. */
export function missing(raw: unknown): undefined {
  if (raw === undefined) throw new Malformed('is missing')
  return undefined
}

/** @throws Malformed where it is not text; numbers too, since YAML may already have changed them (007, 1e5). */
export function textOf(raw: unknown): string {
  if (typeof raw === 'string') return raw
  missing(raw)
  if (typeof raw === 'number' || typeof raw === 'boolean')
    throw new Malformed(`is a ${typeof raw}, not text`, 'put it in quotes')
  throw new Malformed('is not text')
}

function wholeNumber(raw: unknown, { min, max }: Bounds): number {
  missing(raw)
  const value = typeof raw === 'string' && /^(?:0|[1-9]\d{0,14})$/.test(raw) ? Number(raw) : raw
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw new Malformed('is not a whole number')
  if (value < min || value > max) throw new Malformed('is out of bounds', `from ${min} to ${max}`)
  return value
}
