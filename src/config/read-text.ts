// Reads a small file, as text or bytes, with reasons in words where that fails. Never follows into devices or pipes.
import { readFileSync, statSync } from 'node:fs'
import { keepFile, shownFile } from './file-view.ts'
import { formatSize } from './units.ts'

/** Why a file could not be read: "there is no such file". */
export class Unreadable extends Error {}

const REASONS: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'there is no such file'],
  ['ENOTDIR', 'there is no such file'],
  ['EACCES', 'permission denied'],
  ['ERR_ENCODING_INVALID_ENCODED_DATA', 'it is not UTF-8 text'],
])

/** @returns the text without a byte order mark. @throws Unreadable */
export function readText(path: string, largest: number): string {
  return readable(() => new TextDecoder('utf-8', { fatal: true }).decode(bytesOf(path, largest)))
}

/** @throws Unreadable */
export function readBytes(path: string | URL, largest: number): Buffer {
  return readable(() => bytesOf(path, largest))
}

function bytesOf(path: string | URL, largest: number): Buffer {
  const shown = shownFile(path)
  if (shown === 'absent') throw new Unreadable('there is no such file')
  if (shown !== undefined) return Buffer.from(shown.bytes)
  const stats = statSync(path)
  // A device or a pipe could be endless, and reading one would hold up everything else.
  if (!stats.isFile()) throw new Unreadable('it is not a regular file')
  if (stats.size > largest) throw new Unreadable(`it is larger than ${formatSize(largest)}`)
  const bytes = readFileSync(path)
  keepFile(path, () => ({ bytes, updated: stats.mtime }))
  return bytes
}

function readable<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof Unreadable) throw error
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    throw new Unreadable(REASONS.get(code) ?? code)
  }
}
