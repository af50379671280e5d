// An upstream made of bare sockets: keeps every byte it gets, request by request, and answers with whatever bytes a test
// wants, at whatever moment. Knows no more of HTTP than where a request ends.
import { once } from 'node:events'
import { type Server, type Socket, createServer } from 'node:net'
import { type TlsOptions, createServer as createTlsServer } from 'node:tls'

export interface RawRequest {
  /** Of the connection it came on, from 1. */
  readonly connection: number
  /** Such as `POST /hooks HTTP/1.1`. */
  readonly line: string
  readonly fields: readonly (readonly [name: string, value: string])[]
  readonly body: Buffer
}

/** What it does; where nothing is said, it answers every request with 200 and closes. */
export interface Behaviour {
  readonly onConnection?: (socket: Socket) => void
  /** A head is there, its body perhaps not. */
  readonly onHead?: (socket: Socket) => void
  readonly onRequest?: (socket: Socket, request: RawRequest) => void
}

export interface RawUpstream {
  /** Such as http://127.0.0.1:41234, https://localhost:41234 or unix:/path. */
  readonly url: string
  /** Whole requests, in the order of their ends. */
  readonly requests: readonly RawRequest[]
  /** Connections accepted so far, and open now. */
  readonly connections: number
  readonly open: number
  /** Everything received so far, on all connections. */
  readonly bytes: () => string
  readonly behave: (behaviour: Behaviour) => void
  /** Ends everything it knows: connections, requests, behaviour. */
  readonly reset: () => Promise<void>
  readonly close: () => Promise<void>
}

export const OK_CLOSE = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'
export const OK_KEEP = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'

export interface RawUpstreamOptions {
  /** Of a Unix socket; absent: a free port of 127.0.0.1. */
  readonly path?: string
  readonly tls?: TlsOptions
}

export async function startRawUpstream({ path, tls }: RawUpstreamOptions = {}): Promise<RawUpstream> {
  const sockets = new Set<Socket>()
  const requests: RawRequest[] = []
  const chunks: Buffer[] = []
  let behaviour: Behaviour = {}
  let connections = 0
  const accept = (socket: Socket) => {
    connections += 1
    const connection = connections
    sockets.add(socket)
    socket.on('error', () => {}).once('close', () => sockets.delete(socket))
    behaviour.onConnection?.(socket)
    const reader = new RequestReader(connection, (request) => {
      if (request === undefined) return behaviour.onHead?.(socket)
      requests.push(request)
      if (behaviour.onRequest !== undefined) behaviour.onRequest(socket, request)
      else if (behaviour.onHead === undefined && behaviour.onConnection === undefined) socket.end(OK_CLOSE)
    })
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      reader.push(chunk)
    })
  }
  const server = tls === undefined ? createServer(accept) : createTlsServer(tls, accept)
  server.listen(path === undefined ? { host: '127.0.0.1', port: 0 } : { path })
  await once(server, 'listening')
  const reset = async () => {
    const closing = [...sockets].map((socket) => once(socket, 'close'))
    for (const socket of sockets) socket.destroy()
    await Promise.all(closing)
    requests.length = 0
    chunks.length = 0
    connections = 0
    behaviour = {}
  }
  return {
    url:
      path === undefined
        ? `${tls === undefined ? 'http://127.0.0.1' : 'https://localhost'}:${portOf(server)}`
        : `unix:${path}`,
    requests,
    get connections() {
      return connections
    },
    get open() {
      return sockets.size
    },
    bytes: () => Buffer.concat(chunks).toString('latin1'),
    behave: (next) => {
      behaviour = next
    },
    reset,
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      await reset()
      await closed
    },
  }
}

/** The values of a field, by its name in any case. */
export function valuesOf({ fields }: RawRequest, name: string): string[] {
  return fields.filter(([each]) => each.toLowerCase() === name.toLowerCase()).map(([, value]) => value)
}

/** RST, now: resetAndDestroy() sends FIN before, which reads like an end. */
export function reset(socket: Socket): void {
  Reflect.set(socket, 'resetAndClosing', true)
  socket.destroy()
}

/** A port of 127.0.0.1 at which nobody listens. */
export async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const port = portOf(server)
  server.close()
  await once(server, 'close')
  return port
}

export function portOf(server: Server): number {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** Content-Length alone ends a body: whatever follows is the next request, as a lenient server would read it. */
class RequestReader {
  readonly #connection: number
  readonly #found: (request: RawRequest | undefined) => void
  #pending: Buffer[] = []
  #size = 0
  #head: { line: string; fields: RawRequest['fields']; length: number } | undefined

  constructor(connection: number, found: (request: RawRequest | undefined) => void) {
    this.#connection = connection
    this.#found = found
  }

  push(chunk: Buffer): void {
    this.#pending.push(chunk)
    this.#size += chunk.length
    while (this.#head === undefined ? this.#takeHead() : this.#takeBody(this.#head));
  }

  #takeHead(): boolean {
    const pending = this.#joined()
    const end = pending.indexOf('\r\n\r\n')
    if (end === -1) return false
    const [line = '', ...lines] = pending.toString('latin1', 0, end).split('\r\n')
    const fields = lines.map((text) => {
      const colon = text.indexOf(': ')
      return [text.slice(0, colon), text.slice(colon + 2)] as const
    })
    const announced = fields.find(([name]) => name.toLowerCase() === 'content-length')
    this.#keep(pending.subarray(end + 4))
    this.#head = { line, fields, length: Number(announced?.[1] ?? 0) }
    this.#found(undefined)
    return true
  }

  #takeBody({
    line,
    fields,
    length,
  }: {
    line: string
    fields: RawRequest['fields']
    length: number
  }): boolean {
    if (this.#size < length) return false
    const pending = this.#joined()
    this.#keep(pending.subarray(length))
    this.#head = undefined
    this.#found({ connection: this.#connection, line, fields, body: pending.subarray(0, length) })
    return this.#size > 0
  }

  #joined(): Buffer {
    return Buffer.concat(this.#pending)
  }

  #keep(rest: Buffer): void {
    this.#pending = [rest]
    this.#size = rest.length
  }
}
