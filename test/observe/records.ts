// Audit records, a clock and an observer for tests of observe: good cases, of which a test changes what it is about.
import type { AuditRecord } from '../../src/observe/audit.ts'
import type { BudgetClock } from '../../src/observe/audit-budget.ts'
import { Observer, type ObserverOptions } from '../../src/observe/observer.ts'
import { keepOutput } from '../canary.ts'
import { leaf } from '../gates/facts.ts'

export function delivered(change: Partial<AuditRecord> = {}): AuditRecord {
  return {
    kind: 'request',
    id: '5f0c1d2e-0000-4000-8000-000000000001',
    connection: 'c-1',
    peer: '31.13.64.1',
    peerPort: 40_001,
    front: 'direct',
    phase: 'done',
    outcome: 'acknowledged',
    code: undefined,
    gate: undefined,
    detail: 'upstream answered 200',
    observed: [],
    prefix: '31.13.64.0/18',
    leaf: leaf(),
    anchor: 'meta-2025-12',
    route: '/webhooks/meta',
    app: 'shop',
    secret: 0,
    method: 'POST',
    bodyBytes: 1_500,
    status: 200,
    gatewayMs: 0.43215,
    upstreamMs: 12.5,
    ...change,
  }
}

export function refusedConnection(change: Partial<AuditRecord> = {}): AuditRecord {
  return delivered({
    kind: 'connection',
    id: 'c-2',
    connection: 'c-2',
    phase: 'connection',
    outcome: 'refused',
    code: 'SOURCE_NOT_ALLOWED',
    gate: 'source',
    detail: 'in none of the 2 prefixes of the allow-list',
    prefix: undefined,
    leaf: undefined,
    anchor: undefined,
    route: undefined,
    app: undefined,
    secret: undefined,
    method: undefined,
    bodyBytes: undefined,
    status: undefined,
    upstreamMs: undefined,
    ...change,
  })
}

/** A flat record has both halves. */
export function record(observer: Observer, whole: AuditRecord): void {
  observer.record(whole, whole)
}

export const WIRE = 'a\u001b[31m\r\nb\u0000\u0085\u009b\u2028\u202e\u200b\ud800c'

/** A clock that stands until it is moved. */
export class StandingClock implements BudgetClock {
  #now = Date.parse('2026-11-21T10:00:00.000Z')
  readonly #timers = new Map<() => void, number>()

  readonly now = (): number => this.#now

  readonly after = (milliseconds: number, callback: () => void): (() => void) => {
    this.#timers.set(callback, this.#now + milliseconds)
    return () => void this.#timers.delete(callback)
  }

  move(milliseconds: number): void {
    this.#now += milliseconds
    for (const [callback, at] of this.#timers) {
      if (at > this.#now) continue
      this.#timers.delete(callback)
      callback()
    }
  }
}

export interface Observed {
  readonly observer: Observer
  readonly clock: StandingClock
  readonly lines: string[]
  /** Every line, parsed. */
  readonly values: () => Record<string, unknown>[]
}

export function observed(options: Partial<ObserverOptions> = {}): Observed {
  const lines: string[] = []
  const clock = new StandingClock()
  const observer = new Observer({
    level: 'info',
    format: 'json',
    clock,
    write: (line) => {
      lines.push(line)
      keepOutput('observe', line)
    },
    ...options,
  })
  return { observer, clock, lines, values: () => lines.map(parsed) }
}

function parsed(line: string): Record<string, unknown> {
  const value: unknown = JSON.parse(line)
  return value instanceof Object ? Object.fromEntries(Object.entries(value)) : {}
}
