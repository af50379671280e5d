// Puts the gateway together and gives it its life: listen, reload, drain, end. `hubgate serve` and embedders use the same.
import type { Server } from 'node:net'
import type { RefreshStatus } from '../allowlist/status.ts'
import type { Config } from '../config/config.ts'
import type { Problem } from '../config/problem.ts'
import { ConfigError } from '../config/problem.ts'
import { shareProblems } from '../config/shares.ts'
import type { Policy } from '../gates/policy.ts'
import { type LogOptions, Observer } from '../observe/observer.ts'
import { createAgents } from '../upstream/agents.ts'
import { UpstreamHealth, type UpstreamState } from '../upstream/health.ts'
import { acceptorOf } from './accept.ts'
import { Balance } from './balance.ts'
import { BodyBudget } from './body-budget.ts'
import { BodyBuffers } from './body-buffers.ts'
import { changesBetween, fixedSettings, lostList, sameHttpSettings } from './changes.ts'
import { Connections } from './connections.ts'
import { Pause, drainConnections } from './drain.ts'
import { dismissAll, dismissUnwelcome } from './dismiss.ts'
import type { Gateway, ReloadOutcome } from './gateway.ts'
import { type Generation, type Prepared, prepare, sayWarnings } from './generation.ts'
import { Keepers } from './keepers.ts'
import { handshakeServer } from './handshake-phase.ts'
import { type Accept, boundTo, listenOn, listenOnOpen } from './listeners.ts'
import { frontReader } from './fronted.ts'
import { type ConfigSource, watchedFiles } from './reload.ts'
import { awaitNextRequest, requestServer } from './request-phase.ts'
import type { Shared } from './shared.ts'
import { type Snapshot, snapshotOf } from './snapshot.ts'
import type { AnchorReport } from './trust-keeper.ts'
import type { Seen } from './trust-records.ts'
import { fingerprint } from './watch.ts'
import type { Workers, WorkersInputs } from './workers-port.ts'

export interface CreateOptions {
  /** Where the configuration came from, for reloads; without it only the files it names are read again. */
  readonly source?: ConfigSource
  /** Where log lines go; standard output by default. */
  readonly log?: LogOptions['write']
  /** What anchors' dates and days are judged by; the system's by default. OpenSSL always asks the system. */
  readonly clock?: () => Date
  /** Descriptors of sockets that are open already, for listen.address; none: it is opened. */
  readonly sockets?: readonly number[]
  /** Processes that serve in this one's place; without: it serves itself. */
  readonly workers?: (inputs: WorkersInputs) => Workers
  /** This is such a process: it keeps no state, watches no file, and says nothing of its own life. */
  readonly worker?: { readonly generation: number }
  /** For tests of the policy itself: the gates to run instead. */
  readonly unsafePolicy?: (policy: Policy) => Policy
}

/** Prepares a gateway that does not listen yet. @throws ConfigError where the configuration or a file it names does not hold. */
export async function createGateway(config: Config, options: CreateOptions = {}): Promise<RunningGateway> {
  const since = await fingerprint(watchedFiles(config, options.source))
  const now = options.clock?.() ?? new Date()
  const prepared = await prepare(config, now)
  if ('problems' in prepared) throw new ConfigError(prepared.problems, config.file)
  return new RunningGateway(prepared, { ...options, since, now })
}

export class RunningGateway implements Gateway {
  readonly observer: Observer
  readonly #options: CreateOptions & { readonly since: string; readonly now?: Date }
  readonly #shared: Shared
  readonly #keepers: Keepers
  readonly #workers: Workers | undefined
  /** Of a worker: who takes the next connection first. */
  readonly balance: Balance | undefined
  readonly #pause = new Pause()
  #snapshot: Snapshot
  #current: Generation | undefined
  #listeners: readonly Server[] = []
  #state: 'new' | 'listening' | 'leaving' | 'draining' | 'ended' = 'new'

  constructor(prepared: Prepared, options: CreateOptions & { readonly since: string; readonly now?: Date }) {
    const { config } = prepared
    this.#options = options
    this.observer = new Observer({
      ...config.log,
      ...(options.log === undefined ? {} : { write: options.log }),
    })
    this.balance = options.worker === undefined ? undefined : new Balance()
    this.#keepers = new Keepers({
      state: config.state,
      source: options.source,
      generation: () => this.generation,
      apply: (next) => this.#apply(next),
      onStale: () => this.judge(),
      observer: this.observer,
      clock: options.clock ?? (() => new Date()),
      keepsFiles: options.workers !== undefined,
    })
    this.#workers = options.workers?.({
      observer: this.observer,
      onSeen: (seen) => this.#keepers.trust.add(seen),
    })
    this.#snapshot = this.#snapshotOf(config, 1, options.now)
    this.#shared = {
      observer: this.observer,
      trustKeeper: this.#keepers.trust,
      connections: new Connections(),
      budget: new BodyBudget(config.limits.bodiesInMemory),
      buffers: new BodyBuffers(),
      agents: createAgents(),
      health: new UpstreamHealth(),
      generation: () => this.generation,
      draining: () => this.#state === 'draining' || this.#state === 'ended',
      awaitNextRequest: (connection) => awaitNextRequest(this.#shared, connection),
    }
    this.#current = this.#generationOf(prepared, options.worker?.generation ?? 1)
    this.observer.generation(this.generation)
  }

  get addresses() {
    return this.#workers?.addresses ?? this.#listeners.map(boundTo)
  }

  get config(): Config {
    return this.generation.config
  }

  get generation(): Generation {
    if (this.#current === undefined) throw new Error('asked before it was made')
    return this.#current
  }

  /** Connections and requests now, and bytes of bodies in memory. */
  get load() {
    if (this.#workers !== undefined) return this.#workers.load
    const { connections, budget } = this.#shared
    return { connections: connections.size, requests: connections.exchanges, bodyBytes: budget.taken }
  }

  /** How each configured upstream answered last. */
  get upstreams(): readonly UpstreamState[] {
    if (this.#workers !== undefined) return this.#workers.upstreams
    return this.#shared.health.of([...this.generation.routes.values()].map(({ upstream }) => upstream.label))
  }

  /** How the last refresh of the allow-list went, whoever did it. */
  get lastRefresh(): RefreshStatus | undefined {
    return this.#keepers.list.status
  }

  /** Every configured anchor and what it did. */
  get anchors(): readonly AnchorReport[] {
    return this.#keepers.trust.report()
  }

  /** Listening, and not about to end. */
  get ready(): boolean {
    return this.#state === 'listening' && this.#workers?.serving !== 0
  }

  /** How many processes serve, and how many should; undefined where this one does. */
  get workers(): { readonly serving: number; readonly count: number } | undefined {
    return this.#workers
  }

  async listen(): Promise<void> {
    const { config } = this.generation
    const { since, worker } = this.#options
    if (worker === undefined) await this.#keepers.trust.load()
    if (this.#workers === undefined) this.#listeners = await this.#open(config)
    else await this.#workers.start(config.listen, this.#snapshot)
    this.#state = 'listening'
    if (worker !== undefined) return
    await this.#keepers.start(config, since)
    sayWarnings(this.observer, this.generation)
    this.observer.started(this.addresses)
  }

  #open({ listen }: Config): Promise<readonly Server[]> {
    const { sockets = [] } = this.#options
    const accept = acceptorOf(listen)
    const take: Accept = (socket, kind) => {
      this.balance?.accepted(this.#shared.connections.size)
      accept(this.#shared, socket, kind)
    }
    return sockets.length === 0 ? listenOn(listen.address, take) : listenOnOpen(sockets, listen.address, take)
  }

  async reload(config?: Config): Promise<ReloadOutcome> {
    return this.#keepers.reloader.reload(config)
  }

  onAudit(listener: Parameters<Gateway['onAudit']>[0]): () => void {
    return this.observer.onAudit(listener)
  }

  async close(): Promise<void> {
    if (this.#state === 'leaving' || this.#state === 'draining') {
      this.#pause.cut()
      if (this.#workers !== undefined) await this.#workers.end()
      this.#end()
      return this.#save()
    }
    if (this.#state === 'ended') return
    const { shutdown } = this.generation.config
    this.#state = 'leaving'
    this.#keepers.stop()
    if (this.#options.worker === undefined) this.observer.draining(this.load)
    // The load balancer sees /readyz fail first, while we still accept.
    if (this.addresses.length > 0) await this.#pause.wait(shutdown.delay)
    if (this.#ended()) return
    this.#state = 'draining'
    for (const listener of this.#listeners) listener.close()
    await (this.#workers?.drain(shutdown.timeout) ?? drainConnections(this.#shared, shutdown.timeout))
    this.#end()
    await this.#save()
  }

  async #save(): Promise<void> {
    if (this.#options.worker === undefined) await this.#keepers.trust.save()
  }

  #ended(): boolean {
    return this.#state === 'ended'
  }

  #end(): void {
    if (this.#ended()) return
    this.#state = 'ended'
    this.#pause.cut()
    for (const listener of this.#listeners) listener.close()
    dismissAll(this.#shared)
    this.#shared.connections.stop()
    this.#shared.agents.destroy()
    this.#shared.buffers.clear()
    this.generation.servers.http.retire()
    if (this.#options.worker === undefined) this.observer.ended()
    else this.observer.flush()
  }

  #generationOf(prepared: Prepared, id: number): Generation {
    const policy = this.#options.unsafePolicy?.(prepared.policy) ?? prepared.policy
    // Connections stay on the server they began with, so it is made anew only where its settings changed.
    const { limits } = prepared.config
    const before = this.#current
    const stays = before !== undefined && sameHttpSettings(before.config.limits, limits)
    const http = stays ? before.servers.http : requestServer(this.#shared, limits)
    const { terms } = prepared
    const tls = terms === undefined ? undefined : handshakeServer(this.#shared, terms)
    return Object.freeze({ ...prepared, policy, id, servers: { tls, http }, front: frontReader(prepared) })
  }

  // The new state is whole before anything sees it, in every process; open connections are judged by it at once.
  async #apply(config: Config): Promise<ReloadOutcome> {
    const now = this.#options.clock?.() ?? new Date()
    const prepared = await prepare(config, now)
    if ('problems' in prepared) return { outcome: 'refused', problems: prepared.problems }
    const generation = this.generation.id + 1
    const next = this.#snapshotOf(config, generation, now)
    const problems = [
      ...fixedSettings(this.generation.config, config),
      ...lostList(this.generation, prepared),
    ]
    problems.push(...(problems.length > 0 ? [] : await this.#othersPrepare(config, next)))
    if (problems.length > 0) return { outcome: 'refused', problems }
    const before = this.generation
    const closed = this.#workers?.commit()
    this.#snapshot = next
    const closedHere = this.commit(prepared, generation)
    sayWarnings(this.observer, this.generation)
    const changes = changesBetween(before, this.generation)
    return { outcome: 'reloaded', generation, closed: closedHere + ((await closed) ?? 0), changes }
  }

  #snapshotOf(config: Config, generation: number, now = new Date()): Snapshot {
    return snapshotOf(config, { generation, workers: this.#workers?.count ?? 1, now })
  }

  async #othersPrepare(config: Config, next: Snapshot): Promise<readonly Problem[]> {
    if (this.#workers === undefined) return []
    const problems = [...shareProblems(config.limits, next.workers), ...(await this.#workers.prepare(next))]
    // The end began meanwhile: it is not held up.
    if (this.#state !== 'listening') problems.push({ setting: '', message: 'hubgate is ending' })
    if (problems.length > 0) this.#workers.abandon()
    return problems
  }

  /** Lets a prepared state decide from now on. @returns how many connections it closed. */
  commit(prepared: Prepared, generation: number): number {
    const before = this.generation
    this.#current = this.#generationOf(prepared, generation)
    if (before.servers.http !== this.generation.servers.http) before.servers.http.retire()
    this.#shared.budget.limit = prepared.config.limits.bodiesInMemory
    this.observer.level = prepared.config.log.level
    this.observer.generation(this.generation)
    this.#keepers.trust.changed()
    return dismissUnwelcome(this.#shared)
  }

  /** Of a worker: what it saw of anchors and clients since it was asked last. */
  takeSeen(): Seen | undefined {
    return this.#keepers.trust.take()
  }

  /** All that was counted, in all processes, in Prometheus' text format. */
  async metrics(): Promise<string> {
    const { metrics } = this.observer
    if (this.#workers === undefined) return metrics.expose()
    metrics.workers(this.#workers.serving)
    return metrics.exposeWith(await this.#workers.measured())
  }

  /** Closes whom time has made unwelcome. */
  judge(): void {
    dismissUnwelcome(this.#shared)
    this.#workers?.judge()
  }
}
