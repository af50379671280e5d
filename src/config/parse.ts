// From a raw value to settings: digest, read every section, judge across them. Collects all problems; throws none.
import type { z } from 'zod'
import { type Digest, digest } from './digest.ts'
import type { Surroundings } from './interpolate.ts'
import type { Problem } from './problem.ts'
import { ruleProblems } from './rules.ts'
import { sourceRules } from './rules-sources.ts'
import { trustRules } from './rules-trust.ts'
import { type Draft, type Settings, schema } from './schema.ts'
import { settingBelow } from './setting-path.ts'
import { descriptionOf, shapeOf } from './settings-tree.ts'

export interface Parsed {
  /** Undefined where there are problems. */
  readonly settings: Settings | undefined
  readonly problems: readonly Problem[]
  readonly files: readonly string[]
}

/** Never throws. @param raw what YAML or a caller's code gave. */
export function parseSettings(raw: unknown, surroundings: Surroundings): Parsed {
  const digested = digest(raw, surroundings)
  const { files } = digested
  if (digested.value === undefined) return { settings: undefined, problems: digested.problems, files }
  const whole = schema.safeParse(digested.value)
  const shapeProblems = whole.success ? [] : whole.error.issues.map((issue) => problemOf(issue, digested))
  const acrossProblems = ruleProblems(
    whole.success ? { tls: undefined, ...whole.data } : soundSections(digested.value),
  )
  const problems = withoutEchoes(
    [digested.problems, shapeProblems, acrossProblems.map((found) => quoted(found, digested))],
    digested.meant,
  )
  return { settings: problems.length === 0 && whole.success ? whole.data : undefined, problems, files }
}

/** What keeping the list needs: state and sources. */
export function parseKeeping(raw: unknown, surroundings: Surroundings) {
  return parsePart(schema.pick({ state: true, sources: true }), sourceRules, { raw, surroundings })
}

/** What keeping trust needs: state and client. */
export function parseTrust(raw: unknown, surroundings: Surroundings) {
  return parsePart(schema.pick({ state: true, client: true }), trustRules, { raw, surroundings })
}

/**
 * The same for some sections alone. What the others hold is not looked at; only a key that is none at all is reported,
 * since it may be one of these, mistyped.
 */
function parsePart<Shape extends z.ZodRawShape>(
  part: z.ZodObject<Shape>,
  rules: (draft: Draft) => Problem[],
  { raw, surroundings }: { raw: unknown; surroundings: Surroundings },
) {
  const picked = Object.entries(raw ?? {}).filter(
    ([key]) => Object.hasOwn(part.shape, key) || !Object.hasOwn(schema.shape, key),
  )
  const digested = digest(Object.fromEntries(picked), surroundings)
  const read = part.safeParse(digested.value)
  const shapeProblems = read.success ? [] : read.error.issues.map((issue) => problemOf(issue, digested))
  const acrossProblems = read.success ? rules(read.data) : []
  const problems = withoutEchoes(
    [digested.problems, shapeProblems, acrossProblems.map((found) => quoted(found, digested))],
    digested.meant,
  )
  return { settings: problems.length === 0 && read.success ? read.data : undefined, problems }
}

// The sections that can be read although others cannot: their rules are worth knowing at once.
function soundSections(value: unknown): Draft {
  const raw = new Map(Object.entries(value ?? {}))
  const sound: Draft = {}
  for (const [name, section] of Object.entries(schema.shape)) {
    const read = section.safeParse(raw.get(name))
    if (read.success) Object.assign(sound, { [name]: read.data })
  }
  return sound
}

function problemOf(issue: z.core.$ZodIssue, digested: Digest): Problem {
  const setting = issue.path.reduce<string>(
    (at, key) => settingBelow(at, typeof key === 'number' ? key : String(key)),
    '',
  )
  if (issue.code === 'custom') {
    const hint: unknown = issue.params?.['hint']
    if (issue.message === 'is missing') return { setting, message: issue.message, hint: helpOf(issue.path) }
    return quoted(
      { setting, message: issue.message, hint: typeof hint === 'string' ? hint : undefined },
      digested,
    )
  }
  // The digest has judged every section and list that is there: what is left is one that is not.
  return { setting, message: 'is missing', hint: helpOf(issue.path) }
}

/** Problems say what is wrong with a value; here it is set before them, as it was written. Never a secret. */
function quoted(problem: Problem, { written }: Digest): Problem {
  const value = written.get(problem.setting)
  return value === undefined ? problem : { ...problem, message: `"${value}": ${problem.message}` }
}

// A setting that could not even be read is complained about once.
function withoutEchoes(stages: readonly (readonly Problem[])[], meant: ReadonlySet<string>): Problem[] {
  const known = new Set(meant)
  return stages.flatMap((stage) => {
    const fresh = stage.filter(({ setting }) => !known.has(setting))
    for (const { setting } of fresh) known.add(setting)
    return fresh
  })
}

function helpOf(path: readonly PropertyKey[]): string | undefined {
  let schemaHere: z.core.$ZodType | undefined = schema
  for (const key of path) {
    if (schemaHere === undefined) return undefined
    const shape = shapeOf(schemaHere)
    if (shape.kind === 'leaf') return undefined
    schemaHere = shape.kind === 'section' ? shape.keys.get(String(key)) : shape.element
  }
  return firstSentence(schemaHere)
}

function firstSentence(schemaHere: z.core.$ZodType | undefined): string | undefined {
  const help = schemaHere === undefined ? '' : descriptionOf(schemaHere)
  return help === '' ? undefined : (/^.*?[^.](?=[.:](?: |$))/.exec(help)?.[0] ?? help)
}
