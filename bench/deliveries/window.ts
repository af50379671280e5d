// One measured stretch: so many deliveries of one size to one contestant, and what CPU time they took it.
import { CheckFailed } from '../benchmark.ts'
import type { WatchedProcess } from '../watched-process.ts'
import type { Contestant } from './contestants.ts'

export interface Sample {
  /** CPU time a request. */
  readonly microseconds: number
  readonly perSecond: number
  /** Share of the time that the server was busy. */
  readonly busy: number
}

export interface WindowInputs {
  readonly load: WatchedProcess
  readonly contestant: Contestant
  /** Its name, and bytes of a body. */
  readonly size: string
  readonly bytes: number
}

/** Requests of a stretch where no time is given. */
const FEW = 64
/** Uncounted requests before each stretch, as a part of it: connections that lay idle come to life. */
const LEAD_IN = 0.1

export class Window {
  readonly contestant: Contestant
  readonly size: string
  /** Requests so far, the uncounted ones included. */
  sent = 0
  readonly #load: WatchedProcess
  readonly #bytes: number
  #count = FEW

  constructor({ load, contestant, size, bytes }: WindowInputs) {
    this.#load = load
    this.contestant = contestant
    this.size = size
    this.#bytes = bytes
  }

  /** Lets the compiler have its time, and finds out how many requests fill a stretch. @param times milliseconds */
  async warmUp(times: { warmUp: number; window: number }): Promise<void> {
    let ms = 0
    for (let spent = 0; spent <= times.warmUp; spent += ms) {
      ms = await this.#send(this.#count)
      this.#count = Math.max(FEW, Math.round((this.#count / ms) * Math.min(times.window, 250)))
    }
    this.#count = Math.max(FEW, Math.round((this.#count * times.window) / Math.min(times.window || 1, 250)))
  }

  /** The server is idle before and after, so that all of its time belongs to these requests. @throws CheckFailed */
  async measure(): Promise<Sample> {
    const { contestant } = this
    const leadIn = Math.ceil(this.#count * LEAD_IN)
    const received = await contestant.received()
    await this.#send(leadIn)
    const before = await contestant.process.cpu()
    const ms = await this.#send(this.#count)
    const spent = (await contestant.process.cpu()) - before
    const now = await contestant.received()
    const requests = leadIn + this.#count
    if (
      now.requests - received.requests !== requests ||
      now.bytes - received.bytes !== requests * this.#bytes
    )
      throw new CheckFailed(`${contestant.name}: not every request came through whole, and once`)
    return {
      microseconds: spent / this.#count,
      perSecond: (this.#count / ms) * 1_000,
      busy: spent / 1_000 / ms,
    }
  }

  /** @returns the milliseconds until every answer was in. @throws CheckFailed */
  async #send(count: number): Promise<number> {
    const { name } = this.contestant
    this.sent += count
    try {
      const { ms } = (await this.#load.ask('send', { name, size: this.size, count })) as { ms: number }
      return ms
    } catch (error) {
      throw new CheckFailed(`${name}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
}
