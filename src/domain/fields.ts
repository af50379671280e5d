// Header fields as they came: order, spelling and repetition kept; looked up by name without regard to case.

/** RFC 9110 §5.6.2. */
export const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

export class Fields {
  /** Name, value, name, value, … as received. */
  readonly raw: readonly string[]
  readonly #byName = new Map<string, string[]>()

  constructor(raw: readonly string[]) {
    this.raw = raw
    for (const [name, value] of pairs(raw)) {
      const key = name.toLowerCase()
      const values = this.#byName.get(key)
      if (values === undefined) this.#byName.set(key, [value])
      else values.push(value)
    }
  }

  get count(): number {
    return this.raw.length / 2
  }

  /** All values of a field, in order. `name` in lower case. */
  all(name: string): readonly string[] {
    return this.#byName.get(name) ?? []
  }

  has(name: string): boolean {
    return this.#byName.has(name)
  }

  /** The value of a field that stands exactly once; undefined where it is absent or repeated. `name` in lower case. */
  only(name: string): string | undefined {
    const values = this.all(name)
    return values.length === 1 ? values[0] : undefined
  }

  /** The members of a comma-separated list field, lower case, empty ones left out. */
  list(name: string): readonly string[] {
    return this.all(name)
      .flatMap((value) => value.split(','))
      .map((member) => member.trim().toLowerCase())
      .filter((member) => member !== '')
  }
}

export function* pairs(raw: readonly string[]): Generator<readonly [string, string]> {
  for (let i = 0; i + 1 < raw.length; i += 2) yield [raw[i] ?? '', raw[i + 1] ?? '']
}
