// The connections that lead to one place. Idle ones are kept for the next delivery, latest first, and not for long.
import type { Upstream } from '../domain/route.ts'
import { type Home, PlainConnection } from './plain-connection.ts'
import { KnownAnswer } from './known-answer.ts'
import type { Timetable } from './timetable.ts'

// Below the 5 s after which Node's own server, the commonest upstream, closes an idle connection: a request written
// just as it closes is lost, and a POST must not be sent twice.
export const IDLE_MS = 4_000
export const MAX_IDLE = 256

export class PlainPlace implements Home {
  readonly buffer: Buffer
  readonly known = new KnownAnswer()
  /** The next one last. */
  readonly idle: PlainConnection[] = []
  readonly #timetable: Timetable<PlainConnection>
  #open = 0

  constructor(buffer: Buffer, timetable: Timetable<PlainConnection>) {
    this.buffer = buffer
    this.#timetable = timetable
  }

  /** Whether any connection is open. */
  get open(): boolean {
    return this.#open > 0
  }

  /** An idle connection, or a new one: one that died unnoticed is not replaced by its neighbour, which may be dead, too. */
  connection(upstream: Upstream): PlainConnection {
    const kept = this.idle.pop()
    if (kept !== undefined) {
      if (kept.usable) return kept
      kept.destroy()
    }
    const made = new PlainConnection(upstream, this)
    this.#open += 1
    this.#timetable.add(made)
    return made
  }

  onFree(connection: PlainConnection, keeps: number): void {
    if (this.idle.length >= MAX_IDLE) return connection.destroy()
    this.idle.push(connection)
    connection.endsAt = performance.now() + Math.min(IDLE_MS, keeps)
    this.#timetable.expect(connection.endsAt)
  }

  onClosed(connection: PlainConnection): void {
    this.#open -= 1
    this.#timetable.delete(connection)
    const index = this.idle.indexOf(connection)
    if (index !== -1) this.idle.splice(index, 1)
  }
}
