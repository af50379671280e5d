// The written line of an audit record, against pino told the same: equal by every byte, whatever stands in the record.
import * as fc from 'fast-check'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { REFUSALS, type RefusalCode } from '../../src/domain/refusals.ts'
import type { Ending, Origin } from '../../src/observe/audit.ts'
import { auditRecord } from '../../src/observe/audit.ts'
import { auditLevel, auditLine } from '../../src/observe/audit-line.ts'
import { escapedJson } from '../../src/observe/text.ts'
import { leaf } from '../gates/facts.ts'
import { auditFields } from './audit-fields.ts'
import { WIRE, delivered, observed, record } from './records.ts'

const TIME = '2026-11-21T10:00:00.000Z'

let said = ''
const logger = pino(
  {
    level: 'trace',
    base: null,
    timestamp: () => `,"time":"${TIME}"`,
    formatters: { level: (label) => ({ level: label }) },
  },
  { write: (json: string) => void (said = `${escapedJson(json.trimEnd())}\n`) },
)

function byPino(ending: Ending, origin: Origin): string {
  logger[auditLevel(ending)](auditFields(auditRecord(ending, origin)))
  return said
}

function byUs(ending: Ending, origin: Origin): string {
  return auditLine({ level: auditLevel(ending), time: TIME }, ending, origin)
}

const unit16 = fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit))
const NASTY = [
  '"',
  '\\',
  '/',
  '\u0000',
  '\u007f',
  '\u00ad',
  '\ufeff',
  '\u2029',
  '\ue000',
  '\udc00',
  '\ud83d',
  'é',
  '…',
]
const PAIRS = ['\u{1f600}', '\u{e0041}', '\u{10ffff}', '</script>', '\\u0041']
const nasty = fc.constantFrom(WIRE, ...NASTY, ...PAIRS)
const text = fc.oneof(
  fc.constantFrom('', 'plain', WIRE, 'x'.repeat(199), 'x'.repeat(200), 'x'.repeat(201)),
  fc.string(),
  fc.array(fc.oneof(nasty, unit16), { maxLength: 12 }).map((units) => units.join('')),
  // Around the places where values are cut: 200 units, and 32 for a method.
  fc
    .tuple(fc.integer({ min: 0, max: 205 }), fc.array(nasty, { maxLength: 6 }))
    .map(([length, end]) => `${'a'.repeat(length)}${end.join('')}`),
  fc.tuple(nasty, fc.integer({ min: 1, max: 2_000 })).map(([one, times]) => one.repeat(times)),
)
const number = fc.oneof(
  fc.integer({ min: 0, max: 70_000 }),
  fc.double(),
  fc.double({ min: 0, max: 100, noNaN: true }),
  // Milliseconds as they are measured, to the last microsecond and beyond what has one.
  fc.integer({ min: -3, max: 5_000_000 }).map((micros) => micros / 1_000),
  fc.integer({ min: -9, max: 9 }).map((least) => 2 ** 31 / 1_000 + least / 1_000),
  fc.constantFrom(0, -0, 0.0005, 0.00049999, 1.0005, 1e21, 1e-7, 5e-324, 2 ** 53, Infinity, -Infinity, NaN),
)
const codes = Object.keys(REFUSALS) as RefusalCode[]
const code = fc.constantFrom(...codes)
const certificate = fc.constantFrom(
  'CERTIFICATE_MISSING',
  'CERTIFICATE_UNTRUSTED',
) as fc.Arbitrary<RefusalCode>
const detail = fc.oneof(text, fc.constant('OpenSSL: X; staged anchor "a" would admit it'))
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })
const gate = fc.oneof(text, fc.constant('certificate'))

const ending: fc.Arbitrary<Ending> = fc.record({
  kind: fc.constantFrom('connection', 'request'),
  id: text,
  phase: fc.constantFrom('connection', 'handshake', 'identity', 'request', 'body', 'forward', 'done'),
  outcome: fc.constantFrom('acknowledged', 'answered', 'refused', 'aborted'),
  code: maybe(fc.oneof(code, certificate)),
  gate: maybe(gate),
  detail,
  observed: fc.array(fc.record({ gate, code: fc.oneof(code, certificate), detail }), { maxLength: 2 }),
  route: maybe(text),
  app: maybe(text),
  secret: maybe(number),
  method: maybe(text),
  bodyBytes: maybe(number),
  status: maybe(number),
  trace: maybe(text),
  gatewayMs: number,
  upstreamMs: maybe(number),
})
const origin: fc.Arbitrary<Origin> = fc.record({
  connection: text,
  peer: maybe(text),
  peerPort: maybe(number),
  client: maybe(text),
  front: text,
  prefix: maybe(text),
  leaf: maybe(fc.tuple(text, text).map(([subject, fingerprint]) => leaf({ subject, fingerprint }))),
  asserted: maybe(text),
  anchor: maybe(text),
})

describe('the line of a record', () => {
  it('is what pino writes, for 5,000 of any kind', () => {
    fc.assert(
      fc.property(ending, origin, (one, from) => {
        const line = byUs(one, from)
        if (line !== byPino(one, from)) expect(line).toBe(byPino(one, from))
        // From the second on, the origin's part is the kept one.
        if (line !== byUs(one, from)) expect(byUs(one, from)).toBe(line)
      }),
      { numRuns: 5_000 },
    )
  })

  it('has what belongs to its own connection, whatever was written in between', () => {
    const records = ['c-1', 'c-2', 'c-3'].map((connection) => delivered({ connection }))
    const turns = [...records, ...records]
    expect(turns.map((one) => byUs(one, one))).toEqual(turns.map((one) => byPino(one, one)))
  })

  it('stands among the lines of hubgate itself in the order in which they were said, with the time of each', () => {
    const { observer, clock, values } = observed()
    for (let i = 0; i < 3; i++) {
      observer.warn('config.warning', { setting: '', message: `before ${i}` })
      record(observer, delivered({ id: `${i}` }))
      clock.move(1)
    }
    expect(values().map((value) => value['msg'] ?? value['hubgate.request.id'])).toEqual(
      [0, 1, 2].flatMap((i) => [`before ${i}`, `${i}`]),
    )
    expect(values().map(({ time }) => time)).toEqual(
      [0, 1, 2].flatMap((i) => [`2026-11-21T10:00:00.00${i}Z`, `2026-11-21T10:00:00.00${i}Z`]),
    )
  })
})
