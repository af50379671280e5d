// Opens one connection to a gateway, TCP or TLS, and tells exactly how that ended where it failed.
// Raw sockets, so that any bytes can follow. Every step stands under the caller's deadline.
import { type Socket, connect as connectTcp } from 'node:net'
import { type ConnectionOptions, type TLSSocket, connect as connectTls } from 'node:tls'

export interface Dial {
  readonly host: string
  readonly port: number
  /** The address to come from; default: the system's choice. */
  readonly localAddress?: string
  /** PEM the server's certificate is trusted by; default: the usual roots. The certificate is always verified. */
  readonly ca?: string
  /** What the client presents, PEM; absent: no client certificate. */
  readonly identity?: { readonly certificate: string; readonly key: string }
  /** false: bytes go on the TCP connection itself. */
  readonly tls?: false | ConnectionOptions
}

/** reset: RST. closed: an orderly end, or a TLS alert. timeout: neither within the deadline. */
export type Ended = 'reset' | 'closed' | 'timeout'

export interface DialFailure {
  readonly outcome: 'failed'
  readonly ended: Ended
  readonly error: string
  readonly localPort: number | undefined
  readonly ms: number
}

export interface Opened {
  readonly outcome: 'open'
  readonly socket: Socket | TLSSocket
  readonly localPort: number | undefined
  /** Milliseconds until TCP, and until TLS stood. */
  readonly connectMs: number
  readonly handshakeMs: number | undefined
}

/** @param deadline milliseconds for TCP and TLS together. Never rejects. */
export function dial(options: Dial, deadline: number): Promise<Opened | DialFailure> {
  const started = performance.now()
  const elapsed = () => performance.now() - started
  return new Promise((resolve) => {
    let localPort: number | undefined
    let connectMs = 0
    const { host, port, localAddress } = options
    const tcp = connectTcp({
      host,
      port,
      noDelay: true,
      ...(localAddress === undefined ? {} : { localAddress }),
    })
    let socket: Socket | TLSSocket = tcp
    const settle = (result: Opened | DialFailure) => {
      clearTimeout(timer)
      socket.off('error', failed).off('close', closed)
      // Whatever still comes belongs to the next reader, or to nobody.
      socket.on('error', () => {})
      if (result.outcome === 'failed') socket.destroy()
      resolve(result)
    }
    const fail = (ended: Ended, error: string) =>
      settle({ outcome: 'failed', ended, error, localPort, ms: elapsed() })
    const failed = (error: Error) => fail(endOf(error), describeError(error))
    const closed = () => fail('closed', 'closed before the connection stood')
    const timer = setTimeout(() => fail('timeout', `not connected within ${deadline} ms`), deadline)
    tcp.on('error', failed).on('close', closed)
    tcp.once('connect', () => {
      localPort = tcp.localPort
      connectMs = elapsed()
      const opened = (handshakeMs: number | undefined): Opened => {
        return { outcome: 'open', socket, localPort, connectMs, handshakeMs }
      }
      if (options.tls === false) return settle(opened(undefined))
      tcp.off('error', failed).off('close', closed)
      tcp.on('error', () => {})
      const secured = connectTls(tlsOptions(options, tcp))
      socket = secured
      secured.on('error', failed).on('close', closed)
      secured.once('secureConnect', () => settle(opened(elapsed() - connectMs)))
    })
  })
}

/** How an error of a socket ended it. */
export function endOf(error: Error): Ended {
  // Node reports an orderly end before the handshake is done as ECONNRESET, too, but without a system call.
  const { code, syscall } = error as NodeJS.ErrnoException
  return (code === 'ECONNRESET' && syscall !== undefined) || code === 'EPIPE' ? 'reset' : 'closed'
}

export function describeError(error: Error): string {
  const { code } = error as NodeJS.ErrnoException
  const text = error.message.replace(/^[0-9A-F]+:error:/, '').replaceAll('\n', ' ')
  return code === undefined || text.includes(code) ? text : `${code}: ${text}`
}

function tlsOptions({ host, ca, identity, tls }: Dial, socket: Socket): ConnectionOptions {
  return {
    socket,
    host,
    ...(/^[\d.]+$|:/.test(host) ? {} : { servername: host }),
    ...(ca === undefined ? {} : { ca }),
    ...(identity === undefined ? {} : { cert: identity.certificate, key: identity.key }),
    ...(tls === false ? {} : tls),
  }
}
