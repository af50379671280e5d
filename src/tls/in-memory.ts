// TLS without a network: whole handshakes with a server that never listens, over two streams that are each other's end.
import type { X509Certificate } from 'node:crypto'
import { Duplex } from 'node:stream'
import tls, { type ConnectionOptions, type Server } from 'node:tls'

/** What a client knows once its handshake is done and the server has said good-bye. */
export interface Handshake {
  readonly resumed: boolean
  /** Whether the client trusts the server for the name it asked for; else `error` is OpenSSL's or Node's code. */
  readonly trusted: boolean
  readonly error: string | undefined
  readonly certificate: X509Certificate | undefined
  /** To be offered the next time; undefined where the server gave none. */
  readonly session: Buffer | undefined
}

/** Nobody's certificate is to blame: this machine was busy, or stood still. */
export class HandshakeTimeout extends Error {
  override readonly name = 'HandshakeTimeout'
}

/** Rejects where no handshake comes to stand. Whether the server is trusted is told, never enforced. */
export type InMemoryClient = (options: ConnectionOptions) => Promise<Handshake>

/** Milliseconds for one handshake: far more than any takes. */
const PATIENCE = 5_000

/** @param server is taken over: every client that gets through is sent away at once. */
export function inMemory(server: Server): InMemoryClient {
  server.on('secureConnection', (socket) => {
    socket.on('error', () => {})
    // A byte, so that whatever belongs to the handshake (the tickets of TLS 1.3) has come before it.
    socket.end('.')
  })
  server.on('tlsClientError', (_error, socket) => socket.destroy())
  return (options) => handshake(server, options)
}

function handshake(server: Server, options: ConnectionOptions): Promise<Handshake> {
  const [near, far] = streamPair()
  server.emit('connection', far)
  const socket = tls.connect({ ...options, socket: near, rejectUnauthorized: false })
  return new Promise<Handshake>((resolve, reject) => {
    let session: Buffer | undefined
    const timer = setTimeout(
      () => reject(new HandshakeTimeout(`no handshake within ${PATIENCE} ms`)),
      PATIENCE,
    )
    socket.on('session', (given: Buffer) => (session = given))
    socket.once('secureConnect', () => {
      const certificate = socket.getPeerX509Certificate()
      const { authorized: trusted, authorizationError } = socket
      const resumed = socket.isSessionReused()
      session ??= socket.getSession()
      const error = trusted ? undefined : codeOf(authorizationError)
      socket.once('end', () => resolve({ resumed, trusted, error, certificate, session }))
      socket.resume()
    })
    socket.once('error', reject)
    socket.once('close', () => {
      clearTimeout(timer)
      reject(new Error('closed before the handshake was done'))
    })
  }).finally(() => {
    socket.destroy()
    near.destroy()
    far.destroy()
  })
}

// Node says a code where OpenSSL refused, and an error with one where the name does not fit.
function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}

/** Two streams; what is written to one is read from the other. */
function streamPair(): readonly [Duplex, Duplex] {
  const ends: readonly [End, End] = [new End(), new End()]
  ends[0].other = ends[1]
  ends[1].other = ends[0]
  return ends
}

class End extends Duplex {
  other: End | undefined
  #heardEnd = false

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.other?.push(chunk)
    done()
  }

  override _final(done: () => void): void {
    this.other?.hearEnd()
    done()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.other?.hearEnd()
    done(error)
  }

  hearEnd(): void {
    if (!this.#heardEnd) this.push(null)
    this.#heardEnd = true
  }
}
