// Header fields as they came: order, spelling and repetition kept; looked up by name without regard to case.

/** RFC 9110 §5.6.2. */
export const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

const NONE: readonly string[] = Object.freeze([])

// A request has few fields, and is asked for a few of them: looking through them costs less than a Map made for it.
export class Fields {
  /** Name, value, name, value, … as received. */
  readonly raw: readonly string[]
  /** Their names in lower case, in order. */
  readonly names: readonly string[]

  constructor(raw: readonly string[]) {
    const names: string[] = []
    for (let i = 0; i + 1 < raw.length; i += 2) names.push(raw[i]?.toLowerCase() ?? '')
    this.raw = raw
    this.names = names
  }

  get count(): number {
    return this.raw.length / 2
  }

  /** All values of a field, in order. `name` in lower case. */
  all(name: string): readonly string[] {
    const first = this.#find(name, 0)
    if (first === -1) return NONE
    const values = [this.#value(first)]
    for (let at = this.#find(name, first + 1); at !== -1; at = this.#find(name, at + 1))
      values.push(this.#value(at))
    return values
  }

  has(name: string): boolean {
    return this.#find(name, 0) !== -1
  }

  /** The value of a field that stands exactly once; undefined where it is absent or repeated. `name` in lower case. */
  only(name: string): string | undefined {
    const at = this.#find(name, 0)
    return at === -1 || this.#find(name, at + 1) !== -1 ? undefined : this.#value(at)
  }

  /** Whether a field stands more than once. `name` in lower case. */
  repeats(name: string): boolean {
    const at = this.#find(name, 0)
    return at !== -1 && this.#find(name, at + 1) !== -1
  }

  /** The members of a comma-separated list field, lower case, empty ones left out. */
  list(name: string): readonly string[] {
    if (!this.has(name)) return NONE
    return this.all(name)
      .flatMap((value) => value.split(','))
      .map((member) => member.trim().toLowerCase())
      .filter((member) => member !== '')
  }

  #find(name: string, from: number): number {
    const { names } = this
    for (let at = from; at < names.length; at += 1) if (names[at] === name) return at
    return -1
  }

  #value(at: number): string {
    return this.raw[2 * at + 1] ?? ''
  }
}

export function* pairs(raw: readonly string[]): Generator<readonly [string, string]> {
  for (let i = 0; i + 1 < raw.length; i += 2) yield [raw[i] ?? '', raw[i + 1] ?? '']
}
