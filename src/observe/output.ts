// Standard output for many lines: handed on in batches, so that no request waits for a disk or a reader, and bounded.
// A line may stay here for a moment; at every end that the process itself sees, all of them are written.
import { fstatSync } from 'node:fs'
import { destination } from 'pino'
import { Pipe, type Sink } from './pipe.ts'

export interface Output {
  /** Takes one line, its end included. */
  readonly write: (line: string) => void
  /** Hands on what is held. It waits for a disk, and for no reader. */
  readonly flush: () => void
}

export interface OutputOptions {
  /** Told how many lines were dropped, once there is a reader for that again; it may write a line about it. */
  readonly onDropped?: (lines: number) => void
}

/** A reader that stops reading must not fill the gateway's memory: lines beyond these bytes are dropped. */
export const BUFFERED_AT_MOST = 8 * 1024 * 1024

// A write costs more than making the line, most of it in the kernel. A batch has one.
const HELD_MS = 5
const BATCH_AT_MOST = 64 * 1024

let dropped = 0

/** Lines that this process has dropped since it began. */
export function droppedLines(): number {
  return dropped
}

export function backgroundOutput(fd: number, { onDropped = () => {} }: OutputOptions = {}): Output {
  let missing = 0
  const sink = sinkFor(fd, () => {
    const lines = missing
    missing = 0
    if (lines > 0) onDropped(lines)
  })
  let batch = ''
  let timer: NodeJS.Timeout | undefined
  const handOn = () => {
    clearTimeout(timer)
    timer = undefined
    const lines = batch
    batch = ''
    // Once lines are missing, all are until the reader has what came before: one gap, and one line that says so.
    if (lines === '' || (missing === 0 && sink.take(lines))) return
    const count = lines.split('\n').length - 1
    missing += count
    dropped += count
  }
  const write = (line: string) => {
    batch += line
    if (batch.length >= BATCH_AT_MOST) handOn()
    else timer ??= setTimeout(handOn, HELD_MS).unref()
  }
  const flush = () => {
    handOn()
    sink.flush()
  }
  process.once('exit', () => {
    handOn()
    sink.end()
  })
  return { write, flush }
}

/** @param onEmpty called each time that all of what it took is written */
function sinkFor(fd: number, onEmpty: () => void): Sink {
  const kind = fstatSync(fd)
  const piped = process.platform !== 'win32' && (kind.isFIFO() || kind.isSocket())
  return piped ? new Pipe(fd, { most: BUFFERED_AT_MOST, onEmpty }) : fileSink(fd, onEmpty)
}

// A file or a terminal cannot say that it would have to wait: it is written to on another thread.
function fileSink(fd: number, onEmpty: () => void): Sink {
  const stream = destination({ fd, sync: false, maxLength: BUFFERED_AT_MOST })
  let taken = true
  stream.on('drop', () => (taken = false))
  stream.on('drain', onEmpty)
  // Such as a full disk: the gateway goes on.
  stream.on('error', () => {})
  const take = (lines: string) => {
    taken = true
    stream.write(lines)
    return taken
  }
  const flush = () => {
    try {
      stream.flushSync()
    } catch {
      // It was taken away from us: there is nobody left to tell.
    }
  }
  return { take, flush, end: flush }
}
