// The parts of docs/performance.md that a run writes: the goals under each Node, the tables of one of them, and what grows, and where the
// time goes.
import type { Outcome } from './benchmark.ts'
import type { Judged } from './goals.ts'
import { curveText } from './growth/curve.ts'
import { type Machine, machineText } from './machine.ts'
import { type Report, type Result, cells, factor, grouped, unrest } from './report.ts'
import { GOAL_NODE, type Versions } from './versions.ts'

/** All tables of one run. */
export function resultsMarkdown({ machine, results }: Report): string {
  const parts = results.map((result) => [`### ${result.title}`, ...tableAndConditions(result)].join('\n\n'))
  const end = ['### What was seen to be right in the same run', seen(results)]
  return joined([...ofMachine(machine), ...parts, ...end])
}

/** @param picture where it lies, seen from the document. */
export function growthMarkdown({ machine, results }: Report, picture: string): string {
  const curves = results.flatMap(({ curves: each = [] }) => each)
  const alt = 'CPU time of hubgate a request against open connections, routes, prefixes and secrets'
  return joined([
    ...ofMachine(machine),
    `![${alt}](${picture})`,
    curves.map((curve) => `- ${curveText(curve)}`).join('\n'),
    ...results.flatMap(tableAndConditions),
  ])
}

/** Where the time goes. */
export function profileMarkdown({ machine, results }: Report): string {
  return joined([...ofMachine(machine), ...results.flatMap(tableAndConditions)])
}

/** One column a Node version; the medians of those whose tables are not in the document. */
export function goalsMarkdown(versions: Versions): string {
  const majors = Object.keys(versions).sort((a, b) => Number(a) - Number(b))
  const runs = majors.flatMap((major) => {
    const kept = versions[major]
    return kept === undefined ? [] : [{ major, ...kept }]
  })
  const goals = new Map(
    runs.flatMap((run) => run.goals.map(({ scene, goal }) => [`${scene}\n${goal}`, { scene, goal }])),
  )
  const rows = [...goals.values()].map(({ scene, goal }) =>
    [scene, goal].concat(
      runs.map((run) => judgedText(run.goals.find((each) => each.scene === scene && each.goal === goal))),
    ),
  )
  const head = ['scene', 'goal', ...majors.map((major) => `Node ${major}`)]
  return joined([
    '### Goals',
    runs.map(({ machine }) => `- ${machineText(machine)}`).join('\n'),
    table([head, ...rows]),
    ...runs
      .filter(({ major }) => major !== GOAL_NODE)
      .flatMap(({ major, medians }) => [`### Medians under Node ${major}`, table(medianCells(medians))]),
  ])
}

function judgedText(judged: Judged | undefined): string {
  if (judged === undefined) return ''
  const { value, state } = judged
  return value === undefined ? state : `${factor(value)}, ${state}`
}

function medianCells(medians: Versions[string]['medians']): string[][] {
  const rows = medians.map(({ scene, case: about, contestant, median, unit, ratio }) => [
    scene,
    about,
    contestant,
    `${grouped(median)} ${unit}`,
    factor(ratio),
  ])
  return [['scene', 'case', 'contestant', 'median', '÷ the first'], ...rows]
}

function ofMachine(machine: Machine): string[] {
  return [`${machineText(machine)}.`, ...unrest(machine)]
}

function tableAndConditions(result: Result): string[] {
  const { conditions, leftOut = [] } = result
  return [table(cells(result)), list('Under these conditions:', [...conditions, ...leftOut])]
}

function seen(results: readonly Outcome[]): string {
  return [...new Set(results.flatMap(({ checked }) => checked))].map((line) => `- ${line}`).join('\n')
}

function joined(parts: readonly string[]): string {
  return `${parts.join('\n\n')}\n`
}

function table([head = [], ...body]: readonly (readonly string[])[]): string {
  const line = (cell: readonly string[]) => `| ${cell.join(' | ')} |`
  return [line(head), `|${head.map(() => ' --- |').join('')}`, ...body.map(line)].join('\n')
}

function list(title: string, lines: readonly string[]): string {
  return [title, ...lines.map((line) => `- ${line}`)].join('\n')
}
