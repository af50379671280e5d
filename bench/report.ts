// How results are shown: a table for a terminal, the same as Markdown for docs/performance.md.
import type { Outcome, Row } from './benchmark.ts'
import { type Machine, machineText } from './machine.ts'

export interface Result extends Outcome {
  readonly name: string
  readonly title: string
}

export interface Report {
  readonly machine: Machine
  /** Too short to mean anything. */
  readonly quick: boolean
  readonly results: readonly Result[]
}

export function reportText({ machine, quick, results }: Report): string {
  const parts = results.map(({ title, conditions, checked, rows }) => {
    const lines = [title, '', ...aligned(cells(rows)), '', ...conditions, '']
    return [...lines, ...checked.map((line) => `checked: ${line}`)].join('\n')
  })
  const warning = quick ? ['quick: it shows that the benchmark works, and nothing else'] : []
  return `${[machineText(machine), ...warning, ...unrest(machine), ...parts].join('\n\n')}\n`
}

export function reportMarkdown({ machine, results }: Report): string {
  const parts = results.map(({ title, conditions, checked, rows }) => {
    const [head = [], ...body] = cells(rows).map((cell) => `| ${cell.join(' | ')} |`)
    const rule = `|${cells(rows)[0]
      ?.map(() => ' --- |')
      .join('')}`
    const lists = [list('Under these conditions:', conditions), list('Checked in the same run:', checked)]
    return [`### ${title}`, [head, rule, ...body].join('\n'), ...lists].join('\n\n')
  })
  return `${[`${machineText(machine)}.`, ...unrest(machine), ...parts].join('\n\n')}\n`
}

// Threads that wait for each other in turn burn time, and caches are shared: CPU time is not free of neighbours.
function unrest({ loadBefore }: Machine): string[] {
  if (loadBefore < 0.5) return []
  return ['Other programs were running: the figures are higher and wider apart than on a quiet machine.']
}

function list(title: string, lines: readonly string[]): string {
  return [title, ...lines.map((line) => `- ${line}`)].join('\n')
}

function cells(rows: readonly Row[]): string[][] {
  const [base] = rows
  const more = Object.keys(base?.more ?? {})
  const head = ['case', 'contestant', 'median', `÷ ${base?.contestant}`, 'lowest to highest', ...more]
  return [head, ...rows.map((row) => rowCells(row, more))]
}

function rowCells(
  { case: about, contestant, unit, median, ratio, more }: Row,
  names: readonly string[],
): string[] {
  const isBase = ratio.lowest === 1 && ratio.highest === 1
  return [
    about,
    contestant,
    `${grouped(median)} ${unit}`,
    factor(ratio.median),
    isBase ? '' : `${factor(ratio.lowest)} to ${factor(ratio.highest)}`,
    ...names.map((name) => grouped(more[name] ?? NaN)),
  ]
}

function factor(value: number): string {
  return value < 100 ? value.toFixed(2) : grouped(Math.round(value))
}

function grouped(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: value < 10 ? 2 : 1 })
}

function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  )
}
