// Two that find the same dead lock: the slower one must not remove the fresh lock of the faster one.
import { mkdtempSync, readFileSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import type * as FsPromises from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeEach, expect, it, vi } from 'vitest'
import { Locked, lockOf, withLock } from '../../src/allowlist/lock.ts'

const directory = mkdtempSync(join(tmpdir(), 'hubgate-lock-race-'))
const file = join(directory, 'list.txt')
const FRESH = `${process.pid} ${hostname()} the faster one\n`
/** Between the first look of the slower one and its taking over. */
let meanwhile = () => {}

vi.mock('node:fs/promises', async (original) => {
  const fs = await original<typeof FsPromises>()
  const open: typeof fs.open = (path, ...how) => {
    if (String(path).endsWith('.takeover')) meanwhile()
    return fs.open(path, ...how)
  }
  return { ...fs, open }
})

beforeEach(() => {
  writeFileSync(lockOf(file), '1 elsewhere x\n')
  utimesSync(lockOf(file), 0, 0)
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

it('where the faster one holds its lock already, that stays, and the slower one is told', async () => {
  meanwhile = () => writeFileSync(lockOf(file), FRESH)
  await expect(withLock(file, async () => 'done')).rejects.toThrow(Locked)
  expect(readFileSync(lockOf(file), 'latin1')).toBe(FRESH)
  expect(readdirSync(directory)).toEqual(['list.txt.lock'])
  rmSync(lockOf(file))
})

it('where the faster one has ended already, the slower one gets it', async () => {
  meanwhile = () => rmSync(lockOf(file), { force: true })
  expect(await withLock(file, async () => 'done')).toBe('done')
  expect(readdirSync(directory)).toEqual([])
})
