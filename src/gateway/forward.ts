// Phase 6: hands a request to the upstream, with exactly the fields we vouch for, and times it.
import type { CertificateFacts } from '../domain/facts.ts'
import type { Route } from '../domain/route.ts'
import { refuse } from '../domain/verdict.ts'
import { UpstreamFailure } from '../upstream/failure.ts'
import type { Outgoing } from '../upstream/relay.ts'
import { sentFields, sentTarget } from '../upstream/sent-fields.ts'
import type { Exchange } from './exchange.ts'
import type { HttpExchange } from './http-exchange.ts'

/** What goes out, but for its body. */
export function outgoing(exchange: HttpExchange, route: Route): Omit<Outgoing, 'body' | 'signal'> {
  const { facts, clientAddress, client, evidence, id, passed } = exchange
  const vouched = verified(passed, facts.certificate)
  const fields = sentFields(facts.fields, route, {
    requestId: id,
    address: clientAddress,
    verified: vouched,
    app: evidence.app,
    // What only observes has proved no name: such a certificate is not passed on as if it had.
    leaf: vouched.includes('certificate') ? client?.der : undefined,
  })
  return { route, method: facts.method, target: sentTarget(route, facts.query), fields }
}

/** Counts the time of `work` as the upstream's share, and keeps how it went. @throws UpstreamFailure */
export async function asked<T>(exchange: Exchange, route: Route, work: () => Promise<T>): Promise<T> {
  const from = performance.now()
  const { label } = route.upstream
  try {
    const answer = await work()
    exchange.shared.health.note(label, true, 'answered')
    return answer
  } catch (error) {
    if (error instanceof UpstreamFailure && !exchange.signal.aborted)
      exchange.shared.health.note(label, false, error.code)
    throw error
  } finally {
    exchange.upstreamMs = performance.now() - from
  }
}

/** Answers an upstream's failure; any other error is ours and goes on. */
export function refuseUpstreamFailure(exchange: Exchange, error: unknown): void {
  if (!(error instanceof UpstreamFailure)) throw error
  if (exchange.signal.aborted) return
  exchange.refuse('upstream', refuse(error.code, error.message))
}

/** Exactly what enforced gates checked of a request; a challenge may have come without a certificate. */
export function verified(passed: readonly string[], { leaf, asserted }: CertificateFacts): string[] {
  const named = passed.includes('certificate') && passed.includes('common-name')
  const proved: string[] = []
  if (passed.includes('source')) proved.push('source')
  if (named && leaf !== undefined) proved.push('certificate')
  if (named && asserted !== undefined) proved.push('certificate-subject')
  if (passed.includes('signature')) proved.push('signature')
  return proved
}
