// How results are shown on a terminal, as a table, or as JSON. markdown.ts does it for docs/performance.md.
import type { Benchmark, Outcome, Row } from './benchmark.ts'
import type { Judged } from './goals.ts'
import { curveText } from './growth/curve.ts'
import { type Machine, machineText } from './machine.ts'
import { profileCells } from './profile/parts.ts'

export interface Result extends Outcome {
  readonly name: string
  readonly title: string
  readonly columns?: Benchmark['columns']
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
  const parts = results.map((result) => {
    const { name, title, conditions, checked, leftOut = [], goals = [], curves = [] } = result
    const lines = [`${name}: ${title}`, '', ...aligned(cells(result)), '', ...leftOut, ...conditions, '']
    const judged = [
      ...curves.map((curve) => `curve: ${curveText(curve)}`),
      ...goals.map((goal) => `goal: ${goalText(goal)}`),
    ]
    return [...lines, ...judged, ...checked.map((line) => `checked: ${line}`)].join('\n')
  })
  const warning = quick ? ['quick: it shows that the benchmark works, and nothing else'] : []
  const all = [machineText(machine), ...warning, ...unrest(machine), ...parts, ...goalsText(results)]
  return `${all.join('\n\n')}\n`
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
export function unrest({ loadBefore }: Machine): string[] {
  if (loadBefore < 0.5) return []
  return ['Other programs were running: the figures are higher and wider apart than on a quiet machine.']
}

export function cells({
  rows,
  columns = ['case', 'contestant'],
  profiles,
}: Pick<Result, 'rows' | 'columns' | 'profiles'>): string[][] {
  if (profiles !== undefined) return profileCells(profiles)
  const [base] = rows
  const more = Object.keys(base?.more ?? {})
  const first = columns[1] === 'contestant' ? base?.contestant : 'the smallest'
  const head = [...columns, 'median', `÷ ${first}`, 'lowest to highest', ...more]
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

export function factor(value: number): string {
  return value < 100 ? value.toFixed(2) : grouped(Math.round(value))
}

export function grouped(value: number): string {
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
