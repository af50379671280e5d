// The parts that several processes need: what is read once and prepared twice, what travels between them, and how it is summed.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readAllowList } from '../../src/allowlist/read-list.ts'
import { keepFile, keepingFiles, keptFiles, showingFiles } from '../../src/config/file-view.ts'
import { readText } from '../../src/config/read-text.ts'
import { shareOf } from '../../src/config/shares.ts'
import { Backoff } from '../../src/gateway/backoff.ts'
import { Balance } from '../../src/gateway/balance.ts'
import { openSockets } from '../../src/gateway/open-sockets.ts'
import { Retired } from '../../src/gateway/retired.ts'
import { parseFromWorker } from '../../src/gateway/worker-messages.ts'
import { joined } from '../../src/observe/measured.ts'
import { wholeLines } from '../../src/gateway/whole-lines.ts'
import { Metrics } from '../../src/observe/metrics.ts'
import { AnchorUses } from '../../src/tls/anchor-uses.ts'
import { plainConfig } from '../support/world.ts'

let directory: string
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'hubgate-parts-'))
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

describe('files that were read', () => {
  it('are shown again as they were, whatever stands there by then, and no others', async () => {
    const [text, list, other] = ['text', 'list', 'other'].map((name) => join(directory, name)) as [
      string,
      string,
      string,
    ]
    for (const file of [text, list, other]) writeFileSync(file, '31.13.64.0/18\n')
    const kept = await keepingFiles(async () => {
      readText(text, 100)
      await readAllowList(list)
      return keptFiles()
    })
    for (const file of [text, list, other]) writeFileSync(file, '')
    await showingFiles(kept, async () => {
      expect(readText(text, 100)).toBe('31.13.64.0/18\n')
      expect((await readAllowList(list)).prefixes).toHaveLength(1)
      expect(() => readText(other, 100)).toThrow(/there is no such file/)
    })
    expect(readText(text, 100)).toBe('')
  })

  it('are not kept by what was begun meanwhile and ends later', async () => {
    let late: () => void = () => {}
    const inside = await keepingFiles(async () => {
      const { AsyncResource } = await import('node:async_hooks')
      const resource = new AsyncResource('late')
      late = () =>
        resource.runInAsyncScope(() => keepFile('/late', () => ({ bytes: Buffer.of(), updated: new Date() })))
      late()
      expect(keptFiles().size).toBe(1)
      return resource
    })
    late()
    expect(inside.runInAsyncScope(() => keptFiles().size)).toBe(0)
    expect(keptFiles().size).toBe(0)
  })
})

describe('limits of the whole', () => {
  it.each([1, 2, 3, 7])('are never exceeded by the parts of %i workers', (workers) => {
    const { limits } = plainConfig(directory, { upstream: 'http://127.0.0.1:9' })
    const { connections, bodiesInMemory, connectionsPerAddress } = shareOf(limits, workers)
    expect(connections * workers).toBeLessThanOrEqual(limits.connections)
    expect(bodiesInMemory * workers).toBeLessThanOrEqual(limits.bodiesInMemory)
    expect(connectionsPerAddress).toBe(limits.connectionsPerAddress)
  })
})

describe('a place whose workers end', () => {
  it('is filled at once, then later and later while they do not last, and at once again after one that did', () => {
    const backoff = new Backoff()
    const waits = Array.from({ length: 10 }, () => backoff.after(100))
    expect(waits).toEqual([0, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000])
    expect(backoff.after(60_000)).toBe(0)
    expect(backoff.after(100)).toBe(500)
  })
})

describe('a worker that holds more connections than the others', () => {
  it.each([
    ['waits a moment, before it has heard of them', { others: undefined, open: 3 }, true],
    ['does not where it holds no more than they', { others: 30, open: 32 }, false],
    ['does where it holds clearly more', { others: 10, open: 13 }, true],
    ['does not where it is alone', { others: Number.MAX_SAFE_INTEGER, open: 10_000 }, false],
  ])('%s', (_name, { others, open }, waits) => {
    const balance = new Balance()
    if (others !== undefined) balance.heard(others)
    expect(balance.accepted(open)).toBe(waits)
  })
})

describe('lines of several workers', () => {
  it('are handed on whole, wherever the pieces end, and a last one that never ends is not', () => {
    const text = Buffer.from('{"a":"é"}\n{"b":1}\n\n{"c":2}\n{"never')
    for (let at = 0; at <= text.length; at++) {
      const lines: string[] = []
      const take = wholeLines((some) => lines.push(some))
      for (const piece of [text.subarray(0, at), text.subarray(at)]) take(piece)
      expect(lines.join('')).toBe('{"a":"é"}\n{"b":1}\n\n{"c":2}\n')
      expect(lines.every((some) => some.endsWith('\n'))).toBe(true)
    }
  })
})

describe('what a worker says', () => {
  const report = {
    kind: 'report',
    load: { connections: 1, requests: 0, bodyBytes: 0 },
    upstreams: [{ upstream: 'http://a', ok: true, last: '200', at: new Date(0) }],
    seen: { uses: '{}', book: '{}' },
    measured: [],
  }

  it('is taken where it is one of its words', () => {
    expect(parseFromWorker(report)).toEqual(report)
    expect(parseFromWorker({ kind: 'connections', connections: 3 })).toEqual({
      kind: 'connections',
      connections: 3,
    })
  })

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['text', 'report'],
    ['another word', { kind: 'commit' }],
    ['a count below nothing', { kind: 'connections', connections: -1 }],
    ['a count that is none', { kind: 'connections', connections: 'many' }],
    ['a report without its load', { ...report, load: undefined }],
    ['metrics that are no list', { ...report, measured: {} }],
    [
      'a metric without a name',
      { ...report, measured: [{ help: '', type: 'counter', aggregator: 'sum', values: [] }] },
    ],
    [
      'a metric whose name would break the text',
      { ...report, measured: [{ name: 'a\nb', help: '', type: 'counter', aggregator: 'sum', values: [] }] },
    ],
    [
      'a value that is no number',
      {
        ...report,
        measured: [
          { name: 'a', help: '', type: 'counter', aggregator: 'sum', values: [{ value: 'x', labels: {} }] },
        ],
      },
    ],
    [
      'an upstream without a time',
      { ...report, upstreams: [{ upstream: 'x', ok: true, last: '200', at: 'now' }] },
    ],
  ])('is refused where it is %s', (_name, raw) => expect(() => parseFromWorker(raw)).toThrow(SyntaxError))
})

describe('metrics of several processes', () => {
  const counted = (times: number): Metrics => {
    const metrics = new Metrics({ version: '0' })
    for (let i = 0; i < times; i++) metrics.connectionAdmitted(['meta'])
    return metrics
  }
  const uses = /^hubgate_anchor_uses_total\{anchor="meta"\} (\d+)$/m

  it('are summed, with gauges from the one that answers', async () => {
    const others = await Promise.all([counted(2), counted(3)].map((one) => one.measured()))
    const text = await counted(0).exposeWith(others)
    expect(uses.exec(text)?.[1]).toBe('5')
    expect(text).toMatch(/^hubgate_build_info\{.*\} 1$/m)
    expect(text).toMatch(/^hubgate_config_last_reload_successful 1$/m)
    expect(text).not.toMatch(/NaN|undefined/)
  })

  it('name the same metrics as those of one', async () => {
    const names = (text: string) =>
      [...text.matchAll(/^# TYPE (\S+ \S+)$/gm)]
        .map(([, name = '']) => name)
        .toSorted((a, b) => (a < b ? -1 : 1))
    const one = await counted(1).expose()
    expect(names(await counted(0).exposeWith([await counted(1).measured()]))).toEqual(names(one))
  })

  it('do not go back when one ends', async () => {
    const retired = new Retired()
    retired.add(await counted(2).measured())
    retired.add(await counted(3).measured())
    const text = async () => joined(retired.all).metrics()
    expect(uses.exec(await text())?.[1]).toBe('5')
    await retired.settle()
    retired.add(await counted(4).measured())
    expect(uses.exec(await text())?.[1]).toBe('9')
    expect(await text()).not.toMatch(/resident_memory/)
  })
})

describe('uses of anchors', () => {
  it('that another process counted are added, with the first and the last of both', () => {
    const anchor = { name: 'meta', fingerprint: 'AA' }
    const [own, other] = [new AnchorUses(), new AnchorUses()]
    own.used(anchor, new Date(2_000))
    for (const time of [1_000, 3_000]) other.used(anchor, new Date(time))
    other.missed(anchor)
    own.add(AnchorUses.from(other.toText()))
    expect(own.of(anchor)).toMatchObject({
      uses: 3,
      firstUsed: new Date(1_000),
      lastUsed: new Date(3_000),
      wouldAdmit: 1,
    })
  })
})

describe('a socket for several processes', () => {
  it('is bound and not accepted on, and one that is taken says so', async () => {
    const [first] = await openSockets([{ kind: 'tcp', host: '127.0.0.1', port: 0 }])
    expect(first?.fd).toBeGreaterThan(2)
    first?.close()
    const server = (await import('node:net')).createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const address = server.address()
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0
    await expect(openSockets([{ kind: 'tcp', host: '127.0.0.1', port }])).rejects.toMatchObject({
      code: 'EADDRINUSE',
    })
    server.close()
  })
})
