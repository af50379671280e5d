// One request's story, from its head to its one record: what was found on the way, and how it was answered.
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { RequestFacts } from '../domain/facts.ts'
import { formatAddress } from '../domain/address.ts'
import { ClientDeparture, type Departure } from '../domain/departure.ts'
import { Fields } from '../domain/fields.ts'
import type { Phase, RefusalCode } from '../domain/refusals.ts'
import { methodsOf } from '../domain/route.ts'
import { traceIdOf } from '../domain/trace.ts'
import type { Evidence, Refuse } from '../domain/verdict.ts'
import type { Observation, PhaseVerdict } from '../gates/run.ts'
import type { AuditRecord } from '../observe/audit.ts'
import type { ClientCertificate } from '../tls/client-certificate.ts'
import { type Answer, refusalAnswer } from './answers.ts'
import type { Connection } from './connection.ts'
import { Deadline } from './deadline.ts'
import type { FrontedClient } from './fronted.ts'
import type { Generation } from './generation.ts'
import { lingerThenEnd } from './linger.ts'
import { connectionPart, frontedPart, observedPart } from './record.ts'
import type { Shared } from './shared.ts'

export interface ExchangeInputs {
  readonly shared: Shared
  readonly connection: Connection
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

export class Exchange {
  readonly id = randomUUID()
  readonly shared: Shared
  readonly connection: Connection
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** The state it began with, whatever is reloaded meanwhile. */
  readonly generation: Generation
  /** Behind a front they are whole once it was read: see tell(). */
  facts: RequestFacts
  readonly startedAt = performance.now()
  /** For its body, and then for the client to take its answer. */
  readonly deadline = new Deadline()
  phase: Phase = 'request'
  bodyBytes: number | undefined
  upstreamMs: number | undefined
  evidence: Evidence
  passed: readonly string[]
  observations: readonly Observation[]
  /** Undefined until a front was read, and where there is none. */
  #fronted: FrontedClient | undefined
  #ended = false
  #gone = false
  #whenGone: (() => void) | undefined
  readonly #departure = new ClientDeparture()

  constructor({ shared, connection, request, response }: ExchangeInputs) {
    this.shared = shared
    this.connection = connection
    this.request = request
    this.response = response
    this.generation = shared.generation()
    this.facts = requestFacts(request, connection, this.generation)
    this.evidence = connection.evidence
    this.passed = connection.passed
    this.observations = connection.observations
    connection.exchanges.add(this)
    response.once('close', () => this.clientGone())
  }

  /** What a front tells of the client. */
  tell(client: FrontedClient): void {
    this.#fronted = client
    this.facts = { ...this.facts, address: client.address, certificate: client.certificate.facts }
  }

  /** Whose request it is: the connection's client, or the one that a front tells of; undefined where neither is known. */
  get client(): ClientCertificate | undefined {
    return this.generation.front === undefined ? this.connection.client : this.#fronted?.certificate
  }

  /** The client's address as text. */
  get clientAddress(): string {
    const { address } = this.facts
    return address === undefined ? (this.connection.clientAddress ?? '') : formatAddress(address)
  }

  /** Aborted when the client goes away before its answer. */
  get signal(): Departure {
    return this.#departure
  }

  get ended(): boolean {
    return this.#ended
  }

  /** Whether the connection takes another request after this one's answer: not where the client asked to close (RFC 9112 §9.6). */
  get keepsAlive(): boolean {
    return this.response.shouldKeepAlive && this.connection.outlasts(this)
  }

  /** Calls back once the answer was taken, or nobody is left to take it. */
  whenGone(callback: () => void): void {
    if (this.#gone) callback()
    else this.#whenGone = callback
  }

  /** Keeps what a phase found, and answers a refusal. @returns whether to go on. */
  passes(verdict: PhaseVerdict): boolean {
    if (verdict.observations.length > 0) this.observations = [...this.observations, ...verdict.observations]
    if (verdict.outcome === 'refuse') {
      this.refuse(verdict.gate, verdict.refusal)
      return false
    }
    this.passed = [...this.passed, ...verdict.passed]
    this.evidence = { ...this.evidence, ...verdict.evidence }
    return true
  }

  refuse(gate: string, { code, detail }: Refuse): void {
    const { route } = this.facts
    this.finish(refusalAnswer(code, this.id, route === undefined ? [] : methodsOf(route)), {
      outcome: 'refused',
      code,
      gate,
      detail,
    })
  }

  /** Answers and records; the first end counts, every later one is ignored. */
  finish(
    answer: Answer,
    end: Pick<AuditRecord, 'outcome' | 'detail'> & { code?: RefusalCode; gate?: string },
  ): void {
    if (this.#ended) return
    this.record({ ...end, status: answer.status })
    this.#write(answer)
  }

  /** Records the end of a request whose answer is already written, or cannot be. */
  record(
    end: Pick<AuditRecord, 'outcome' | 'detail'> & { code?: RefusalCode; gate?: string; status?: number },
  ): void {
    if (this.#ended) return
    this.#ended = true
    this.#awaitTaken()
    const gatewayMs = performance.now() - this.startedAt - (this.upstreamMs ?? 0)
    const { connection, facts } = this
    this.shared.observer.record({
      kind: 'request',
      id: this.id,
      ...connectionPart(connection),
      ...(this.#fronted === undefined ? {} : frontedPart(this.#fronted)),
      phase: this.phase,
      outcome: end.outcome,
      code: end.code,
      gate: end.gate,
      detail: end.detail,
      observed: observedPart(this.observations),
      prefix: this.evidence.prefix,
      route: facts.route?.path,
      app: this.evidence.app,
      secret: this.evidence.secret,
      method: facts.method,
      bodyBytes: this.bodyBytes,
      status: end.status,
      trace: traceIdOf(facts.fields),
      gatewayMs,
      upstreamMs: this.upstreamMs,
    })
  }

  // A peer that reads nothing would hold its answer in memory for ever. One that waits its turn is not late.
  #awaitTaken(): void {
    this.deadline.set(this.generation.config.limits.bodyTimeout, () => {
      if (this.response.socket === null) this.#awaitTaken()
      else this.connection.destroy()
    })
  }

  #write({ status, fields, body, close }: Answer): void {
    const { response, connection } = this
    if (response.destroyed || response.headersSent) return
    if (close) connection.closing = true
    response.shouldKeepAlive = this.keepsAlive
    response.writeHead(status, [...fields])
    if (this.request.readableEnded) response.end(body)
    else lingerThenEnd(this.request, response, body)
  }

  /** The answer is out, or never will be: a pipelined one that waits its turn gets no event of its own when the socket closes. */
  clientGone(): void {
    const { connection } = this
    if (!connection.exchanges.delete(this)) return
    this.#gone = true
    this.#whenGone?.()
    if (this.phase !== 'done') this.#departure.abort()
    this.record({
      outcome: 'aborted',
      code: 'CLIENT_ABORTED',
      gate: 'client',
      detail: `went away in phase ${this.phase}`,
    })
    if (connection.exchanges.size > 0) return
    if (connection.closing) connection.close()
    else this.shared.awaitNextRequest(connection)
  }
}

function requestFacts(
  request: IncomingMessage,
  connection: Connection,
  generation: Generation,
): RequestFacts {
  const target = request.url ?? ''
  const mark = target.indexOf('?')
  const path = mark === -1 ? target : target.slice(0, mark)
  return {
    method: request.method ?? '',
    version: request.httpVersion,
    target,
    path,
    query: mark === -1 ? '' : target.slice(mark + 1),
    fields: new Fields(request.rawHeaders),
    route: generation.routes.get(path),
    // A front's own address and certificate are nobody's whose request is judged.
    address: generation.front === undefined ? connection.address : undefined,
    certificate: (generation.front === undefined ? connection.client?.facts : undefined) ?? {
      leaf: undefined,
      authorized: false,
      error: undefined,
      resumed: false,
      revocation: undefined,
    },
  }
}
