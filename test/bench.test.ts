// The benchmarks as a program, in a setting that takes seconds: that they run, check what they time, and leave nothing behind.
// Never how fast anything is.
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { DOCUMENT, MARKS, withPart } from '../bench/document.ts'
import { NAMES } from '../bench/gateways/contestant.ts'
import { scenes } from '../bench/gateways/scenes.ts'
import { type Curve, FLAT } from '../bench/growth/curve.ts'
import { SPECS } from '../bench/growth/specs.ts'
import { keepOutput } from './canary.ts'
import { type Run, Running } from './support/programs.ts'

const SCRIPT = fileURLToPath(new URL('../scripts/run.mjs', import.meta.url))
const QUICK = 60_000

/** @param given arguments, and variables as pairs. */
async function bench(...given: readonly (string | readonly [string, string])[]): Promise<Run> {
  const args = given.filter((one) => typeof one === 'string')
  const env = Object.fromEntries(given.filter((one) => typeof one !== 'string'))
  const run = await new Running(process.execPath, [SCRIPT, 'bench', ...args], { TMPDIR: directory, ...env })
    .ended
  keepOutput('bench', run.stdout + run.stderr)
  // It is kept byte for byte.
  const text = (bytes: string) => Buffer.from(bytes, 'latin1').toString()
  return { ...run, stdout: text(run.stdout), stderr: text(run.stderr) }
}

interface Scene {
  readonly name: string
  readonly missed: readonly string[]
  readonly leftOut: readonly string[]
  readonly checked: readonly string[]
  readonly rows: readonly unknown[]
  readonly goals: readonly { readonly goal: string; readonly state: string }[]
}

interface Report {
  readonly missed: readonly string[]
  readonly results: readonly Scene[]
}

const directory = mkdtempSync(join(tmpdir(), 'hubgate-bench-test-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const spread = { median: expect.any(Number), lowest: expect.any(Number), highest: expect.any(Number) }
const row = (about: string, contestant: string) =>
  expect.objectContaining({ case: about, contestant, median: expect.any(Number), ratio: spread })

const itOnLinux = it.runIf(process.platform === 'linux')

describe('npm run bench', () => {
  itOnLinux(
    'checks every contestant, and gives one object for one scene, with the goals that were missed',
    { timeout: QUICK },
    async () => {
      const { code, stdout, stderr } = await bench('1k5', '--quick', '--json')
      expect(code, stderr).toBe(0)
      const result = JSON.parse(stdout) as Scene
      expect(result).toMatchObject({
        name: '1k5',
        quick: true,
        machine: { node: process.versions.node },
        missed: expect.any(Array),
        leftOut: expect.any(Array),
      })
      expect(result.missed).toHaveLength(result.goals.filter(({ state }) => state === 'missed').length)
      expect(result.goals.map(({ goal }) => goal)).toContain('hubgate ≤ 1.25 × floor')
      const there = NAMES.filter(
        (name) => !result.leftOut.some((line) => line.startsWith(`${name} is left out: apt`)),
      )
      expect(there).toEqual(
        expect.arrayContaining(['floor', 'hubgate', 'hubgate, general lane', 'http-proxy']),
      )
      expect(result.rows).toEqual(there.map((name) => row('1.5 KB', name)))
      for (const name of there)
        expect(result.checked).toContainEqual(
          expect.stringMatching(`^${escaped(name)}: 200 .*no certificate`),
        )
      for (const name of there.filter((each) => each !== 'floor' && each !== 'nginx, no signature'))
        expect(result.checked).toContainEqual(
          expect.stringMatching(`^${escaped(name)}: .*signed bytes.*common name, a wrong signature`),
        )
      expect(result.checked).toContainEqual(expect.stringMatching(/all \d+ gates are enforced/))
      expectSound(result)
    },
  )

  itOnLinux(
    'measures refusals, latency and memory, and what a list costs, without leaving anything behind',
    { timeout: QUICK },
    async () => {
      const names = ['refused-address', 'mixed', 'latency', 'inflight-64x3m', 'prefixes', 'allowlist']
      const { code, stdout, stderr } = await bench(...names, '--quick', '--json')
      expect(code, stderr).toBe(0)
      const report = JSON.parse(stdout) as Report
      expect(report.results.map(({ name }) => name)).toEqual(names)
      expect(report.missed).toEqual(report.results.flatMap(({ missed }) => missed))
      const rows = new Map(report.results.map((result) => [result.name, result.rows]))
      expect(rows.get('refused-address')).toContainEqual(row('1,000 prefixes', 'hubgate'))
      expect(rows.get('mixed')).toContainEqual(row('30 % bad', 'hubgate, general lane'))
      expect(rows.get('latency')).toContainEqual(row('one connection', 'http-proxy'))
      expect(rows.get('inflight-64x3m')).toContainEqual(row('8 × 3 MB', 'hubgate'))
      expect(rows.get('prefixes')).toContainEqual(row('the address is text', 'ip-cidr'))
      expect(rows.get('allowlist')).toContainEqual(row('look-up among 20,000', 'hubgate'))
      expectSound(report)
    },
  )

  itOnLinux('tells of each curve of growth whether it is flat', { timeout: QUICK }, async () => {
    const { code, stdout, stderr } = await bench('growth', '--quick', '--json')
    expect(code, stderr).toBe(0)
    const result = JSON.parse(stdout) as Scene & { readonly curves: readonly Curve[] }
    expect(result.curves.map(({ name }) => name)).toEqual(SPECS.map(({ name }) => name))
    for (const { name, points, isFlat, slope } of result.curves) {
      expect(points.map(({ size }) => size)).toEqual(
        SPECS.find((spec) => spec.name === name)?.sizes.slice(0, 2),
      )
      expect(isFlat).toBe(slope <= FLAT)
    }
    expect(result.rows).toContainEqual(row('Routes', '10'))
    expectSound(result)
  })

  itOnLinux('lets Node be the load where nothing compiles, and says so', { timeout: QUICK }, async () => {
    const { code, stdout, stderr } = await bench(['CC', 'false'], 'handshake-p256', '--quick')
    expect(code, stderr).toBe(0)
    expect(stdout).toMatch(/load and upstream: Node, .*apt-get install gcc libc6-dev libssl-dev/)
    expect(stdout).toMatch(/goal: hubgate ≤ 1 × nginx, no signature: /)
  })

  it('prints a table for people, of the one that was asked for', { timeout: QUICK }, async () => {
    const { code, stdout } = await bench('prefixes', '--quick')
    expect(code).toBe(0)
    expect(stdout).toMatch(/case +contestant +median .* prefix table +lowest to highest/)
    expect(stdout).toMatch(/net\.BlockList +[\d,.]+ ns +[\d,.]+ +[\d,.]+ to [\d,.]+/)
    expect(stdout).not.toMatch(/floor|NaN|undefined|goal/)
  })

  it.each([
    ['an unknown benchmark', ['prefixs'], 'did you mean "prefixes"?'],
    ['an unknown option', ['--quik'], 'did you mean "--quick"?'],
    ['a value for a flag', ['--quick=yes'], 'did you mean "--quick"?'],
    ['to write what is not a full run', ['--write', '--quick'], 'without --quick'],
    ['to write some of the results', ['--write', 'prefixes'], 'without names'],
    ['to write what grows beside others', ['--write', 'growth', 'prefixes'], 'one of growth, profile alone'],
    ['to write where the time goes beside what grows', ['--write', 'growth', 'profile'], 'profile alone'],
  ])('%s is wrong use', { timeout: QUICK }, async (_name, args, hint) => {
    const { code, stdout, stderr } = await bench(...args)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(hint)
  })
})

describe('docs/performance.md', () => {
  const text = readFileSync(DOCUMENT, 'utf8')

  it('names every scene and every contestant', () => {
    expect(scenes.filter(({ name }) => !text.includes(`\`${name}\``)).map(({ name }) => name)).toEqual([])
    expect(NAMES.filter((name) => !new RegExp(`^\\|.*${escaped(name)}.*\\|$`, 'm').test(text))).toEqual([])
  })

  it('holds results, which a run can write anew without touching the rest', () => {
    expect(text).toMatch(/\| [\d,.]+ µs \| 1\.00 \|/)
    for (const part of ['goals', 'results', 'growth', 'profile'] as const) {
      const written = withPart(text, part, 'new\n')
      const [first, last] = MARKS[part]
      expect(written).toContain(`${first}\n\nnew\n\n${last}`)
      expect(withPart(written, part, 'new\n')).toBe(written)
      expect(written.split(first)[0]).toBe(text.split(first)[0])
      expect(written.split(last)[1]).toBe(text.split(last)[1])
    }
  })
})

function expectSound(report: unknown): void {
  expect(numbersIn(report).filter((value) => !(value >= 0))).toEqual([])
  // tsx keeps a cache of its own there.
  expect(readdirSync(directory).filter((name) => !name.startsWith('tsx-'))).toEqual([])
  expect(processesNaming(directory)).toEqual([])
}

function escaped(text: string): string {
  return text.replaceAll('+', '\\+')
}

function numbersIn(value: unknown): number[] {
  if (typeof value === 'number') return [value]
  return value instanceof Object ? Object.values(value).flatMap(numbersIn) : []
}

/** Where there is a /proc: processes whose command line names a directory. */
function processesNaming(text: string): string[] {
  if (process.platform !== 'linux') return []
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => commandLine(pid).includes(text))
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}
