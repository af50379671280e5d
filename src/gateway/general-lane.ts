// How a delivery comes to phases 5 and 6 through Node's HTTP server: its body is an IncomingMessage.
import type { Route } from '../domain/route.ts'
import { announcedLength } from '../gates/framing.ts'
import { Delivery } from './delivery.ts'
import { exchangeWithUpstream } from './forward.ts'
import type { HttpExchange } from './http-exchange.ts'

export function deliver(exchange: HttpExchange, route: Route): void {
  const { facts, request, response } = exchange
  const delivery = Delivery.begin(exchange, {
    route,
    length: announcedLength(facts.fields) ?? 0,
    signatures: facts.fields.all('x-hub-signature-256'),
    forward: (body) => exchangeWithUpstream(exchange, route, body),
  })
  if (delivery === undefined) return
  if (facts.fields.has('expect')) response.writeContinue()
  delivery.awaitBody()
  request.on('data', (chunk: Buffer) => delivery.take(chunk))
  request.once('end', () => delivery.whole())
}
