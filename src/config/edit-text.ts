// Where a few characters go in a YAML text, and which lines that changed. Knows lines, indents and line ends; no setting.
import { type Pair, type Range, type YAMLMap, isNode, isScalar } from 'yaml'

/** From `start` to `end` stands `text` afterwards. */
export interface Insertion {
  readonly start: number
  readonly end: number
  readonly text: string
}

export interface ChangedLine {
  /** Of the new text, from 1. */
  readonly line: number
  /** Undefined: the line is new. */
  readonly before: string | undefined
  readonly after: string
}

export interface Edited {
  readonly text: string
  /** Empty: nothing had to change. */
  readonly lines: readonly ChangedLine[]
}

export function unchanged(text: string): Edited {
  return { text, lines: [] }
}

export function changed(text: string, { start, end, text: inserted }: Insertion): Edited {
  const after = text.slice(0, start) + inserted + text.slice(end)
  return { text: after, lines: changedLines(text, after) }
}

/** A new item of a block list behind the one at `range`, as deep as that. */
export function itemAfter(
  text: string,
  range: Range | null | undefined,
  line: string,
): Insertion | undefined {
  if (range === null || range === undefined) return undefined
  const [start, end] = range
  // An item that begins with a line of its own stands behind its dash.
  const dash = text.lastIndexOf('-', start)
  const indent = indentAt(text, dash)
  return indent === undefined ? undefined : lineBehind(text, Math.max(start + 1, end), `${indent}${line}`)
}

/** A new pair at the end of a map: behind the last value in braces, else on a line of its own. */
export function pairInside(text: string, map: YAMLMap, pair: string): Insertion | undefined {
  const [first] = map.items
  const last = map.items.at(-1)
  const end = endOf(last)
  if (first === undefined || end === undefined) return undefined
  if (map.flow === true) return { start: end, end, text: `, ${pair}` }
  const start = isNode(first.key) ? first.key.range?.[0] : undefined
  if (start === undefined) return undefined
  const column = start - startOfLine(text, start)
  return lineBehind(text, end, `${' '.repeat(column)}${pair}`)
}

// The end of a value that ends where it seems to: not a block scalar, which takes in the lines below it.
function endOf(pair: Pair | undefined): number | undefined {
  const value = pair?.value
  const range = isNode(value) ? value.range : undefined
  if (range === null || range === undefined) return undefined
  if (isScalar(value) && (value.type === 'BLOCK_FOLDED' || value.type === 'BLOCK_LITERAL')) return undefined
  const [start, end] = range
  return end > start ? end : undefined
}

function lineBehind(text: string, at: number, line: string): Insertion {
  const newline = text.indexOf('\n', at - 1)
  // As the line above ends, or where none does, the whole text.
  const isCrLf = newline === -1 ? text.includes('\r\n') : text[newline - 1] === '\r'
  const lineEnd = isCrLf ? '\r\n' : '\n'
  if (newline === -1) return { start: text.length, end: text.length, text: `${lineEnd}${line}` }
  return { start: newline + 1, end: newline + 1, text: `${line}${lineEnd}` }
}

function indentAt(text: string, dash: number): string | undefined {
  const indent = text.slice(startOfLine(text, dash), dash)
  return dash >= 0 && /^ *$/.test(indent) ? indent : undefined
}

function startOfLine(text: string, at: number): number {
  return text.lastIndexOf('\n', at - 1) + 1
}

// One edit is one stretch of lines: what is alike before and behind it did not change.
function changedLines(before: string, after: string): ChangedLine[] {
  const old = linesOf(before)
  const fresh = linesOf(after)
  let head = 0
  while (head < old.length && head < fresh.length && old[head] === fresh[head]) head += 1
  let tail = 0
  while (
    tail < old.length - head &&
    tail < fresh.length - head &&
    old[old.length - 1 - tail] === fresh[fresh.length - 1 - tail]
  )
    tail += 1
  const replaced = old.slice(head, old.length - tail)
  return fresh
    .slice(head, fresh.length - tail)
    .map((line, i) => ({ line: head + i + 1, before: replaced[i], after: line }))
}

function linesOf(text: string): string[] {
  return text.split('\n').map((line) => line.replace(/\r$/, ''))
}
