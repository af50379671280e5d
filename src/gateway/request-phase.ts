// Phase 4: a request head was read. Its gates run, then it goes where it belongs: challenge, delivery, or streamed through.
import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { RefusalCode } from '../domain/refusals.ts'
import { refuse } from '../domain/verdict.ts'
import { runGates } from '../gates/run.ts'
import type { Config } from '../config/config.ts'
import { rawAnswer, refusalAnswer } from './answers.ts'
import { answerChallenge } from './challenge.ts'
import type { Connection } from './connection.ts'
import { deliver } from './delivery.ts'
import { Exchange } from './exchange.ts'
import { recordParserRefusal } from './parser-refusal.ts'
import type { Shared } from './shared.ts'
import { passThrough } from './unsigned.ts'

/** A server that never listens: admitted TLS sockets are handed to it. */
export function requestServer(shared: Shared, limits: Config['limits']): http.Server {
  const server = http.createServer({
    maxHeaderSize: limits.head,
    headersTimeout: limits.headTimeout,
    // The body has its own deadline, from the end of the head.
    requestTimeout: 0,
    keepAliveTimeout: limits.idleTimeout,
    // A server that does not listen checks no deadline until it believes it does; see 'listening' below.
    connectionsCheckingInterval: 500,
    insecureHTTPParser: false,
    // Node answers a missing Host itself; the framing gate sees more.
    requireHostHeader: false,
  })
  // Cut silently by default: the head-size gate counts.
  server.maxHeadersCount = 0
  server.on('request', (request, response) => begin(shared, request, response))
  server.on('checkContinue', (request, response) => begin(shared, request, response))
  server.on('checkExpectation', (request, response) => begin(shared, request, response))
  server.on('connect', (_request, socket) => refuseBytes(shared, socket, 'FRAMING_INVALID', 'CONNECT asks for a tunnel'))
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => onClientError(shared, error, socket))
  server.emit('listening')
  return server
}

function begin(shared: Shared, request: IncomingMessage, response: ServerResponse): void {
  const connection = shared.connections.of(request.socket)
  // After a refusal that closes, what follows on the connection is not looked at: it may be smuggled.
  if (connection === undefined || connection.closing) return void request.resume()
  connection.clearDeadline()
  const exchange = new Exchange({ shared, connection, request, response })
  serve(shared, exchange).catch((error: unknown) => {
    shared.observer.fault(error)
    exchange.refuse('gateway', refuse('INTERNAL_ERROR', error instanceof Error ? error.message : 'not an Error'))
  })
}

async function serve(shared: Shared, exchange: Exchange): Promise<void> {
  if (shared.draining()) return exchange.refuse('gateway', refuse('DRAINING', 'a request that came while ending'))
  if (!exchange.passes(runGates(exchange.generation.policy.request, exchange.facts))) return
  const { route, method } = exchange.facts
  if (route === undefined) return exchange.refuse('gateway', refuse('INTERNAL_ERROR', 'admitted without a route'))
  if (route.mode === 'unsigned') return passThrough(exchange, route)
  return method === 'GET' ? answerChallenge(exchange, route) : deliver(exchange, route)
}

const GONE = new Set(['ECONNRESET', 'EPIPE', 'HPE_INVALID_EOF_STATE', 'ECONNABORTED', 'ETIMEDOUT'])

function onClientError(shared: Shared, error: NodeJS.ErrnoException, socket: Duplex): void {
  const reason = error.code ?? error.message
  if (GONE.has(reason)) return aborted(shared, socket)
  if (reason === 'HPE_HEADER_OVERFLOW') return refuseBytes(shared, socket, 'HEAD_TOO_LARGE', 'larger than limits.head')
  if (reason === 'ERR_HTTP_REQUEST_TIMEOUT') return refuseBytes(shared, socket, 'HEAD_TIMEOUT', 'not complete within limits.headTimeout')
  if (reason.startsWith('ERR_SSL')) return refuseBytes(shared, socket, 'TLS_FAILED', `OpenSSL: ${reason}`)
  refuseBytes(shared, socket, 'FRAMING_INVALID', `parser: ${error.message.replace(/^Parse Error: /, '')}`)
}

// The head broke off: no request began, so this record is the only one. One that had begun records its own end.
function aborted(shared: Shared, socket: Duplex): void {
  const connection = shared.connections.of(socket)
  if (connection !== undefined && connection.exchanges.size === 0 && !connection.closing)
    recordParserRefusal(shared, connection, { code: 'CLIENT_ABORTED', gate: 'client', detail: 'went away within a request head' })
  socket.destroy()
}

/** Refuses bytes that are no request, on the bare socket: after the answers in flight, or at once where there are none. */
function refuseBytes(shared: Shared, socket: Duplex, code: RefusalCode, detail: string): void {
  const connection = shared.connections.of(socket)
  if (connection === undefined || connection.closing) {
    if (connection?.exchanges.size !== 0) return
    return void socket.destroy()
  }
  const gate = code === 'HEAD_TIMEOUT' ? 'deadline' : code === 'TLS_FAILED' ? 'tls' : 'parser'
  const { id, status } = recordParserRefusal(shared, connection, { code, gate, detail })
  if (connection.exchanges.size > 0) {
    connection.closing = true
    return
  }
  if (status !== undefined && socket.writable) socket.write(rawAnswer(refusalAnswer(code, id)))
  connection.close()
}

/** Between requests: the next head has to be complete within idle and head time together, whatever drips in between. */
export function awaitNextRequest(shared: Shared, connection: Connection): void {
  const { idleTimeout, headTimeout } = shared.generation().config.limits
  connection.setDeadline(idleTimeout + headTimeout, () => connection.close())
}

