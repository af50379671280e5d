// Phases 5 and 6 of a signed delivery: read it, check its signature, send it on, and only then acknowledge.
import type { Route } from '../domain/route.ts'
import { refuse } from '../domain/verdict.ts'
import { announcedLength } from '../gates/framing.ts'
import { runGates } from '../gates/run.ts'
import { MAX_ANSWER, type UpstreamAnswer } from '../upstream/answer.ts'
import { emptyAnswer, fullAnswer } from './answers.ts'
import type { Exchange } from './exchange.ts'
import { exchangeWithUpstream, refuseUpstreamFailure } from './forward.ts'
import { readBody } from './read-body.ts'

export async function deliver(exchange: Exchange, route: Route): Promise<void> {
  const { budget } = exchange.shared
  const length = announcedLength(exchange.facts.fields) ?? 0
  const answer = route.answer === 'full' ? MAX_ANSWER : 0
  // Taken before the first byte is read: what does not fit is refused while it is still the client's.
  if (!budget.take(length + answer))
    return exchange.refuse(
      'body',
      refuse('OVERLOADED', `${budget.taken} bytes of bodies in memory, ${length + answer} more needed`),
    )
  // An answer stays in memory until the client has taken it, the body only until the upstream has.
  if (answer > 0) exchange.whenGone(() => budget.give(answer))
  try {
    await readAndForward(exchange, route, length)
  } finally {
    budget.give(length)
  }
}

async function readAndForward(exchange: Exchange, route: Route, length: number): Promise<void> {
  const { facts, response, generation } = exchange
  exchange.phase = 'body'
  if (facts.fields.has('expect')) response.writeContinue()
  const body = await readBody(exchange, length, route.keys)
  if (body === undefined) return
  const signed = { signatures: facts.fields.all('x-hub-signature-256'), digests: body.digests }
  if (!exchange.passes(runGates(generation.policy.body, signed))) return
  exchange.phase = 'forward'
  try {
    const answer = await exchangeWithUpstream(exchange, route, body.bytes)
    exchange.phase = 'done'
    answerVerdict(exchange, route, answer)
  } catch (error) {
    refuseUpstreamFailure(exchange, error)
  }
}

// Meta counts 200 alone as success, so every 2xx becomes one; a full answer is the upstream's own, whatever Meta makes of it.
function answerVerdict(exchange: Exchange, route: Route, answer: UpstreamAnswer): void {
  const full = route.answer === 'full'
  const success = answer.status >= 200 && answer.status < 300
  const status = success && !full ? 200 : answer.status
  const detail = `the upstream answered ${answer.status}`
  exchange.finish(
    full ? fullAnswer(answer, exchange.id) : emptyAnswer(status, exchange.id),
    status === 200 ? { outcome: 'acknowledged', detail } : { outcome: 'answered', gate: 'upstream', detail },
  )
}
