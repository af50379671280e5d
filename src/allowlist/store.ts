// Keeps the list on disk: whole or not at all, with what it replaced beside it. A reader always finds a complete list,
// wherever a writer was killed. Only the list itself goes through a link: what stands beside it stands beside its name.
import { createHash } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { replaceFile } from '../config/replace-file.ts'
import { type Prefix, formatPrefix } from '../domain/address.ts'
import { AllowListError, parseAllowList, readAllowList, readListText } from './read-list.ts'
import { printable } from './registry-error.ts'

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
    `# source: ${printable(source)}`,
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
  return readAllowList(file).then(
    ({ prefixes }) => prefixes,
    (error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
      throw error
    },
  )
}

/** Where the list stands that a refresh replaced. */
export function lastGoodOf(file: string): string {
  return `${file}.last-good`
}

/**
 * Puts the list in place of the present one, which is kept beside it where it is a list and differs.
 * @throws the system's error; the present list is as it was then.
 */
export async function storeList(file: string, text: string): Promise<void> {
  const fresh = listDigest(parseAllowList(text))
  await mkdir(dirname(file), { recursive: true })
  await keepLastGood(file, fresh)
  await replaceFile(file, text)
}

// A list that was stored twice would push the one before it out, and what is no list was never good.
async function keepLastGood(file: string, fresh: string): Promise<void> {
  try {
    const { text } = await readListText(file)
    if (listDigest(parseAllowList(text)) !== fresh)
      await replaceFile(lastGoodOf(file), Buffer.from(text, 'latin1'))
  } catch (error) {
    const absent = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    if (!absent && !(error instanceof AllowListError)) throw error
  }
}
