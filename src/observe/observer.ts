// The one place that hears of everything: it writes the record, counts it, and tells who listens. It decides nothing,
// and nothing that goes wrong in here (a listener that throws, an output that is full) reaches the request.
import type { AddressInfo } from 'node:net'
import { type AuditRecord, type Ending, type Origin, auditRecord } from './audit.ts'
import { AuditBudget, type AuditSum, type BudgetClock } from './audit-budget.ts'
import { auditLevel, auditLine } from './audit-line.ts'
import { type Log, type LogFields, type LogLevel, type LogOptions, createLog } from './log.ts'
import { Metrics } from './metrics.ts'
import type { Observed } from './state.ts'
import { VERSION } from './version.ts'

export type { LogOptions } from './log.ts'
export type { Observed } from './state.ts'

export interface ObserverOptions extends LogOptions {
  readonly clock?: BudgetClock
}

/** A problem as the configuration room words it. */
interface SaidProblem {
  readonly setting: string
  readonly message: string
  readonly hint?: string | undefined
  /** Of hubgate.yaml. */
  readonly line?: number | undefined
}

type SaidReload =
  | {
      readonly outcome: 'reloaded'
      readonly generation: number
      readonly closed: number
      readonly changes: readonly string[]
    }
  | { readonly outcome: 'refused'; readonly problems: readonly SaidProblem[] }

interface Load {
  readonly connections: number
  readonly requests: number
  readonly bodyBytes: number
}

export type AuditListener = (record: AuditRecord) => void

export class Observer {
  readonly metrics = new Metrics({ version: VERSION })
  readonly #log: Log
  readonly #budget: AuditBudget
  readonly #listeners = new Set<AuditListener>()

  constructor({ clock = SYSTEM_CLOCK, ...options }: ObserverOptions) {
    this.#log = createLog({ now: clock.now, ...options })
    this.#budget = new AuditBudget({ clock, emit: (sum) => this.#sum(sum) })
  }

  /** From which level on lines are written. */
  set level(level: LogLevel) {
    this.#log.pino.level = level
  }

  /** Writes, counts and hands on one record. */
  record(ending: Ending, origin: Origin): void {
    this.#safely(() => this.metrics.count(ending))
    this.#safely(() => this.#write(ending, origin))
    if (this.#listeners.size > 0) this.#tell(auditRecord(ending, origin))
  }

  /** Calls back with every record, after it was written. @returns how to stop that. */
  onAudit(listener: AuditListener): () => void {
    const own: AuditListener = (record) => listener(record)
    this.#listeners.add(own)
    return () => void this.#listeners.delete(own)
  }

  /** An admitted connection. Which anchors its certificate hangs under is for the record only. */
  connectionAdmitted(anchors: readonly string[]): void {
    this.#safely(() => this.metrics.connectionAdmitted(anchors))
  }

  /** A refused connection that an anchor which is not active would have admitted. */
  anchorTried(anchor: { readonly name: string; readonly state: string }): void {
    this.#safely(() => this.metrics.anchorTried(anchor))
  }

  anchorsUsed(anchors: readonly string[]): void {
    this.#safely(() => this.metrics.anchorsUsed(anchors))
  }

  /** Refusals of gates that only observe, once a connection. */
  connectionObserved(observations: readonly { readonly gate: string; readonly code: string }[]): void {
    this.#safely(() => {
      for (const { gate, code } of observations) this.metrics.observed(gate, code)
    })
  }

  /** The state that decides from now on. */
  generation(state: Observed): void {
    this.#safely(() => this.metrics.state(state))
  }

  started(addresses: readonly (AddressInfo | string)[]): void {
    const shown = addresses.map(addressText)
    this.say('info', 'started', {
      message: `listening on ${shown.join(', ')}`,
      fields: { 'server.address': shown, 'hubgate.version': VERSION },
    })
  }

  reloaded(outcome: SaidReload): void {
    this.#safely(() => this.metrics.reloaded(outcome.outcome === 'reloaded'))
    if (outcome.outcome === 'reloaded') return this.#reloadTaken(outcome)
    const problems = outcome.problems.map(problemText)
    this.say('error', 'config.refused', {
      message: `the new configuration was refused, the old one stays: ${problems.join('; ')}`,
      fields: { 'hubgate.problems': problems },
    })
  }

  /** Something an operator should know, without being an end of anything. */
  warn(event: string, problem: SaidProblem): void {
    this.say('warn', event, {
      message: problemText(problem),
      fields: { 'hubgate.setting': problem.setting, 'hubgate.hint': problem.hint },
    })
  }

  draining({ connections, requests, bodyBytes }: Load): void {
    this.say('info', 'draining', {
      message: `finishing ${requests} requests on ${connections} connections`,
      fields: {
        'hubgate.connections': connections,
        'hubgate.requests': requests,
        'hubgate.body.bytes': bodyBytes,
      },
    })
  }

  /** The last word of a gateway: what is summed or buffered is written. */
  ended(): void {
    this.#safely(() => this.#budget.flush())
    this.say('info', 'ended', { message: 'ended' })
    this.#log.flush()
  }

  /** Writes what is summed or buffered, without a word of its own. */
  flush(): void {
    this.#safely(() => this.#budget.flush())
    this.#log.flush()
  }

  /** A defect, or a failure nobody expected. It never holds what a peer sent as more than an escaped line. */
  fault(error: unknown): void {
    const known = error instanceof Error ? error : new Error('something was thrown that is no Error')
    this.say('error', 'fault', {
      message: `${known.name}: ${known.message}`,
      fields: { 'error.type': known.name, 'exception.stacktrace': known.stack ?? '' },
    })
  }

  /** One line about hubgate's own life; `event` becomes `hubgate.<event>`. */
  say(level: LogLevel, event: string, said: { message: string; fields?: LogFields }): void {
    try {
      this.#log.say(level, event, said)
    } catch {
      // The output failed; there is no other to tell.
    }
  }

  /** Whole lines of JSON that a worker wrote: they go out among ours. */
  pass(lines: string): void {
    this.#safely(() => this.#log.pass(lines))
  }

  #tell(record: AuditRecord): void {
    for (const listener of this.#listeners) this.#safely(() => listener(record))
  }

  #write(ending: Ending, origin: Origin): void {
    if (!this.#budget.takes(ending)) return
    const level = auditLevel(ending)
    if (!this.#log.pino.isLevelEnabled(level)) return
    this.#log.write(auditLine({ level, time: this.#log.time() }, ending, origin))
  }

  #sum({ count, codes, since }: AuditSum): void {
    const named = Object.entries(codes).map(([code, times]) => `${code} ${times}`)
    this.#log.pino.warn(
      {
        'event.name': 'hubgate.connections_summed',
        'hubgate.summed.count': count,
        'hubgate.summed.codes': codes,
        'hubgate.summed.since': new Date(since).toISOString(),
      },
      `${count} more connections refused: ${named.join(', ')}`,
    )
  }

  #reloadTaken({ generation, closed, changes }: Extract<SaidReload, { outcome: 'reloaded' }>): void {
    this.say('info', 'config.reloaded', {
      message: changes.length === 0 ? 'reloaded, nothing changed' : `reloaded: ${changes.join('; ')}`,
      fields: { 'hubgate.generation': generation, 'hubgate.closed': closed, 'hubgate.changes': changes },
    })
  }

  #safely(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.fault(error)
    }
  }
}

const SYSTEM_CLOCK: BudgetClock = {
  now: Date.now,
  after: (milliseconds, callback) => {
    const timer = setTimeout(callback, milliseconds).unref()
    return () => clearTimeout(timer)
  },
}

function addressText(address: AddressInfo | string): string {
  if (typeof address === 'string') return `unix:${address}`
  const { address: host, port, family } = address
  return family === 'IPv6' ? `[${host}]:${port}` : `${host}:${port}`
}

function problemText({ setting, message, hint, line }: SaidProblem): string {
  const place = line === undefined ? '' : `line ${line}: `
  const what = setting === '' ? message : `${setting} ${message}`
  return `${place}${what}${hint === undefined ? '' : ` — ${hint}`}`
}
