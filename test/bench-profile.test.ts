// Where the time goes: that a CPU profile is told by part, whole, and that the benchmark takes one of each scene. Never how large a
// part is.
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { MARKS, writeProfile } from '../bench/document.ts'
import {
  type CpuProfile,
  type Profile,
  type ProfileNode,
  profileCells,
  profileOf,
  selfTimes,
  timesOf,
  wholePercents,
} from '../bench/profile/parts.ts'
import { SUBJECTS } from '../bench/profile/profile.ts'
import { keepOutput } from './canary.ts'
import { Running } from './support/programs.ts'

const SCRIPT = fileURLToPath(new URL('../scripts/run.mjs', import.meta.url))
const OUTSIDE = 'native code outside JavaScript: reading, TLS, waiting for events'
const SOCKETS = 'writing to sockets, TLS included'
const CRYPTOGRAPHY = 'cryptography: HMAC, comparison, certificates'
const GATEWAY = 'file:///opt/hubgate/dist/gateway/delivery.js'
const PROFILER = 'file:///opt/hubgate/bench/programs/profiler.mjs'

/** A function and the file that holds it, empty where none does. */
type Frame = readonly [name: string, url: string]

/** The last frame of each stack has the time. */
function profile(
  ...stacks: readonly { readonly stack: readonly Frame[]; readonly time: number }[]
): CpuProfile {
  const nodes: ProfileNode[] = []
  const samples: number[] = []
  for (const { stack } of stacks) {
    for (const [at, [functionName, url]] of stack.entries()) {
      const id = nodes.length + 1
      nodes.push({
        id,
        callFrame: { functionName, url },
        ...(at + 1 < stack.length ? { children: [id + 1] } : {}),
      })
    }
    samples.push(nodes.length)
  }
  const times = stacks.map(({ time }) => time)
  const all = times.reduce((sum, time) => sum + time, 0)
  return { nodes, samples, timeDeltas: [0, ...times.slice(0, -1)], startTime: 5_000, endTime: 5_000 + all }
}

const idle = (time: number) => ({ stack: [['(idle)', '']] as const, time })
const working = (time: number) => ({ stack: [['deliver', GATEWAY]] as const, time })

describe('a sample of a profile', () => {
  it.each<readonly [string, readonly Frame[], string]>([
    ['in a room counts there', [['deliver', GATEWAY]], 'hubgate: gateway'],
    [
      'in a package is none of a room',
      [['write', 'file:///opt/hubgate/node_modules/pino/lib/tools.js']],
      'packages',
    ],
    [
      'without a file counts where it was called',
      [
        ['deliver', GATEWAY],
        ['indexOf', ''],
      ],
      'hubgate: gateway',
    ],
    [
      'so does what is called by that',
      [
        ['deliver', GATEWAY],
        ['map', ''],
        ['get', ''],
      ],
      'hubgate: gateway',
    ],
    [
      'that writes a buffer is writing',
      [
        ['handleWriteReq', 'node:internal/stream_base_commons'],
        ['writeBuffer', ''],
      ],
      SOCKETS,
    ],
    [
      'that writes several is writing',
      [
        ['writevGeneric', 'node:internal/stream_base_commons'],
        ['writev', ''],
      ],
      SOCKETS,
    ],
    [
      'that writes a head is writing',
      [
        ['handleWriteReq', 'node:internal/stream_base_commons'],
        ['writeLatin1String', ''],
      ],
      SOCKETS,
    ],
    [
      'that writes a file is the log',
      [
        ['write', 'node:fs'],
        ['writeString', ''],
      ],
      'log output',
    ],
    [
      'that writes a buffer into a file is the log',
      [
        ['write', 'node:fs'],
        ['writeBuffer', ''],
      ],
      'log output',
    ],
    ['of our own that has such a name is ours', [['writev', GATEWAY]], 'hubgate: gateway'],
    [
      'in an HMAC is cryptography',
      [
        ['digest', GATEWAY],
        ['update', 'node:internal/crypto/hash'],
        ['update', ''],
      ],
      CRYPTOGRAPHY,
    ],
    [
      'in a comparison is cryptography',
      [
        ['check', GATEWAY],
        ['timingSafeEqual', ''],
      ],
      CRYPTOGRAPHY,
    ],
    ['in a stream of Node', [['addChunk', 'node:internal/streams/readable']], "Node's sockets and streams"],
    [
      'in a socket of Node',
      [['onStreamRead', 'node:internal/stream_base_commons']],
      "Node's sockets and streams",
    ],
    ['in HTTP of Node', [['parserOnIncoming', 'node:_http_server']], "Node's HTTP"],
    ['in TLS of Node', [['TLSSocket', 'node:internal/tls/wrap']], "Node's TLS in JavaScript"],
    ['in a timer of Node', [['insert', 'node:internal/timers']], "Node's timers and queues"],
    [
      'in a buffer of Node',
      [
        ['copyImpl', 'node:buffer'],
        ['copy', ''],
      ],
      "Node's buffers: copies, text",
    ],
    ['in other JavaScript of Node', [['now', 'node:internal/perf/performance']], "Node's other JavaScript"],
    ['of the collector', [['(garbage collector)', '']], 'garbage collection, main thread'],
    ['of no JavaScript', [['(program)', '']], OUTSIDE],
    ['of nothing known is the rest', [['(root)', '']], 'the rest'],
  ])('%s', (_name, stack, part) => {
    expect([...timesOf(profile({ stack, time: 40 }), 40)].filter(([, time]) => time > 0)).toEqual([
      [part, 40],
    ])
  })
})

describe('the time of a profile', () => {
  it('is all of its samples: each lasts until the next one, and the last one until the end', () => {
    const taken = {
      nodes: [],
      samples: [1, 2, 1, 3],
      timeDeltas: [10, 100, 200, 300],
      startTime: 1_000,
      endTime: 1_650,
    }
    expect(Object.fromEntries(selfTimes(taken))).toEqual({ 1: 10 + 100 + 300, 2: 200, 3: 40 })
  })

  it('does not shrink where samples come out of order', () => {
    const taken = { nodes: [], samples: [1, 2, 3], timeDeltas: [0, 100, -20], startTime: 0, endTime: 300 }
    expect(Object.fromEntries(selfTimes(taken))).toEqual({ 1: 100, 2: 0, 3: 200 })
  })

  it('without samples is what the kernel counted', () => {
    expect([...timesOf(profile(), 70)]).toEqual([[OUTSIDE, 70]])
  })

  it.each([
    ['leaves out what the thread slept', 100, 0],
    ['has what it did while Node called it idle', 400, 300],
    ['is not less than the samples', 90, 0],
  ])('%s', (_name, busy, outside) => {
    const times = timesOf(profile(idle(600), working(100)), busy)
    expect(Object.fromEntries(times)).toEqual({ [OUTSIDE]: outside, 'hubgate: gateway': 100 })
  })

  it('leaves the profiler out, and whatever it calls', () => {
    const own = {
      stack: [
        ['threads', PROFILER],
        ['readFileSync', 'node:fs'],
        ['open', ''],
      ] as const,
      time: 900,
    }
    expect(Object.fromEntries(timesOf(profile(own, idle(50), working(100)), 120))).toEqual({
      [OUTSIDE]: 20,
      'hubgate: gateway': 100,
    })
  })
})

describe('shares', () => {
  it.each([
    ['of three alike', [1, 1, 1], [34, 33, 33]],
    ['of many small ones', Array.from({ length: 8 }, () => 1), [13, 13, 13, 13, 12, 12, 12, 12]],
    ['with the largest remainder rounded up', [994, 6], [99, 1]],
    ['of one', [7], [100]],
    ['of nothing', [0, 0], [0, 0]],
  ])('%s add up', (_name, times, percents) => {
    expect(wholePercents(times)).toEqual(percents)
  })

  it('come in the order of the table, with the other threads but for those of the profiler', () => {
    const thread = (name: string, cpu: number, isMain = false) => ({ name, cpu, isMain, delayed: 0 })
    const threads = [
      thread('MainThread', 200, true),
      thread('V8Worker', 20),
      thread('libuv-worker', 10),
      thread('v8:ProfEvntProc', 500),
    ]
    const collecting = { stack: [['(garbage collector)', '']] as const, time: 50 }
    expect(profileOf('1k5', { profile: profile(working(100), collecting, idle(60)), threads })).toEqual({
      name: '1k5',
      shares: [
        { part: OUTSIDE, percent: 25 },
        { part: 'garbage collection, main thread', percent: 25 },
        { part: 'hubgate: gateway', percent: 50 },
      ],
      beside: 15,
    })
  })
})

describe('the table', () => {
  const one: Profile = {
    name: '1k5',
    shares: [
      { part: SOCKETS, percent: 60 },
      { part: 'hubgate: gateway', percent: 40 },
      { part: 'the rest', percent: 0 },
    ],
    beside: 7,
  }
  const other: Profile = { name: '3m', shares: [{ part: OUTSIDE, percent: 100 }], beside: 3 }

  it('has a column for each scene, and a row for each part that is seen in one of them', () => {
    expect(profileCells([one, other])).toEqual([
      ['part', '1k5', '3m'],
      [OUTSIDE, '0 %', '100 %'],
      [SOCKETS, '60 %', '0 %'],
      ['hubgate: gateway', '40 %', '0 %'],
      ['on top: other threads (compiler, garbage collector, libuv)', '7 %', '3 %'],
    ])
  })

  it('stands in the document, and the rest stays', async () => {
    const file = join(directory, 'performance.md')
    const [first, last] = MARKS.profile
    writeFileSync(file, `# By hand\n\n${MARKS.growth.join('\nold\n')}\n\n${first}\nold\n${last}\n`)
    const result = { name: 'profile', title: '', missed: [], conditions: ['a core'], checked: [], rows: [] }
    const machine = {
      date: '2026-01-01',
      cpu: '',
      cores: 2,
      node: '24',
      openssl: '3',
      system: '',
      loadBefore: 0,
    }
    await writeProfile(
      { machine, quick: false, results: [{ ...result, profiles: [one, other] }] },
      pathToFileURL(file),
    )
    const text = readFileSync(file, 'utf8')
    rmSync(file)
    expect(text).toContain(`| ${SOCKETS} | 60 % | 0 % |`)
    expect(text).toContain('- a core')
    expect(text).toMatch(/^# By hand\n/)
    expect(text).toContain(MARKS.growth.join('\nold\n'))
    expect(text.split(first)[1]).not.toContain('old')
  })
})

const directory = mkdtempSync(join(tmpdir(), 'hubgate-bench-profile-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

describe('npm run bench -- profile', () => {
  it.runIf(process.platform === 'linux')(
    'tells of each scene where the time goes, and leaves nothing behind',
    { timeout: 60_000 },
    async () => {
      const args = [SCRIPT, 'bench', 'profile', '--quick', '--json']
      const { code, stdout, stderr } = await new Running(process.execPath, args, { TMPDIR: directory }).ended
      keepOutput('bench', stdout + stderr)
      expect(code, stderr).toBe(0)
      const { profiles, checked } = JSON.parse(Buffer.from(stdout, 'latin1').toString()) as {
        readonly profiles: readonly Profile[]
        readonly checked: readonly string[]
      }
      expect(profiles.map(({ name }) => name)).toEqual(SUBJECTS.map(({ name }) => name))
      for (const { shares, beside } of profiles) {
        expect(shares.reduce((sum, { percent }) => sum + percent, 0)).toBe(100)
        expect(shares.map(({ part }) => part)).toContain(OUTSIDE)
        expect(beside).toBeGreaterThanOrEqual(0)
      }
      expect(checked).toContainEqual(expect.stringMatching(/^hubgate, general lane: .*gates are enforced/))
      // tsx keeps a cache of its own there.
      expect(readdirSync(directory).filter((name) => !name.startsWith('tsx-'))).toEqual([])
    },
  )
})
