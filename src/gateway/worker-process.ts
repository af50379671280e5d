// One worker as its supervisor sees it: started, spoken to, listened to, and ended. Whether another takes its place is
// decided in workers.ts.
import { type ChildProcess, fork } from 'node:child_process'
import type { AddressInfo } from 'node:net'
import type { Problem } from '../config/problem.ts'
import type { Snapshot } from './snapshot.ts'
import { wholeLines } from './whole-lines.ts'
import { type FromWorker, type Report, type ToWorker, parseFromWorker } from './worker-messages.ts'

export interface WorkerProcessInputs {
  /** The program that is a worker. */
  readonly program: string
  /** Its sockets for listen.address. */
  readonly sockets: readonly number[]
  /** Whole lines of its log. */
  readonly onLines: (lines: string) => void
  readonly onReport: (report: Report) => void
  readonly onConnections: () => void
  /** Once, when the process is over. */
  readonly onExit: (how: string) => void
  /** It broke the rules of the channel. */
  readonly onFault: (error: unknown) => void
}

export interface Committed {
  readonly closed: number
  readonly addresses: readonly (AddressInfo | string)[]
}

const FIRST_DESCRIPTOR = 3

export class WorkerProcess {
  readonly startedAt = performance.now()
  /** Resolves when it is over, with all of its lines read. */
  readonly over: Promise<void>
  /** From the moment it was told to accept. */
  serves = false
  connections = 0
  lastReport: Report | undefined
  heardAt = performance.now()
  /** Why it could not listen. */
  failure: NodeJS.ErrnoException | undefined
  readonly #child: ChildProcess
  readonly #inputs: WorkerProcessInputs
  readonly #waiting = new Set<{
    fits: (message: FromWorker) => boolean
    done: (message?: FromWorker) => void
  }>()
  #gone = false

  constructor(inputs: WorkerProcessInputs) {
    this.#inputs = inputs
    this.#child = fork(inputs.program, [], {
      stdio: ['ignore', 'pipe', 'inherit', ...inputs.sockets, 'ipc'],
      // Buffers, maps and dates travel as they are.
      serialization: 'advanced',
    })
    this.#child.on('message', (raw) => this.#hear(raw))
    // It cannot be started, or not be spoken to: either way it ends.
    this.#child.on('error', () => {})
    this.#child.once('exit', (code, signal) => this.#over(signal ?? `exit ${code ?? 1}`))
    if (this.#child.pid === undefined) queueMicrotask(() => this.#over('it could not be started'))
    this.over = new Promise((resolve) => this.#child.once('close', () => resolve()))
    this.#child.stdout?.on('data', wholeLines(inputs.onLines))
    this.#child.stdout?.on('error', () => {})
  }

  get gone(): boolean {
    return this.#gone
  }

  /** @returns undefined where it is gone. */
  async prepare(snapshot: Snapshot): Promise<readonly Problem[] | undefined> {
    const { generation } = snapshot
    this.tell({ kind: 'prepare', ...snapshot })
    const answer = await this.#answer((one) => one.kind === 'prepared' && one.generation === generation)
    return answer?.kind === 'prepared' ? answer.problems : undefined
  }

  /** From now on it serves with what it prepared. @returns undefined where it is gone, or cannot listen. */
  async commit(generation: number): Promise<Committed | undefined> {
    this.serves = true
    const sockets = this.#inputs.sockets.map((_, i) => FIRST_DESCRIPTOR + i)
    this.tell({ kind: 'commit', generation, sockets })
    const answer = await this.#answer((one) => one.kind === 'committed' && one.generation === generation)
    return answer?.kind === 'committed' ? answer : undefined
  }

  /** @returns the last one known where it is gone or too slow. */
  async report(patience: number): Promise<Report | undefined> {
    this.tell({ kind: 'report' })
    await this.#answer((one) => one.kind === 'report', patience)
    return this.lastReport
  }

  tell(message: ToWorker): void {
    // Who is gone is heard of by its end.
    if (this.#child.connected) this.#child.send(message, () => {})
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  #hear(raw: unknown): void {
    try {
      const message = parseFromWorker(raw)
      this.heardAt = performance.now()
      this.#keep(message)
      for (const one of this.#waiting) if (one.fits(message)) one.done(message)
    } catch (error) {
      this.#inputs.onFault(error)
      this.kill()
    }
  }

  #keep(message: FromWorker): void {
    if (message.kind === 'failed')
      this.failure = Object.assign(new Error(message.message), { code: message.code })
    if (message.kind === 'connections') {
      this.connections = message.connections
      this.#inputs.onConnections()
    }
    if (message.kind !== 'report') return
    this.lastReport = message
    this.connections = message.load.connections
    this.#inputs.onReport(message)
  }

  #answer(fits: (message: FromWorker) => boolean, patience?: number): Promise<FromWorker | undefined> {
    if (this.#gone) return Promise.resolve(undefined)
    return new Promise((resolve) => {
      const timer = patience === undefined ? undefined : setTimeout(() => waiting.done(), patience)
      const done = (message?: FromWorker) => {
        clearTimeout(timer)
        this.#waiting.delete(waiting)
        resolve(message)
      }
      const waiting = { fits, done }
      this.#waiting.add(waiting)
    })
  }

  #over(how: string): void {
    if (this.#gone) return
    this.#gone = true
    this.serves = false
    for (const { done } of this.#waiting) done()
    this.#inputs.onExit(how)
  }
}
