// Phase 4: a request head was read. Its gates run, then it goes where it belongs: challenge, delivery, or streamed through.
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { refuse } from '../domain/verdict.ts'
import { runGates } from '../gates/run.ts'
import type { Config } from '../config/config.ts'
import { answerText, refusalAnswer } from './answers.ts'
import { answerChallenge } from './challenge.ts'
import type { Connection } from './connection.ts'
import { deliver } from './general-lane.ts'
import { HttpExchange } from './http-exchange.ts'
import { CONNECT_REFUSAL, type ParserRefusal, parserRefusal, recordParserRefusal } from './parser-refusal.ts'
import { noteFronted } from './front-phase.ts'
import type { FrontReader } from './fronted.ts'
import type { Shared } from './shared.ts'
import { passThrough } from './unsigned.ts'

const { createServer } = process.getBuiltinModule('node:http')

/** Takes admitted TLS sockets. It never listens, and the timer of its deadlines goes only when it is closed. */
export interface RequestServer {
  readonly take: (socket: Duplex) => void
  /** Gets no more: closes with its last socket. */
  readonly retire: () => void
}

export function requestServer(shared: Shared, limits: Config['limits']): RequestServer {
  const server = parserServer(shared, limits)
  let open = 0
  let retired = false
  const closeIfDone = () => {
    if (retired && open === 0) server.close()
  }
  return {
    take: (socket) => {
      open += 1
      socket.once('close', () => {
        open -= 1
        closeIfDone()
      })
      server.emit('connection', socket)
    },
    retire: () => {
      retired = true
      closeIfDone()
    },
  }
}

function parserServer(shared: Shared, limits: Config['limits']): Server {
  const server = createServer({
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
  server.on('connect', (_request, socket) => refuseBytes(shared, socket, CONNECT_REFUSAL))
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => onClientError(shared, error, socket))
  server.emit('listening')
  return server
}

function begin(shared: Shared, request: IncomingMessage, response: ServerResponse): void {
  const connection = shared.connections.of(request.socket)
  // After a refusal that closes, what follows on the connection is not looked at: it may be smuggled.
  if (connection === undefined || connection.closing) return void request.resume()
  connection.clearDeadline()
  const exchange = new HttpExchange({ shared, connection, request, response })
  // The last that this connection takes: it is served, and its answer says so.
  if (shared.draining()) connection.closing = true
  const { front } = exchange.generation
  if (front !== undefined) return void serveFronted(exchange, front)
  try {
    serve(exchange)?.catch((error: unknown) => exchange.fault(error))
  } catch (error) {
    exchange.fault(error)
  }
}

async function serveFronted(exchange: HttpExchange, front: FrontReader): Promise<void> {
  try {
    if (await isTold(exchange, front)) await serve(exchange)
  } catch (error) {
    exchange.fault(error)
  }
}

/** @returns what is still to be awaited, where anything is: a delivery goes on by its events. */
function serve(exchange: HttpExchange): Promise<void> | undefined {
  const verdict = runGates(exchange.generation.policy.request, exchange.facts)
  noteFronted(exchange, verdict)
  if (!exchange.passes(verdict)) return undefined
  const { route, method } = exchange.facts
  if (route === undefined) {
    exchange.refuse('gateway', refuse('INTERNAL_ERROR', 'admitted without a route'))
    return undefined
  }
  if (route.mode === 'unsigned') return passThrough(exchange, route)
  if (method === 'GET') return answerChallenge(exchange, route)
  deliver(exchange, route)
  return undefined
}

/** Behind a front: reads whose request it is. @returns whether to go on. */
async function isTold(exchange: HttpExchange, front: FrontReader): Promise<boolean> {
  const client = await front.read(exchange.facts.fields)
  if (client.outcome === 'refuse') exchange.refuse('front', client)
  else exchange.tell(client)
  return !exchange.ended
}

function onClientError(shared: Shared, error: NodeJS.ErrnoException, socket: Duplex): void {
  const refusal = parserRefusal(error)
  if (refusal.code === 'CLIENT_ABORTED') aborted(shared, socket, refusal)
  else refuseBytes(shared, socket, refusal)
}

// The head broke off: no request began, so this record is the only one. One that had begun records its own end, and who
// goes between requests, even by a reset, leaves nothing undone.
function aborted(shared: Shared, socket: Duplex, refusal: ParserRefusal): void {
  const connection = shared.connections.of(socket)
  if (connection !== undefined && connection.exchanges.size === 0 && !connection.closing && connection.heard)
    recordParserRefusal(shared, connection, refusal)
  socket.destroy()
}

/** Nothing came after the handshake in the time for a head. */
export function refuseSilence(shared: Shared, socket: Duplex): void {
  refuseBytes(shared, socket, parserRefusal(Object.assign(new Error(), { code: 'ERR_HTTP_REQUEST_TIMEOUT' })))
}

/** Refuses bytes that are no request, on the bare socket: after the answers in flight, or at once where there are none. */
function refuseBytes(shared: Shared, socket: Duplex, refusal: ParserRefusal): void {
  const connection = shared.connections.of(socket)
  if (connection === undefined) return void socket.destroy()
  // Its parser complains of every further piece; that end is already on its way.
  if (connection.closing) return
  const { id, status } = recordParserRefusal(shared, connection, refusal)
  if (status !== undefined) connection.farewell = answerText(refusalAnswer(refusal.code, id))
  connection.closing = true
  if (connection.exchanges.size === 0) connection.close()
}

/** Between requests: the next head has to be complete within idle and head time together, whatever drips in between. */
export function awaitNextRequest(shared: Shared, connection: Connection): void {
  const { idleTimeout, headTimeout } = shared.generation().config.limits
  connection.setDeadline(idleTimeout + headTimeout, () => connection.close())
  connection.awaitHead()
}
