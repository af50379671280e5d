// How a delivery comes to phases 5 and 6 through Node's HTTP server: its body is an IncomingMessage.
import type { Route } from '../domain/route.ts'
import { announcedLength } from '../gates/framing.ts'
import { exchangeWhole } from '../upstream/proxy.ts'
import { relay } from '../upstream/relay.ts'
import { requestHead } from '../upstream/request-head.ts'
import { type Carrier, Delivery, type Forwarded } from './delivery.ts'
import { outgoing } from './forward.ts'
import type { HttpExchange } from './http-exchange.ts'

export function deliver(exchange: HttpExchange, route: Route): void {
  const { facts, request, response } = exchange
  const delivery = Delivery.begin(exchange, {
    route,
    length: announcedLength(facts.fields) ?? 0,
    signatures: facts.fields.all('x-hub-signature-256'),
    forward: (body, waiting) => forward(exchange, { route, body }, waiting),
  })
  if (delivery === undefined) return
  if (facts.fields.has('expect')) response.writeContinue()
  delivery.awaitBody()
  request.on('data', (chunk: Buffer) => delivery.take(chunk, chunk))
  request.on('end', () => delivery.whole())
}

interface Verified {
  readonly route: Route
  readonly body: Buffer
}

function forward(exchange: HttpExchange, { route, body }: Verified, waiting: Forwarded): Carrier | undefined {
  const { agents } = exchange.shared
  const { upstream, timeout } = route
  const head = outgoing(exchange, route)
  if (route.answer === 'status' && upstream.protocol === 'http:')
    return agents.plain.send({ upstream, timeout, head: requestHead(head), body }, waiting)
  const request = { ...head, body, signal: exchange.signal }
  const answer =
    route.answer === 'full'
      ? exchangeWhole(agents, { outgoing: request, content: body, response: exchange.response })
      : relay(agents, request, false)
  answer.then(
    (told) => waiting.answered(told.status, { answer: told }),
    (error: unknown) => waiting.failed(error),
  )
  return undefined
}
