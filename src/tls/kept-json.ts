// Reads members of the JSON that the gateway keeps about certificates: each is what it has to be, or the file is damaged.

/** @throws SyntaxError, like those below. */
export function record(value: unknown): Readonly<Record<string, unknown>> {
  if (!(value instanceof Object) || Array.isArray(value)) throw new SyntaxError('not an object')
  return Object.fromEntries(Object.entries(value))
}

export function text(value: unknown): string {
  if (typeof value !== 'string') throw new SyntaxError('not text')
  return value
}

export function count(value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw new SyntaxError('not a count')
  return value
}

export function moment(value: unknown): Date {
  const time = new Date(text(value))
  if (Number.isNaN(time.getTime())) throw new SyntaxError('not a time')
  return time
}

export function list<T>(value: unknown, read: (one: unknown) => T): readonly T[] {
  if (!Array.isArray(value)) throw new SyntaxError('not a list')
  return value.map(read)
}

/** One of `known`. */
export function oneOf<const T extends string>(value: unknown, known: readonly T[]): T {
  const found = known.find((each) => each === value)
  if (found === undefined) throw new SyntaxError(`none of ${known.join(', ')}`)
  return found
}
