// Sends one verified delivery to an upstream that speaks TLS, with Node's own client.
import type { Agent, ClientRequest } from 'node:http'
import https from 'node:https'
import { type Agents, destination } from './agents.ts'
import { MAX_ANSWER_HEAD, type UpstreamAnswer, readVerdict } from './answer.ts'
import { Attempt } from './attempt.ts'
import type { Outgoing } from './relay.ts'

/** @throws UpstreamFailure */
export async function relaySecurely(
  agents: Agents,
  outgoing: Outgoing,
  keepBody: boolean,
): Promise<UpstreamAnswer> {
  const { route, signal } = outgoing
  const deadline = performance.now() + route.timeout
  const attempt = (agent: Agent | false) => {
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

function begin({ route, method, target, fields }: Outgoing, agent: Agent | false): ClientRequest {
  return https.request({
    ...destination(route),
    agent,
    method,
    path: target,
    // A flat list is written as it stands: order, spelling and repetition survive.
    headers: fields,
    maxHeaderSize: MAX_ANSWER_HEAD,
  })
}
