// Parity: one table of cases, every way in. Each ends as on the direct front, or the difference is one that docs/parity.md explains.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DIFFERENCES, type Outcome, type Way } from '../../src/fronts/differences.ts'
import { itWith } from '../support/programs.ts'
import { pki } from '../support/world.ts'
import { NAMES, OTHERWISE, applies, expectedAt } from './otherwise.ts'
import { type Cast, expectClient, play } from './play.ts'
import type { Row } from './row.ts'
import { ROWS } from './rows.ts'
import { type RunningWay, WAY_NAMES, authorities, startWay } from './ways.ts'

const made = await authorities()
const { client: good } = await pki()

/** One a row, for keys are slow to make. */
const identities = new Map<Row, Cast['identity']>()

function castOf(row: Row): Cast {
  if (!identities.has(row)) identities.set(row, row.identity === undefined ? good : row.identity(made))
  return { authorities: made, good, identity: identities.get(row) }
}

const PROGRAM: ReadonlyMap<Way, 'nginx' | 'haproxy'> = new Map([
  ['nginx', 'nginx'],
  ['haproxy', 'haproxy'],
  ['haproxy-pass', 'haproxy'],
])

describe.each(WAY_NAMES)('by way of %s', (name) => {
  const program = PROGRAM.get(name)
  const itRuns = program === undefined ? it : itWith(program)
  const rows = ROWS.map((row) => ({ row, expected: expectedAt(row, name) }))
  let way: RunningWay
  beforeAll(async () => {
    if (itRuns === it) way = await startWay(name)
  })
  afterAll(() => way?.end())

  const sent = rows.filter(({ expected }) => !expected.outcomes.includes('not sent'))
  itRuns.each(
    sent.map(({ row, expected }) => [`${row.group}: ${row.name}`, expected.outcomes, row] as const),
  )('%s: %j', async (_name, outcomes, row) => {
    const played = await play(way, row, castOf(row))
    expect(outcomes, played.record?.detail).toContain(played.outcome)
    if (played.outcome === 'admitted') expectClient(row, played)
  })

  it('what is not sent there is said with its reason', () => {
    const unsent = rows.filter(({ expected }) => expected.outcomes.includes('not sent'))
    expect(unsent.filter(({ expected: { difference } }) => difference === undefined)).toEqual([])
    expect(sent.length).toBeGreaterThanOrEqual(300)
  })
})

describe('the table', () => {
  it('has at least 100 cases, each under a name of its own', () => {
    expect(ROWS.length).toBeGreaterThanOrEqual(100)
    expect(new Set(ROWS.map(({ name }) => name)).size).toBe(ROWS.length)
  })

  it.each(NAMES)('difference "%s" is exactly what its cases show', (name) => {
    const shown = OTHERWISE[name].map((one) => ({ one, rows: ROWS.filter((row) => applies(one, row)) }))
    for (const { one, rows } of shown)
      expect(rows.length, JSON.stringify(one)).toBeGreaterThanOrEqual(
        typeof one.rows === 'function' ? 1 : one.rows.length,
      )
    const { ways, direct, there } = DIFFERENCES[name]
    expect(sorted(shown.flatMap(({ one }) => one.at))).toEqual(sorted(ways))
    expect(sorted(shown.map(({ one }) => one.there))).toEqual(sorted(there))
    expect(sorted(shown.flatMap(({ rows }) => rows.map(({ verdict }) => verdict)))).toEqual(sorted(direct))
  })

  it('what the direct front refuses is admitted elsewhere where a front mended it, or has another anchor, and nowhere else', () => {
    const admitting = WAY_NAMES.flatMap((way) =>
      ROWS.filter(({ verdict }) => !PASSES.has(verdict))
        .map((row) => expectedAt(row, way))
        .filter(({ outcomes }) => outcomes.some((outcome) => PASSES.has(outcome)))
        .map(({ difference }) => difference),
    )
    expect(sorted(admitting)).toEqual(['anchor', 'mended'])
  })
})

const PASSES: ReadonlySet<Outcome> = new Set(['admitted', 'answered'])

function sorted<T extends string | undefined>(list: readonly T[]): T[] {
  return [...new Set(list)].toSorted((a, b) => String(a).localeCompare(String(b)))
}
