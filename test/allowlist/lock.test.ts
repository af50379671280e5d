// The lock of a list: one refresh at a time, and none that a dead one could hold up for long.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Locked, STALE_MS, lockOf, withLock } from '../../src/allowlist/lock.ts'

let directory = ''
let file = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hubgate-lock-'))
  file = join(directory, 'list.txt')
})
afterEach(async () => {
  vi.useRealTimers()
  await rm(directory, { recursive: true, force: true })
})

/** The number of a process that has just ended. */
function deadPid(): number {
  return spawnSync(process.execPath, ['-e', '']).pid
}

/** A lock as somebody else left it. @param age milliseconds since it was touched. */
function left(text: string, age = 0): void {
  writeFileSync(lockOf(file), text)
  const touched = (Date.now() - age) / 1_000
  utimesSync(lockOf(file), touched, touched)
}

const works = () => withLock(file, async () => 'done')

describe('a lock', () => {
  it('is there while work goes on, names its owner, and is gone afterwards', async () => {
    const during = await withLock(file, async () => readFileSync(lockOf(file), 'latin1'))
    expect(during.startsWith(`${process.pid} ${hostname()} `)).toBe(true)
    expect(readdirSync(directory)).toEqual([])
  })

  it('is gone where the work failed, whose error comes out', async () => {
    await expect(withLock(file, () => Promise.reject(new Error('no luck')))).rejects.toThrow('no luck')
    expect(readdirSync(directory)).toEqual([])
  })

  it('makes the directory that is not there yet', async () => {
    file = join(directory, 'a', 'b', 'list.txt')
    expect(await works()).toBe('done')
  })

  it('keeps others out, in the same process as well, and says who holds it', async () => {
    await withLock(file, async () => {
      await expect(works()).rejects.toThrow(Locked)
      await expect(works()).rejects.toThrow(
        `another refresh is running (process ${process.pid} on ${hostname()}, ${lockOf(file)})`,
      )
    })
    expect(await works()).toBe('done')
  })

  it('is of one list: another one is free', async () => {
    await withLock(file, async () => {
      expect(await withLock(`${file}2`, async () => 'done')).toBe('done')
    })
  })
})

describe('a lock that somebody left', () => {
  it.each<[string, () => void]>([
    ['and ended, on this machine, a moment ago', () => left(`${deadPid()} ${hostname()} x\n`)],
    [
      'and whose number another process has now, a minute ago',
      () => left(`${process.pid} ${hostname()} x\n`, STALE_MS + 1_000),
    ],
    ['on another machine, a minute ago', () => left('1 elsewhere x\n', STALE_MS + 1_000)],
    ['before it wrote its name, a minute ago', () => left('', STALE_MS + 1_000)],
    ['as something else, a minute ago', () => left('\x00\xff garbage', STALE_MS + 1_000)],
    ['in a future that never was: the clock was set back', () => left('1 elsewhere x\n', -STALE_MS - 60_000)],
  ])('%s, means nothing', async (_name, leave) => {
    leave()
    expect(await works()).toBe('done')
    expect(readdirSync(directory)).toEqual([])
  })

  it.each<[string, () => void]>([
    ['whose process lives', () => left(`${process.pid} ${hostname()} x\n`)],
    ['whose process belongs to another user, and lives', () => left(`1 ${hostname()} x\n`)],
    ['on another machine, half a minute ago', () => left(`${deadPid()} elsewhere x\n`, STALE_MS / 2)],
    ['before it wrote its name, a moment ago', () => left('')],
    ['with all processes as its number', () => left(`-1 ${hostname()} x\n`)],
    ['with no process as its number', () => left(`0 ${hostname()} x\n`)],
  ])('%s, holds', async (_name, leave) => {
    leave()
    const text = readFileSync(lockOf(file), 'latin1')
    await expect(works()).rejects.toThrow(Locked)
    expect(readFileSync(lockOf(file), 'latin1')).toBe(text)
    expect(readdirSync(directory)).toEqual(['list.txt.lock'])
  })

  it('says nothing of what it holds where that is no owner', async () => {
    left('\x1b[2J evil\nline')
    await expect(works()).rejects.toThrow(`another refresh is running (${lockOf(file)})`)
  })
})

describe('a dead lock that somebody is just taking over', () => {
  const second = () => `${lockOf(file)}.takeover`
  beforeEach(() => {
    left('1 elsewhere x\n', STALE_MS + 1_000)
    writeFileSync(second(), 'x')
  })

  it('holds', async () => {
    await expect(works()).rejects.toThrow(Locked)
    expect(readdirSync(directory)).toEqual(['list.txt.lock', 'list.txt.lock.takeover'])
  })

  it('holds once more where he was killed in the middle of it, and then no more', async () => {
    utimesSync(second(), 0, 0)
    await expect(works()).rejects.toThrow(Locked)
    expect(await works()).toBe('done')
    expect(readdirSync(directory)).toEqual([])
  })
})

describe('an owner', () => {
  it('that works for long is not taken for a dead one: it touches its lock', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    await withLock(file, async () => {
      utimesSync(lockOf(file), 0, 0)
      vi.advanceTimersByTime(10_000)
      vi.useRealTimers()
      await expect.poll(async () => works().catch((error: unknown) => error)).toBeInstanceOf(Locked)
    })
  })

  it('that was taken for a dead one leaves the lock of its successor alone', async () => {
    await withLock(file, async () => {
      left(`${process.pid} ${hostname()} successor\n`)
    })
    expect(readFileSync(lockOf(file), 'latin1')).toContain('successor')
  })

  it('whose lock somebody removed ends quietly', async () => {
    expect(await withLock(file, async () => rmSync(lockOf(file)))).toBeUndefined()
    expect(existsSync(lockOf(file))).toBe(false)
  })
})

describe('many at once', () => {
  it.each([
    ['where there is no lock', () => {}],
    ['where a dead one left its lock', () => left(`${deadPid()} ${hostname()} x\n`)],
    ['where a lock has grown old', () => left('1 elsewhere x\n', STALE_MS * 2)],
  ])('are never two inside %s', async (_name, leave) => {
    for (let round = 0; round < 40; round++) {
      leave()
      let inside = 0
      let most = 0
      const work = async () => {
        inside += 1
        most = Math.max(most, inside)
        await new Promise((resolve) => setTimeout(resolve, 3))
        inside -= 1
      }
      const ends = await Promise.allSettled(Array.from({ length: 12 }, () => withLock(file, work)))
      const refused = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason as unknown] : []))
      expect(most).toBe(1)
      expect(refused.every((reason) => reason instanceof Locked)).toBe(true)
      expect(readdirSync(directory)).toEqual([])
    }
  })
})
