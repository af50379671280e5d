// Brings a raw configuration (from YAML or from code) into the form the declaration reads: references filled in, unknown
// keys taken out and reported, nothing of foreign shape left that could trip the rest. Walks the declaration, not the value,
// so that no depth, cycle or odd key of the value matters.
import { Unresolved, type Surroundings, hasReference, interpolate } from './interpolate.ts'
import { NAME_HINT, NAME_WRONG, isName } from './kinds.ts'
import type { Problem } from './problem.ts'
import { printable, settingBelow } from './setting-path.ts'
import { type Shape, settingsOf, shapeOf } from './settings-tree.ts'
import { schema } from './schema.ts'
import { didYouMean, nearest } from './suggest.ts'

export interface Digest {
  readonly value: unknown
  readonly problems: readonly Problem[]
  /** Settings that were probably meant by an unknown key: that they are missing needs no second complaint. */
  readonly meant: ReadonlySet<string>
  /** Scalars as they were written, before anything was filled in; secrets are not among them. */
  readonly written: ReadonlyMap<string, string>
  /** Files that references named, absolute. */
  readonly files: readonly string[]
}

type Section = Extract<Shape, { kind: 'section' }>

/** Never throws. @param raw any value at all. */
export function digest(raw: unknown, surroundings: Surroundings): Digest {
  const digestion = new Digestion(surroundings)
  const value = digestion.value(raw, { shape: shapeOf(schema), setting: '' })
  return { value, ...digestion.findings }
}

interface Place {
  readonly shape: Shape
  readonly setting: string
}

class Digestion {
  readonly #surroundings: Surroundings
  readonly findings = {
    problems: new Array<Problem>(),
    meant: new Set<string>(),
    written: new Map<string, string>(),
    files: new Array<string>(),
  }

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings
  }

  value(raw: unknown, { shape, setting }: Place): unknown {
    if (raw === null || (raw === undefined && setting === '')) {
      this.findings.problems.push({
        setting,
        message: 'is empty',
        hint: 'give it a value, or remove the line',
      })
      return undefined
    }
    if (shape.kind === 'leaf') return this.#leaf(raw, { shape, setting }, 0)
    if (shape.kind === 'list')
      return Array.isArray(raw) ? this.#list(raw, { shape, setting }) : this.#foreign(raw, setting, 'a list')
    if (!isPlainObject(raw))
      return this.#foreign(
        raw,
        setting,
        setting === '' ? 'a map of settings' : 'a section: settings stand below it',
      )
    return shape.kind === 'section'
      ? this.#section(raw, shape, setting)
      : this.#names(raw, { shape, setting })
  }

  #section(raw: object, shape: Section, setting: string): unknown {
    const entries = Object.entries(raw).flatMap(([key, value]): (readonly [string, unknown])[] => {
      const below = shape.keys.get(key)
      const name = settingBelow(setting, key)
      if (below !== undefined)
        return value === undefined ? [] : [[key, this.value(value, { shape: shapeOf(below), setting: name })]]
      this.#unknown(key, { raw, shape, setting })
      return []
    })
    return Object.fromEntries(entries)
  }

  #names(raw: object, { shape, setting }: Place): unknown {
    if (shape.kind !== 'names') return undefined
    const element = shapeOf(shape.element)
    const entries = Object.entries(raw).filter(([key]) => this.#goodName(key, setting))
    return Object.fromEntries(
      entries.map(([key, value]) => [
        key,
        this.value(value, { shape: element, setting: settingBelow(setting, key) }),
      ]),
    )
  }

  #list(raw: readonly unknown[], { shape, setting }: Place): unknown {
    if (shape.kind !== 'list') return undefined
    const element = shapeOf(shape.element)
    return Array.from(raw, (item, index) =>
      this.value(item ?? null, { shape: element, setting: settingBelow(setting, index) }),
    )
  }

  #leaf(raw: unknown, place: Place, depth: number): unknown {
    const { shape, setting } = place
    const secret = shape.kind === 'leaf' && shape.leaf.secret === true
    if (!secret && (typeof raw === 'string' || typeof raw === 'number' || typeof raw === 'boolean'))
      this.findings.written.set(setting, printable(String(raw)))
    if (typeof raw === 'string') return this.#filled(raw, setting)
    // Some leaves take a list as well (listen.address); none takes lists of lists.
    if (Array.isArray(raw) && depth === 0)
      return Array.from(raw, (item: unknown, index) =>
        this.#leaf(item, { shape, setting: settingBelow(setting, index) }, 1),
      )
    return raw
  }

  #filled(raw: string, setting: string): string {
    if (!hasReference(raw)) return raw
    try {
      const { value, files } = interpolate(raw, this.#surroundings)
      this.findings.files.push(...files)
      return value
    } catch (error) {
      if (!(error instanceof Unresolved)) throw error
      this.findings.problems.push({ setting, message: error.message, hint: error.hint })
      return raw
    }
  }

  #foreign(raw: unknown, setting: string, expected: string): undefined {
    const hint = typeof raw === 'string' && expected === 'a list' ? 'write it in brackets: ["…"]' : undefined
    this.findings.problems.push({ setting, message: `is not ${expected}`, hint })
    return undefined
  }

  #unknown(key: string, { raw, shape, setting }: { raw: object; shape: Section; setting: string }): void {
    const keys = [...shape.keys.keys()]
    const meant = nearest(key, keys)
    if (meant !== undefined && !Object.hasOwn(raw, meant))
      this.findings.meant.add(settingBelow(setting, meant))
    const hint = didYouMean(key, keys) ?? elsewhere(key) ?? `known here: ${keys.join(', ')}`
    this.findings.problems.push({ setting: settingBelow(setting, key), message: 'is not a setting', hint })
  }

  #goodName(key: string, setting: string): boolean {
    if (isName(key)) return true
    this.findings.problems.push({ setting: settingBelow(setting, key), message: NAME_WRONG, hint: NAME_HINT })
    return false
  }
}

// The same word in another section: a matter of indentation, mostly.
function elsewhere(key: string): string | undefined {
  const places = [...settingsOf(schema)]
    .map(({ name }) => name)
    .filter((name) => name.split('.').at(-1) === key)
  return places.length === 0 ? undefined : `it belongs elsewhere: ${places.join(', ')}`
}

function isPlainObject(raw: unknown): raw is object {
  return Object.prototype.toString.call(raw) === '[object Object]'
}
