// The service behind the gateway: enters each delivery into the book before it answers 200, and can go away and come back.
import { type Server, type Socket, createServer } from 'node:net'
import { portOf } from './port.ts'

export const TRY_FIELD = 'X-Soak-Try'

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'
const TRY = new RegExp(`\\r\\n${TRY_FIELD}: ([0-9]+-[0-9]+)\\r\\n`)
/** Milliseconds until its port is taken for lost. */
const PORT_WITHIN = 5_000

export type Arrived = (tag: string, body: Buffer) => void

export class Consumer {
  port = 0
  restarts = 0
  readonly #arrived: Arrived
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined

  constructor(arrived: Arrived) {
    this.#arrived = arrived
  }

  async start(): Promise<void> {
    const deadline = performance.now() + PORT_WITHIN
    for (;;) {
      const server = createServer({ noDelay: true }, (socket) => this.#take(socket))
      try {
        await new Promise<void>((resolve, reject) => {
          server.once('error', reject)
          server.listen({ host: '127.0.0.1', port: this.port, backlog: 4_096 }, resolve)
        })
        this.port = portOf(server)
        this.#server = server
        return
      } catch (error) {
        if (performance.now() > deadline) throw error
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }
  }

  /** @param how killed: every connection is reset, whatever is under way. stopped: they end. */
  stop(how: 'killed' | 'stopped'): Promise<void> {
    const server = this.#server
    this.#server = undefined
    for (const socket of this.#sockets)
      if (how === 'killed') socket.resetAndDestroy()
      else socket.destroySoon()
    return new Promise((resolve) => {
      if (server === undefined) resolve()
      else server.close(() => resolve())
    })
  }

  #take(socket: Socket): void {
    this.#sockets.add(socket)
    const reader = new Reader()
    socket.on('error', () => {})
    socket.once('close', () => this.#sockets.delete(socket))
    socket.on('data', (chunk) => {
      // Who is going away reads no more: what it does not enter it does not answer.
      if (this.#server === undefined) return
      reader.push(chunk)
      for (let taken = reader.take(); taken !== undefined; taken = reader.take()) {
        this.#arrived(taken.tag, taken.body)
        socket.write(OK)
      }
    })
  }
}

/** Requests out of bytes. The gateway writes one kind of them: with Content-Length. */
export class Reader {
  #parts: Buffer[] = []
  #length = 0
  #head: { tag: string; start: number; end: number } | undefined

  push(chunk: Buffer): void {
    this.#parts.push(chunk)
    this.#length += chunk.length
  }

  take(): { readonly tag: string; readonly body: Buffer } | undefined {
    this.#head ??= this.#readHead()
    const head = this.#head
    if (head === undefined || this.#length < head.end) return undefined
    const bytes = this.#joined()
    this.#head = undefined
    this.#parts = bytes.length > head.end ? [bytes.subarray(head.end)] : []
    this.#length = bytes.length - head.end
    return { tag: head.tag, body: bytes.subarray(head.start, head.end) }
  }

  #readHead(): { tag: string; start: number; end: number } | undefined {
    if (this.#length === 0) return undefined
    const bytes = this.#joined()
    const end = bytes.indexOf('\r\n\r\n')
    if (end === -1) return undefined
    const head = bytes.toString('latin1', 0, end + 2)
    const length = Number(/\r\ncontent-length: *(\d+)\r\n/i.exec(head)?.[1])
    // A tag that is not there belongs to nothing that was sent in good faith.
    return { tag: TRY.exec(head)?.[1] ?? '', start: end + 4, end: end + 4 + length }
  }

  #joined(): Buffer {
    const [only] = this.#parts
    const bytes = only !== undefined && this.#parts.length === 1 ? only : Buffer.concat(this.#parts)
    this.#parts = [bytes]
    return bytes
  }
}
