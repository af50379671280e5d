// Most of the load: deliveries of 1.5 KB, three of ten bad, over kept connections and to a consumer that never goes away, so that each good
// one has to be answered 200 at once. The load and its consumer cost less than the gateway, which the tracked deliveries do not.
import type { Cleanup } from '../cleanup.ts'
import { Lane } from '../gateways/lane.ts'
import { type Material, SIZES } from '../gateways/material.ts'
import { mixed } from '../gateways/requests.ts'
import type { Upstream } from '../gateways/upstream.ts'
import type { Programs } from '../native.ts'

const CONNECTIONS = 32
/** Requests at a go where there is no pace, and milliseconds of a go where there is one. */
const FLAT_OUT = 500
const GO = 20

export interface BulkOptions {
  readonly port: number
  readonly pid: number
  readonly material: Material
  readonly programs: Programs
  readonly upstream: Upstream
  readonly cleanup: Cleanup
}

export class Bulk {
  /** Requests so far, and of those the good ones. */
  sent = 0
  good = 0
  /** Why it broke off: an answer that should not be. */
  failed: string | undefined
  readonly #lane: Lane
  readonly #upstream: Upstream
  #bytes = 0
  #rate = 0
  #running: Promise<void> | undefined

  private constructor(lane: Lane, upstream: Upstream) {
    this.#lane = lane
    this.#upstream = upstream
  }

  static async open({ port, pid, upstream, material, programs, cleanup }: BulkOptions): Promise<Bulk> {
    const { received } = upstream
    const lane = await Lane.open({
      field: { material, programs },
      contestant: { name: 'hubgate', port, pid, duties: [], refusesAddresses: 'before TLS', received },
      cleanup,
      mode: 'kept',
      connections: CONNECTIONS,
      requests: mixed(SIZES['1.5 KB'])(material),
    })
    return new Bulk(lane, upstream)
  }

  /** @param rate requests a second; Infinity: as many as go; 0: none. */
  pace(rate: number): void {
    this.#rate = rate
    this.#running ??= this.#run().catch((error: unknown) => {
      this.failed = String(error)
    })
  }

  /** Sends nothing more, and waits for what is under way. @returns what did not come through, or should not have. */
  async close(): Promise<{ readonly requests: number; readonly bytes: number }> {
    this.#rate = 0
    await this.#running
    const { requests, bytes } = await this.#upstream.received()
    return { requests: requests - this.good, bytes: bytes - this.#bytes }
  }

  end(): Promise<void> {
    return this.#lane.end()
  }

  async #run(): Promise<void> {
    for (let due = 0, looked = performance.now(); this.#rate > 0;) {
      const now = performance.now()
      // What it is behind by more than a second it does not catch up.
      due =
        this.#rate === Infinity ? FLAT_OUT : Math.min(due + (this.#rate * (now - looked)) / 1_000, this.#rate)
      looked = now
      const count = Math.floor(due)
      due -= count
      if (count > 0) await this.#go(count)
      if (this.#rate !== Infinity)
        await new Promise((resolve) => setTimeout(resolve, Math.max(0, GO - (performance.now() - now))))
    }
  }

  async #go(count: number): Promise<void> {
    await this.#lane.send(count)
    const { requests, bytes } = this.#lane.expected(count)
    this.sent += count
    this.good += requests
    this.#bytes += bytes
  }
}
