// Reads hubgate.yaml as text: one document, one map, to plain values and the position of every setting. Bounded in size,
// depth and aliases; messages never quote the text, which may hold secrets. Knows no setting.
import {
  Composer,
  type CST,
  type Document,
  type Node,
  Lexer,
  LineCounter,
  Parser,
  isAlias,
  isMap,
  isScalar,
  isSeq,
} from 'yaml'
import type { Problem } from './problem.ts'
import { type Position, settingBelow } from './setting-path.ts'
import { yamlProblem } from './yaml-problems.ts'

export interface YamlFile {
  readonly value: unknown
  readonly positions: ReadonlyMap<string, Position>
  readonly problems: readonly Problem[]
}

export const LARGEST_TEXT = 2 ** 20
const DEEPEST = 64
const MOST_LEXEMES = 200_000
const MOST_VALUES = 50_000
const MOST_PROBLEMS = 10

class TooMuch extends Error {}

/** @param text the file, decoded, without a byte order mark. Never throws: what is wrong with the text comes back as problems. */
export function readYaml(text: string): YamlFile {
  const lines = new LineCounter()
  try {
    const documents = compose(text, lines)
    const problems = documentProblems(documents, { text, lines })
    const [document] = documents
    if (problems.length > 0 || document === undefined)
      return { value: undefined, positions: new Map(), problems }
    return new Reading(lines).read(document)
  } catch (error) {
    if (!(error instanceof TooMuch)) throw error
    return { value: undefined, positions: new Map(), problems: [{ setting: '', message: error.message }] }
  }
}

function compose(text: string, lines: LineCounter): Document.Parsed[] {
  if (text.length > LARGEST_TEXT) throw new TooMuch('is larger than 1 MiB')
  const composer = new Composer({ lineCounter: lines, prettyErrors: false, uniqueKeys: false, merge: false })
  const documents: Document.Parsed[] = []
  for (const document of composer.compose(bounded(text, lines), true, text.length)) {
    if ('contents' in document) documents.push(document)
  }
  return documents
}

// The composer recurses; the parser does not. So depth is bounded here, before composing.
function* bounded(text: string, lines: LineCounter): Generator<CST.Token> {
  lines.addNewLine(0)
  const parser = new Parser(lines.addNewLine)
  let lexemes = 0
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) yield token
    if (parser.stack.length > DEEPEST) throw new TooMuch(`is nested deeper than ${DEEPEST} levels`)
    if (++lexemes > MOST_LEXEMES) throw new TooMuch('holds too many values to be a configuration')
  }
  for (const token of parser.end()) yield token
}

function documentProblems(
  documents: readonly Document.Parsed[],
  source: { text: string; lines: LineCounter },
): Problem[] {
  const [first, second] = documents
  if (first === undefined || first.contents === null) {
    if ((first?.errors.length ?? 0) === 0)
      return [{ setting: '', message: 'is empty', hint: 'write one with `hubgate init`' }]
  }
  const faults = [...(first?.errors ?? []), ...(first?.warnings ?? [])].slice(0, MOST_PROBLEMS)
  const problems = faults.map((fault) => yamlProblem(fault, source))
  if (second !== undefined) {
    const { line, col } = source.lines.linePos(second.range[0])
    problems.push({
      setting: '',
      message: 'holds a second document',
      hint: 'remove the line ---',
      line,
      column: col,
    })
  }
  return problems
}

// One pass over the nodes, in the order of the text, so that an alias finds the anchor before it and never itself.
class Reading {
  readonly #lines: LineCounter
  readonly #positions = new Map<string, Position>()
  readonly #problems: Problem[] = []
  readonly #anchors = new Map<string, Node>()
  #values = 0

  constructor(lines: LineCounter) {
    this.#lines = lines
  }

  read(document: Document.Parsed): YamlFile {
    const root = document.contents
    if (!isMap(root))
      this.#complain(root, { setting: '', message: 'is not a map of settings', hint: 'write KEY: VALUE' })
    const value = this.#value(root, '', 0)
    return { value, positions: this.#positions, problems: this.#problems }
  }

  #value(node: unknown, setting: string, depth: number): unknown {
    if (++this.#values > MOST_VALUES) throw new TooMuch('holds too many values to be a configuration')
    if (depth > DEEPEST) throw new TooMuch(`is nested deeper than ${DEEPEST} levels`)
    if (isAlias(node)) return this.#alias(node, setting, depth)
    const value = this.#plain(node, setting, depth)
    if ((isMap(node) || isSeq(node) || isScalar(node)) && node.anchor !== undefined)
      this.#anchors.set(node.anchor, node)
    return value
  }

  #plain(node: unknown, setting: string, depth: number): unknown {
    if (isScalar(node)) return node.value
    if (isSeq(node))
      return node.items.map((item, index) => this.#item(item, settingBelow(setting, index), depth + 1))
    if (!isMap(node)) return null
    const entries = new Map<string, unknown>()
    for (const { key, value } of node.items) {
      const name = this.#key(key, setting)
      if (name === undefined) continue
      const below = settingBelow(setting, name)
      if (entries.has(name))
        this.#complain(key, { setting: below, message: 'stands twice', hint: 'keep one of them' })
      this.#mark(below, key)
      entries.set(name, this.#value(value, below, depth + 1))
    }
    // fromEntries defines properties of its own, so that __proto__ is a key like any other.
    return Object.fromEntries(entries)
  }

  #item(node: unknown, setting: string, depth: number): unknown {
    this.#mark(setting, node)
    return this.#value(node, setting, depth)
  }

  #key(key: unknown, setting: string): string | undefined {
    if (isScalar(key)) return typeof key.value === 'string' ? key.value : (key.source ?? String(key.value))
    this.#complain(key, { setting, message: 'holds a key that is not a word' })
    return undefined
  }

  #alias(node: { readonly source: string }, setting: string, depth: number): unknown {
    const target = this.#anchors.get(node.source)
    if (target === undefined) {
      this.#complain(node, { setting, message: 'is an alias of an anchor that does not stand before it' })
      return null
    }
    return this.#value(target, setting, depth + 1)
  }

  #mark(setting: string, node: unknown): void {
    const position = this.#position(node)
    if (position !== undefined) this.#positions.set(setting, position)
  }

  #complain(node: unknown, problem: Problem): void {
    this.#problems.push({ ...problem, ...this.#position(node) })
  }

  #position(node: unknown): Position | undefined {
    const offset = rangeStart(node)
    if (offset === undefined) return undefined
    const { line, col } = this.#lines.linePos(offset)
    return { line, column: col }
  }
}

function rangeStart(node: unknown): number | undefined {
  return isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? node.range?.[0] : undefined
}
