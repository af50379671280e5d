// A worker's side: it does what its supervisor says, tells what it is asked, and drains by itself where nobody speaks to it
// any more. The gateway that it runs keeps no state, watches no file, and says nothing of its own life.
import { loadConfig } from '../config/load.ts'
import { showingFiles } from '../config/file-view.ts'
import { ConfigError } from '../config/problem.ts'
import { shareOf } from '../config/shares.ts'
import type { Config } from '../config/config.ts'
import { RunningGateway } from './create.ts'
import { collectStart } from './garbage.ts'
import { type Preparation, type Prepared, prepare } from './generation.ts'
import type { Snapshot } from './snapshot.ts'
import type { FromWorker, ToWorker } from './worker-messages.ts'

export interface Channel {
  readonly send: (message: FromWorker, sent?: () => void) => void
  /** Calls back with every message of the supervisor. */
  readonly onMessage: (listener: (message: ToWorker) => void) => void
  /** Calls back once the supervisor is gone. */
  readonly onGone: (listener: () => void) => void
}

const TELL_MS = 100

/** @param end ends the process, once there is nothing more to do. */
export function work(channel: Channel, env: NodeJS.ProcessEnv, end: (code: number) => void): void {
  const worker = new Worker(channel, env, end)
  channel.onMessage((message) => worker.hear(message))
  channel.onGone(() => void worker.drain())
}

class Worker {
  readonly #channel: Channel
  readonly #env: NodeJS.ProcessEnv
  readonly #end: (code: number) => void
  #gateway: RunningGateway | undefined
  #next: { readonly generation: number; readonly prepared: Prepared } | undefined
  #told = 0
  #draining = false

  constructor(channel: Channel, env: NodeJS.ProcessEnv, end: (code: number) => void) {
    this.#channel = channel
    this.#env = env
    this.#end = end
    setInterval(() => this.#tellConnections(), TELL_MS).unref()
  }

  hear(message: ToWorker): void {
    if (message.kind === 'prepare') void this.#prepare(message)
    else if (message.kind === 'commit') void this.#commit(message)
    else if (message.kind === 'report') void this.#report()
    else if (message.kind === 'judge') this.#gateway?.judge()
    else if (message.kind === 'others') this.#gateway?.balance?.heard(message.connections)
    else if (message.kind === 'drain') void this.drain()
    else void this.#endNow()
  }

  async drain(): Promise<void> {
    // Asked for, and then the supervisor is gone as well: once is enough, for twice would end it at once.
    if (this.#draining) return
    this.#draining = true
    await this.#gateway?.close()
    await this.#last()
  }

  // The second close() does not wait.
  async #endNow(): Promise<void> {
    if (!this.#draining) void this.drain()
    await this.#gateway?.close()
    await this.#last()
  }

  async #prepare(snapshot: Snapshot): Promise<void> {
    const { generation } = snapshot
    const preparation = await preparedFrom(snapshot, this.#env)
    const problems = 'problems' in preparation ? preparation.problems : []
    this.#next = 'problems' in preparation ? undefined : { generation, prepared: preparation }
    if (this.#gateway === undefined) collectStart()
    this.#channel.send({ kind: 'prepared', generation, problems })
  }

  async #commit({ generation, sockets }: Extract<ToWorker, { kind: 'commit' }>): Promise<void> {
    const next = this.#next
    // Only ever asked for what was prepared.
    if (next?.generation !== generation) return this.#end(1)
    this.#next = undefined
    let closed = 0
    if (this.#gateway === undefined) {
      const gateway = new RunningGateway(next.prepared, { worker: { generation }, sockets, since: '' })
      if (!(await this.#listens(gateway))) return
      this.#gateway = gateway
    } else closed = this.#gateway.commit(next.prepared, generation)
    this.#channel.send({ kind: 'committed', generation, closed, addresses: this.#gateway.addresses })
  }

  async #listens(gateway: RunningGateway): Promise<boolean> {
    try {
      await gateway.listen()
      return true
    } catch (error) {
      const { code, message } =
        error instanceof Error ? (error as NodeJS.ErrnoException) : { code: '', message: 'cannot listen' }
      this.#channel.send({ kind: 'failed', code: code ?? '', message }, () => this.#end(1))
      return false
    }
  }

  async #report(sent?: () => void): Promise<void> {
    const gateway = this.#gateway
    const nothing = { load: { connections: 0, requests: 0, bodyBytes: 0 }, upstreams: [], measured: [] }
    if (gateway === undefined)
      return this.#channel.send({ kind: 'report', ...nothing, seen: undefined }, sent)
    const measured = await gateway.observer.metrics.measured()
    const { load, upstreams } = gateway
    this.#channel.send({ kind: 'report', load, upstreams, seen: gateway.takeSeen(), measured }, sent)
  }

  // What was counted to the end is told before the end.
  async #last(): Promise<void> {
    await this.#report(() => this.#end(0))
  }

  #tellConnections(): void {
    const connections = this.#gateway?.load.connections ?? 0
    if (connections === this.#told) return
    this.#told = connections
    this.#channel.send({ kind: 'connections', connections })
  }
}

async function preparedFrom(snapshot: Snapshot, env: NodeJS.ProcessEnv): Promise<Preparation> {
  const { file, files, now, workers } = snapshot
  try {
    return await showingFiles(files, async () =>
      prepare(asWorker(loadConfig({ file, env }).config, workers), now),
    )
  } catch (error) {
    // The supervisor has read the same; what is left is a want of memory and the like.
    if (error instanceof ConfigError) return { problems: error.problems }
    return {
      problems: [{ setting: '', message: error instanceof Error ? error.message : 'cannot be prepared' }],
    }
  }
}

// Its lines go to the supervisor, which waits before it lets workers drain.
function asWorker(config: Config, workers: number): Config {
  return {
    ...config,
    limits: shareOf(config.limits, workers),
    shutdown: { ...config.shutdown, delay: 0 },
    log: { ...config.log, format: 'json' },
  }
}
