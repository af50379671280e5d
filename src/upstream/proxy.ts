// Requests that want the upstream's own answer, sent through http-proxy 1.18.1 with a guard for each of its known holes:
// it passes on fields of the received request, leaks the upstream's socket when the client goes, leaves the client
// hanging when the upstream dies in mid-answer, and closes every connection without an agent.
import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http'
import { PassThrough, Readable } from 'node:stream'
import httpProxy from 'http-proxy'
import type { Route } from '../domain/route.ts'
import { type Agents, destination } from './agents.ts'
import { UpstreamFailure, failureOf } from './failure.ts'
import { type Outgoing, type UpstreamAnswer, readAnswer } from './relay.ts'

export interface ProxyInputs {
  readonly outgoing: Omit<Outgoing, 'body'>
  /** The verified bytes, or the request itself to be streamed through (`unsigned`). */
  readonly content: Uint8Array | IncomingMessage
  readonly response: ServerResponse
}

/** What becomes of the upstream's answer once its head is there. Resolves when it is dealt with. */
type TakeAnswer<T> = (answer: IncomingMessage) => Promise<T>

/** `answer: full`: the verified bytes go out, the whole answer comes back, up to MAX_ANSWER. @throws UpstreamFailure */
export function exchangeWhole(agents: Agents, inputs: ProxyInputs): Promise<UpstreamAnswer> {
  return throughProxy(agents, inputs, (answer) => {
    const status = answer.statusCode ?? 0
    if (status < 200 || (status >= 300 && status < 400))
      throw new UpstreamFailure('UPSTREAM_PROTOCOL', `status ${status} on a route with answer: full`)
    return readAnswer(answer, true)
  })
}

/**
 * `unsigned`: streams both ways, the answer untouched but for hop-by-hop fields.
 * @param added fields for the answer, such as X-Request-Id.
 * @returns the status. @throws UpstreamFailure; once the answer has begun, its connection is ended, too.
 */
export function streamThrough(
  agents: Agents,
  inputs: ProxyInputs,
  added: readonly string[],
): Promise<number> {
  const { response } = inputs
  return throughProxy(agents, inputs, (answer) => {
    const status = answer.statusCode ?? 0
    response.writeHead(status, [...endToEnd(answer), ...added])
    return new Promise((resolve, reject) => {
      answer.once('close', () => {
        if (answer.complete) return resolve(status)
        // The client must not take half an answer for a whole one, nor wait for the rest.
        response.destroy()
        reject(new UpstreamFailure('UPSTREAM_PROTOCOL', 'the answer broke off'))
      })
      answer.pipe(response)
    })
  })
}

async function throughProxy<T>(agents: Agents, inputs: ProxyInputs, take: TakeAnswer<T>): Promise<T> {
  const { outgoing, content, response } = inputs
  const proxy = httpProxy.createProxyServer({})
  let sent: ClientRequest | undefined
  let answered = false
  let timer: NodeJS.Timeout | undefined
  let abort: (() => void) | undefined
  let release: () => void = () => {}
  const headIsOurs = new Promise<void>((resolve) => {
    release = resolve
  })
  try {
    return await new Promise<T>((resolve, reject) => {
      const fail = (failure: Error) => {
        reject(failureOf(failure, false))
        // Without this a client that goes away leaves the upstream's socket open for ever.
        sent?.destroy()
      }
      const startTimer = () => {
        const failure = new UpstreamFailure(
          'UPSTREAM_TIMEOUT',
          `no complete answer within ${outgoing.route.timeout} ms`,
        )
        timer = setTimeout(() => fail(failure), outgoing.route.timeout)
      }
      // While a body streams through, the client's own deadline counts; after that the upstream's.
      if (content instanceof Uint8Array || content.readableEnded) startTimer()
      else content.once('end', startTimer)
      abort = () => fail(new UpstreamFailure('UPSTREAM_UNREACHABLE', 'given up: the client went away'))
      outgoing.signal.addEventListener('abort', abort, { once: true })
      proxy.on('proxyReq', (request) => {
        sent = request
        rewrite(request, outgoing)
        release()
        request.once('upgrade', (_answer, socket) => {
          socket.destroy()
          fail(new UpstreamFailure('UPSTREAM_PROTOCOL', 'it switched protocols (101)'))
        })
        request.once('close', () => {
          if (!answered)
            fail(new UpstreamFailure('UPSTREAM_PROTOCOL', 'the connection closed without an answer'))
        })
      })
      proxy.on('proxyRes', (answer) => {
        answered = true
        Promise.resolve(answer).then(take).then(resolve, fail)
      })
      const options = { ...TARGET_OPTIONS, target: target(outgoing), agent: agents.of(outgoing.route) }
      proxy.web(standIn(inputs, headIsOurs), response, options, fail)
    })
  } finally {
    clearTimeout(timer)
    if (abort !== undefined) outgoing.signal.removeEventListener('abort', abort)
  }
}

// The answer is always ours to write; the path is set whole in rewrite().
const TARGET_OPTIONS = { selfHandleResponse: true, ignorePath: true, secure: true } as const

function target({ route, target }: Omit<Outgoing, 'body'>): NonNullable<httpProxy.ServerOptions['target']> {
  const { protocol, host, port, socketPath } = destination(route)
  const detailed = {
    protocol: protocol ?? 'http:',
    host: host ?? 'localhost',
    port: Number(port ?? 0),
    path: target,
  }
  return socketPath === undefined ? detailed : { ...detailed, socketPath }
}

// http-proxy sees neither the received request nor its fields, so it cannot pass on what we removed, whatever order its
// events come in. It never gets a method but GET and POST, nor a chunked body, which it would smuggle: the gates see to it.
function standIn({ outgoing, content, response }: ProxyInputs, headIsOurs: Promise<void>): IncomingMessage {
  const source = content instanceof Uint8Array ? Readable.from(content.length > 0 ? [content] : []) : content
  const seen = {
    method: outgoing.method,
    url: outgoing.target,
    headers: grouped(outgoing.fields),
    httpVersion: '1.1',
    socket: response.socket,
    connection: response.socket,
  }
  // A parse boundary of types only: http-proxy asks for an IncomingMessage and uses these six and the stream.
  return Object.assign(source.pipe(heldBack(headIsOurs)), seen) as unknown as IncomingMessage
}

// Content written before http-proxy lets us rewrite the head would send that head as it is, and make the rewriting throw.
function heldBack(until: Promise<void>): PassThrough {
  return new PassThrough({ construct: (begin) => void until.then(() => begin()) })
}

// Gives the request our fields in their order and spelling, and a target that http-proxy has not joined and collapsed.
function rewrite(request: ClientRequest, { fields, target }: Omit<Outgoing, 'body'>): void {
  request.path = target
  for (const name of request.getHeaderNames()) if (name !== 'connection') request.removeHeader(name)
  for (const [name, values] of Object.entries(grouped(fields))) request.setHeader(name, values)
}

function grouped(fields: readonly string[]): Record<string, string | string[]> {
  const spelling = new Map<string, { name: string; values: string[] }>()
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i] ?? ''
    const known = spelling.get(name.toLowerCase())
    if (known === undefined) spelling.set(name.toLowerCase(), { name, values: [fields[i + 1] ?? ''] })
    else known.values.push(fields[i + 1] ?? '')
  }
  return Object.fromEntries(
    [...spelling.values()].map(({ name, values }) => [
      name,
      values.length === 1 ? (values[0] ?? '') : values,
    ]),
  )
}

const ANSWER_HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
  'trailer',
  'te',
  'x-request-id',
])

function endToEnd(answer: IncomingMessage): string[] {
  const named = new Set(
    (answer.headers.connection ?? '').split(',').map((option) => option.trim().toLowerCase()),
  )
  const kept: string[] = []
  for (let i = 0; i + 1 < answer.rawHeaders.length; i += 2) {
    const name = answer.rawHeaders[i] ?? ''
    if (!ANSWER_HOP_BY_HOP.has(name.toLowerCase()) && !named.has(name.toLowerCase()))
      kept.push(name, answer.rawHeaders[i + 1] ?? '')
  }
  return kept
}

/** Whether a route is served through http-proxy. */
export function needsProxy(route: Route): boolean {
  return route.mode === 'unsigned' || route.answer === 'full'
}
