// Reloads, one after another and all or nothing: on demand, or because a file changed. What fails changes nothing,
// and a change of files that does not hold yet (a new certificate before its key) is tried again for a while.
import type { Config } from '../config/config.ts'
import { ConfigError } from '../config/problem.ts'
import type { Observer } from '../observe/observer.ts'
import type { ReloadOutcome } from './gateway.ts'
import { filesOf } from './generation.ts'
import { type FileWatch, watchFiles } from './watch.ts'

export interface ReloaderInputs {
  readonly reread: (() => { readonly config: Config; readonly files: readonly string[] }) | undefined
  /** Files that are part of the configuration itself (`${file:…}`). */
  readonly files: readonly string[]
  readonly apply: (config: Config) => Promise<ReloadOutcome>
  readonly observer: Observer
}

const TRY_AGAIN_MS = 500
const TRY_AGAIN_FOR_MS = 10_000

export class Reloader {
  readonly #inputs: ReloaderInputs
  #config: Config | undefined
  #files: readonly string[]
  #watch: FileWatch | undefined
  #queue: Promise<unknown> = Promise.resolve()
  #retry: NodeJS.Timeout | undefined
  #stopped = false

  constructor(inputs: ReloaderInputs) {
    this.#inputs = inputs
    this.#files = inputs.files
  }

  async start(config: Config): Promise<void> {
    this.#config = config
    await this.#watchAgain(config)
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#retry)
    this.#watch?.close()
  }

  /** @param config the new one; without it the source is read again, or where there is none, the files the old one names. */
  reload(config?: Config): Promise<ReloadOutcome> {
    return this.#enqueue(async () => {
      const outcome = await this.#attempt(config)
      this.#inputs.observer.reloaded(outcome)
      return outcome
    })
  }

  #enqueue<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(work)
    this.#queue = done.catch(() => {})
    return done
  }

  async #attempt(given?: Config): Promise<ReloadOutcome> {
    try {
      const read = given === undefined ? this.#inputs.reread?.() : undefined
      const config = given ?? read?.config ?? this.#config
      if (config === undefined) return { outcome: 'refused', problems: [{ setting: '', message: 'there is nothing to reload from' }] }
      const outcome = await this.#inputs.apply(config)
      if (outcome.outcome === 'refused') return outcome
      this.#config = config
      this.#files = read?.files ?? this.#files
      await this.#watchAgain(config)
      return outcome
    } catch (error) {
      if (error instanceof ConfigError) return { outcome: 'refused', problems: error.problems }
      throw error
    }
  }

  async #watchAgain(config: Config): Promise<void> {
    const watch = await watchFiles([...filesOf(config), ...this.#files], () => this.#filesChanged(Date.now() + TRY_AGAIN_FOR_MS))
    this.#watch?.close()
    if (this.#stopped) return watch.close()
    this.#watch = watch
  }

  #filesChanged(until: number): void {
    clearTimeout(this.#retry)
    void this.#enqueue(async () => {
      if (this.#stopped) return
      const outcome = await this.#attempt()
      if (outcome.outcome === 'refused' && Date.now() < until) {
        this.#retry = setTimeout(() => this.#filesChanged(until), TRY_AGAIN_MS)
        this.#retry.unref()
      } else this.#inputs.observer.reloaded(outcome)
    }).catch((error: unknown) => this.#inputs.observer.fault(error))
  }
}
