// Plays every good and every hostile case against a running gateway and matches each with its audit record.
// What a case should come to stands in deliveries.ts and attacks/; how it is compared, in judge.ts.
import type { Gateway } from '../gateway/gateway.ts'
import { ATTACKS } from './attacks.ts'
import type { Attack } from './attacks/attack.ts'
import type { Consumer } from './consumer.ts'
import { GOOD_CASES, type GoodCase, type GoodContext, PLAIN_SHA256, plainDelivery } from './deliveries.ts'
import type { Exchange } from './exchange.ts'
import { type Evidence, type Judged, judgeAttack, judgeGood } from './judge.ts'
import { RecordBook } from './record-book.ts'

export interface CaseResult extends Judged {
  readonly id: string
  readonly title: string
  readonly chapter: string
  readonly ms: number
  readonly verdict: 'as expected' | 'otherwise' | 'skipped'
}

export interface TourOptions {
  readonly gateway: Pick<Gateway, 'onAudit'>
  readonly context: Omit<GoodContext, 'mark'>
  /** The lab's own; with another upstream nobody can say what reached it. */
  readonly consumer: Consumer | undefined
  /** What this machine has: loopback addresses besides 127.0.0.1, IPv6. */
  readonly machine: { readonly addresses: boolean; readonly ipv6: boolean }
  /** Hears of every result as it comes. */
  readonly onResult?: (result: CaseResult) => void
  /** Default: all. */
  readonly attacks?: readonly Attack[]
  /** Ends the tour after the case in hand. */
  readonly stop?: AbortSignal
}

/** Runs all cases. Slow ones run beside the others. @returns the results in the order they came. */
export async function runTour(options: TourOptions): Promise<readonly CaseResult[]> {
  const tour = new Tour(options)
  try {
    return await tour.run(options.attacks ?? ATTACKS)
  } finally {
    tour.end()
  }
}

class Tour {
  readonly #options: TourOptions
  readonly #book: RecordBook
  readonly #results: CaseResult[] = []

  constructor(options: TourOptions) {
    this.#options = options
    this.#book = new RecordBook(options.gateway)
  }

  async run(attacks: readonly Attack[]): Promise<readonly CaseResult[]> {
    const slow = attacks.filter((attack) => attack.slow === true)
    const fast = attacks.filter((attack) => attack.slow !== true)
    for (const good of GOOD_CASES) await this.#good(good)
    const running = Promise.all(slow.map((attack) => this.#attack(attack)))
    for (const chapter of new Set(fast.map((attack) => attack.chapter))) {
      for (const attack of fast.filter((one) => one.chapter === chapter)) await this.#attack(attack)
      await this.#good(stillServed(`after ${chapter}`))
    }
    for (const result of await running) this.#take(result)
    await this.#good(stillServed('after all'))
    return this.#results
  }

  end(): void {
    this.#book.close()
  }

  async #good(good: GoodCase): Promise<void> {
    if (this.#options.stop?.aborted === true) return
    const { id, title } = good
    const row = { id, title, chapter: 'deliveries' }
    const why = this.#missing(good.needs)
    if (why !== undefined) return this.#take(skipped(row, { expected: `200 ${good.outcome}`, why }))
    const evidence = await this.#play(good, good.requests)
    this.#take(result(row, judgeGood(good, evidence), evidence.exchange))
  }

  /** @returns the result of a slow attack, which is shown when the others are done; a fast one is shown at once. */
  async #attack(attack: Attack): Promise<CaseResult> {
    const { id, title, chapter } = attack
    const row = { id, title, chapter }
    const why = this.#options.stop?.aborted === true ? 'stopped' : this.#missing(attack.needs)
    const evidence = why === undefined ? await this.#play(attack, 1) : undefined
    const judged =
      evidence === undefined
        ? skipped(row, { expected: attack.expect.code, why: why ?? '' })
        : result(row, judgeAttack(attack, evidence), evidence.exchange)
    if (attack.slow !== true) this.#take(judged)
    return judged
  }

  async #play(
    { id, send }: { id: string; send: (context: GoodContext) => Promise<Exchange> },
    requests: number,
  ): Promise<Evidence> {
    const since = this.#book.size
    const exchange = await send({ ...this.#options.context, mark: id })
    const records = await this.#book.of(exchange, { since, requests })
    const reached = this.#options.consumer?.received
      .filter(({ fields }) => fields['x-lab-case'] === id)
      .map(({ sha256 }) => sha256)
    return { exchange, records, reached }
  }

  #missing(needs: Attack['needs'] | GoodCase['needs']): string | undefined {
    const { context, machine } = this.#options
    const lacks = {
      authorities: context.authorities === undefined,
      'previous-secret': context.previousSecret === undefined,
      addresses: !machine.addresses,
      ipv6: !machine.ipv6,
    }
    return needs !== undefined && lacks[needs] ? `this machine or set-up has no ${needs}` : undefined
  }

  #take(result: CaseResult): void {
    this.#results.push(result)
    this.#options.onResult?.(result)
  }
}

type Row = Pick<CaseResult, 'id' | 'title' | 'chapter'>

function result(row: Row, judged: Judged, { ms }: Exchange): CaseResult {
  return { ...row, ...judged, ms, verdict: judged.problems.length === 0 ? 'as expected' : 'otherwise' }
}

function skipped(row: Row, { expected, why }: { expected: string; why: string }): CaseResult {
  return {
    ...row,
    expected,
    came: `not played: ${why}`,
    gate: undefined,
    problems: [],
    ms: 0,
    verdict: 'skipped',
  }
}

function stillServed(id: string): GoodCase {
  return {
    id,
    title: 'a good delivery: still served',
    outcome: 'acknowledged',
    requests: 1,
    answer: '',
    sha256: PLAIN_SHA256,
    send: plainDelivery,
  }
}
