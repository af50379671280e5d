// The connections to upstreams without TLS. Idle ones are kept for the next delivery, latest first, and not for long.
import type { Upstream } from '../domain/route.ts'
import { PlainConnection } from './plain-connection.ts'
import { Timetable } from './timetable.ts'

// Below the 5 s after which Node's own server, the commonest upstream, closes an idle connection: a request written
// just as it closes is lost, and a POST must not be sent twice.
export const IDLE_MS = 4_000
export const MAX_IDLE = 256

/** A delivery under way. */
export interface Timed {
  readonly late: () => void
}

export class PlainPool {
  /** Until when deliveries under way are waited for. */
  readonly deadlines = new Timetable<Timed>((delivery) => delivery.late())
  readonly #open = new Set<PlainConnection>()
  /** By where they lead: they outlive the routes of a reload. */
  readonly #idle = new Map<string, PlainConnection[]>()
  readonly #idleUntil = new Timetable<PlainConnection>((connection) => connection.destroy())

  /** An idle connection, or a new one: one that died unnoticed is not replaced by its neighbour, which may be dead, too. */
  connectionTo(upstream: Upstream): PlainConnection {
    const place = placeOf(upstream)
    const kept = this.#idle.get(place)?.pop()
    if (kept !== undefined) {
      this.#idleUntil.delete(kept)
      if (kept.usable) return kept
      kept.destroy()
    }
    const connection = new PlainConnection(upstream, {
      onFree: (keeps) => this.#keep(place, connection, keeps),
      onClosed: () => this.#forget(place, connection),
    })
    this.#open.add(connection)
    return connection
  }

  /** Those that wait for a delivery, the next one last. */
  idleTo(upstream: Upstream): readonly PlainConnection[] {
    return this.#idle.get(placeOf(upstream)) ?? []
  }

  /** Closes every connection, those in use included. */
  destroy(): void {
    for (const { socket } of this.#open) socket.destroy()
    this.#idleUntil.clear()
  }

  #keep(place: string, connection: PlainConnection, keeps: number): void {
    const idle = this.#idle.get(place)
    if (idle !== undefined && idle.length >= MAX_IDLE) return connection.destroy()
    if (idle === undefined) this.#idle.set(place, [connection])
    else idle.push(connection)
    this.#idleUntil.set(connection, performance.now() + Math.min(IDLE_MS, keeps))
  }

  #forget(place: string, connection: PlainConnection): void {
    this.#open.delete(connection)
    this.#idleUntil.delete(connection)
    const idle = this.#idle.get(place)
    if (idle === undefined) return
    const index = idle.indexOf(connection)
    if (index !== -1) idle.splice(index, 1)
    if (idle.length === 0) this.#idle.delete(place)
  }
}

function placeOf({ socketPath, hostname, port }: Upstream): string {
  return socketPath ?? `${hostname}:${port}`
}
