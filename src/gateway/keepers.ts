// What looks after a gateway while it runs: changed files, the age of the allow-list and of revocation lists, anchors' days.
// Of several processes that serve together, one alone has these at work.
import type { Config } from '../config/config.ts'
import type { Observer } from '../observe/observer.ts'
import { CrlKeeper } from './crl-keeper.ts'
import type { ReloadOutcome } from './gateway.ts'
import type { Generation } from './generation.ts'
import { ListKeeper } from './list-keeper.ts'
import { type ConfigSource, Reloader } from './reload.ts'
import { TrustKeeper } from './trust-keeper.ts'

export interface KeepersInputs {
  readonly state: string
  readonly source: ConfigSource | undefined
  readonly generation: () => Generation
  readonly apply: (config: Config) => Promise<ReloadOutcome>
  /** A revocation list went out of date. */
  readonly onStale: () => void
  readonly observer: Observer
  readonly clock: () => Date
  /** Keeps what each reload reads, for others to prepare from. */
  readonly keepsFiles: boolean
}

export class Keepers {
  readonly reloader: Reloader
  readonly trust: TrustKeeper
  readonly list: ListKeeper
  readonly #crl: CrlKeeper

  constructor({ state, source, generation, apply, onStale, observer, clock, keepsFiles }: KeepersInputs) {
    this.reloader = new Reloader({ source, apply, observer, keepsFiles })
    this.trust = new TrustKeeper({
      state,
      generation,
      again: () => this.reloader.again(),
      observer,
      clock,
    })
    this.list = new ListKeeper({
      sources: () => generation().config.sources,
      updated: () => generation().listUpdated,
      observer,
    })
    this.#crl = new CrlKeeper({ generation, observer, onStale })
  }

  /** @param since the fingerprint of the configuration's files from before they were read. */
  async start(config: Config, since: string): Promise<void> {
    this.reloader.start(config, since)
    await this.list.start()
    await this.#crl.start()
    this.trust.start()
  }

  stop(): void {
    this.reloader.stop()
    this.list.stop()
    this.#crl.stop()
    this.trust.stop()
  }
}
