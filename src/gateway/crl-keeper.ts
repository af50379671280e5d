// Keeps the revocation lists while the gateway runs: fetches those that have an address, says when one is out of date, and
// judges open connections again when that happens. New lists come in through their files, whoever fetched them.
import { type RefreshOutcome, readListStatus } from '../tls/crl-status.ts'
import { fetchList } from '../tls/crl-fetch.ts'
import { refreshLists } from '../tls/crl-store.ts'
import type { Observer } from '../observe/observer.ts'
import type { Generation } from './generation.ts'
import { jittered } from './jitter.ts'
import { listAddresses, listDirectory, listWarnings } from './prepare-revocation.ts'

export interface CrlKeeperInputs {
  readonly generation: () => Generation
  readonly observer: Observer
  /** A list went out of date: with `hard` its clients may not stay. */
  readonly onStale: () => void
}

const LOOK_MS = 2_000
const SHOUT_MS = 3_600_000
/** After a failure: the first wait, doubled each time up to `refresh`. */
const FIRST_RETRY_MS = 60_000

export class CrlKeeper {
  readonly #inputs: CrlKeeperInputs
  readonly #stopped = new AbortController()
  #look: NodeJS.Timeout | undefined
  #due = 0
  #failures = 0
  #refreshing = false
  #stale = ''
  #shouted = 0

  constructor(inputs: CrlKeeperInputs) {
    this.#inputs = inputs
  }

  async start(): Promise<void> {
    // The start has said it already where a list is old.
    this.#shouted = Date.now()
    this.#stale = this.#warnings().join('\n')
    const { config } = this.#inputs.generation()
    const times = (await readListStatus(listDirectory(config)))
      .filter(succeeded)
      .map(({ time }) => time.getTime())
    this.#due = times.length === 0 ? 0 : Math.min(...times) + jittered(config.client.revocation.refresh)
    this.#look = setInterval(() => void this.#tick(), LOOK_MS)
    this.#look.unref()
    void this.#tick()
  }

  stop(): void {
    this.#stopped.abort()
    clearInterval(this.#look)
  }

  async #tick(): Promise<void> {
    if (this.#inputs.generation().config.client.revocation.mode === 'none') return
    this.#noticeStale()
    if (Date.now() < this.#due || this.#refreshing) return
    this.#refreshing = true
    try {
      await this.#refresh()
    } finally {
      this.#refreshing = false
    }
  }

  async #refresh(): Promise<void> {
    const { config, anchors, revocation } = this.#inputs.generation()
    const { refresh } = config.client.revocation
    const urls = listAddresses(config, anchors)
    if (urls.length === 0) return this.#plan(refresh)
    const authorities = [...anchors.map(({ certificate }) => certificate), ...revocation.intermediates]
    const { signal } = this.#stopped
    const outcomes = await refreshLists({
      urls,
      directory: listDirectory(config),
      authorities,
      now: new Date(),
      fetch: (url) => fetchList(url, { signal }),
    })
    if (signal.aborted) return
    for (const outcome of outcomes) this.#say(outcome)
    this.#failures = outcomes.every(succeeded) ? 0 : this.#failures + 1
    this.#plan(this.#failures === 0 ? refresh : Math.min(refresh, FIRST_RETRY_MS * 2 ** (this.#failures - 1)))
  }

  #plan(wait: number): void {
    this.#due = Date.now() + jittered(wait)
  }

  #say({ url, outcome, message, hint }: RefreshOutcome): void {
    const { observer } = this.#inputs
    if (outcome === 'stored' || outcome === 'unchanged')
      observer.say('info', `revocation.${outcome}`, { message: `${url}: ${message}` })
    else
      observer.warn(`revocation.${outcome}`, {
        setting: 'client.revocation',
        message: `${url}: ${message}`,
        hint,
      })
  }

  #noticeStale(): void {
    const warnings = this.#warnings()
    const stale = warnings.join('\n')
    const changed = stale !== this.#stale
    this.#stale = stale
    if (changed) this.#inputs.onStale()
    const now = Date.now()
    if (warnings.length === 0 || (!changed && now - this.#shouted < SHOUT_MS)) return
    this.#shouted = now
    const { revocation, anchors } = this.#inputs.generation()
    for (const warning of listWarnings(revocation.lists, { anchors, now: new Date() }))
      this.#inputs.observer.warn('revocation.old', warning)
  }

  #warnings(): string[] {
    const { revocation, anchors, config } = this.#inputs.generation()
    if (config.client.revocation.mode === 'none') return []
    return listWarnings(revocation.lists, { anchors, now: new Date() }).map(({ message }) => message)
  }
}

function succeeded({ outcome }: RefreshOutcome): boolean {
  return outcome === 'stored' || outcome === 'unchanged'
}
