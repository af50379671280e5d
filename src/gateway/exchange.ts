// One request's story, whichever lane it came on: from its head to its one record, what was found on the way, how it was answered.
import { randomUUID } from 'node:crypto'
import { ClientDeparture, type Departure } from '../domain/departure.ts'
import type { Phase, RefusalCode } from '../domain/refusals.ts'
import { type Route, methodsOf } from '../domain/route.ts'
import { type Evidence, type Refuse, refuse } from '../domain/verdict.ts'
import type { Observation, PhaseVerdict } from '../gates/run.ts'
import type { Ending, Origin } from '../observe/audit.ts'
import type { ClientCertificate } from '../tls/client-certificate.ts'
import { type Answer, refusalAnswer } from './answers.ts'
import type { Connection } from './connection.ts'
import { Deadline } from './deadline.ts'
import type { Generation } from './generation.ts'
import { observedPart } from './record.ts'
import type { Shared } from './shared.ts'

/** How a request ended, for its record. */
export interface End extends Pick<Ending, 'outcome' | 'detail'> {
  readonly code?: RefusalCode
  readonly gate?: string
}

/** Work for a request that has to hear of its end. */
export interface Underway {
  /** The client went away before its answer. */
  readonly left: () => void
  /** It has its end, whichever: what was taken for it is given back. Once, before the record is made. */
  readonly ended: () => void
}

export abstract class Exchange {
  readonly id = randomUUID()
  readonly shared: Shared
  readonly connection: Connection
  /** The state it began with, whatever is reloaded meanwhile. */
  readonly generation: Generation
  readonly startedAt = performance.now()
  /** For its body, and then for the client to take its answer. */
  readonly deadline = new Deadline()
  phase: Phase = 'request'
  bodyBytes: number | undefined
  upstreamMs: number | undefined
  evidence: Evidence
  passed: readonly string[]
  observations: readonly Observation[]
  #ended = false
  #gone = false
  #whenGone: (() => void) | undefined
  #departure: ClientDeparture | undefined
  #underway: Underway | undefined

  constructor(shared: Shared, connection: Connection) {
    this.shared = shared
    this.connection = connection
    this.generation = shared.generation()
    this.evidence = connection.evidence
    this.passed = connection.passed
    this.observations = connection.observations
    connection.exchanges.add(this)
  }

  /** The route of its path, where there is one. */
  abstract readonly route: Route | undefined
  abstract readonly method: string
  /** The id of its trace, where its head tells of one. */
  abstract readonly trace: string | undefined
  /** Whose request it is, for its record. */
  protected abstract readonly origin: Origin
  /** Whether its answer has begun. */
  abstract readonly answering: boolean
  /** Sets the time that the client has to take the answer. */
  protected abstract awaitTaken(): void
  /** Nothing is in flight on its connection any more, and it stays open. */
  protected abstract awaitNext(): void
  /** Writes the one answer, unless there is nobody to take it. */
  protected abstract write(answer: Answer): void

  /** Whose request it is; undefined where that is not known. */
  get client(): ClientCertificate | undefined {
    return this.connection.client
  }

  /** The client's address as text. */
  get clientAddress(): string {
    return this.connection.clientAddress ?? ''
  }

  /** Aborted when the client goes away before its answer. */
  get signal(): Departure {
    this.#departure ??= new ClientDeparture()
    return this.#departure
  }

  get ended(): boolean {
    return this.#ended
  }

  /** Something is under way for it from now on. */
  begin(underway: Underway): void {
    this.#underway = underway
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
    const { route } = this
    this.finish(refusalAnswer(code, this.id, route === undefined ? [] : methodsOf(route)), {
      outcome: 'refused',
      code,
      gate,
      detail,
    })
  }

  /** Ends what a defect of ours stopped: closed, and with a line that says where. */
  fault(error: unknown): void {
    this.shared.observer.fault(error)
    this.refuse('gateway', refuse('INTERNAL_ERROR', error instanceof Error ? error.message : 'not an Error'))
  }

  /** Answers and records; the first end counts, every later one is ignored. */
  finish(answer: Answer, end: End): void {
    if (this.#ended) return
    this.record(end, answer.status)
    this.write(answer)
  }

  /** Records the end of a request whose answer is already written, or cannot be. */
  record(end: End, status?: number): void {
    if (this.#ended) return
    this.#ended = true
    this.#underway?.ended()
    this.awaitTaken()
    const { evidence } = this
    const ending: Ending = {
      kind: 'request',
      id: this.id,
      phase: this.phase,
      outcome: end.outcome,
      code: end.code,
      gate: end.gate,
      detail: end.detail,
      observed: observedPart(this.observations),
      route: this.route?.path,
      app: evidence.app,
      secret: evidence.secret,
      method: this.method,
      bodyBytes: this.bodyBytes,
      status,
      trace: this.trace,
      gatewayMs: performance.now() - this.startedAt - (this.upstreamMs ?? 0),
      upstreamMs: this.upstreamMs,
    }
    this.shared.observer.record(ending, this.origin)
  }

  /** The answer is out, or never will be: a pipelined one that waits its turn gets no event of its own when the socket closes. */
  clientGone(): void {
    const { connection } = this
    if (!connection.exchanges.delete(this)) return
    this.#gone = true
    this.#whenGone?.()
    if (this.phase !== 'done') {
      this.#departure?.abort()
      this.#underway?.left()
    }
    this.record({
      outcome: 'aborted',
      code: 'CLIENT_ABORTED',
      gate: 'client',
      detail: `went away in phase ${this.phase}`,
    })
    if (connection.exchanges.size > 0) return
    if (connection.closing) connection.close()
    else this.awaitNext()
  }
}
