// Looks at the gateway's process and at the books, again and again, and sums each minute up.
import { figuresOf } from '../metrics.ts'
import { cpuOf, descriptorsOf, residentOf } from '../process-tree.ts'
import { median } from '../statistics.ts'
import type { Count } from './book.ts'
import type { Gateway } from './gateway.ts'

/** Looks in a minute. */
export const LOOKS = 12

/** One minute, or what stands for it in a short run. */
export interface Minute {
  /** Seconds since the load began. */
  readonly at: number
  /** Cores that the gateway was busy on. */
  readonly cores: number
  /** A second: requests and bad connections, and good deliveries acknowledged. */
  readonly sent: number
  readonly acknowledged: number
  /** In this minute. */
  readonly again: number
  readonly bad: number
  readonly reloads: number
  readonly restarts: number
  /** So far. */
  readonly lost: number
  /** Megabytes: the median of what was resident, and the least heap in use, which is what a collection leaves. */
  readonly resident: number
  readonly heap: number
  /** The median of open descriptors, and of what the event loop has open. */
  readonly descriptors: number
  readonly handles: number
  /** Milliseconds: the highest 99th percentile of the event loop's delay. */
  readonly lag: number
}

/** What only grows. */
export interface Totals {
  readonly sent: number
  readonly bad: number
  readonly acknowledged: number
  readonly count: Readonly<Count>
  readonly reloads: number
  readonly restarts: number
}

interface Look {
  readonly resident: number
  readonly descriptors: number
  readonly heap: number
  readonly handles: number
  readonly lag: number
}

interface Mark {
  readonly at: number
  readonly cpu: number
  readonly totals: Totals
}

export class Watch {
  readonly #gateway: Gateway
  readonly #totals: () => Totals
  readonly #began = performance.now()
  #looks: Look[] = []
  #mark: Mark

  constructor(gateway: Gateway, totals: () => Totals) {
    this.#gateway = gateway
    this.#totals = totals
    this.#mark = this.#marked()
  }

  /** Nothing where the gateway does not answer: that it ended is somebody else's matter. */
  async look(): Promise<void> {
    const metrics = await this.#gateway.metrics().catch(() => undefined)
    if (metrics === undefined) return
    const figures = (name: string) => figuresOf(metrics, name)
    const sum = (name: string) => figures(name).reduce((all, one) => all + one, 0)
    this.#looks.push({
      resident: residentOf(this.#gateway.pid) / 1e6,
      descriptors: descriptorsOf(this.#gateway.pid),
      heap: sum('nodejs_heap_size_used_bytes') / 1e6,
      handles: sum('nodejs_active_handles_total'),
      lag: Math.max(...figures('nodejs_eventloop_lag_p99_seconds')) * 1_000,
    })
  }

  /** What was seen since the last time; undefined where nothing was. */
  minute(): Minute | undefined {
    const looks = this.#looks
    const before = this.#mark
    const now = this.#marked()
    this.#looks = []
    this.#mark = now
    if (looks.length === 0) return undefined
    const seconds = now.at - before.at
    const of = (name: keyof Look) => looks.map((look) => look[name])
    return {
      at: now.at,
      cores: (now.cpu - before.cpu) / 1e6 / seconds,
      sent: (now.totals.sent - before.totals.sent) / seconds,
      acknowledged: (now.totals.acknowledged - before.totals.acknowledged) / seconds,
      again: now.totals.count.again - before.totals.count.again,
      bad: now.totals.bad - before.totals.bad,
      reloads: now.totals.reloads - before.totals.reloads,
      restarts: now.totals.restarts - before.totals.restarts,
      lost: now.totals.count.lost,
      resident: median(of('resident')),
      heap: Math.min(...of('heap')),
      descriptors: median(of('descriptors')),
      handles: median(of('handles')),
      lag: Math.max(...of('lag')),
    }
  }

  #marked(): Mark {
    const totals = this.#totals()
    return {
      at: (performance.now() - this.#began) / 1_000,
      cpu: cpuOf(this.#gateway.pid),
      totals: { ...totals, count: { ...totals.count } },
    }
  }
}
