// What the benchmarks are made of: that a contestant which does less than it has to is found out and voids the run, when a goal counts
// as met, and how figures are made.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Benchmark, CheckFailed } from '../bench/benchmark.ts'
import { Cleanup } from '../bench/cleanup.ts'
import { coresOf } from '../bench/cores.ts'
import { type Checked, checkContestant } from '../bench/gateways/checks.ts'
import type { Duty } from '../bench/gateways/contestant.ts'
import { type Material, deliveriesOf, makeMaterial } from '../bench/gateways/material.ts'
import { mixed } from '../bench/gateways/requests.ts'
import { judge } from '../bench/goals.ts'
import { cpuOf, memoryOf, treeOf } from '../bench/process-tree.ts'
import { samplePrefixes, sampleProbes } from '../bench/prefix-sample.ts'
import { runBenchmarks } from '../bench/run.ts'
import { median, ratios } from '../bench/statistics.ts'

const SHORT = { quick: true, cores: { pin: [], text: 'nothing is pinned' }, say: () => {} } as const

describe('a run', () => {
  it('whose check fails has no result, and takes away what it made', async () => {
    const done: string[] = []
    const unfit: Benchmark = {
      name: 'unfit',
      title: 'Unfit',
      run: async ({ cleanup }) => {
        cleanup.add(async () => void done.push('first'))
        cleanup.add(async () => void done.push('second'))
        throw new CheckFailed('does less')
      },
    }
    await expect(runBenchmarks([unfit], SHORT)).rejects.toThrow(CheckFailed)
    expect(done).toEqual(['second', 'first'])
  })
})

interface Does {
  readonly demands?: boolean
  readonly reads?: boolean
  readonly status?: number
  readonly spoils?: boolean
}

describe('a contestant is found out', () => {
  const cleanup = new Cleanup()
  let material: Material
  beforeAll(async () => {
    material = await makeMaterial(cleanup)
  })
  afterAll(() => cleanup.run())

  /** A server with an upstream in itself, that can do less than it has to. */
  async function checking(does: Does, duties: readonly Duty[] = []) {
    const file = (name: string) => readFileSync(join(material.directory, name))
    const { demands = true, reads = true, status = 200, spoils = false } = does
    const received = { requests: 0, bytes: 0 }
    let sha256 = ''
    const own = new Cleanup()
    const server = createServer(
      { cert: file('server.pem'), key: file('server.key'), ca: file('anchor.pem'), requestCert: demands },
      (request, response) => {
        const answer = () => response.writeHead(status, ['Content-Length', '0']).end()
        const digest = createHash('sha256')
        if (!reads) answer()
        request.on('data', (chunk: Buffer) => {
          received.bytes += chunk.length
          digest.update(spoils ? '' : chunk)
        })
        request.on('end', () => {
          received.requests += 1
          sha256 = digest.digest('hex')
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
    const contestant = { name: 'floor', port, duties, received: async () => ({ ...received }) } as const
    const upstream: Checked['upstream'] = { last: async () => ({ head: '', sha256 }) }
    const [delivery] = deliveriesOf(1_536, material.secret, 1)
    if (delivery === undefined) throw new Error('no delivery')
    try {
      return await checkContestant({ contestant, material, upstream, deliveries: [delivery] })
    } finally {
      await own.run()
    }
  }

  it('not where it does all it has to', async () => {
    await expect(checking({}, ['proxy'])).resolves.toHaveLength(1)
  })

  it.each<[string, Does, readonly Duty[], RegExp]>([
    ['that demands no certificate', { demands: false }, [], /no certificate: answered 200/],
    ['that answers before the body is there', { reads: false }, [], /before it has read/],
    ['that does not answer 200', { status: 204 }, [], /answered 204 instead of 200/],
    ['that passes other bytes on', { spoils: true }, ['proxy'], /other bytes than were signed/],
    ['that lets any name in', {}, ['name'], /another common name: answered 200/],
    ['that looks at no signature', {}, ['signature'], /a wrong signature: answered 200/],
    ...(process.platform === 'linux'
      ? [
          ['that knows no list', {}, ['address'], /outside the list: answered 200/] as [
            string,
            Does,
            Duty[],
            RegExp,
          ],
        ]
      : []),
  ])('%s', async (_name, does, ...[duties, message]) => {
    await expect(checking(does, duties)).rejects.toThrow(message)
    const run = async () => {
      await checking(does, duties)
      return { conditions: [], checked: [], rows: [] }
    }
    const voided = runBenchmarks([{ name: 'planted', title: 'Planted', run }], SHORT)
    await expect(voided).rejects.toThrow(CheckFailed)
  })
})

describe('goals', () => {
  const of = (hubgate: number, ...others: [string, number][]) =>
    new Map([['hubgate', hubgate] as const, ...others].map(([name, figure]) => [name, [figure]]))

  it.each([
    [
      'met against the best of several',
      of(9, ['nginx + njs', 10], ['nginx + lua', 12], ['HAProxy', 30]),
      'met',
    ],
    [
      'missed against one of several',
      of(11, ['nginx + njs', 10], ['nginx + lua', 12], ['HAProxy', 30]),
      'missed',
    ],
    ['missed, whoever else is missing', of(11, ['nginx + njs', 10]), 'missed'],
    ['not met as long as one is missing', of(9, ['nginx + njs', 10]), 'not measured'],
    ['not measured without anybody', of(9), 'not measured'],
  ])('%s', (_name, series, state) => {
    expect(judge('64k', series)).toMatchObject([{ state }])
  })

  it('a scene without any has none', () => expect(judge('mixed', of(1))).toEqual([]))
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

  it('mixed requests are bad three times of ten', async () => {
    const cleanup = new Cleanup()
    const requests = mixed(1_536)(await makeMaterial(cleanup))
    await cleanup.run()
    expect(requests.filter(({ status }) => status !== 200)).toHaveLength(requests.length * 0.3)
    expect(requests.filter(({ body }) => body === 1_536)).toHaveLength(requests.length * 0.7)
  })

  it.runIf(process.platform === 'linux')('a process counts with all it has started', async () => {
    const child = spawn('sh', ['-c', 'sleep 60 & wait'], { stdio: 'ignore' })
    try {
      const pid = child.pid ?? 0
      await vi.waitFor(() => expect(treeOf(pid)).toHaveLength(2), 10_000)
      expect(memoryOf(pid)).toBeGreaterThan(10_000)
      expect(cpuOf(process.pid)).toBeGreaterThan(cpuOf(pid))
    } finally {
      for (const one of treeOf(child.pid ?? 0).toReversed()) process.kill(one, 'SIGKILL')
    }
  })

  it('the sample of addresses is the same at every run, and lies in and beside its prefixes', () => {
    const prefixes = samplePrefixes(1_000)
    expect(new Set(prefixes).size).toBe(1_000)
    expect(samplePrefixes(1_000)).toEqual(prefixes)
    const inside = sampleProbes(prefixes, 400).filter((probe) => probe.inside).length
    expect(inside).toBeGreaterThan(150)
    expect(inside).toBeLessThan(250)
  })
})
