// Keeps the audit records of a tour and finds those of one exchange: by its port, or by its address where no port is known.
import type { Gateway } from '../gateway/gateway.ts'
import type { AuditRecord } from '../observe/audit.ts'
import type { Exchange } from './exchange.ts'

/** Milliseconds a record may come after its answer. */
const PATIENCE = 2000
/** Milliseconds to look for one record too many. */
const SETTLE = 5

export class RecordBook {
  readonly #records: AuditRecord[] = []
  readonly #waiting = new Set<() => void>()
  readonly #stop: () => void

  constructor(gateway: Pick<Gateway, 'onAudit'>) {
    this.#stop = gateway.onAudit((record) => {
      this.#records.push(record)
      for (const wake of this.#waiting) wake()
    })
  }

  /** How many there are now: what comes later has a higher index. */
  get size(): number {
    return this.#records.length
  }

  close(): void {
    this.#stop()
  }

  /** Waits for the records of an exchange that began at `since`. @returns as many as came in time. */
  async of(
    exchange: Exchange,
    { since, requests }: { since: number; requests: number },
  ): Promise<readonly AuditRecord[]> {
    const found = () => this.#records.slice(since).filter((record) => belongs(record, exchange))
    const until = performance.now() + PATIENCE
    while (found().length < requests && performance.now() < until) await this.#next(until - performance.now())
    await new Promise((resolve) => setTimeout(resolve, SETTLE))
    return found()
  }

  #next(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer)
        this.#waiting.delete(wake)
        resolve()
      }
      const timer = setTimeout(wake, milliseconds)
      this.#waiting.add(wake)
    })
  }
}

// A connection that was reset at once may never have told us its own port: then its address has to do.
function belongs(record: AuditRecord, { localPort, localAddress }: Exchange): boolean {
  return localPort === undefined
    ? localAddress !== undefined && record.peer?.replace('::ffff:', '') === localAddress
    : record.peerPort === localPort
}
