// Keeps an eye on the allow-list while the gateway runs: refreshes it where that is configured, knows how the last refresh
// went whoever did it, and shouts when the list grows old. The list itself comes in through the file, like any other.
import { type RefreshStatus, readStatus } from '../allowlist/status.ts'
import { refreshList, summary } from '../allowlist/refresh.ts'
import type { Config } from '../config/config.ts'
import type { Observer } from '../observe/observer.ts'
import { jittered, random } from './jitter.ts'
import { oldList } from './prepare-sources.ts'

export interface ListKeeperInputs {
  readonly sources: () => Config['sources']
  /** When the list that decides was written. */
  readonly updated: () => Date | undefined
  readonly observer: Observer
}

const LOOK_MS = 2_000
const SHOUT_MS = 3_600_000
/** After a failure: the first wait, doubled each time up to `every`. */
const FIRST_RETRY_MS = 60_000

export class ListKeeper {
  readonly #inputs: ListKeeperInputs
  #status: RefreshStatus | undefined
  #look: NodeJS.Timeout | undefined
  #due = Infinity
  #failures = 0
  #refreshing = false
  #shouted = 0

  constructor(inputs: ListKeeperInputs) {
    this.#inputs = inputs
  }

  /** How the last refresh went; undefined where none is known. */
  get status(): RefreshStatus | undefined {
    return this.#status
  }

  async start(): Promise<void> {
    // The start has said it already where the list is old.
    this.#shouted = Date.now()
    await this.#readStatus()
    this.#due = this.#firstDue()
    this.#look = setInterval(() => void this.#tick(), LOOK_MS)
    this.#look.unref()
    void this.#tick()
  }

  stop(): void {
    clearInterval(this.#look)
  }

  // Where there is a list, its age counts: a gateway that is restarted often does not ask the registry each time.
  #firstDue(): number {
    const { refresh } = this.#inputs.sources()
    const updated = this.#inputs.updated()
    if (refresh === undefined) return Infinity
    return updated === undefined ? 0 : updated.getTime() + jittered(refresh.every)
  }

  async #tick(): Promise<void> {
    await this.#readStatus()
    this.#shoutOfAge()
    const { refresh } = this.#inputs.sources()
    // A reload may have switched it on or off.
    if (refresh === undefined) this.#due = Infinity
    else if (this.#due === Infinity) this.#due = this.#firstDue()
    if (Date.now() < this.#due || this.#refreshing) return
    this.#refreshing = true
    try {
      await this.#refresh(refresh?.every ?? Infinity)
    } finally {
      this.#refreshing = false
    }
  }

  async #refresh(every: number): Promise<void> {
    const { observer } = this.#inputs
    try {
      const outcome = await refreshList({
        sources: this.#inputs.sources(),
        accept: new Set(),
        now: () => new Date(),
        retry: { sleep: (ms) => new Promise((resolve) => void setTimeout(resolve, ms).unref()), random },
      })
      const stored = outcome.outcome === 'stored'
      observer.say(stored ? 'info' : 'error', `allowlist.${outcome.outcome}`, { message: summary(outcome) })
      this.#plan(stored, every)
    } catch (error) {
      const message = error instanceof Error ? error.message : 'the refresh failed'
      observer.say('error', 'allowlist.failed', { message: `the list stays as it is: ${message}` })
      this.#plan(false, every)
    }
    await this.#readStatus()
  }

  #plan(succeeded: boolean, every: number): void {
    this.#failures = succeeded ? 0 : this.#failures + 1
    const wait = succeeded ? every : Math.min(every, FIRST_RETRY_MS * 2 ** (this.#failures - 1))
    this.#due = Date.now() + jittered(wait)
  }

  async #readStatus(): Promise<void> {
    this.#status = await readStatus(this.#inputs.sources().allowlist)
    this.#inputs.observer.metrics.refreshed(this.#status)
  }

  #shoutOfAge(): void {
    const { mode, maxAge, allowlist } = this.#inputs.sources()
    const updated = this.#inputs.updated()
    const now = Date.now()
    if (mode === 'none' || updated === undefined || now - updated.getTime() <= maxAge) return
    if (now - this.#shouted < SHOUT_MS) return
    this.#shouted = now
    this.#inputs.observer.warn('allowlist.old', oldList(allowlist, now - updated.getTime()))
  }
}
