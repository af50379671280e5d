// Meta's GET challenge: answered here, or by an upstream that keeps its own verify tokens.
import { readChallenge } from '../domain/challenge.ts'
import type { Route } from '../domain/route.ts'
import { refuse } from '../domain/verdict.ts'
import { runGates } from '../gates/run.ts'
import { relay } from '../upstream/relay.ts'
import { challengeAnswer, emptyAnswer } from './answers.ts'
import type { HttpExchange } from './http-exchange.ts'
import { asked, outgoing, refuseUpstreamFailure } from './forward.ts'

export async function answerChallenge(exchange: HttpExchange, route: Route): Promise<void> {
  const { query } = exchange.facts
  const forwarded = route.challenge === 'forward'
  const verdict = runGates(exchange.generation.policy.challenge, {
    query,
    tokens: forwarded ? undefined : route.tokens,
  })
  if (!exchange.passes(verdict)) return
  const read = readChallenge(query)
  if ('problem' in read) return exchange.refuse('challenge', refuse('CHALLENGE_INVALID', read.problem))
  if (forwarded) return askUpstream(exchange, route, read.challenge)
  exchange.phase = 'done'
  exchange.finish(challengeAnswer(read.challenge, exchange.id), {
    outcome: 'answered',
    detail: 'challenge echoed',
  })
}

// A consumer that answers everything with 200 has not confirmed the token: only the challenge itself counts.
async function askUpstream(exchange: HttpExchange, route: Route, challenge: string): Promise<void> {
  exchange.phase = 'forward'
  try {
    const { status, body } = await asked(exchange, route, () =>
      relay(
        exchange.shared.agents,
        { ...outgoing(exchange, route), signal: exchange.signal, body: new Uint8Array(0) },
        true,
      ),
    )
    const echoed = Buffer.from(body).toString('latin1').trim() === challenge
    if (status === 200 && !echoed)
      return exchange.refuse('upstream', refuse('UPSTREAM_PROTOCOL', '200 without the challenge as its body'))
    exchange.phase = 'done'
    const answer = status === 200 ? challengeAnswer(challenge, exchange.id) : emptyAnswer(status, exchange.id)
    exchange.finish(answer, {
      outcome: 'answered',
      gate: 'upstream',
      detail: `the upstream answered ${status}`,
    })
  } catch (error) {
    refuseUpstreamFailure(exchange, error)
  }
}
