// The memory that a connection writes its requests from, used again for each: a connection has one delivery at a time, and takes
// the next only once all of the last is written. A fresh piece a request would be garbage outside V8's heap (received-memory.ts).

/** Up to here the body is copied behind the head: one write instead of two. */
export const COPIED = 16 * 1024
const LEAST = 4 * 1024

export class RequestRoom {
  #memory = Buffer.alloc(0)

  /** @param head one character a byte. @returns both behind each other, until the next call. */
  join(head: string, body: Uint8Array): Buffer {
    const size = head.length + body.length
    if (size > this.#memory.length) this.#memory = Buffer.allocUnsafeSlow(roomFor(size))
    const memory = this.#memory
    memory.write(head, 'latin1')
    memory.set(body, head.length)
    return memory.subarray(0, size)
  }
}

function roomFor(size: number): number {
  return Math.max(LEAST, 2 ** Math.ceil(Math.log2(size)))
}
