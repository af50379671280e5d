// Notices that files changed: by watching their directories, so that a rename or a swapped link is seen at once, and by
// polling, for file systems that tell nothing. Says that something changed, never what it means.
import { type FSWatcher, watch } from 'node:fs'
import { realpath, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

const POLL_MS = 1_000
// Several files change together (certificate and key): look once they have settled. And a directory may be a busy one
// (a database beside the list): so many looks a second it costs at most.
const SETTLE_MS = 100

export interface FileWatch {
  readonly close: () => void
}

export interface WatchInputs {
  readonly files: readonly string[]
  /** Their fingerprint from before they were last read, so that no change falls between reading and watching. */
  readonly since: string
  readonly onChange: () => void
}

/** Calls back after any of the files is another one than before: other target, inode, size or time. */
export function watchFiles({ files, since, onChange }: WatchInputs): FileWatch {
  let known = since
  let closed = false
  let noticed: NodeJS.Timeout | undefined
  let settling: NodeJS.Timeout | undefined
  const look = async () => {
    const now = await fingerprint(files)
    if (closed || now === known) return
    known = now
    clearTimeout(settling)
    settling = setTimeout(onChange, SETTLE_MS)
  }
  const notice = () => {
    noticed ??= setTimeout(() => {
      noticed = undefined
      void look()
    }, SETTLE_MS).unref()
  }
  const poll = setInterval(() => void look(), POLL_MS)
  poll.unref()
  const directories = [...new Set(files.map((file) => dirname(file)))]
  const watchers = directories.flatMap((directory) => watchDirectory(directory, notice))
  void look()
  return {
    close: () => {
      closed = true
      clearInterval(poll)
      clearTimeout(noticed)
      clearTimeout(settling)
      for (const watcher of watchers) watcher.close()
    },
  }
}

function watchDirectory(directory: string, look: () => void): FSWatcher[] {
  try {
    const watcher = watch(directory, { persistent: false }, look)
    // The directory itself may go; polling goes on.
    watcher.on('error', () => watcher.close())
    return [watcher]
  } catch {
    return []
  }
}

/** What tells one state of the files from another. */
export async function fingerprint(files: readonly string[]): Promise<string> {
  const marks = await Promise.all(files.map(markOf))
  return marks.join('\n')
}

async function markOf(file: string): Promise<string> {
  try {
    const target = await realpath(file)
    const { ino, size, mtimeMs, ctimeMs } = await stat(target)
    return [target, ino, size, mtimeMs, ctimeMs].join(' ')
  } catch {
    return 'absent'
  }
}
