// What was read, kept as bytes, so that another process prepares from exactly the same: hubgate's workers get the files of a
// generation from their supervisor, and never look at a disk on which an editor may be in the middle of something.
import { AsyncLocalStorage } from 'node:async_hooks'
import { fileURLToPath } from 'node:url'

export interface KeptFile {
  readonly bytes: Uint8Array
  /** When it was written. */
  readonly updated: Date
}

/** By absolute path. What is not among them was not there. */
export type KeptFiles = ReadonlyMap<string, KeptFile>

interface Kept {
  readonly files: Map<string, KeptFile>
  /** Timers that were started meanwhile inherit this store; what they read belongs to nobody. */
  over: boolean
}

const KEEPING = new AsyncLocalStorage<Kept>()
const SHOWN = new AsyncLocalStorage<KeptFiles>()

/** Keeps every file that `work` reads, for `keptFiles`. */
export async function keepingFiles<T>(work: () => Promise<T>): Promise<T> {
  const kept = { files: new Map<string, KeptFile>(), over: false }
  try {
    return await KEEPING.run(kept, work)
  } finally {
    kept.over = true
    kept.files.clear()
  }
}

/** What the `keepingFiles` around this has kept so far; empty outside of one. */
export function keptFiles(): KeptFiles {
  return new Map(KEEPING.getStore()?.files)
}

/** Lets `work` read these files and no others. */
export function showingFiles<T>(files: KeptFiles, work: () => Promise<T>): Promise<T> {
  return SHOWN.run(files, work)
}

/** @returns undefined where the disk is to be read; `absent` where that file was not there. */
export function shownFile(path: string | URL): KeptFile | 'absent' | undefined {
  const shown = SHOWN.getStore()
  return shown === undefined ? undefined : (shown.get(nameOf(path)) ?? 'absent')
}

export function keepFile(path: string | URL, read: () => KeptFile): void {
  const kept = KEEPING.getStore()
  if (kept !== undefined && !kept.over) kept.files.set(nameOf(path), read())
}

function nameOf(path: string | URL): string {
  return typeof path === 'string' ? path : fileURLToPath(path)
}
