// The tour's table: it fits the terminal, shows what differs, and obeys nothing that came from the wire.
import { describe, expect, it } from 'vitest'
import { Table } from '../../src/lab/table.ts'
import type { CaseResult } from '../../src/lab/tour.ts'

const GOOD: CaseResult = {
  id: 'cl-te',
  title: 'Content-Length with Transfer-Encoding',
  chapter: 'request',
  expected: '400 FRAMING_INVALID',
  came: '400 FRAMING_INVALID',
  gate: 'parser',
  problems: [],
  ms: 2.345,
  verdict: 'as expected',
}
const BAD: CaseResult = { ...GOOD, came: '200 acknowledged', problems: ['code: none'], verdict: 'otherwise' }

describe('the table', () => {
  it.each([80, 100, 120, 150, 200])('fits %i columns', (width) => {
    const lines = new Table({ width, colours: false }).add({ ...GOOD, title: 'x'.repeat(200) }).split('\n')
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(width)
  })

  it('shows expected and came back side by side where there is room', () => {
    expect(new Table({ width: 150, colours: false }).add(GOOD)).toMatch(
      /400 FRAMING_INVALID\s+400 FRAMING_INVALID\s+parser\s+2\.3/,
    )
  })

  it('says what was expected and what differs below a case that failed', () => {
    const text = new Table({ width: 80, colours: false }).add(BAD)
    expect(text).toContain('✗')
    expect(text).toContain('expected 400 FRAMING_INVALID')
    expect(text).toContain('code: none')
  })

  it('uses colours only where they are wanted', () => {
    expect(new Table({ width: 100, colours: false }).add(BAD)).not.toContain('\u001b')
    expect(new Table({ width: 100, colours: true }).add(BAD)).toContain('\u001b[31m')
  })

  it('shows control characters of the wire instead of obeying them', () => {
    const text = new Table({ width: 150, colours: false }).add({
      ...BAD,
      came: '\u001b[2J',
      problems: ['\u0007'],
    })
    expect(text).not.toContain('\u001b')
    expect(text).not.toContain('\u0007')
  })

  it('counts in its last line', () => {
    const skipped: CaseResult = { ...GOOD, verdict: 'skipped' }
    const summary = new Table({ width: 100, colours: false }).summary([GOOD, BAD, skipped], 4200)
    expect(summary).toContain('1 of 2 cases as expected, 1 otherwise, 1 not played here, in 4.2 s')
  })
})
