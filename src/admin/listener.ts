// The admin listener: a plain HTTP server of its own, never on the public port, with small limits of its own.
// It knows no setting but its address and its token; everything it tells comes through ports.ts.
import { chmod } from 'node:fs/promises'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ListenAddress } from '../config/config.ts'
import type { Secret } from '../config/secret.ts'
import { parseAddress } from '../domain/address.ts'
import { fitted, listenOnInherited } from '../gateway/inherited.ts'
import { removeDeadSocket } from '../gateway/listeners.ts'
import { type AdminAnswer, refusal, send } from './answers.ts'
import { ENDPOINTS } from './endpoints.ts'
import { type AdminBounds, guard, isLoopbackAddress } from './guard.ts'
import type { Administered } from './ports.ts'

const { createServer } = process.getBuiltinModule('node:http')

export interface AdminOptions {
  readonly address: ListenAddress
  /** The descriptor of a socket for it that is open already. */
  readonly socket?: number | undefined
  /** The token, or how to get the present one: a reload may change it. */
  readonly token: Secret | undefined | (() => Secret | undefined)
  readonly administered: Administered
  /** Told of failures of an endpoint; the asker only sees that one happened. */
  readonly onFault?: (error: unknown) => void
}

export interface AdminListener {
  readonly address: AddressInfo | string
  /** Answers what was asked, within a second, and ends. */
  readonly close: () => Promise<void>
}

const LIMITS = {
  headBytes: 8_192,
  bodyBytes: 1_024,
  connections: 64,
  headMs: 5_000,
  requestMs: 10_000,
  idleMs: 5_000,
}
const CLOSE_GRACE_MS = 1_000

/** @throws the system's error (EADDRINUSE …), or an Error where it would be open to others without a token. */
export async function startAdmin(options: AdminOptions): Promise<AdminListener> {
  const { address } = options
  const server = createServer(
    {
      maxHeaderSize: LIMITS.headBytes,
      headersTimeout: LIMITS.headMs,
      requestTimeout: LIMITS.requestMs,
      keepAliveTimeout: LIMITS.idleMs,
      connectionsCheckingInterval: 1_000,
    },
    (request, response) => void serve(request, response, { options, server }),
  )
  server.maxConnections = LIMITS.connections
  await (options.socket === undefined ? listen(server, address) : adopt(server, options.socket, address))
  const bound = server.address() ?? (address.kind === 'unix' ? address.path : '')
  if (!isLoopback(bound) && tokenOf(options) === undefined) {
    server.close()
    throw new Error('the admin listener would be open beyond loopback: set admin.token')
  }
  return { address: bound, close: () => close(server) }
}

interface Serving {
  readonly options: AdminOptions
  readonly server: Server
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  { options, server }: Serving,
): Promise<void> {
  request.on('error', () => {})
  response.on('error', () => {})
  const { answer, last } = await answerTo(request, { options, server })
  send(response, answer, last)
}

async function answerTo(
  request: IncomingMessage,
  { options, server }: Serving,
): Promise<{ answer: AdminAnswer; last: boolean }> {
  const { method = '', headers, url = '' } = request
  const [path = ''] = url.split('?')
  const endpoint = ENDPOINTS.get(path)
  // Judged before anything is told, and be it which paths exist.
  const permitted = guard({ method, headers }, boundsOf(server, options), endpoint?.access ?? 'private')
  if ('status' in permitted) return { answer: permitted, last: true }
  if (endpoint === undefined) return { answer: refusal(404, 'NOT_FOUND', 'no such path'), last: true }
  if (method !== endpoint.method) {
    const answer = refusal(405, 'METHOD_NOT_ALLOWED', `only ${endpoint.method}`)
    return { answer: { ...answer, fields: { Allow: endpoint.method } }, last: true }
  }
  const body = await bodyProblem(request)
  if (body !== undefined) return { answer: body, last: true }
  try {
    return { answer: await endpoint.answer(options.administered, permitted), last: false }
  } catch (error) {
    options.onFault?.(error)
    return { answer: refusal(500, 'INTERNAL_ERROR', 'internal error'), last: true }
  }
}

// No endpoint takes a body yet. An empty one, or empty JSON, is what programs send; a form is what a page would send.
async function bodyProblem(request: IncomingMessage): Promise<AdminAnswer | undefined> {
  const type = request.headers['content-type']
  if (type !== undefined && !/^application\/json\b/i.test(type))
    return refusal(415, 'MEDIA_TYPE_UNSUPPORTED', 'send no body, or application/json')
  // A length in advance: reading past a limit would end the connection before its answer.
  if (request.headers['transfer-encoding'] !== undefined)
    return refusal(411, 'LENGTH_REQUIRED', 'send a Content-Length')
  if (Number(request.headers['content-length'] ?? 0) > LIMITS.bodyBytes)
    return refusal(413, 'BODY_TOO_LARGE', 'body too large')
  return (await drained(request)) ? undefined : refusal(400, 'BODY_CUT_OFF', 'the body did not arrive whole')
}

function drained(request: IncomingMessage): Promise<boolean> {
  return new Promise((resolve) => {
    request.once('end', () => resolve(true))
    request.once('close', () => resolve(false))
    request.resume()
  })
}

function boundsOf(server: Server, options: AdminOptions): AdminBounds {
  const bound = server.address() ?? ''
  return {
    loopback: isLoopback(bound),
    unix: typeof bound === 'string',
    host: typeof bound === 'string' ? undefined : bound.address,
    token: tokenOf(options)?.reveal(),
  }
}

function tokenOf({ token }: AdminOptions): Secret | undefined {
  return typeof token === 'function' ? token() : token
}

function isLoopback(bound: AddressInfo | string): boolean {
  if (typeof bound === 'string') return true
  const address = parseAddress(bound.address)
  return address !== undefined && isLoopbackAddress(address)
}

async function listen(server: Server, address: ListenAddress): Promise<void> {
  if (address.kind === 'unix') await removeDeadSocket(address.path)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(
      address.kind === 'unix' ? { path: address.path } : { host: address.host, port: address.port },
      () => {
        server.removeListener('error', reject)
        // EMFILE and its like: the connection is lost, the server stays.
        server.on('error', () => {})
        resolve()
      },
    )
  })
  // Whoever may write to the socket is the operator.
  if (address.kind === 'unix') await chmod(address.path, 0o600)
}

// Who may write to it is its opener's matter.
async function adopt(server: Server, fd: number, address: ListenAddress): Promise<void> {
  await listenOnInherited(server, fd)
  try {
    fitted('admin.address', [address], [server])
  } catch (error) {
    server.close()
    throw error
  }
}

async function close(server: Server): Promise<void> {
  if (!server.listening) return
  const closed = new Promise<void>((resolve) => void server.close(() => resolve()))
  server.closeIdleConnections()
  const timer = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS)
  await closed
  clearTimeout(timer)
}
