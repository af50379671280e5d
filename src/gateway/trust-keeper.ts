// Keeps an eye on trust while the gateway runs: takes anchors in and out at their from and until, warns as ends come near
// and of an anchor that nobody uses any more, and shows what each did. What it remembers is in trust-records.ts.
import type { X509Certificate } from 'node:crypto'
import type { AnchorLife, AnchorState } from '../config/config.ts'
import type { RefusalCode } from '../domain/refusals.ts'
import type { Observer } from '../observe/observer.ts'
import type { AnchorUse } from '../tls/anchor-uses.ts'
import { type Anchor, stateAt } from '../tls/anchors.ts'
import type { ClientCertificate } from '../tls/client-certificate.ts'
import { Countdown } from './countdown.ts'
import type { ReloadOutcome } from './gateway.ts'
import type { Generation } from './generation.ts'
import { idleAnchors } from './idle-anchors.ts'
import { ANCHOR_DAYS, daysUntil, endWarning } from './prepare-anchors.ts'
import { IDENTITY_DAYS, identitySetting, timeWarnings } from './prepare-identity.ts'
import { type Seen, TrustRecords } from './trust-records.ts'

export interface TrustKeeperInputs {
  readonly state: string
  readonly generation: () => Generation
  /** Takes the same configuration again: all or nothing. */
  readonly again: () => Promise<ReloadOutcome>
  readonly observer: Observer
  readonly clock: () => Date
}

/** One anchor and what it did. */
export interface AnchorReport {
  readonly name: string
  readonly fingerprint: string
  readonly state: AnchorState
  readonly from: Date | undefined
  readonly until: Date | undefined
  readonly notAfter: Date
  readonly daysLeft: number
  readonly uses: number
  readonly firstUsed: Date | undefined
  readonly lastUsed: Date | undefined
  /** Refused clients that it would have admitted, were it active. */
  readonly wouldAdmit: number
}

const LOOK_MS = 2_000
/** After a change of anchors was refused: tried again, and shouted again. */
const RETRY_MS = 60_000
const SHOUT_MS = 3_600_000

export class TrustKeeper {
  readonly #inputs: TrustKeeperInputs
  readonly #records: TrustRecords
  readonly #anchorDays = new Countdown(ANCHOR_DAYS)
  readonly #identityDays = new Countdown(IDENTITY_DAYS)
  #idle: ReadonlySet<string> = new Set()
  #look: NodeJS.Timeout | undefined
  #stopped = false
  #changing = false
  #retryAt = -Infinity
  #shoutAt = -Infinity

  constructor(inputs: TrustKeeperInputs) {
    this.#inputs = inputs
    this.#records = new TrustRecords(inputs)
  }

  /** Before anybody is let in. */
  async load(): Promise<void> {
    await this.#records.load()
  }

  start(): void {
    this.#look = setInterval(() => void this.#tick(), LOOK_MS)
    this.#look.unref()
    void this.#tick()
  }

  /** Looks no more; what is still seen is kept by `save`. */
  stop(): void {
    this.#stopped = true
    clearInterval(this.#look)
  }

  async save(): Promise<void> {
    await this.#records.saveNow()
  }

  /** Of a worker, which keeps no files: what it saw since the last time. */
  take(): Seen | undefined {
    return this.#records.take()
  }

  /** What a worker saw. @throws where it is not that. */
  add(seen: Seen): void {
    this.#records.add(seen)
  }

  /** A client whose certificate was judged. @param code of what is wrong with it. */
  saw(client: ClientCertificate, code: RefusalCode | undefined): void {
    this.#records.saw(client, code)
  }

  /** A connection was admitted that hangs under these anchors: each counts, for Node does not tell which it was. */
  used(anchors: readonly Anchor[]): void {
    this.#records.used(anchors)
    this.#inputs.observer.connectionAdmitted(anchors.map(({ name }) => name))
  }

  /** The same for a request that a front tells of: it says nothing about the connection. */
  usedFor(anchors: readonly Anchor[]): void {
    this.#records.used(anchors)
    this.#inputs.observer.anchorsUsed(anchors.map(({ name }) => name))
  }

  /** Anchors that would have admitted a client who was refused. */
  missed(anchors: readonly Anchor[]): void {
    for (const anchor of anchors) {
      this.#records.missed(anchor)
      this.#inputs.observer.anchorTried(anchor)
    }
  }

  /** Another generation decides from now on. */
  changed(): void {
    const { anchors } = this.#inputs.generation()
    this.#records.activeNow(anchors)
    this.#inputs.observer.metrics.anchors(this.report())
  }

  /** Every configured anchor, in the order of the configuration. */
  report(): readonly AnchorReport[] {
    const now = this.#inputs.clock()
    return configured(this.#inputs.generation()).map(({ anchor, life }) =>
      reported(anchor, { life, use: this.#records.uses.of(anchor), now }),
    )
  }

  async #tick(): Promise<void> {
    try {
      await this.#takeTurns()
      if (this.#stopped) return
      this.#warnOfEnds()
      this.#warnOfIdle()
      this.changed()
      await this.#records.save()
    } catch (error) {
      this.#inputs.observer.fault(error)
    }
  }

  // An anchor's day has come, or is over: the same configuration now means another generation.
  async #takeTurns(): Promise<void> {
    const now = this.#inputs.clock()
    const due = configured(this.#inputs.generation()).filter(
      ({ anchor, life }) => anchor.state !== stateAt(life, now),
    )
    if (due.length === 0) this.#retryAt = this.#shoutAt = -Infinity
    if (due.length === 0 || this.#changing || performance.now() < this.#retryAt) return
    this.#changing = true
    try {
      const outcome = await this.#inputs.again()
      if (this.#stopped) return
      this.#retryAt = performance.now() + RETRY_MS
      // Refused again and again: the old state stays that long, and an operator has to hear of it, not every minute.
      if (outcome.outcome === 'refused' && performance.now() < this.#shoutAt) return
      this.#shoutAt = performance.now() + SHOUT_MS
      this.#inputs.observer.reloaded(outcome)
    } finally {
      this.#changing = false
    }
  }

  // What a start or a reload brings has been warned of there.
  #warnOfEnds(): void {
    const { observer, generation } = this.#inputs
    const { anchors, terms } = generation()
    const now = this.#inputs.clock()
    const counted = <T>(of: T, { fingerprint256, validTo }: X509Certificate) => ({
      of,
      id: fingerprint256,
      daysLeft: daysUntil(validTo, now),
    })
    const ofAnchors = anchors.map((anchor) => counted(anchor, anchor.certificate))
    for (const { of } of this.#anchorDays.passed(ofAnchors)) observer.warn('anchor.ends', endWarning(of, now))
    const identities = terms?.identities ?? []
    const ofIdentities = identities.map((identity, i) => counted({ identity, i }, identity.leaf))
    for (const { of } of this.#identityDays.passed(ofIdentities))
      for (const warning of timeWarnings(of.identity, now))
        observer.warn('certificate.ends', { setting: `${identitySetting(of.i)}.certificate`, ...warning })
  }

  #warnOfIdle(): void {
    const { observer, generation, clock } = this.#inputs
    const uses = generation().anchors.map((anchor) => this.#records.uses.of(anchor))
    const idle = idleAnchors(uses, clock())
    for (const { fingerprint, warning } of idle)
      if (!this.#idle.has(fingerprint)) observer.warn('anchor.idle', warning)
    this.#idle = new Set(idle.map(({ fingerprint }) => fingerprint))
  }
}

function reported(
  { name, fingerprint, state, certificate: { validTo } }: Anchor,
  { life, use, now }: { readonly life: AnchorLife; readonly use: AnchorUse; readonly now: Date },
): AnchorReport {
  const { from, until } = life
  const { uses, firstUsed, lastUsed, wouldAdmit } = use
  const end = { notAfter: new Date(validTo), daysLeft: daysUntil(validTo, now) }
  return { name, fingerprint, state, from, until, ...end, uses, firstUsed, lastUsed, wouldAdmit }
}

// A file with several certificates makes an anchor of each: its name with a number, which no configured name can have.
function configured({ config, anchors, otherAnchors }: Generation) {
  const all = [...anchors, ...otherAnchors]
  return config.client.anchors.flatMap((life) =>
    all
      .filter(({ name }) => name === life.name || name.startsWith(`${life.name}#`))
      .map((anchor) => ({ anchor, life })),
  )
}
