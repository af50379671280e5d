// The soak: that its rules can fail, that its books find what went wrong, and that a run of seconds keeps every rule that time does not
// decide. Never how fast anything is, nor how much memory.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { figuresOf } from '../bench/metrics.ts'
import { Book } from '../bench/soak/book.ts'
import { Consumer, Reader, TRY_FIELD } from '../bench/soak/consumer.ts'
import { bodyOf } from '../bench/soak/deliveries.ts'
import { soakOptionsOf } from '../bench/soak/options.ts'
import type { Soaked } from '../bench/soak/run.ts'
import { type Ended, type Point, judgeEnd, judgeFlat, slopeOf } from '../bench/soak/rules.ts'
import { keepOutput } from './canary.ts'
import { Running } from './support/programs.ts'

const SCRIPT = fileURLToPath(new URL('../scripts/run.mjs', import.meta.url))
const MEMORY = { name: 'memory', unit: 'MB', slack: 4 } as const

/** Thirty minutes, one value each. */
const series = (valueAt: (minute: number) => number, minutes = 30): Point[] =>
  Array.from({ length: minutes }, (_, minute) => ({ at: minute * 60, value: valueAt(minute) }))

describe('a series is flat', () => {
  const noise = (minute: number) => Math.sin(minute * 12.9898) * 3

  it.each<[string, (minute: number) => number, string]>([
    ['where it stays', () => 150, 'kept'],
    ['where it is restless', (minute) => 150 + noise(minute), 'kept'],
    ['where it rose at the start', (minute) => (minute < 12 ? 80 + minute * 6 : 152), 'kept'],
    ['where single values stand out', (minute) => (minute % 7 === 5 ? 250 : 150), 'kept'],
    ['where it falls', (minute) => 200 - minute, 'kept'],
    ['not where it rises all the time', (minute) => 150 + minute, 'broken'],
    ['not where it rises slowly, by a third of itself an hour', (minute) => 150 + minute * 0.84, 'broken'],
    ['not where noise hides the rise', (minute) => 150 + minute + noise(minute), 'broken'],
    ['not where it makes one step late', (minute) => (minute < 24 ? 150 : 190), 'broken'],
    ['not where it doubles in the last minutes', (minute) => (minute < 28 ? 150 : 300), 'broken'],
    [
      'not where it ends higher than it began, though a hump between them levels the line',
      (minute) => (minute < 18 ? 150 : minute < 24 ? 230 : 175),
      'broken',
    ],
    ['where few things are open, and a few more are noise', (minute) => 20 + (minute % 4), 'kept'],
    ['not where one more stays open every minute', (minute) => 20 + minute, 'broken'],
  ])('%s', (_name, valueAt, state) => {
    expect(judgeFlat(series(valueAt), MEMORY).state).toBe(state)
  })

  it.each([
    ['none', 0],
    ['one', 1],
    ['a few minutes', 6],
  ])('or nothing is known: %s', (_name, minutes) => {
    expect(
      judgeFlat(
        series((minute) => minute * 100, minutes),
        MEMORY,
      ).state,
    ).toBe('not judged')
  })

  it('says from where to where, and how fast', () => {
    const { rule, detail } = judgeFlat(
      series((minute) => 150 + minute),
      MEMORY,
    )
    expect(rule).toMatch(
      /memory is flat: over the second half .* 20 % an hour, or 4 MB in all.* 15 % or 4 MB/,
    )
    expect(detail).toBe('from 166 to 178 MB, 60.0 MB an hour')
  })

  it('a slope is the median one, whatever single values do', () => {
    expect(slopeOf([1, 3, 5, 7].map((value, at) => ({ at, value })))).toBe(2)
    expect(slopeOf([1, 1, 1, 90, 1, 1, 70].map((value, at) => ({ at, value })))).toBe(0)
  })
})

describe('the books', () => {
  const opened = () => {
    const book = new Book()
    const delivery = book.begin(bodyOf)
    return { book, delivery, first: book.try(delivery) }
  }

  it('close where what was answered had arrived', () => {
    const { book, delivery, first } = opened()
    book.arrived(first.tag, Buffer.from(delivery.body))
    expect(book.answered(first, 200)).toBe(false)
    expect(book.open).toBe(0)
    expect(book.count).toMatchObject({
      acknowledged: 1,
      again: 0,
      lost: 0,
      doubled: 0,
      spoilt: 0,
      strangers: 0,
    })
  })

  it('find what was answered and never arrived', () => {
    const { book, first } = opened()
    book.answered(first, 200)
    expect(book.count.lost).toBe(1)
  })

  it('find what was answered and arrived only in an earlier try', () => {
    const { book, delivery, first } = opened()
    book.arrived(first.tag, delivery.body)
    expect(book.answered(first, 502)).toBe(true)
    expect(book.answered(book.try(delivery), 200)).toBe(false)
    expect(book.count).toMatchObject({ lost: 1, again: 1 })
  })

  it('find a try that arrived twice, before its answer or behind it', () => {
    const { book, delivery, first } = opened()
    book.arrived(first.tag, delivery.body)
    book.arrived(first.tag, delivery.body)
    book.answered(first, 200)
    expect(book.count).toMatchObject({ doubled: 1, strangers: 0 })
    book.arrived(first.tag, delivery.body)
    expect(book.count).toMatchObject({ doubled: 1, strangers: 1 })
  })

  it('know a try that was given up and arrives late, once', () => {
    const { book, delivery, first } = opened()
    expect(book.answered(first, undefined)).toBe(true)
    const second = book.try(delivery)
    book.arrived(second.tag, delivery.body)
    book.answered(second, 200)
    book.arrived(first.tag, delivery.body)
    expect(book.count).toMatchObject({ doubled: 0, strangers: 0, lost: 0 })
    book.arrived(first.tag, delivery.body)
    expect(book.count.doubled).toBe(1)
  })

  it('find other bytes, strangers, and good ones that were refused', () => {
    const { book, delivery, first } = opened()
    book.arrived(first.tag, Buffer.concat([delivery.body, Buffer.from('!')]))
    book.arrived('', delivery.body)
    book.arrived('77-0', delivery.body)
    book.arrived(`${delivery.id}-1`, delivery.body)
    expect(book.answered(first, 403)).toBe(true)
    expect(book.answered(first, 502)).toBe(true)
    expect(book.count).toMatchObject({ spoilt: 1, strangers: 3, refused: 1, acknowledged: 0 })
    expect(book.open).toBe(1)
  })

  it('do not keep what is closed', () => {
    let now = 0
    const book = new Book(() => now)
    const late = book.begin(bodyOf)
    const first = book.try(late)
    book.answered(first, 502)
    book.answered(book.try(late), 200)
    now = 120_000
    const next = book.begin(bodyOf)
    book.answered(book.try(next), 200)
    // Forgotten by now: it counts as a stranger.
    book.arrived(first.tag, late.body)
    expect(book.count.strangers).toBe(1)
  })

  it('every delivery has a body of its own, and some are large', () => {
    const bodies = Array.from({ length: 1_000 }, (_, id) => bodyOf(id))
    expect(new Set(bodies.map((body) => body.toString('latin1', 0, 60))).size).toBe(1_000)
    expect([...new Set(bodies.map(({ length }) => length))].sort((a, b) => a - b)).toEqual([
      1_536, 65_536, 1_000_000,
    ])
    expect(JSON.parse(String(bodies[7]))).toMatchObject({ id: '000000000007' })
  })
})

describe('the end of a soak', () => {
  const good: Ended = {
    count: { acknowledged: 9, again: 3, lost: 0, doubled: 0, spoilt: 0, strangers: 0, refused: 0 },
    open: 0,
    bulk: { good: 9, requests: 0, bytes: 0, failed: undefined },
    admitted: 0,
    reloads: { taken: 4, failed: 0 },
    descriptors: { before: 20, after: 24 },
    died: undefined,
  }
  const broken = (end: Ended) => judgeEnd(end).filter(({ state }) => state === 'broken').length

  it('is good where nothing went wrong', () => expect(broken(good)).toBe(0))

  it.each<[string, Partial<Ended>]>([
    ['a delivery that was answered 200 is lost', { count: { ...good.count, lost: 1 } }],
    ['one came twice', { count: { ...good.count, doubled: 1 } }],
    ['one has other bytes', { count: { ...good.count, spoilt: 1 } }],
    ['nothing was acknowledged', { count: { ...good.count, acknowledged: 0 } }],
    ['a good one was refused', { count: { ...good.count, refused: 1 } }],
    ['something reached the consumer that should not', { count: { ...good.count, strangers: 1 } }],
    ['something of the bulk is missing', { bulk: { ...good.bulk, requests: -1 } }],
    ['something of the bulk has other bytes', { bulk: { ...good.bulk, bytes: 1 } }],
    ['the bulk was answered wrongly', { bulk: { ...good.bulk, failed: 'answered 502 instead of 200' } }],
    ['there was no bulk', { bulk: { ...good.bulk, good: 0 } }],
    ['something bad was let in', { admitted: 1 }],
    ['one was never acknowledged', { open: 1 }],
    ['a reload was not taken over', { reloads: { taken: 3, failed: 1 } }],
    ['there was no reload', { reloads: { taken: 0, failed: 0 } }],
    ['files stay open', { descriptors: { before: 20, after: 25 } }],
    ['the gateway ended', { died: 'ended with 1' }],
  ])('is not where %s', (_name, wrong) => expect(broken({ ...good, ...wrong })).toBe(1))
})

describe('the consumer', () => {
  it('reads requests however their bytes are split', () => {
    const request = (tag: string, body: string) =>
      `POST / HTTP/1.1\r\nHost: a\r\n${TRY_FIELD}: ${tag}\r\nContent-Length: ${body.length}\r\n\r\n${body}`
    const bytes = Buffer.from(request('1-0', 'first') + request('2-1', '') + request('3-0', 'third'))
    for (let size = 1; size <= bytes.length; size++) {
      const reader = new Reader()
      const seen: string[] = []
      for (let at = 0; at < bytes.length; at += size) {
        reader.push(bytes.subarray(at, at + size))
        for (let one = reader.take(); one !== undefined; one = reader.take())
          seen.push(`${one.tag} ${String(one.body)}`)
      }
      expect(seen).toEqual(['1-0 first', '2-1 ', '3-0 third'])
    }
  })

  it('goes away with its connections, and comes back on the same port', async () => {
    const consumer = new Consumer(() => {})
    await consumer.start()
    const { port } = consumer
    for (const how of ['killed', 'stopped'] as const) {
      const socket = connect(port, '127.0.0.1').on('error', () => {})
      const closed = new Promise((resolve) => socket.once('close', resolve))
      await new Promise((resolve) => socket.once('connect', resolve))
      // It has to have accepted, not the system alone.
      socket.write(`POST / HTTP/1.1\r\n${TRY_FIELD}: 1-0\r\nContent-Length: 0\r\n\r\n`)
      await new Promise((resolve) => socket.once('data', resolve))
      await consumer.stop(how)
      await closed
      await consumer.start()
      expect(consumer.port).toBe(port)
    }
    await consumer.stop('killed')
  })
})

describe('npm run soak', () => {
  const directory = mkdtempSync(join(tmpdir(), 'hubgate-soak-test-'))
  afterAll(() => rmSync(directory, { recursive: true, force: true }))

  async function run(...args: readonly string[]) {
    const ended = await new Running(process.execPath, [SCRIPT, 'soak', ...args], { TMPDIR: directory }).ended
    keepOutput('soak', ended.stdout + ended.stderr)
    return ended
  }

  it.runIf(process.platform === 'linux')(
    'keeps every rule that time does not decide, in a few seconds of everything at once',
    { timeout: 90_000 },
    async () => {
      const { code, stdout, stderr } = await run('--minutes', '0.08', '--json')
      expect(code, stderr + stdout).toBe(0)
      const soaked = JSON.parse(stdout) as Soaked
      expect(soaked.broken).toEqual([])
      expect(soaked.rules.filter(({ state }) => state === 'kept')).toHaveLength(8)
      expect(soaked.rules.filter(({ state }) => state === 'not judged')).toHaveLength(4)
      expect(soaked.minutes.length).toBeGreaterThan(0)
      for (const minute of soaked.minutes)
        for (const [name, figure] of Object.entries(minute)) expect(figure >= 0, name).toBe(true)
      expect(Object.keys(soaked.badConnections).sort()).toEqual(
        expect.arrayContaining(['foreign', 'garbage', 'half a handshake']),
      )
      expect(soaked.minutes.reduce((sum, { restarts }) => sum + restarts, 0)).toBeGreaterThan(0)
      expect(readdirSync(directory).filter((name) => !name.startsWith('tsx-'))).toEqual([])
    },
  )

  it.each([
    ['an unknown option', ['--minute', '3'], 'did you mean "--minutes"?'],
    ['minutes that are no number', ['--minutes', 'long'], 'such as --minutes 5'],
    ['no minutes', ['--minutes', '0'], 'such as --minutes 5'],
    ['no worker', ['--workers', '0'], '--workers 2'],
  ])('%s is wrong use', { timeout: 60_000 }, async (_name, args, hint) => {
    const { code, stdout, stderr } = await run(...args)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(hint)
  })

  it('lasts half an hour unless it is told otherwise', () => {
    expect(soakOptionsOf([])).toEqual({ minutes: 30, workers: undefined, json: false })
    expect(soakOptionsOf(['--workers', '2', '--minutes=0.5'])).toMatchObject({ minutes: 0.5, workers: 2 })
    expect(soakOptionsOf(['--workers', 'auto'])).toMatchObject({ workers: 'auto' })
  })
})

describe('metrics', () => {
  it('are read by their exact name, with labels or without, one figure for each worker', () => {
    const text = '# HELP heap x\nheap 12\nheap_total 99\nheap{worker="2"} 30\n'
    expect(figuresOf(text, 'heap')).toEqual([12, 30])
  })
})
