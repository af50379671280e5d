// Compares what a case should have come to with what it did: the answer, how the connection ended, and the audit record.
// Pure: it is handed everything, and says in words what differs.
import { refusalRow } from '../domain/refusals.ts'
import type { AuditRecord } from '../observe/audit.ts'
import type { Answer } from './answer.ts'
import type { Attack, Expected } from './attacks/attack.ts'
import type { GoodCase } from './deliveries.ts'
import type { Exchange } from './exchange.ts'

export interface Judged {
  readonly expected: string
  readonly came: string
  /** Which gate spoke, by the audit record; undefined where none did, or nothing is known. */
  readonly gate: string | undefined
  /** What differs; empty: all as expected. */
  readonly problems: readonly string[]
}

export interface Evidence {
  readonly exchange: Exchange
  /** undefined: the gateway is not ours, so nobody can know. */
  readonly records: readonly AuditRecord[] | undefined
  /** SHA-256 of the bodies that reached the consumer in this case; undefined where nobody can know. */
  readonly reached: readonly string[] | undefined
}

/** A hostile case: the right refusal, by the right gate, once, and nothing at the consumer. */
export function judgeAttack({ expect, gate }: Attack, { exchange, records, reached }: Evidence): Judged {
  const record = records?.at(-1)
  const code = record?.code ?? codeOf(exchange.answers[0])
  return {
    expected: expectedText(expect),
    came: cameText(exchange, code),
    gate: record?.gate,
    problems: present([
      ...endingProblems(expect, exchange),
      ...(records === undefined
        ? [hasBody(expect, exchange) ? differs('code', expect.code, code) : undefined]
        : recordProblems({ expect, gate, records, exchange })),
      reached !== undefined && reached.length > 0 ? 'it reached the consumer' : undefined,
    ]),
  }
}

/** A case of Meta's own: 200, and at the consumer byte for byte. */
export function judgeGood(good: GoodCase, { exchange, records, reached }: Evidence): Judged {
  const statuses = exchange.answers.map(({ status }) => status)
  const bodies = exchange.answers.map(({ body }) => body.toString())
  const outcomes = records?.map(({ outcome }) => outcome)
  return {
    expected: `200 ${good.outcome}`,
    came: cameText(exchange, records?.at(-1)?.code ?? records?.at(-1)?.outcome),
    gate: records?.at(-1)?.gate,
    problems: present([
      differs('statuses', repeated('200', good.requests), statuses.join(' ')),
      bodies.every((body) => body === good.answer) ? undefined : 'the answer has another body',
      outcomes === undefined
        ? undefined
        : differs('records', repeated(good.outcome, good.requests), outcomes.join(' ')),
      reached === undefined || good.sha256 === undefined
        ? undefined
        : differs('bodies at the consumer', repeated(good.sha256, good.requests), reached.join(' ')),
    ]),
  }
}

/** Such as "403 SIGNATURE_MISMATCH" or "closed CERTIFICATE_MISSING". */
export function expectedText({ code, status, ends }: Expected): string {
  return `${ends === 'answer' ? (status ?? '') : ends === 'close' ? 'closed' : 'reset'} ${code}`.trim()
}

function cameText({ ended, answers, error }: Exchange, said: string | undefined): string {
  const how = ended === 'answered' ? `${answers.at(-1)?.status ?? ''}` : ended
  return `${how} ${said ?? error ?? ''}`.trim()
}

function endingProblems(expect: Expected, { ended, answers, closedAfter, error }: Exchange) {
  if (expect.ends === 'reset') return [ended === 'reset' ? undefined : `ended with ${ended}, not a reset`]
  if (expect.ends === 'close')
    return [
      ended === 'closed' || ended === 'reset'
        ? undefined
        : `ended with ${ended}, not closed without an answer`,
    ]
  const answer = answers[0]
  if (answer === undefined) return [`no answer: ${ended}${error === undefined ? '' : `, ${error}`}`]
  return [
    differs('status', `${expect.status ?? ''}`, `${answer.status}`),
    answer.fields.has('x-request-id') ? undefined : 'the answer has no X-Request-Id',
    refusalRow(expect.code).close && !closedAfter ? 'the connection stayed open' : undefined,
  ]
}

interface RecordInputs {
  readonly expect: Expected
  readonly gate: string
  readonly records: readonly AuditRecord[]
  readonly exchange: Exchange
}

function recordProblems({ expect, gate, records, exchange }: RecordInputs) {
  const [record] = records
  if (record === undefined) return ['no audit record']
  const answer = exchange.answers[0]
  const id = answer?.fields.only('x-request-id')
  return [
    records.length > 1 ? `${records.length} audit records` : undefined,
    differs('code', expect.code, record.code),
    differs('gate', gate, record.gate),
    hasBody(expect, exchange) ? differs('code in the answer', expect.code, codeOf(answer)) : undefined,
    id === undefined ? undefined : differs('X-Request-Id', record.id, id),
  ]
}

// An answer to HEAD has no body that could name the code.
function hasBody({ ends }: Expected, { answers }: Exchange): boolean {
  return ends === 'answer' && (answers[0]?.body.length ?? 0) > 0
}

/** The code of a refusal as the gateway words it; undefined where the body is another. */
function codeOf(answer: Answer | undefined): string | undefined {
  try {
    const parsed: unknown = JSON.parse(answer?.body.toString() ?? '')
    const error: unknown = parsed instanceof Object && 'error' in parsed ? parsed.error : undefined
    return error instanceof Object && 'code' in error ? String(error.code) : undefined
  } catch {
    return undefined
  }
}

function differs(what: string, expected: string, came: string | undefined): string | undefined {
  return expected === came ? undefined : `${what}: ${came ?? 'none'}, not ${expected}`
}

function repeated(text: string, times: number): string {
  return Array.from({ length: times }, () => text).join(' ')
}

function present(problems: readonly (string | undefined)[]): readonly string[] {
  return problems.filter((problem) => problem !== undefined)
}
