// One refresh of a list at a time, whoever runs it: cron, a person, a gateway, in containers that share a directory.
// A lock whose owner was killed means nothing: it is taken over, at once where we can see that, else when it grows old.
import { randomUUID } from 'node:crypto'
import { type FileHandle, link, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname } from 'node:path'

export class Locked extends Error {
  override readonly name = 'Locked'
}

/** A living owner touches its lock every so many milliseconds. */
const BEAT_MS = 10_000
/** A lock that nobody has touched for so long is nobody's: its process is gone, or its number belongs to another one now. */
export const STALE_MS = 60_000

/** Where the lock of a list stands while it is refreshed. */
export function lockOf(file: string): string {
  return `${file}.lock`
}

/** Runs `work` while nobody else refreshes the same list. @throws Locked where somebody does. */
export async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  const lock = lockOf(file)
  await mkdir(dirname(file), { recursive: true })
  const owner = `${process.pid} ${hostname()} ${randomUUID()}\n`
  const handle = await take(lock, owner)
  const beat = setInterval(() => void touch(handle), BEAT_MS)
  beat.unref()
  try {
    return await work()
  } finally {
    clearInterval(beat)
    await handle.close()
    // Ours, unless we slept for so long that somebody took it over.
    if ((await textOf(lock)) === owner) await rm(lock, { force: true })
  }
}

async function take(lock: string, owner: string): Promise<FileHandle> {
  for (let attempt = 0; attempt < 3; attempt++) {
    const handle = await created(lock, owner)
    if (handle !== undefined) return handle
    const present = await textOf(lock)
    if (present !== undefined && !(await isStale(lock, present)))
      throw new Locked(`another refresh is running (${describe(present)}${lock})`)
    if (present !== undefined) await removeStale(lock, present)
  }
  throw new Locked(`another refresh is running (${lock})`)
}

async function created(lock: string, owner: string): Promise<FileHandle | undefined> {
  const handle = await open(lock, 'wx', 0o644).catch((error: unknown) => {
    if (isCode(error, 'EEXIST')) return undefined
    throw error
  })
  try {
    await handle?.writeFile(owner)
    return handle
  } catch (error) {
    // A full disk has room for a name, not for what is in it.
    await handle?.close()
    await rm(lock, { force: true })
    throw error
  }
}

async function isStale(lock: string, text: string): Promise<boolean> {
  const [pid = '', host = ''] = text.trim().split(' ')
  if (host === hostname() && /^[1-9]\d{0,9}$/.test(pid) && !isAlive(Number(pid))) return true
  // A clock that was set back makes it younger than now; that does not make it live.
  const touched = await stat(lock).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  )
  return Math.abs(Date.now() - touched) > STALE_MS
}

// Somebody else may have done the same a moment ago and hold a fresh lock by now: what was moved away is looked at again,
// and put back where it is not what was judged.
async function removeStale(lock: string, judged: string): Promise<void> {
  const aside = `${lock}.${randomUUID()}`
  try {
    await rename(lock, aside)
    if ((await textOf(aside)) !== judged) await link(aside, lock)
  } catch (error) {
    if (!isCode(error, 'ENOENT') && !isCode(error, 'EEXIST')) throw error
  } finally {
    await rm(aside, { force: true })
  }
}

async function touch(handle: FileHandle): Promise<void> {
  const now = new Date()
  await handle.utimes(now, now).catch(() => {})
}

async function textOf(lock: string): Promise<string | undefined> {
  return readFile(lock, 'latin1').catch((error: unknown) => {
    if (isCode(error, 'ENOENT')) return undefined
    throw error
  })
}

function describe(text: string): string {
  const [pid = '', host = ''] = text.trim().split(' ')
  return /^\d+$/.test(pid) && /^[\w.-]+$/.test(host) ? `process ${pid} on ${host}, ` : ''
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return isCode(error, 'EPERM')
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
