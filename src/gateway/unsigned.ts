// Routes in `mode: unsigned`: GET and POST of any media type, streamed through after source, identity, framing, route
// and length. Nothing is held in memory, nothing about the body is proved, and the upstream is told so.
import type { Route } from '../domain/route.ts'
import { refuse } from '../domain/verdict.ts'
import { UpstreamFailure } from '../upstream/failure.ts'
import { streamThrough } from '../upstream/proxy.ts'
import type { HttpExchange } from './http-exchange.ts'
import { asked, outgoing, refuseUpstreamFailure } from './forward.ts'
import { lingerThenEnd } from './linger.ts'

export async function passThrough(exchange: HttpExchange, route: Route): Promise<void> {
  const { request, response, facts, connection, deadline, generation } = exchange
  if (facts.fields.has('expect')) response.writeContinue()
  exchange.phase = 'forward'
  const { bodyTimeout } = generation.config.limits
  deadline.set(bodyTimeout, () => {
    const begun = response.headersSent
    // Paused means that more has come than the upstream takes.
    if (request.isPaused())
      exchange.refuse('upstream', refuse('UPSTREAM_TIMEOUT', `the body not taken within ${bodyTimeout} ms`))
    else exchange.refuse('deadline', refuse('BODY_TIMEOUT', `not complete within ${bodyTimeout} ms`))
    // Where the upstream's answer has begun there is nothing left to say.
    if (begun) connection.destroy()
  })
  request.once('end', () => {
    if (!exchange.ended) deadline.clear()
  })
  request.on('data', (chunk: Buffer) => {
    exchange.bodyBytes = (exchange.bodyBytes ?? 0) + chunk.length
  })
  const begin = (status: number, fields: readonly string[]) => {
    // Answered before it was read: what still comes is dropped, and no other request follows it.
    if (!request.readableEnded) connection.closing = true
    response.shouldKeepAlive = exchange.keepsAlive
    response.writeHead(status, [...fields, 'X-Request-Id', exchange.id])
  }
  const inputs = {
    outgoing: { ...outgoing(exchange, route), signal: exchange.signal },
    content: request,
    response,
  }
  try {
    const status = await asked(exchange, route, () => streamThrough(exchange.shared.agents, inputs, begin))
    exchange.phase = 'done'
    exchange.record(
      { outcome: 'answered', gate: 'upstream', detail: `the upstream answered ${status}` },
      status,
    )
    if (request.readableEnded) response.end()
    else lingerThenEnd(request, response, '')
  } catch (error) {
    if (response.headersSent && error instanceof UpstreamFailure)
      exchange.record(
        { outcome: 'refused', code: error.code, gate: 'upstream', detail: error.message },
        response.statusCode,
      )
    else refuseUpstreamFailure(exchange, error)
  }
}
