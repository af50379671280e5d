// The observer's promises: exact counts, a bounded log under a flood, and listeners that cannot hurt.
import { describe, expect, it } from 'vitest'
import { AuditBudget, type AuditSum } from '../../src/observe/audit-budget.ts'
import { StandingClock, delivered, observed, record, refusedConnection } from './records.ts'

describe('listeners', () => {
  it('hear every record after it was written, until they stop', () => {
    const { observer, lines } = observed()
    const heard: [string, number][] = []
    const stop = observer.onAudit(({ id }) => void heard.push([id, lines.length]))
    record(observer, delivered({ id: 'one' }))
    stop()
    record(observer, delivered({ id: 'two' }))
    expect(heard).toEqual([['one', 1]])
  })

  it('that throw hurt neither the record nor the others', () => {
    const { observer, values } = observed()
    let heard = 0
    observer.onAudit(() => {
      throw new Error('listener broke')
    })
    observer.onAudit(() => void heard++)
    expect(() => record(observer, delivered())).not.toThrow()
    expect(heard).toBe(1)
    expect(values().map((value) => value['event.name'])).toEqual(['hubgate.request', 'hubgate.fault'])
  })

  it('an output that throws hurts nobody', () => {
    const { observer } = observed({
      write: () => {
        throw new Error('disk full')
      },
    })
    expect(() => {
      record(observer, delivered())
      observer.warn('config.warning', { setting: '', message: 'x' })
      observer.ended()
    }).not.toThrow()
  })
})

describe('a flood of refused connections', () => {
  it('is written in full up to 50 a second, then summed, with exact counts', () => {
    const { observer, clock, values } = observed()
    let heard = 0
    observer.onAudit(() => void heard++)
    for (let i = 0; i < 1_000; i++) record(observer, refusedConnection())
    for (let i = 0; i < 30; i++)
      record(observer, refusedConnection({ phase: 'handshake', code: 'TLS_FAILED' }))
    expect(values()).toHaveLength(50)
    clock.move(1_000)
    expect(values()).toHaveLength(51)
    expect(values()[50]).toMatchObject({
      level: 'warn',
      'event.name': 'hubgate.connections_summed',
      'hubgate.summed.count': 980,
      'hubgate.summed.codes': { SOURCE_NOT_ALLOWED: 950, TLS_FAILED: 30 },
      'hubgate.summed.since': '2026-11-21T10:00:00.000Z',
    })
    expect(heard).toBe(1_030)
  })

  it('never sums a request', () => {
    const { observer, values } = observed()
    for (let i = 0; i < 200; i++) record(observer, delivered({ outcome: 'refused', code: 'ROUTE_UNKNOWN' }))
    expect(values()).toHaveLength(200)
  })

  it('loses none over many seconds', () => {
    const sums: AuditSum[] = []
    const clock = new StandingClock()
    const budget = new AuditBudget({ clock, emit: (sum) => void sums.push(sum) })
    let written = 0
    for (let i = 0; i < 5_000; i++) {
      if (budget.takes(refusedConnection())) written++
      if (i % 7 === 0) clock.move(11)
    }
    budget.flush()
    expect(written + sums.reduce((all, { count }) => all + count, 0)).toBe(5_000)
    expect(sums.length).toBeLessThanOrEqual(9)
  })

  it('writes again in full in the next second, and what is summed at the end', () => {
    const { observer, clock, values } = observed()
    for (let i = 0; i < 51; i++) record(observer, refusedConnection())
    clock.move(1_000)
    for (let i = 0; i < 51; i++) record(observer, refusedConnection())
    observer.ended()
    expect(
      values()
        .map((value) => value['event.name'])
        .filter((name) => name === 'hubgate.connection'),
    ).toHaveLength(100)
    expect(values().filter((value) => value['hubgate.summed.count'] === 1)).toHaveLength(2)
  })

  it('a clock set back starts a new second', () => {
    const clock = new StandingClock()
    const budget = new AuditBudget({ clock, perSecond: 1, emit: () => {} })
    expect(budget.takes(refusedConnection())).toBe(true)
    clock.move(-3_600_000)
    expect(budget.takes(refusedConnection())).toBe(true)
  })
})
