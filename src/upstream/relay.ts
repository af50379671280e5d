// Sends one verified delivery to its upstream and waits for the whole answer. Bounded in time, size and number of
// interim answers; follows no redirect; tries a second time only where nothing of the first was sent.
import http from 'node:http'
import https from 'node:https'
import type { Route } from '../domain/route.ts'
import { type Agents, destination } from './agents.ts'
import { MAX_ANSWER_HEAD, type UpstreamAnswer, readVerdict } from './answer.ts'
import { Attempt } from './attempt.ts'

export interface Outgoing {
  readonly route: Route
  readonly method: string
  readonly target: string
  /** Name, value, name, value, … */
  readonly fields: string[]
  readonly body: Uint8Array
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal
}

/**
 * @param keepBody whether the answer's content is wanted, or only its status.
 * @throws UpstreamFailure, also when the client goes away (nobody reads it then).
 */
export async function relay(agents: Agents, outgoing: Outgoing, keepBody: boolean): Promise<UpstreamAnswer> {
  const { route, signal } = outgoing
  const deadline = performance.now() + route.timeout
  const attempt = (agent: http.Agent | false) => {
    const made = new Attempt(outgoing, (answer, sent) => readVerdict(answer, { sent, keepBody }))
    made.startTimer(deadline - performance.now())
    const request = begin(outgoing, agent)
    made.watch(request)
    request.end(outgoing.body)
    return made
  }
  const first = attempt(agents.of(route))
  try {
    return await first.result
  } catch (error) {
    if (!first.nothingWasSent || signal.aborted) throw error
    // Where one kept connection is dead the others may be, too: the second try gets its own.
    return attempt(false).result
  }
}

function begin({ route, method, target, fields }: Outgoing, agent: http.Agent | false): http.ClientRequest {
  return (route.upstream.protocol === 'https:' ? https : http).request({
    ...destination(route),
    agent,
    method,
    path: target,
    // A flat list is written as it stands: order, spelling and repetition survive.
    headers: fields,
    maxHeaderSize: MAX_ANSWER_HEAD,
  })
}
