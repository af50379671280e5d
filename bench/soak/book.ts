// The sender's and the consumer's books in one: which try of which delivery arrived, with which bytes, and what was answered. What was
// answered 200 has to have arrived exactly once; what was not is tried again until it is.

/** Milliseconds in which a try that was given up may still arrive after another one was answered. */
const LATE = 60_000

export interface Delivery {
  readonly id: number
  readonly body: Buffer
  /** How often each try arrived at the consumer. */
  readonly arrivals: number[]
}

export interface Try {
  readonly delivery: Delivery
  readonly number: number
  /** Travels with it as a field, so that each try is known where it arrives. */
  readonly tag: string
}

export interface Count {
  /** Acknowledged deliveries, and tries beyond the first ones. */
  acknowledged: number
  again: number
  /** Answered 200 and never there. */
  lost: number
  /** One try that arrived more than once. */
  doubled: number
  /** Arrived with other bytes. */
  spoilt: number
  /** Arrived though nobody sent it in good faith. */
  strangers: number
  /** Good ones that were answered 4xx. */
  refused: number
}

export class Book {
  readonly count: Count = {
    acknowledged: 0,
    again: 0,
    lost: 0,
    doubled: 0,
    spoilt: 0,
    strangers: 0,
    refused: 0,
  }
  /** What tries were answered, by status; `none` where the connection ended instead. */
  readonly answers: Record<string, number> = {}
  readonly #open = new Map<number, Delivery>()
  /** Acknowledged after several tries: an earlier one may still be under way. */
  readonly #closed = new Map<number, { readonly arrivals: number[]; readonly until: number }>()
  readonly #now: () => number
  #ids = 0

  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** Not acknowledged yet. */
  get open(): number {
    return this.#open.size
  }

  /** @param bodyOf makes its body from its number. */
  begin(bodyOf: (id: number) => Buffer): Delivery {
    const id = ++this.#ids
    const delivery = { id, body: bodyOf(id), arrivals: [] }
    this.#open.set(id, delivery)
    return delivery
  }

  try(delivery: Delivery): Try {
    const number = delivery.arrivals.push(0) - 1
    if (number > 0) this.count.again += 1
    return { delivery, number, tag: `${delivery.id}-${number}` }
  }

  /** At the consumer, before it answers. */
  arrived(tag: string, body: Buffer): void {
    const [id = NaN, number = NaN] = tag.split('-').map(Number)
    const delivery = this.#open.get(id)
    const arrivals = delivery?.arrivals ?? this.#closed.get(id)?.arrivals
    const before = arrivals?.[number]
    if (arrivals === undefined || before === undefined) {
      this.count.strangers += 1
      return
    }
    arrivals[number] = before + 1
    if (before > 0) this.count.doubled += 1
    if (delivery !== undefined && !delivery.body.equals(body)) this.count.spoilt += 1
  }

  /** @param status undefined: the connection ended instead. @returns whether it has to be tried again. */
  answered({ delivery, number }: Try, status: number | undefined): boolean {
    const answer = `${status ?? 'none'}`
    this.answers[answer] = (this.answers[answer] ?? 0) + 1
    if (status !== 200) {
      if (status !== undefined && status < 500) this.count.refused += 1
      return true
    }
    this.count.acknowledged += 1
    if (delivery.arrivals[number] === 0) this.count.lost += 1
    this.#close(delivery)
    return false
  }

  #close({ id, arrivals }: Delivery): void {
    this.#open.delete(id)
    const now = this.#now()
    for (const [old, { until }] of this.#closed) {
      if (until > now) break
      this.#closed.delete(old)
    }
    if (arrivals.length > 1) this.#closed.set(id, { arrivals, until: now + LATE })
  }
}
