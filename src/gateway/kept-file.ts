// Files that the gateway keeps for itself in its state directory: read with suspicion, replaced whole, for nobody else.
import { mkdir, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { readText } from '../config/read-text.ts'
import { replaceFile } from '../config/replace-file.ts'

/** Far above what is ever written. */
const LARGEST = 64 * 1024 * 1024

/** @returns undefined where there is none yet, or nothing in it. @throws Unreadable */
export async function readKept(file: string): Promise<string | undefined> {
  const size = await stat(file).then(
    (found) => found.size,
    () => 0,
  )
  return size === 0 ? undefined : readText(file, LARGEST)
}

/** @throws the system's error; what was there is then as it was. */
export async function writeKept(file: string, content: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  // A file that is replaced hands its mode on; the first one has to get it somewhere.
  await writeFile(file, '', { flag: 'wx', mode: 0o600 }).catch(() => {})
  await replaceFile(file, content)
}
