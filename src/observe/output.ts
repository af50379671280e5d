// Standard output for many lines: handed on in batches, in the background, so that no request waits for a disk or a reader.
// A line may stay here for a moment; at every end that the process itself sees, all of them are written.
import { destination } from 'pino'

export interface Output {
  /** Takes one line, its end included. */
  readonly write: (line: string) => void
  /** Writes what is held, before it returns. */
  readonly flush: () => void
}

// A reader that stops reading must not stop the gateway, nor fill its memory: what comes beyond this is dropped.
const BUFFERED_AT_MOST = 8 * 1024 * 1024

// A write costs more than making the line: a system call in another thread, and waking it and being woken. A batch has one.
const HELD_MS = 5
const BATCH_AT_MOST = 64 * 1024

export function backgroundOutput(fd: number): Output {
  const stream = destination({ fd, sync: false, maxLength: BUFFERED_AT_MOST })
  // A closed pipe (EPIPE): nobody reads any more, and the gateway goes on.
  stream.on('error', () => {})
  let batch = ''
  let timer: NodeJS.Timeout | undefined
  const handOn = () => {
    clearTimeout(timer)
    timer = undefined
    const lines = batch
    batch = ''
    try {
      if (lines !== '') stream.write(lines)
    } catch {
      // It was taken away from us; from a timer, there is nobody to tell.
    }
  }
  const write = (line: string) => {
    batch += line
    if (batch.length >= BATCH_AT_MOST) handOn()
    else timer ??= setTimeout(handOn, HELD_MS)
  }
  const flush = () => {
    try {
      handOn()
      stream.flushSync()
    } catch {
      // Not open yet, or closed by its reader: there is nobody left to tell.
    }
  }
  process.once('exit', flush)
  return { write, flush }
}
