// The connections to upstreams without TLS, by where they lead.
import type { Upstream } from '../domain/route.ts'
import type { PlainConnection, Sending, Waiting } from './plain-connection.ts'
import { PlainPlace } from './plain-place.ts'
import { Timetable } from './timetable.ts'

/** Of all connections together: what reads an answer copies what it keeps. */
const READ_BYTES = 64 * 1024

export class PlainPool {
  readonly #timetable = new Timetable<PlainConnection>()
  readonly #buffer = Buffer.allocUnsafeSlow(READ_BYTES)
  /** Those with connections: they outlive the routes of a reload. */
  readonly #places = new Map<string, PlainPlace>()
  readonly #known = new WeakMap<Upstream, PlainPlace>()

  /**
   * Sends a request. Whatever becomes of it, `waiting` is told once, within the timeout.
   * @returns what carries it: its giveUp(waiting) is for when nobody wants the answer any more.
   */
  send(sending: Sending, waiting: Waiting): PlainConnection {
    const { upstream } = sending
    const connection = this.#placeOf(upstream).connection(upstream)
    connection.send(sending, waiting)
    this.#timetable.expect(connection.endsAt)
    return connection
  }

  /** How many deliveries are under way. */
  get underWay(): number {
    let count = 0
    for (const { busy } of this.#timetable.items) if (busy) count += 1
    return count
  }

  /** Those that wait for a delivery, the next one last. */
  idleTo(upstream: Upstream): readonly PlainConnection[] {
    return this.#placeOf(upstream).idle
  }

  /** Closes every connection, those in use included. */
  destroy(): void {
    for (const { socket } of this.#timetable.items) socket.destroy()
    this.#timetable.stop()
  }

  #placeOf(upstream: Upstream): PlainPlace {
    const known = this.#known.get(upstream)
    // One without connections may have been let go.
    if (known?.open === true) return known
    const key = keyOf(upstream)
    const place = this.#places.get(key) ?? this.#newPlace(key)
    this.#known.set(upstream, place)
    return place
  }

  #newPlace(key: string): PlainPlace {
    for (const [other, { open }] of this.#places) if (!open) this.#places.delete(other)
    const place = new PlainPlace(this.#buffer, this.#timetable)
    this.#places.set(key, place)
    return place
  }
}

function keyOf({ socketPath, hostname, port }: Upstream): string {
  return socketPath ?? `${hostname}:${port}`
}
