// Sends one verified delivery to its upstream and waits for the whole answer. Bounded in time, size and number of
// interim answers; follows no redirect; tries a second time only where nothing of the first was sent.
import type { Departure } from '../domain/departure.ts'
import type { Route } from '../domain/route.ts'
import type { Agents } from './agents.ts'
import type { UpstreamAnswer } from './answer.ts'
import { relayPlainly } from './plain-relay.ts'
import { relaySecurely } from './secure-relay.ts'

export interface Outgoing {
  readonly route: Route
  readonly method: string
  readonly target: string
  /** Name, value, name, value, … */
  readonly fields: string[]
  readonly body: Uint8Array
  /** Aborted when the client goes away. */
  readonly signal: Departure
}

/**
 * @param keepBody whether the answer's content is wanted, or only its status.
 * @throws UpstreamFailure, also when the client goes away (nobody reads it then).
 */
export function relay(agents: Agents, outgoing: Outgoing, keepBody: boolean): Promise<UpstreamAnswer> {
  return outgoing.route.upstream.protocol === 'https:'
    ? relaySecurely(agents, outgoing, keepBody)
    : relayPlainly(agents.plain, outgoing, keepBody)
}
