// Puts the gateway together and gives it its life: listen, reload, drain, end. `hubgate serve` and embedders use the same.
import type { Server } from 'node:net'
import type { RefreshStatus } from '../allowlist/status.ts'
import type { Config } from '../config/config.ts'
import { ConfigError } from '../config/problem.ts'
import { warningsOf } from '../config/warnings.ts'
import type { Policy } from '../gates/policy.ts'
import { type LogOptions, Observer } from '../observe/observer.ts'
import { createAgents } from '../upstream/agents.ts'
import { UpstreamHealth, type UpstreamState } from '../upstream/health.ts'
import { BodyBudget } from './body-budget.ts'
import { BodyBuffers } from './body-buffers.ts'
import { CrlKeeper } from './crl-keeper.ts'
import { changesBetween, fixedSettings, lostList } from './changes.ts'
import { acceptConnection } from './connection-phase.ts'
import { Connections } from './connections.ts'
import { dismissAll, dismissUnwelcome } from './dismiss.ts'
import type { Gateway, ReloadOutcome } from './gateway.ts'
import { ListKeeper } from './list-keeper.ts'
import { type Generation, type Prepared, prepare } from './generation.ts'
import { handshakeServer } from './handshake-phase.ts'
import { type Accept, boundTo, listenOn, listenOnOpen } from './listeners.ts'
import { acceptFronted } from './front-phase.ts'
import { frontReader } from './fronted.ts'
import { acceptProxied } from './proxy-phase.ts'
import { type ConfigSource, Reloader, watchedFiles } from './reload.ts'
import { type RequestServer, awaitNextRequest, requestServer } from './request-phase.ts'
import type { Shared } from './shared.ts'
import { type AnchorReport, TrustKeeper } from './trust-keeper.ts'
import { fingerprint } from './watch.ts'

export interface CreateOptions {
  /** Where the configuration came from, for reloads; without it only the files it names are read again. */
  readonly source?: ConfigSource
  /** Where log lines go; standard output by default. */
  readonly log?: LogOptions['write']
  /** What anchors' dates and days are judged by; the system's by default. OpenSSL always asks the system. */
  readonly clock?: () => Date
  /** Descriptors of sockets that are open already, for listen.address; none: it is opened. */
  readonly sockets?: readonly number[]
  /** For tests of the policy itself: the gates to run instead. */
  readonly unsafePolicy?: (policy: Policy) => Policy
}

// HTTP/1.1 has no word for "no more requests": one that is on its way when we close is lost, and its sender cannot know.
const LAST_CALL_MS = 500

/** Prepares a gateway that does not listen yet. @throws ConfigError where the configuration or a file it names does not hold. */
export async function createGateway(config: Config, options: CreateOptions = {}): Promise<RunningGateway> {
  const since = await fingerprint(watchedFiles(config, options.source))
  const prepared = await prepare(config, options.clock?.())
  if ('problems' in prepared) throw new ConfigError(prepared.problems, config.file)
  return new RunningGateway(prepared, { ...options, since })
}

export class RunningGateway implements Gateway {
  readonly observer: Observer
  readonly #options: CreateOptions & { readonly since: string }
  readonly #shared: Shared
  readonly #reloader: Reloader
  readonly #listKeeper: ListKeeper
  readonly #crlKeeper: CrlKeeper
  readonly #trustKeeper: TrustKeeper
  #current: Generation | undefined
  #listeners: readonly Server[] = []
  #state: 'new' | 'listening' | 'leaving' | 'draining' | 'ended' = 'new'

  constructor(prepared: Prepared, options: CreateOptions & { readonly since: string }) {
    const { config } = prepared
    this.#options = options
    this.observer = new Observer({
      ...config.log,
      ...(options.log === undefined ? {} : { write: options.log }),
    })
    this.#trustKeeper = new TrustKeeper({
      state: config.state,
      generation: () => this.generation,
      again: () => this.#reloader.again(),
      observer: this.observer,
      clock: options.clock ?? (() => new Date()),
    })
    this.#shared = {
      observer: this.observer,
      trustKeeper: this.#trustKeeper,
      connections: new Connections(),
      budget: new BodyBudget(config.limits.bodiesInMemory),
      buffers: new BodyBuffers(),
      agents: createAgents(),
      health: new UpstreamHealth(),
      generation: () => this.generation,
      draining: () => this.#state === 'draining' || this.#state === 'ended',
      awaitNextRequest: (connection) => awaitNextRequest(this.#shared, connection),
    }
    this.#current = this.#generationOf(prepared, 1)
    this.#reloader = new Reloader({
      source: options.source,
      apply: (next) => this.#apply(next),
      observer: this.observer,
    })
    this.#listKeeper = new ListKeeper({
      sources: () => this.config.sources,
      updated: () => this.generation.listUpdated,
      observer: this.observer,
    })
    this.#crlKeeper = new CrlKeeper({
      generation: () => this.generation,
      observer: this.observer,
      onStale: () => void dismissUnwelcome(this.#shared),
    })
    this.observer.generation(this.generation)
  }

  get addresses() {
    return this.#listeners.map(boundTo)
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
    const { connections, budget } = this.#shared
    return { connections: connections.size, requests: connections.exchanges, bodyBytes: budget.taken }
  }

  /** How each configured upstream answered last. */
  get upstreams(): readonly UpstreamState[] {
    return this.#shared.health.of([...this.generation.routes.values()].map(({ upstream }) => upstream.label))
  }

  /** How the last refresh of the allow-list went, whoever did it. */
  get lastRefresh(): RefreshStatus | undefined {
    return this.#listKeeper.status
  }

  /** Every configured anchor and what it did. */
  get anchors(): readonly AnchorReport[] {
    return this.#trustKeeper.report()
  }

  /** Listening, and not about to end. */
  get ready(): boolean {
    return this.#state === 'listening'
  }

  async listen(): Promise<void> {
    const { config } = this.generation
    await this.#trustKeeper.load()
    const accept = acceptorOf(config)
    const { sockets = [] } = this.#options
    const { address } = config.listen
    const take: Accept = (socket, kind) => accept(this.#shared, socket, kind)
    this.#listeners = await (sockets.length === 0
      ? listenOn(address, take)
      : listenOnOpen(sockets, address, take))
    this.#state = 'listening'
    this.#reloader.start(config, this.#options.since)
    await this.#listKeeper.start()
    await this.#crlKeeper.start()
    this.#trustKeeper.start()
    this.#warn()
    this.observer.started(this.addresses)
  }

  async reload(config?: Config): Promise<ReloadOutcome> {
    return this.#reloader.reload(config)
  }

  onAudit(listener: Parameters<Gateway['onAudit']>[0]): () => void {
    return this.observer.onAudit(listener)
  }

  async close(): Promise<void> {
    if (this.#state === 'leaving' || this.#state === 'draining') {
      this.#end()
      return this.#trustKeeper.save()
    }
    if (this.#state === 'ended') return
    const { shutdown } = this.generation.config
    this.#state = 'leaving'
    this.#reloader.stop()
    this.#listKeeper.stop()
    this.#crlKeeper.stop()
    this.#trustKeeper.stop()
    this.observer.draining(this.load)
    // The load balancer sees /readyz fail first, while we still accept.
    if (this.#listeners.length > 0) await this.#pause(shutdown.delay)
    if (this.#ended()) return
    this.#state = 'draining'
    for (const listener of this.#listeners) listener.close()
    // Who was accepted is served once more: who shakes hands, and who may just be sending the next request.
    const open = [...this.#shared.connections].filter(({ phase }) => phase === 'request')
    for (const connection of open) if (!connection.invitesMore) connection.retire()
    const lastCall = setTimeout(() => {
      for (const connection of open) connection.retire()
    }, LAST_CALL_MS)
    await this.#shared.connections.empty(shutdown.timeout)
    clearTimeout(lastCall)
    this.#end()
    await this.#trustKeeper.save()
  }

  #pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds)
      this.#cutPause = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  #cutPause: () => void = () => {}

  #ended(): boolean {
    return this.#state === 'ended'
  }

  #end(): void {
    if (this.#ended()) return
    this.#state = 'ended'
    this.#cutPause()
    for (const listener of this.#listeners) listener.close()
    dismissAll(this.#shared)
    this.#shared.connections.stop()
    this.#shared.agents.destroy()
    this.#shared.buffers.clear()
    this.generation.servers.http.retire()
    this.observer.ended()
  }

  #generationOf(prepared: Prepared, id: number): Generation {
    const policy = this.#options.unsafePolicy?.(prepared.policy) ?? prepared.policy
    // Connections stay on the server they began with, so it is made anew only where its settings changed.
    const http = this.#sameHttpServer(prepared.config) ?? requestServer(this.#shared, prepared.config.limits)
    const { terms } = prepared
    const tls = terms === undefined ? undefined : handshakeServer(this.#shared, terms)
    return Object.freeze({ ...prepared, policy, id, servers: { tls, http }, front: frontReader(prepared) })
  }

  #sameHttpServer({ limits }: Config): RequestServer | undefined {
    if (this.#current === undefined) return undefined
    const { limits: before } = this.#current.config
    const same =
      before.head === limits.head &&
      before.headTimeout === limits.headTimeout &&
      before.idleTimeout === limits.idleTimeout
    return same ? this.#current.servers.http : undefined
  }

  // The new state is whole before anything sees it; open connections are judged by it at once.
  async #apply(config: Config): Promise<ReloadOutcome> {
    const prepared = await prepare(config, this.#options.clock?.())
    if ('problems' in prepared) return { outcome: 'refused', problems: prepared.problems }
    const problems = [
      ...fixedSettings(this.generation.config, config),
      ...lostList(this.generation, prepared),
    ]
    if (problems.length > 0) return { outcome: 'refused', problems }
    const before = this.generation
    this.#current = this.#generationOf(prepared, before.id + 1)
    if (before.servers.http !== this.generation.servers.http) before.servers.http.retire()
    this.#shared.budget.limit = config.limits.bodiesInMemory
    this.observer.level = config.log.level
    this.observer.generation(this.generation)
    this.#trustKeeper.changed()
    this.#warn()
    return {
      outcome: 'reloaded',
      generation: this.generation.id,
      closed: dismissUnwelcome(this.#shared),
      changes: changesBetween(before, this.generation),
    }
  }

  // At every start and every reload: what is switched off, and what will not work for long.
  #warn(): void {
    const { config, warnings } = this.generation
    for (const warning of warningsOf(config)) this.observer.warn('config.danger', warning)
    for (const warning of warnings) this.observer.warn('config.warning', warning)
  }
}

function acceptorOf({ listen }: Config) {
  if (listen.front !== 'direct') return acceptFronted
  return listen.proxyProtocol === 'required' ? acceptProxied : acceptConnection
}
