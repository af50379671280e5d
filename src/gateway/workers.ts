// Several processes that serve together: started on the same sockets, replaced where one dies, changed and ended together.
// What they serve with comes from the supervisor's gateway, through workers-port.ts.
import type { AddressInfo } from 'node:net'
import type { Config } from '../config/config.ts'
import type { Problem } from '../config/problem.ts'
import type { MeasuredFamily } from '../observe/measured.ts'
import type { UpstreamState } from '../upstream/health.ts'
import { Backoff } from './backoff.ts'
import { type OpenSocket, openSockets } from './open-sockets.ts'
import { Retired } from './retired.ts'
import type { Snapshot } from './snapshot.ts'
import type { Load } from './worker-messages.ts'
import { WorkerProcess } from './worker-process.ts'
import type { Workers, WorkersInputs } from './workers-port.ts'

export interface WorkerCrewOptions extends WorkersInputs {
  readonly count: number
  /** The program that is a worker. */
  readonly program: string
  /** Descriptors of sockets that are open already; none: they are opened. */
  readonly sockets: readonly number[]
}

const REPORT_MS = 1_000
/** A worker that is that silent hangs: its event loop does not turn. */
const SILENT_MS = 30_000
const PREPARE_MS = 10_000
const REPORT_PATIENCE_MS = 2_000
/** Beyond shutdown.timeout, and for ending at once. */
const END_MARGIN_MS = 3_000

export class WorkerCrew implements Workers {
  readonly count: number
  readonly #options: WorkerCrewOptions
  readonly #places: (WorkerProcess | undefined)[]
  readonly #backoffs: readonly Backoff[]
  readonly #retired = new Retired()
  #opened: readonly OpenSocket[] = []
  #addresses: readonly (AddressInfo | string)[] = []
  #current: Snapshot | undefined
  #next: { readonly snapshot: Snapshot; readonly workers: readonly WorkerProcess[] } | undefined
  /** Resolves when no change of generation is under way. */
  #settled: Promise<void> = Promise.resolve()
  #settle: () => void = () => {}
  #state: 'starting' | 'serving' | 'ending' = 'starting'
  #watch: NodeJS.Timeout | undefined

  constructor(options: WorkerCrewOptions) {
    this.count = options.count
    this.#options = options
    this.#places = Array.from({ length: options.count })
    this.#backoffs = Array.from({ length: options.count }, () => new Backoff())
  }

  get serving(): number {
    return this.#serving().length
  }

  get addresses(): readonly (AddressInfo | string)[] {
    return this.serving > 0 ? this.#addresses : this.#addresses.map(() => '')
  }

  get load(): Load {
    const none: Load = { connections: 0, requests: 0, bodyBytes: 0 }
    return this.#reports().reduce(
      (sum, { load }) => ({
        connections: sum.connections + load.connections,
        requests: sum.requests + load.requests,
        bodyBytes: sum.bodyBytes + load.bodyBytes,
      }),
      none,
    )
  }

  get upstreams(): readonly UpstreamState[] {
    const newest = new Map<string, UpstreamState>()
    for (const state of this.#reports().flatMap(({ upstreams }) => upstreams))
      if ((newest.get(state.upstream)?.at ?? 0) < state.at) newest.set(state.upstream, state)
    return [...newest.values()]
  }

  async start({ address }: Config['listen'], first: Snapshot): Promise<void> {
    this.#current = first
    const { sockets } = this.#options
    this.#opened = sockets.length > 0 ? [] : await openSockets(address)
    const workers = this.#places.map((_, place) => this.#place(place))
    const served = await Promise.all(workers.map((worker) => this.#bring(worker)))
    const failed = workers.find((_, i) => served[i] !== true)
    if (failed !== undefined) {
      await this.end()
      throw failed.failure ?? new Error('a worker ended before it served: what it said stands above')
    }
    this.#state = 'serving'
    this.#watch = setInterval(() => this.#look(), REPORT_MS)
    this.#watch.unref()
  }

  async prepare(snapshot: Snapshot): Promise<readonly Problem[]> {
    const workers = this.#serving()
    this.#next = { snapshot, workers }
    this.#settled = new Promise((resolve) => (this.#settle = resolve))
    // Who hangs is ended, and its successor begins with what counts then.
    const slow = setTimeout(() => {
      for (const worker of unprepared) worker.kill()
    }, PREPARE_MS)
    const unprepared = new Set(workers)
    const problems = await Promise.all(
      workers.map(async (worker) => {
        const found = await worker.prepare(snapshot)
        unprepared.delete(worker)
        return found ?? []
      }),
    )
    clearTimeout(slow)
    // All read the same: what one finds, others find as well.
    return problems.find((found) => found.length > 0) ?? []
  }

  async commit(): Promise<number> {
    const next = this.#next
    if (next === undefined) return 0
    // Told to all in one turn of the event loop, so that nobody is brought in between with the old one.
    this.#current = next.snapshot
    const { generation } = next.snapshot
    const committed = next.workers.filter(({ gone }) => !gone).map((worker) => worker.commit(generation))
    this.abandon()
    const all = await Promise.all(committed)
    return all.reduce((sum, one) => sum + (one?.closed ?? 0), 0)
  }

  abandon(): void {
    this.#next = undefined
    this.#settle()
  }

  judge(): void {
    for (const worker of this.#serving()) worker.tell({ kind: 'judge' })
  }

  async measured(): Promise<readonly (readonly MeasuredFamily[])[]> {
    await Promise.all(this.#serving().map((worker) => worker.report(REPORT_PATIENCE_MS)))
    // In one turn: who ends now is counted once, here or there.
    return [...this.#retired.all, ...this.#reports().map(({ measured }) => measured)]
  }

  async drain(timeout: number): Promise<void> {
    await this.#finish('drain', timeout + END_MARGIN_MS)
  }

  async end(): Promise<void> {
    await this.#finish('end', END_MARGIN_MS)
  }

  async #finish(kind: 'drain' | 'end', patience: number): Promise<void> {
    this.#state = 'ending'
    clearInterval(this.#watch)
    for (const backoff of this.#backoffs) backoff.cancel()
    this.#settle()
    const workers = this.#there()
    for (const worker of workers) worker.tell({ kind })
    const force = setTimeout(() => {
      for (const worker of workers) worker.kill()
    }, patience)
    await Promise.all(workers.map(({ over }) => over))
    clearTimeout(force)
    for (const socket of this.#opened) socket.close()
    this.#opened = []
  }

  #place(place: number): WorkerProcess {
    const { program, sockets, observer, onSeen } = this.#options
    const worker: WorkerProcess = new WorkerProcess({
      program,
      sockets: sockets.length > 0 ? sockets : this.#opened.map(({ fd }) => fd),
      onLines: (lines) => observer.pass(lines),
      onReport: ({ seen }) => {
        if (seen !== undefined) onSeen(seen)
      },
      onConnections: () => this.#tellOthers(),
      onExit: (how) => this.#ended(worker, { place, how }),
      onFault: (error) => observer.fault(error),
    })
    this.#places[place] = worker
    return worker
  }

  /** Has a new one prepare what counts, and accept. @returns whether it does. */
  async #bring(worker: WorkerProcess): Promise<boolean> {
    for (;;) {
      const snapshot = this.#current
      if (snapshot === undefined) return false
      const problems = await worker.prepare(snapshot)
      if (problems === undefined || problems.length > 0) {
        for (const { message } of problems ?? []) this.#options.observer.fault(new Error(message))
        worker.kill()
        return false
      }
      // A change that is under way decides first.
      await this.#settled
      if (this.#state === 'ending') return false
      if (snapshot !== this.#current) continue
      const committed = await worker.commit(snapshot.generation)
      if (committed === undefined) return false
      this.#addresses = committed.addresses
      this.#tellOthers()
      return true
    }
  }

  #ended(worker: WorkerProcess, { place, how }: { readonly place: number; readonly how: string }): void {
    this.#retired.add(worker.lastReport?.measured)
    if (this.#state !== 'serving') return
    const backoff = this.#backoffs[place]
    const lived = performance.now() - worker.startedAt
    const wait = backoff?.after(lived) ?? 0
    const soon = wait === 0 ? 'now' : `in ${wait / 1_000} s`
    this.#options.observer.say('error', 'worker.ended', {
      message: `worker ${place + 1} ended (${how}) after ${Math.round(lived / 1_000)} s: another takes its place ${soon}`,
      fields: { 'hubgate.worker': place + 1 },
    })
    backoff?.in(wait, () => void this.#replace(place))
  }

  async #replace(place: number): Promise<void> {
    if (this.#state !== 'serving') return
    if (await this.#bring(this.#place(place)))
      this.#options.observer.say('info', 'worker.replaced', {
        message: `worker ${place + 1} serves again`,
        fields: { 'hubgate.worker': place + 1 },
      })
  }

  #look(): void {
    const now = performance.now()
    for (const worker of this.#there()) {
      if (now - worker.heardAt > SILENT_MS) worker.kill()
      else worker.tell({ kind: 'report' })
    }
    this.#tellOthers()
    void this.#retired.settle()
  }

  // What each of the others has open decides who takes the next connection first.
  #tellOthers(): void {
    const workers = this.#serving()
    const all = workers.reduce((sum, { connections }) => sum + connections, 0)
    for (const worker of workers) {
      const others = workers.length - 1
      // Alone for a moment, it takes all.
      const connections = others === 0 ? Number.MAX_SAFE_INTEGER : (all - worker.connections) / others
      worker.tell({ kind: 'others', connections })
    }
  }

  #there(): readonly WorkerProcess[] {
    return this.#places.filter((worker) => worker !== undefined).filter(({ gone }) => !gone)
  }

  #serving(): readonly WorkerProcess[] {
    return this.#there().filter(({ serves }) => serves)
  }

  #reports() {
    return this.#there().flatMap(({ lastReport }) => (lastReport === undefined ? [] : [lastReport]))
  }
}
