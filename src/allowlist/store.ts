// Keeps the list on disk: whole or not at all, under a lock, with what it replaced beside it. A reader always finds a
// complete list, wherever a writer was killed.
import { createHash } from 'node:crypto'
import { copyFile, mkdir, open, readFile, realpath, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { replaceFile } from '../config/replace-file.ts'
import { type Prefix, formatPrefix } from '../domain/address.ts'
import { parseAllowList } from './read-list.ts'

export interface ListHeader {
  /** Where it came from, such as whois.radb.net:43 (RADB, RIPE). */
  readonly source: string
  readonly time: Date
  /** Route objects that were believed, before aggregation. */
  readonly objects: { readonly ipv4: number; readonly ipv6: number }
}

/** The list as text: a header of comments, then one prefix a line. */
export function listText(prefixes: readonly Prefix[], { source, time, objects }: ListHeader): string {
  const lines = prefixes.map(formatPrefix)
  const body = `${lines.join('\n')}\n`
  const ipv6 = lines.filter((line) => line.includes(':')).length
  return [
    '# Source addresses of Meta (AS32934), written by hubgate allowlist refresh; edits are lost with the next one.',
    `# source: ${source}`,
    `# time: ${time.toISOString()}`,
    `# objects: ${objects.ipv4} IPv4, ${objects.ipv6} IPv6`,
    `# prefixes: ${lines.length - ipv6} IPv4, ${ipv6} IPv6`,
    `# sha256: ${listDigest(prefixes)}`,
    body,
  ].join('\n')
}

/** SHA-256 over the prefix lines as written, comments left out. */
export function listDigest(prefixes: readonly Prefix[]): string {
  return createHash('sha256')
    .update(`${prefixes.map(formatPrefix).join('\n')}\n`)
    .digest('hex')
}

/** @returns the present list, or undefined where there is none. @throws AllowListError where what is there is no list. */
export async function presentList(file: string): Promise<readonly Prefix[] | undefined> {
  const text = await readFile(file, 'latin1').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  return text === undefined ? undefined : parseAllowList(text)
}

/** Where the list stands that a refresh replaced. */
export function lastGoodOf(file: string): string {
  return `${file}.last-good`
}

/** Puts the list in place of the present one, which is kept beside it. @throws the system's error; nothing has changed then. */
export async function storeList(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  const target = await realpath(file).catch(() => file)
  await keepLastGood(target)
  await replaceFile(target, text)
}

// A copy beside it, swapped in by rename, so that it is complete as well whenever it is there.
async function keepLastGood(target: string): Promise<void> {
  const temporary = `${lastGoodOf(target)}.${process.pid}.tmp`
  try {
    await copyFile(target, temporary)
    await rename(temporary, lastGoodOf(target))
  } catch (error) {
    await rm(temporary, { force: true })
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
  }
}

export class Locked extends Error {
  override readonly name = 'Locked'
}

/** Runs `work` while no other process refreshes the same list. @throws Locked where one does. */
export async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  const lock = `${file}.lock`
  await mkdir(dirname(file), { recursive: true })
  await takeLock(lock)
  try {
    return await work()
  } finally {
    await rm(lock, { force: true })
  }
}

async function takeLock(lock: string): Promise<void> {
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      const handle = await open(lock, 'wx', 0o644)
      await handle.writeFile(`${process.pid}\n`)
      return await handle.close()
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
      const owner = Number((await readFile(lock, 'latin1').catch(() => '')).trim())
      if (owner === 0 ? attempt > 0 : isAlive(owner))
        throw new Locked(`another refresh is running (process ${owner}, ${lock})`)
      // Its owner was killed: the lock means nothing any more.
      await rm(lock, { force: true })
    }
  }
  throw new Locked(`another refresh is running (${lock})`)
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
