// The benchmarks as a program, in a setting that takes seconds: that they run, check what they time, and leave nothing behind.
// Never how fast anything is.
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Benchmark, CheckFailed } from '../bench/benchmark.ts'
import { Cleanup } from '../bench/cleanup.ts'
import { coresOf } from '../bench/cores.ts'
import { type Checked, checkServer } from '../bench/deliveries/checks.ts'
import { type Material, deliveriesOf, makeMaterial } from '../bench/deliveries/material.ts'
import { DOCUMENT, withResults } from '../bench/document.ts'
import { samplePrefixes, sampleProbes } from '../bench/prefix-sample.ts'
import { runBenchmarks } from '../bench/run.ts'
import { median, ratios } from '../bench/statistics.ts'
import { keepOutput } from './canary.ts'
import { type Run, Running } from './support/programs.ts'

const SCRIPT = fileURLToPath(new URL('../scripts/run.mjs', import.meta.url))
const QUICK = 60_000

async function bench(...args: readonly string[]): Promise<Run> {
  const run = await new Running(process.execPath, [SCRIPT, 'bench', ...args], { TMPDIR: directory }).ended
  keepOutput('bench', run.stdout + run.stderr)
  return run
}

const directory = mkdtempSync(join(tmpdir(), 'hubgate-bench-test-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

describe('npm run bench', () => {
  it(
    'measures every contestant against the first of its case, and says what it checked',
    { timeout: QUICK },
    async () => {
      const { code, stdout, stderr } = await bench('--quick', '--json')
      expect(code, stderr).toBe(0)
      const report: unknown = JSON.parse(stdout)
      const spread = { median: expect.any(Number), lowest: expect.any(Number), highest: expect.any(Number) }
      const row = (about: string, contestant: string) =>
        expect.objectContaining({ case: about, contestant, median: expect.any(Number), ratio: spread })
      expect(report).toMatchObject({
        quick: true,
        machine: { node: process.versions.node },
        results: [
          {
            name: 'deliveries',
            rows: ['1.5 KB', '64 KB'].flatMap((size) => [row(size, 'floor'), row(size, 'gateway')]),
            checked: expect.arrayContaining([
              expect.stringMatching(/^floor: .*without a certificate/),
              expect.stringMatching(/^gateway: .*without a certificate/),
              expect.stringMatching(/wrong signature is 403/),
              expect.stringMatching(/all \d+ gates are enforced/),
              expect.stringMatching(/audit record/),
            ]),
          },
          {
            name: 'prefixes',
            rows: [
              row('the address is text', 'prefix table'),
              row('the address is text', 'net.BlockList'),
              row('the address is text', 'ip-cidr'),
              row('the address was read before', 'prefix table'),
              row('the address was read before', 'net.BlockList'),
            ],
          },
          {
            name: 'allowlist',
            rows: [
              row('refresh, answer of the real size', 'hubgate'),
              row('load 20,000 prefixes', 'hubgate'),
              row('look-up among 20,000', 'hubgate'),
            ],
          },
        ],
      })
      expect(numbersIn(report).filter((value) => !(value >= 0))).toEqual([])
      // tsx keeps a cache of its own there.
      expect(readdirSync(directory).filter((name) => !name.startsWith('tsx-'))).toEqual([])
      expect(processesNaming(directory)).toEqual([])
    },
  )

  it('prints a table for people, of the one that was asked for', { timeout: QUICK }, async () => {
    const { code, stdout } = await bench('prefixes', '--quick')
    expect(code).toBe(0)
    expect(stdout).toMatch(/case +contestant +median .* prefix table +lowest to highest/)
    expect(stdout).toMatch(/net\.BlockList +[\d,.]+ ns +[\d,.]+ +[\d,.]+ to [\d,.]+/)
    expect(stdout).not.toMatch(/floor|NaN|undefined/)
  })

  it.each([
    ['an unknown benchmark', ['prefixs'], 'did you mean "prefixes"?'],
    ['an unknown option', ['--quik'], 'did you mean "--quick"?'],
    ['a value for a flag', ['--quick=yes'], 'did you mean "--quick"?'],
    ['to write what is not a full run', ['--write', '--quick'], 'without --quick'],
    ['to write some of the results', ['--write', 'prefixes'], 'without names'],
  ])('%s is wrong use', { timeout: QUICK }, async (_name, args, hint) => {
    const { code, stdout, stderr } = await bench(...args)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(hint)
  })
})

describe('a run', () => {
  it('whose check fails has no result, and takes away what it made', async () => {
    const done: string[] = []
    const cores = { pin: [], text: 'nothing is pinned' }
    const unfit: Benchmark = {
      name: 'unfit',
      title: 'Unfit',
      run: async ({ cleanup }) => {
        cleanup.add(async () => void done.push('first'))
        cleanup.add(async () => void done.push('second'))
        throw new CheckFailed('does less')
      },
    }
    await expect(runBenchmarks([unfit], { quick: true, cores, say: () => {} })).rejects.toThrow(CheckFailed)
    expect(done).toEqual(['second', 'first'])
  })
})

describe('a contestant is found out', () => {
  const cleanup = new Cleanup()
  let material: Material
  beforeAll(async () => {
    material = await makeMaterial(cleanup)
  })
  afterAll(() => cleanup.run())

  /** A server that can do less than it has to. */
  async function checking({ demands, reads, status }: { demands: boolean; reads: boolean; status: number }) {
    const file = (name: string) => readFileSync(join(material.directory, name))
    const received = { requests: 0, bytes: 0 }
    const own = new Cleanup()
    const server = createServer(
      { cert: file('server.pem'), key: file('server.key'), ca: file('anchor.pem'), requestCert: demands },
      (request, response) => {
        const answer = () => response.writeHead(status, ['Content-Length', '0']).end()
        if (!reads) answer()
        request.on('data', (chunk: Buffer) => (received.bytes += chunk.length))
        request.on('end', () => {
          received.requests += 1
          if (reads) answer()
        })
      },
    )
    own.add(async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    })
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const contestant: Checked['contestant'] = { name: 'floor', port, received: async () => ({ ...received }) }
    const deliveries = deliveriesOf(1_536, material.secret).slice(0, 1)
    try {
      return await checkServer({ contestant, material, deliveries })
    } finally {
      await own.run()
    }
  }

  it('not where it does all it has to', async () => {
    await expect(checking({ demands: true, reads: true, status: 200 })).resolves.toHaveLength(1)
  })

  it.each([
    ['that demands no certificate', { demands: false, reads: true, status: 200 }, /no certificate/],
    [
      'that answers before the body is there',
      { demands: true, reads: false, status: 200 },
      /before it has read/,
    ],
    ['that does not answer 200', { demands: true, reads: true, status: 204 }, /answered 204 instead of 200/],
  ])('%s', async (_name, does, message) => {
    await expect(checking(does)).rejects.toThrow(message)
  })
})

describe('figures', () => {
  it('ratios are of the same round, and their median is not that of the medians', () => {
    expect(ratios([2, 30, 8], [1, 10, 2])).toEqual({ median: 3, lowest: 2, highest: 4 })
    expect(median([3, 1, 2])).toBe(2)
    expect(median([4, 1, 2, 3])).toBe(2.5)
  })

  it.each([
    ['0-3', ['0', '1', '2', '3']],
    ['0,2-3', ['0', '2', '3']],
    ['7', ['7']],
    ['none', []],
  ])('a list of cores: %s', (list, cores) => expect(coresOf(list)).toEqual(cores))

  it('the sample of addresses is the same at every run, and lies in and beside its prefixes', () => {
    const prefixes = samplePrefixes(1_000)
    expect(new Set(prefixes).size).toBe(1_000)
    expect(samplePrefixes(1_000)).toEqual(prefixes)
    const inside = sampleProbes(prefixes, 400).filter((probe) => probe.inside).length
    expect(inside).toBeGreaterThan(150)
    expect(inside).toBeLessThan(250)
  })
})

describe('docs/performance.md', () => {
  const text = readFileSync(DOCUMENT, 'utf8')

  it('holds results, which a run can write anew without touching the rest', () => {
    expect(text).toMatch(/\| gateway \| [\d,.]+ µs \|/)
    const written = withResults(text, 'new\n')
    expect(written).toMatch(/-->\n\nnew\n\n<!-- End/)
    expect(withResults(written, 'new\n')).toBe(written)
    expect(written.slice(0, 300)).toBe(text.slice(0, 300))
  })
})

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
