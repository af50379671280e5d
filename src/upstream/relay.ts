// Sends one verified delivery to its upstream and waits for the whole answer. Bounded in time, size and number of
// interim answers; follows no redirect; tries a second time only where nothing of the first was sent.
import http from 'node:http'
import https from 'node:https'
import type { Route } from '../domain/route.ts'
import { type Agents, destination } from './agents.ts'
import { UpstreamFailure, failureOf } from './failure.ts'

export interface Outgoing {
  readonly route: Route
  readonly method: string
  readonly target: string
  /** Name, value, name, value, … */
  readonly fields: string[]
  readonly body: Uint8Array
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal
}

export interface UpstreamAnswer {
  readonly status: number
  readonly contentType: string | undefined
  /** Empty unless it was asked for. */
  readonly body: Uint8Array
}

/** Bytes of an answer's content that are read; more is UPSTREAM_PROTOCOL. */
export const MAX_ANSWER = 1024 * 1024
const MAX_ANSWER_HEAD = 32 * 1024
/** RFC 9110 §15.2 sets no bound to interim answers, so we do. */
const MAX_INTERIM = 8

/**
 * @param keepBody whether the answer's content is wanted, or only its status.
 * @throws UpstreamFailure, also when the client goes away (nobody reads it then).
 */
export async function relay(agents: Agents, outgoing: Outgoing, keepBody: boolean): Promise<UpstreamAnswer> {
  const deadline = performance.now() + outgoing.route.timeout
  for (;;) {
    const attempt = new Attempt(agents, outgoing, { keepBody, deadline })
    try {
      return await attempt.answer
    } catch (error) {
      if (!attempt.mayTryAgain || outgoing.signal.aborted) throw error
    }
  }
}

interface AttemptOptions {
  readonly keepBody: boolean
  /** On the clock of performance.now(). */
  readonly deadline: number
}

class Attempt {
  readonly answer: Promise<UpstreamAnswer>
  readonly #request: http.ClientRequest
  #interim = 0
  #begun = false
  #answered = false
  #settled: () => void = () => {}
  #sentBefore: number | undefined
  #mayTryAgain = false

  constructor(agents: Agents, outgoing: Outgoing, options: AttemptOptions) {
    const { route, method, target, fields, body, signal } = outgoing
    const request = (route.upstream.protocol === 'https:' ? https : http).request({
      ...destination(route),
      agent: agents.of(route),
      method,
      path: target,
      // A flat list is written as it stands: order, spelling and repetition survive.
      headers: fields,
      maxHeaderSize: MAX_ANSWER_HEAD,
    })
    this.#request = request
    this.answer = new Promise((resolve, reject) => {
      const fail = (error: Error) => {
        this.#settled()
        this.#mayTryAgain = this.#nothingWasSent()
        reject(failureOf(error, this.#begun))
        request.destroy()
      }
      const timer = setTimeout(
        () => fail(new UpstreamFailure('UPSTREAM_TIMEOUT', `no complete answer within ${route.timeout} ms`)),
        Math.max(1, options.deadline - performance.now()),
      )
      const abort = () => fail(new UpstreamFailure('UPSTREAM_UNREACHABLE', 'given up: the client went away'))
      signal.addEventListener('abort', abort, { once: true })
      this.#settled = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', abort)
      }
      // Whatever ends it without a word still ends the promise; once an answer began, its reader does.
      request.once('close', () => {
        if (!this.#answered)
          fail(new UpstreamFailure('UPSTREAM_UNREACHABLE', 'the connection closed without an answer'))
      })
      request.on('error', fail)
      this.#listen(options.keepBody, resolve, fail)
      request.end(body)
    })
  }

  /** True where a kept connection turned out dead before a byte of this request left. */
  get mayTryAgain(): boolean {
    return this.#mayTryAgain
  }

  #listen(keepBody: boolean, resolve: (answer: UpstreamAnswer) => void, fail: (error: Error) => void): void {
    const request = this.#request
    request.once('socket', (socket) => {
      this.#sentBefore = socket.bytesWritten
    })
    request.on('information', () => {
      this.#begun = true
      this.#interim += 1
      if (this.#interim > MAX_INTERIM)
        fail(new UpstreamFailure('UPSTREAM_PROTOCOL', `more than ${MAX_INTERIM} interim answers`))
    })
    request.once('upgrade', (_response, socket) => {
      socket.destroy()
      fail(new UpstreamFailure('UPSTREAM_PROTOCOL', 'it switched protocols (101)'))
    })
    request.once('response', (response) => {
      this.#begun = true
      this.#answered = true
      const problem = answerProblem(response, this.#wasSent())
      if (problem !== undefined) return fail(new UpstreamFailure('UPSTREAM_PROTOCOL', problem))
      const whole = readAnswer(response, keepBody).finally(() => this.#settled())
      whole.then(resolve, fail)
    })
  }

  #wasSent(): boolean {
    return this.#request.writableFinished || this.#request.socket?.writableLength === 0
  }

  #nothingWasSent(): boolean {
    const { reusedSocket, socket } = this.#request
    return (
      reusedSocket &&
      !this.#begun &&
      this.#sentBefore !== undefined &&
      socket?.bytesWritten === this.#sentBefore
    )
  }
}

function answerProblem(
  { statusCode = 0, httpVersion }: http.IncomingMessage,
  sent: boolean,
): string | undefined {
  if (statusCode < 200 || statusCode > 599) return `status ${statusCode}`
  if (statusCode >= 300 && statusCode < 400) return `a redirect (${statusCode}), which is not followed`
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return `HTTP/${httpVersion}`
  // A success that comes before the delivery went out is of something else.
  if (statusCode < 300 && !sent) return `status ${statusCode} before the delivery was sent`
  return undefined
}

/** Reads an answer to its end. @throws UpstreamFailure where it breaks off or is larger than MAX_ANSWER. */
export function readAnswer(response: http.IncomingMessage, keepBody: boolean): Promise<UpstreamAnswer> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = []
    let size = 0
    const fail = (detail: string) => {
      reject(new UpstreamFailure('UPSTREAM_PROTOCOL', detail))
      response.destroy()
    }
    response.on('data', (chunk: Uint8Array) => {
      size += chunk.length
      if (size > MAX_ANSWER) fail(`an answer of more than ${MAX_ANSWER} bytes`)
      else if (keepBody) chunks.push(chunk)
    })
    response.once('error', () => fail('the answer broke off'))
    response.once('close', () => {
      if (!response.complete) return fail('the answer broke off')
      resolve({
        status: response.statusCode ?? 0,
        contentType: response.headers['content-type'],
        body: Buffer.concat(chunks),
      })
    })
  })
}
