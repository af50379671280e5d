// Writing to a pipe or socket whose reader may be slow, or read no more: in order, whole, and never waiting while the process lives.
// A write on another thread would wait there for such a reader for ever, and the process could not end.
import { writeSync } from 'node:fs'
import { Socket } from 'node:net'

/** Milliseconds until a full pipe is tried again: soon at first, since a reader that keeps up empties it many times a second. */
const AGAIN_MS = 1
const AGAIN_AT_MOST_MS = 64
/** Milliseconds that the end of the process waits for a reader. */
const END_MS = 2_000
const PAUSE = new Int32Array(new SharedArrayBuffer(4))

/** For the usual batch. */
const ROOM = 256 * 1024
/** UTF-8 has no more for one UTF-16 code unit. */
const BYTES_A_UNIT = 3

/** Where batches of lines go. */
export interface Sink {
  /** @returns whether it takes them; they are dropped otherwise. */
  readonly take: (lines: string) => boolean
  readonly flush: () => void
  /** The process ends, and nothing else comes. */
  readonly end: () => void
}

export interface PipeOptions {
  /** Bytes that wait for the reader; beyond them nothing is taken. */
  readonly most: number
  /** Called each time that the reader has everything. */
  readonly onEmpty: () => void
}

export class Pipe implements Sink {
  readonly #fd: number
  readonly #options: PipeOptions
  /** Used again for each batch: fresh memory would be garbage outside V8's heap, which marks all of it for that. */
  readonly #room = Buffer.allocUnsafeSlow(ROOM)
  #waiting: Buffer[] = []
  #bytes = 0
  #timer: NodeJS.Timeout | undefined
  #again = AGAIN_MS

  constructor(fd: number, options: PipeOptions) {
    this.#fd = fd
    this.#options = options
    makeNonBlocking(fd)
  }

  take(lines: string): boolean {
    const bytes = this.#bytesOf(lines)
    if (this.#bytes + bytes.length > this.#options.most) return false
    this.#waiting.push(bytes)
    this.#bytes += bytes.length
    if (this.#timer === undefined) this.#write()
    return true
  }

  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#write()
  }

  /** Waits for a slow reader, but not for one that reads no more. */
  end(): void {
    const until = performance.now() + END_MS
    this.flush()
    while (this.#bytes > 0 && performance.now() < until) {
      Atomics.wait(PAUSE, 0, 0, AGAIN_MS)
      this.flush()
    }
  }

  #bytesOf(lines: string): Buffer {
    const room = this.#room
    // What waits for the reader may be in it.
    if (this.#bytes > 0 || BYTES_A_UNIT * lines.length > room.length) return Buffer.from(lines)
    return room.subarray(0, room.write(lines))
  }

  #write(): void {
    if (this.#bytes === 0) return
    try {
      for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0])
        this.#written(first, writeSync(this.#fd, first))
    } catch (error) {
      if (isFull(error)) {
        this.#timer = setTimeout(() => this.flush(), this.#again).unref()
        this.#again = Math.min(2 * this.#again, AGAIN_AT_MOST_MS)
        return
      }
      // It was closed (EPIPE): nobody reads any more, and the gateway goes on.
      this.#waiting = []
      this.#bytes = 0
    }
    this.#options.onEmpty()
  }

  #written(first: Buffer, count: number): void {
    this.#again = AGAIN_MS
    this.#bytes -= count
    if (count === first.length) this.#waiting.shift()
    else this.#waiting[0] = first.subarray(count)
  }
}

function isFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EAGAIN'
}

// Kept: with a socket that nobody holds, its descriptor would be closed.
const sockets: Socket[] = []

// Node has no fcntl, but it makes what it opens as a socket non-blocking, and puts that back when the process ends. Never written to.
function makeNonBlocking(fd: number): void {
  sockets.push(new Socket({ fd, readable: false, writable: true }))
}
