// Requests that want the upstream's own answer, sent through http-proxy 1.18.1 with a guard for each of its known holes:
// it passes on fields of the received request, joins and collapses its path, leaks the upstream's socket when the client
// goes, leaves the client hanging when the upstream dies in mid-answer, and closes every connection without an agent.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { PassThrough, Readable } from 'node:stream'
import type HttpProxy from 'http-proxy'
import { type Agents, destination } from './agents.ts'
import { MAX_ANSWER_HEAD, type UpstreamAnswer, readVerdict } from './answer.ts'
import { Attempt, type TakeAnswer } from './attempt.ts'
import { UpstreamFailure } from './failure.ts'
import { httpProxy } from './http-proxy.ts'
import type { Outgoing } from './relay.ts'

export interface ProxyInputs {
  readonly outgoing: Omit<Outgoing, 'body'>
  /** The verified bytes, or the request itself to be streamed through (`unsigned`). */
  readonly content: Uint8Array | IncomingMessage
  readonly response: ServerResponse
}

/** `answer: full`: the verified bytes go out, the whole answer comes back, up to MAX_ANSWER. @throws UpstreamFailure */
export function exchangeWhole(agents: Agents, inputs: ProxyInputs): Promise<UpstreamAnswer> {
  return throughProxy(agents, inputs, (answer, sent) => readVerdict(answer, { sent, keepBody: true }))
}

/**
 * `unsigned`: streams both ways, the answer untouched but for hop-by-hop fields. The response is not ended.
 * @param begin writes the head of the response.
 * @returns the status. @throws UpstreamFailure; once the response has begun, its connection is ended, too.
 */
export async function streamThrough(
  agents: Agents,
  inputs: ProxyInputs,
  begin: (status: number, fields: string[]) => void,
): Promise<number> {
  const { response } = inputs
  let begun = false
  try {
    return await throughProxy(agents, inputs, async (answer) => {
      const status = answer.statusCode ?? 0
      begin(status, endToEnd(answer))
      begun = true
      answer.pipe(response, { end: false })
      await new Promise((resolve) => answer.once('close', resolve))
      if (!answer.complete) throw new UpstreamFailure('UPSTREAM_PROTOCOL', 'the answer broke off')
      return status
    })
  } catch (error) {
    // The client must not take half an answer for a whole one, nor wait for the rest.
    if (begun) response.destroy()
    throw error
  }
}

function throughProxy<T>(agents: Agents, inputs: ProxyInputs, take: TakeAnswer<T>): Promise<T> {
  const { outgoing, content, response } = inputs
  const proxy = httpProxy().createProxyServer({})
  const attempt = new Attempt(outgoing, take)
  // While a body streams through, the client's own deadline counts; after that the upstream's.
  if (content instanceof Uint8Array || content.readableEnded) attempt.startTimer()
  else content.once('end', () => attempt.startTimer())
  proxy.on('proxyReq', (request) => attempt.watch(request))
  proxy.web(standIn(inputs), response, optionsFor(agents, outgoing), attempt.fail)
  return attempt.result
}

// http-proxy sees neither the received request nor its fields, so it cannot pass on what we removed. It never gets a method
// but GET and POST, nor a chunked body, which it would smuggle: the gates see to it.
function standIn({ outgoing, content }: ProxyInputs): IncomingMessage {
  const stream =
    content instanceof Uint8Array
      ? Readable.from(content.length > 0 ? [content] : [])
      : content.pipe(new PassThrough())
  const seen = { method: outgoing.method, url: '/', headers: {}, socket: { destroyed: false } }
  // A parse boundary of types only: http-proxy asks for an IncomingMessage and uses these four and the stream.
  return Object.assign(stream, seen) as unknown as IncomingMessage
}

function optionsFor(
  agents: Agents,
  { route, target, fields }: Omit<Outgoing, 'body'>,
): HttpProxy.ServerOptions {
  const { protocol, host, port, socketPath } = destination(route)
  return {
    target: {
      protocol: protocol ?? 'http:',
      host: host ?? 'localhost',
      port: Number(port ?? 0),
      ...(socketPath === undefined ? {} : { socketPath }),
    },
    agent: agents.of(route),
    secure: true,
    // The answer is always ours to write.
    selfHandleResponse: true,
    // What http.request gets: http-proxy writes into it what it makes of the request, and cannot change these two. So the
    // head is whole and ours before any content can be sent: fields in their order, spelling and repetition.
    ssl: Object.defineProperties(
      { maxHeaderSize: MAX_ANSWER_HEAD },
      {
        path: { value: target, enumerable: true },
        headers: { value: fields, enumerable: true },
      },
    ),
  }
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

/** Name, value, name, value, …, as received. */
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
