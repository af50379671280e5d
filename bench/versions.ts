// Goals and medians of the latest full run under each Node, by its major version: docs/performance.json.
import type { Row } from './benchmark.ts'
import type { Judged } from './goals.ts'
import type { Machine } from './machine.ts'
import type { Report } from './report.ts'

/** The goals are for this one; its tables are in the document, of the others the medians. */
export const GOAL_NODE = '24'

export type Versions = Readonly<Record<string, Kept>>

export interface Kept {
  readonly machine: Machine
  readonly goals: readonly (Judged & { readonly scene: string })[]
  readonly medians: readonly KeptMedian[]
}

export interface KeptMedian extends Pick<Row, 'case' | 'contestant' | 'unit' | 'median'> {
  readonly scene: string
  /** Median of the ratios to the first contestant. */
  readonly ratio: number
}

export function majorOf({ node }: Pick<Machine, 'node'>): string {
  return node.split('.')[0] ?? node
}

/** In place of what was there of the same major version. */
export function withRun(versions: Versions, { machine, results }: Report): Versions {
  const kept: Kept = {
    machine,
    goals: results.flatMap(({ name, goals = [] }) => goals.map((goal) => ({ scene: name, ...goal }))),
    medians: results.flatMap(({ name, rows }) =>
      rows.map(({ case: about, contestant, unit, median, ratio }) => ({
        scene: name,
        case: about,
        contestant,
        unit,
        median,
        ratio: ratio.median,
      })),
    ),
  }
  return { ...versions, [majorOf(machine)]: kept }
}
