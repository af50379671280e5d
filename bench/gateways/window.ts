// One measured stretch: so many requests to one contestant, and what CPU time they took it.
import { CheckFailed } from '../benchmark.ts'
import { cpuOf } from '../process-tree.ts'
import type { Contestant } from './contestant.ts'
import type { Lane } from './lane.ts'

export interface Sample {
  /** Microseconds of CPU time a request. */
  readonly cpu: number
  readonly perSecond: number
  /** Share of the time that the server was busy, and the load. */
  readonly busy: number
  readonly loadBusy: number
  /** Microseconds. */
  readonly p50: number
  readonly p99: number
}

/** Uncounted requests before each stretch, as a part of it: connections that lay idle come to life. */
const LEAD_IN = 0.1

export class Window {
  readonly contestant: Contestant
  /** Requests so far, the uncounted ones included. */
  sent = 0
  readonly #lane: Lane
  readonly #few: number
  #count: number

  /** @param few requests of a stretch at least. */
  constructor(lane: Lane, few: number) {
    this.contestant = lane.contestant
    this.#lane = lane
    this.#few = few
    this.#count = few
  }

  /** Lets the compiler have its time, and finds out how many requests fill a stretch. @param times milliseconds */
  async warmUp({ warmUp, window }: { warmUp: number; window: number }): Promise<void> {
    let ms = 0
    for (let spent = 0; spent <= warmUp; spent += ms) {
      ms = (await this.#send(this.#count)).ms
      this.#count = this.#filling(Math.min(window, 250), ms)
    }
    this.#count = this.#filling(window, Math.min(window, 250))
  }

  /** The server is idle before and after, so that all of its time belongs to these requests. @throws CheckFailed */
  async measure(): Promise<Sample> {
    const { name, pid, received } = this.contestant
    const leadIn = Math.ceil(this.#count * LEAD_IN)
    const already = await received()
    await this.#send(leadIn)
    const before = cpuOf(pid)
    const { ms, cpu, p50, p99 } = await this.#send(this.#count)
    const spent = cpuOf(pid) - before
    const now = await received()
    const all = [this.#lane.expected(leadIn), this.#lane.expected(this.#count)]
    const requests = all.reduce((sum, one) => sum + one.requests, already.requests)
    const bytes = all.reduce((sum, one) => sum + one.bytes, already.bytes)
    if (now.requests !== requests || now.bytes !== bytes)
      throw new CheckFailed(
        `${name}: not every request came through whole and once, or a bad one did: ${now.requests - requests} requests and ${now.bytes - bytes} bytes too many`,
      )
    return {
      cpu: spent / this.#count,
      perSecond: (this.#count / ms) * 1_000,
      busy: spent / 1_000 / ms,
      loadBusy: cpu / ms,
      p50: p50 * 1_000,
      p99: p99 * 1_000,
    }
  }

  end(): Promise<void> {
    return this.#lane.end()
  }

  #filling(window: number, ms: number): number {
    return Math.max(this.#few, Math.round((this.#count * window) / (ms || 1)))
  }

  #send(count: number): ReturnType<Lane['send']> {
    this.sent += count
    return this.#lane.send(count)
  }
}

/** The log is written in the background, so the last lines may take a moment. @throws CheckFailed */
export async function everyOneIsRecorded({ name, records }: Contestant, expected: number): Promise<void> {
  if (records === undefined) return
  for (let tries = 0; records() < expected; tries++) {
    if (tries === 100) throw new CheckFailed(`${name}: ${expected - records()} requests have no audit record`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
