// How results are shown: a table for a terminal, the same as Markdown for docs/performance.md.
import type { Outcome, Row } from './benchmark.ts'
import type { Judged } from './goals.ts'
import { type Machine, machineText } from './machine.ts'

export interface Result extends Outcome {
  readonly name: string
  readonly title: string
  /** Goals that were not met, with the figures. */
  readonly missed: readonly string[]
}

export interface Report {
  readonly machine: Machine
  /** Too short to mean anything. */
  readonly quick: boolean
  readonly results: readonly Result[]
}

/** One object: of the one benchmark that ran, or of all. `missed` lists the goals that were not met. */
export function reportJson({ machine, quick, results }: Report): string {
  const [only, ...others] = results
  const missed = results.flatMap((result) => result.missed)
  const whole = only !== undefined && others.length === 0 ? only : { missed, results }
  return JSON.stringify({ machine, quick, ...whole }, undefined, 2)
}

export function reportText({ machine, quick, results }: Report): string {
  const parts = results.map(({ name, title, conditions, checked, rows, leftOut = [], goals = [] }) => {
    const lines = [`${name}: ${title}`, '', ...aligned(cells(rows)), '', ...leftOut, ...conditions, '']
    const seen = checked.map((line) => `checked: ${line}`)
    return [...lines, ...goals.map((goal) => `goal: ${goalText(goal)}`), ...seen].join('\n')
  })
  const warning = quick ? ['quick: it shows that the benchmark works, and nothing else'] : []
  const all = [machineText(machine), ...warning, ...unrest(machine), ...parts, ...goalsText(results)]
  return `${all.join('\n\n')}\n`
}

export function reportMarkdown({ machine, results }: Report): string {
  const parts = results.map(({ title, conditions, rows, leftOut = [] }) =>
    [`### ${title}`, table(cells(rows)), list('Under these conditions:', [...conditions, ...leftOut])].join(
      '\n\n',
    ),
  )
  const checked = [...new Set(results.flatMap((result) => result.checked))]
  const end = ['### What was seen to be right in the same run', checked.map((line) => `- ${line}`).join('\n')]
  const goals = ['### Goals', table(goalCells(results))]
  return `${[`${machineText(machine)}.`, ...unrest(machine), ...goals, ...parts, ...end].join('\n\n')}\n`
}

function table([head = [], ...body]: readonly (readonly string[])[]): string {
  const line = (cell: readonly string[]) => `| ${cell.join(' | ')} |`
  return [line(head), `|${head.map(() => ' --- |').join('')}`, ...body.map(line)].join('\n')
}

/** Where there are any goals. */
function goalsText(results: readonly Result[]): string[] {
  const rows = goalCells(results)
  return rows.length === 1 ? [] : [['goals', '', ...aligned(rows)].join('\n')]
}

function goalCells(results: readonly Result[]): string[][] {
  const rows = results.flatMap(({ name, goals = [] }) =>
    goals.map(({ goal, value, state }) => [name, goal, value === undefined ? '' : factor(value), state]),
  )
  return [['scene', 'goal', 'median', 'state'], ...rows]
}

function goalText({ goal, value, state }: Judged): string {
  return value === undefined ? `${goal}: ${state}` : `${goal}: ${factor(value)}, ${state}`
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
