// Sends one verified delivery over a kept connection without TLS, for those who like promises.
import type { UpstreamAnswer } from './answer.ts'
import { UpstreamFailure } from './failure.ts'
import type { Waiting } from './plain-connection.ts'
import type { PlainPool } from './plain-pool.ts'
import type { Outgoing } from './relay.ts'
import { requestHead } from './request-head.ts'

/** @throws UpstreamFailure */
export function relayPlainly(
  pool: PlainPool,
  outgoing: Outgoing,
  keepBody: boolean,
): Promise<UpstreamAnswer> {
  const { route, signal } = outgoing
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(left())
    const leave = () => {
      connection.giveUp(waiting)
      waiting.failed(left())
    }
    const waiting: Waiting = {
      answered: (_status, { answer }) => {
        signal.removeEventListener('abort', leave)
        resolve(answer)
      },
      failed: (failure) => {
        signal.removeEventListener('abort', leave)
        reject(failure)
      },
    }
    const { upstream, timeout } = route
    const head = requestHead(outgoing)
    const connection = pool.send({ upstream, timeout, head, body: outgoing.body, keepBody }, waiting)
    signal.addEventListener('abort', leave)
  })
}

function left(): UpstreamFailure {
  return new UpstreamFailure('UPSTREAM_UNREACHABLE', 'given up: the client went away')
}
