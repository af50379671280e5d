// Edits the anchors of hubgate.yaml for a person: one line more or one word other, and every other byte as it was.
// What an edit made of the text is read again, and has to be what was meant; else nothing is changed.
import { isDeepStrictEqual } from 'node:util'
import { type YAMLMap, type YAMLSeq, isMap, isNode, isScalar, isSeq, parseDocument } from 'yaml'
import type { AnchorState } from './config.ts'
import { type Edited, type Insertion, changed, itemAfter, pairInside, unchanged } from './edit-text.ts'
import { ConfigError, type Problem } from './problem.ts'
import { readYaml } from './yaml-file.ts'

export type { ChangedLine, Edited } from './edit-text.ts'

export interface AnchorEntry {
  readonly name: string
  /** Relative to the configuration. */
  readonly file: string
  /** Default: active, which is not written. */
  readonly state?: 'staged' | undefined
}

/** The anchor as one line of YAML. */
export function anchorLine({ name, file, state }: AnchorEntry): string {
  const pairs = [
    `name: ${scalar(name)}`,
    `file: ${scalar(file)}`,
    ...(state === undefined ? [] : [`state: ${state}`]),
  ]
  return `- { ${pairs.join(', ')} }`
}

/**
 * @returns the text with the anchor at the end of client.anchors; the same text where one of its name is there already.
 * @throws ConfigError where the text is no YAML, or has no block list there to add to.
 */
export function addAnchor(text: string, entry: AnchorEntry): Edited {
  const { anchors, raw } = read(text)
  if (raw?.some((item) => nameIn(item) === entry.name) === true) return unchanged(text)
  const last = anchors?.items.at(-1)
  const refused = noList(anchorLine(entry))
  if (raw === undefined || anchors === undefined || anchors.flow === true || !isNode(last)) throw refused
  const { name, file, state } = entry
  const meant = [...raw, { name, file, ...(state === undefined ? {} : { state }) }]
  return demanded(text, { insertion: itemAfter(text, last.range, anchorLine(entry)), meant, refused })
}

/** Makes an anchor active from the next reload on. @throws ConfigError as below, and where its dates say otherwise. */
export function promoteAnchor(text: string, name: string, now: Date): Edited {
  return withState(text, { name, state: 'active', now })
}

/** Takes an anchor out of use. @throws ConfigError where the text is no YAML, or cannot be edited safely. */
export function retireAnchor(text: string, name: string, now: Date): Edited {
  return withState(text, { name, state: 'retired', now })
}

interface Meant {
  readonly name: string
  readonly state: AnchorState
  readonly now: Date
}

function withState(text: string, { name, state, now }: Meant): Edited {
  const { anchors, raw = [] } = read(text)
  const index = raw.findIndex((item) => nameIn(item) === name)
  if (index === -1) throw unknownName(name, raw)
  const setting = `client.anchors[${index}]`
  const present = stateIn(raw[index])
  const dates = dateProblem(raw[index], { name, state, now })
  if (dates !== undefined) throw new ConfigError([{ setting, ...dates }])
  if (present === state) return unchanged(text)
  const refused = new ConfigError([
    {
      setting,
      message: `is not written so that its state can be changed without touching more, so nothing was changed`,
      hint: `write it as { …, state: ${state} }`,
    },
  ])
  const item = anchors?.items[index]
  const insertion = isMap(item) ? stateOf(text, item, state) : undefined
  if (insertion === undefined) throw refused
  const meant = raw.with(index, Object.assign({}, raw[index], { state }))
  return demanded(text, { insertion, meant, refused })
}

// Dates say when an active anchor counts: a word beside them would either mean nothing or be refused by the rules.
function dateProblem(anchor: unknown, { name, state, now }: Meant): Omit<Problem, 'setting'> | undefined {
  const from = textIn(anchor, 'from')
  const until = textIn(anchor, 'until')
  if (from === undefined && until === undefined) return undefined
  const isOver = until !== undefined && Date.parse(until) <= now.getTime()
  const isAhead = from !== undefined && Date.parse(from) > now.getTime()
  if (state === 'active')
    return isOver
      ? {
          message: `${name} was retired by its date, until: ${until}`,
          hint: 'remove that date, or write a later one',
        }
      : isAhead
        ? {
            message: `${name} is staged by its date, from: ${from}`,
            hint: 'remove that date, or write an earlier one',
          }
        : undefined
  if (isOver)
    return { message: `${name} is retired already by its date, until: ${until}`, hint: 'nothing to do' }
  return {
    message: `${name} has dates, and a retired anchor has none`,
    hint: `write until: ${now.toISOString().slice(0, 19)}Z beside its name, or remove from and until and try again`,
  }
}

/** Where the word goes: over the old one, or behind the last key. */
function stateOf(text: string, item: YAMLMap, state: AnchorState): Insertion | undefined {
  const found = item.items.find(({ key }) => isScalar(key) && key.value === 'state')?.value
  const range = isNode(found) ? found.range : undefined
  if (range !== null && range !== undefined) {
    const [start, end] = range
    const quote = /^["']/.exec(text.slice(start))?.[0] ?? ''
    return { start, end, text: `${quote}${state}${quote}` }
  }
  return found === undefined ? pairInside(text, item, `state: ${state}`) : undefined
}

interface Demand {
  readonly insertion: Insertion | undefined
  /** What client.anchors shall hold. */
  readonly meant: readonly unknown[]
  readonly refused: ConfigError
}

// Aliases, odd keys, tags: whatever would make the edit mean more or something else is seen here, not guessed at.
function demanded(text: string, { insertion, meant, refused }: Demand): Edited {
  if (insertion === undefined) throw refused
  const edited = changed(text, insertion)
  const before = readYaml(text).value
  const after = readYaml(edited.text)
  const expected = Object.assign({}, before, {
    client: Object.assign({}, inside(before, 'client'), { anchors: meant }),
  })
  if (after.problems.length > 0 || !isDeepStrictEqual(after.value, expected)) throw refused
  return edited
}

interface Anchors {
  readonly anchors: YAMLSeq | undefined
  /** Their plain values, aliases resolved. */
  readonly raw: readonly unknown[] | undefined
}

function read(text: string): Anchors {
  const { problems, value } = readYaml(text)
  if (problems.length > 0) throw new ConfigError(problems)
  const document = parseDocument(text)
  // A text that is one map in braces has no lines of its own for anything: one of an anchor would show secrets, too.
  const isOneLine = isMap(document.contents) && document.contents.flow === true
  const anchors = isOneLine ? undefined : document.getIn(['client', 'anchors'])
  const raw = inside(inside(value, 'client'), 'anchors')
  return { anchors: isSeq(anchors) ? anchors : undefined, raw: Array.isArray(raw) ? raw : undefined }
}

function unknownName(name: string, raw: readonly unknown[]): ConfigError {
  const names = raw.map(nameIn).filter((one) => one !== undefined)
  const hint = names.length === 0 ? 'add it: hubgate anchor add FILE' : `there are: ${names.join(', ')}`
  return new ConfigError([{ setting: 'client.anchors', message: `holds no anchor called ${name}`, hint }])
}

function noList(line: string): ConfigError {
  const message = 'is no list with one item a line, so nothing was added'
  return new ConfigError([{ setting: 'client.anchors', message, hint: `write it as one, and add: ${line}` }])
}

function nameIn(anchor: unknown): string | undefined {
  return textIn(anchor, 'builtin') ?? textIn(anchor, 'name')
}

function stateIn(anchor: unknown): unknown {
  const state = inside(anchor, 'state')
  return state === undefined ? 'active' : state
}

function textIn(value: unknown, key: string): string | undefined {
  const found = inside(value, key)
  return typeof found === 'string' ? found : undefined
}

function inside(value: unknown, key: string): unknown {
  return value instanceof Object && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined
}

// Plain where YAML reads it as the same text whatever stands around it.
function scalar(text: string): string {
  const isWord = /^[A-Za-z/][\w./-]*$/.test(text) && !/^(?:true|false|null)$/i.test(text)
  return isWord ? text : JSON.stringify(text)
}
