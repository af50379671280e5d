// Reloads, one after another and all or nothing: on demand, or because a file changed. What fails changes nothing,
// and a change of files that does not hold yet (a new certificate before its key) is tried again for a while.
import { isDeepStrictEqual } from 'node:util'
import type { Config } from '../config/config.ts'
import { keepingFiles } from '../config/file-view.ts'
import { ConfigError } from '../config/problem.ts'
import type { Observer } from '../observe/observer.ts'
import type { ReloadOutcome } from './gateway.ts'
import { filesOf } from './generation.ts'
import { type FileWatch, fingerprint, watchFiles } from './watch.ts'

/** A configuration with the way back to where it came from. */
export interface ConfigSource {
  /** Files that are part of the configuration itself (`${file:…}`). */
  readonly files: readonly string[]
  /** Reads all of it again. @throws ConfigError */
  readonly reread: () => ConfigSource & { readonly config: Config }
  /** The same text with its `${file:…}` read again: a half-edited hubgate.yaml must not stop a new allow-list. @throws ConfigError */
  readonly again: () => ConfigSource & { readonly config: Config }
}

export interface ReloaderInputs {
  readonly source: ConfigSource | undefined
  readonly apply: (config: Config) => Promise<ReloadOutcome>
  readonly observer: Observer
  /** Keeps what is read while `apply` works, for others to prepare from. */
  readonly keepsFiles: boolean
}

type Read = () => { readonly config: Config } | (ConfigSource & { readonly config: Config }) | undefined

const TRY_AGAIN_MS = 500
const TRY_AGAIN_FOR_MS = 10_000

export class Reloader {
  readonly #inputs: ReloaderInputs
  #config: Config | undefined
  #source: ConfigSource | undefined
  #watch: FileWatch | undefined
  #queue: Promise<unknown> = Promise.resolve()
  #retry: NodeJS.Timeout | undefined
  #stopped = false

  constructor(inputs: ReloaderInputs) {
    this.#inputs = inputs
    this.#source = inputs.source
  }

  /** @param since the fingerprint of the configuration's files from before they were read. */
  start(config: Config, since: string): void {
    this.#config = config
    this.#watchFrom(since)
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#retry)
    this.#watch?.close()
  }

  /** @param config the new one; without it the source is read again, or where there is none, the files the old one names. */
  reload(config?: Config): Promise<ReloadOutcome> {
    return this.#enqueue(async () => {
      const outcome = await this.#attempt(() => (config === undefined ? this.#source?.reread() : { config }))
      this.#inputs.observer.reloaded(outcome)
      return outcome
    })
  }

  /** Takes the same configuration and its files again, because time has passed. Whoever asks says how it went. */
  again(): Promise<ReloadOutcome> {
    return this.#enqueue(() => this.#attempt(() => this.#source?.again()))
  }

  #enqueue<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(work)
    this.#queue = done.catch(() => {})
    return done
  }

  #attempt(read: Read): Promise<ReloadOutcome> {
    const attempt = () => this.#attemptOnce(read)
    return this.#inputs.keepsFiles ? keepingFiles(attempt) : attempt()
  }

  async #attemptOnce(read: Read): Promise<ReloadOutcome> {
    try {
      if (this.#stopped) return refused('hubgate is ending')
      // From before anything is read, so that no change falls between; files that are new have theirs from right after.
      const before = this.#files
      const marks = await fingerprint(before)
      const next = read()
      const config = next?.config ?? this.#config
      if (config === undefined) return refused('there is nothing to reload from')
      const source = next !== undefined && 'again' in next ? next : this.#source
      const files = watchedFiles(config, source)
      const since = isDeepStrictEqual(files, before) ? marks : await fingerprint(files)
      const outcome = await this.#inputs.apply(config)
      if (outcome.outcome === 'refused') return outcome
      clearTimeout(this.#retry)
      this.#config = config
      this.#source = source
      this.#watchFrom(since)
      return outcome
    } catch (error) {
      if (error instanceof ConfigError) return { outcome: 'refused', problems: error.problems }
      // A defect is no reason to end, nor to leave the last good state.
      this.#inputs.observer.fault(error)
      return refused('could not be read or prepared: the log says why')
    }
  }

  get #files(): readonly string[] {
    return this.#config === undefined ? [] : watchedFiles(this.#config, this.#source)
  }

  #watchFrom(since: string): void {
    this.#watch?.close()
    if (this.#stopped) return
    this.#watch = watchFiles({
      files: this.#files,
      since,
      onChange: () => this.#filesChanged(),
    })
  }

  #filesChanged(tried?: { readonly until: number }): void {
    const { until } = tried ?? { until: Date.now() + TRY_AGAIN_FOR_MS }
    void this.#enqueue(async () => {
      if (this.#stopped) return
      clearTimeout(this.#retry)
      const outcome = await this.#attempt(() => this.#source?.again())
      if (outcome.outcome === 'refused' && Date.now() < until) {
        if (tried === undefined)
          for (const problem of outcome.problems) this.#inputs.observer.warn('config.retry', problem)
        this.#retry = setTimeout(() => this.#filesChanged({ until }), TRY_AGAIN_MS)
        this.#retry.unref()
      } else this.#inputs.observer.reloaded(outcome)
    })
  }
}

function refused(message: string): ReloadOutcome {
  return { outcome: 'refused', problems: [{ setting: '', message }] }
}

/** Every file whose change has to be noticed. */
export function watchedFiles(config: Config, source: ConfigSource | undefined): readonly string[] {
  return [...filesOf(config), ...(source?.files ?? [])]
}
