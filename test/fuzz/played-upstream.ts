// Plays the upstreams at the level of the gateway's agents: keeps the bytes that they would get, and answers as the stream
// says. What goes over Node's own client (https, answer: full, unsigned) finds nobody.
import http, { type ClientRequest } from 'node:http'
import https from 'node:https'
import { type Agents, createAgents } from '../../src/upstream/agents.ts'
import type { AnswerReader } from '../../src/upstream/answer-reader.ts'
import { UpstreamFailure } from '../../src/upstream/failure.ts'
import type { PlainConnection, Sending, Waiting } from '../../src/upstream/plain-connection.ts'

/** A status, or how it fails. */
export type Plan = number | 'UPSTREAM_UNREACHABLE' | 'UPSTREAM_PROTOCOL' | 'UPSTREAM_TIMEOUT'

interface Under {
  readonly text: string
  readonly sending: Sending
  readonly waiting: Waiting
  readonly plan: Plan
}

export class PlayedUpstream {
  readonly agents: Agents
  /** What the upstreams got, in order, with what became of it. */
  log: string[] = []
  /** Deliveries whose bytes changed while they were under way. */
  spoilt = 0
  sent = 0
  #plans: readonly Plan[] = []
  #atOnce = true
  #under: Under[] = []

  constructor() {
    const real = createAgents()
    const addRequest = (request: ClientRequest) => this.#refuse(request)
    const [plainly, securely] = [new http.Agent(), new https.Agent()]
    for (const nobody of [plainly, securely]) Object.assign(nobody, { addRequest })
    const plain = { send: (sending: Sending, waiting: Waiting) => this.#send(sending, waiting) }
    this.agents = {
      ...real,
      plain: plain as unknown as Agents['plain'],
      of: ({ upstream }) => (upstream.protocol === 'https:' ? securely : plainly),
    }
  }

  reset(plans: readonly Plan[], atOnce: boolean): void {
    this.log = []
    this.spoilt = 0
    this.sent = 0
    this.#plans = plans
    this.#atOnce = atOnce
    this.#under = []
  }

  get waiting(): number {
    return this.#under.length
  }

  /** Answers all that wait. */
  answer(): void {
    for (const under of this.#under.splice(0)) this.#tell(under)
  }

  #send(sending: Sending, waiting: Waiting): PlainConnection {
    const text = textOf(sending)
    // By what it gets and not by when: of pipelined requests the general lane may send a later one first.
    const plan = this.#plans[mark(text) % this.#plans.length] ?? 200
    this.sent += 1
    this.log.push(`${sending.upstream.label} ${text}`)
    const under = { text, sending, waiting, plan }
    this.#under.push(under)
    if (this.#atOnce) queueMicrotask(() => this.#answerOne(under))
    const giveUp = (who: Waiting) => {
      const at = this.#under.findIndex((one) => one.waiting === who)
      if (at === -1) return
      this.#look(this.#under.splice(at, 1)[0] ?? under)
      this.log.push(`given up`)
    }
    return { giveUp } as unknown as PlainConnection
  }

  #answerOne(under: Under): void {
    const at = this.#under.indexOf(under)
    if (at === -1) return
    this.#under.splice(at, 1)
    this.#tell(under)
  }

  #tell(under: Under): void {
    const { plan, waiting } = under
    this.#look(under)
    if (typeof plan === 'string') return waiting.failed(new UpstreamFailure(plan, 'as played'))
    const answer = { status: plan, contentFields: [], body: new Uint8Array(0) }
    waiting.answered(plan, { answer } as unknown as AnswerReader)
  }

  // A real upstream reads while the delivery is under way: until then its bytes have to stay what they were.
  #look({ text, sending }: Under): void {
    if (textOf(sending) !== text) this.spoilt += 1
  }

  #refuse(request: ClientRequest): void {
    this.log.push(`by Node's client: ${request.method} ${request.path}`)
    // As an agent tells of a connection that did not come to be.
    const { onSocket } = request as unknown as { onSocket: (socket: null, error: Error) => void }
    onSocket.call(request, null, Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }))
  }
}

/** The same for the same request, whatever its id. */
function mark(text: string): number {
  let sum = text.length
  for (const part of [text.slice(0, 200), text.slice(-32)])
    for (let i = 0; i < part.length; i++) sum = (Math.imul(sum, 31) + part.charCodeAt(i)) >>> 0
  return sum >>> 3
}

function textOf({ head, body }: Sending): string {
  return head + Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1')
}
