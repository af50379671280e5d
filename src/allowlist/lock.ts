// One refresh of a list at a time, whoever runs it: cron, a person, a gateway, in containers that share a directory.
// A lock whose owner was killed means nothing: it is taken over, at once where we can see that, else when it grows old.
import { randomUUID } from 'node:crypto'
import { type FileHandle, mkdir, open, readFile, rm, stat } from 'node:fs/promises'
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
  const handle = (await created(lock, owner)) ?? (await takenOver(lock, owner))
  if (handle === undefined) throw new Locked(`another refresh is running (${await holderOf(lock)}${lock})`)
  return handle
}

// Several may find the same dead lock. Only who holds the second one removes it, having looked at it once more: else the
// slower of two would remove the fresh lock of the faster.
async function takenOver(lock: string, owner: string): Promise<FileHandle | undefined> {
  if (!(await isDead(lock))) return undefined
  const second = `${lock}.takeover`
  const handle = await created(second, owner)
  if (handle === undefined) {
    // Killed in the middle of this: the next one to come has free way.
    if (await isOld(second)) await rm(second, { force: true })
    return undefined
  }
  try {
    if (await isDead(lock)) await rm(lock, { force: true })
    return await created(lock, owner)
  } finally {
    await handle.close()
    await rm(second, { force: true })
  }
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

async function isDead(lock: string): Promise<boolean> {
  const [pid = '', host = ''] = ((await textOf(lock)) ?? '').trim().split(' ')
  if (host === hostname() && /^[1-9]\d{0,9}$/.test(pid) && !isAlive(Number(pid))) return true
  return isOld(lock)
}

async function isOld(lock: string): Promise<boolean> {
  const touched = await stat(lock).then(
    ({ mtimeMs }) => mtimeMs,
    () => undefined,
  )
  // A clock that was set back makes it younger than now; that does not make it live.
  return touched !== undefined && Math.abs(Date.now() - touched) > STALE_MS
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

/** `process 12 on host, `, or nothing where it does not say. */
async function holderOf(lock: string): Promise<string> {
  const [pid = '', host = ''] = ((await textOf(lock)) ?? '').trim().split(' ')
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
