// A request as Node's HTTP server tells it: the general lane's kind of exchange, and the only one that may stand behind a front.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { formatAddress } from '../domain/address.ts'
import type { RequestFacts } from '../domain/facts.ts'
import { Fields } from '../domain/fields.ts'
import type { Route } from '../domain/route.ts'
import { traceIdOf } from '../domain/trace.ts'
import type { Origin } from '../observe/audit.ts'
import type { ClientCertificate } from '../tls/client-certificate.ts'
import type { Answer } from './answers.ts'
import type { Connection } from './connection.ts'
import { Exchange } from './exchange.ts'
import type { FrontedClient } from './fronted.ts'
import type { Generation } from './generation.ts'
import { lingerThenEnd } from './linger.ts'
import { requestOrigin } from './record.ts'
import type { Shared } from './shared.ts'

export interface HttpExchangeInputs {
  readonly shared: Shared
  readonly connection: Connection
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

export class HttpExchange extends Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** Behind a front they are whole once it was read: see tell(). */
  facts: RequestFacts
  /** Undefined until a front was read, and where there is none. */
  #fronted: FrontedClient | undefined

  constructor({ shared, connection, request, response }: HttpExchangeInputs) {
    super(shared, connection)
    this.request = request
    this.response = response
    this.facts = requestFacts(request, connection, this.generation)
    // It closes once; once() would cost a second function.
    response.on('close', () => this.clientGone())
  }

  /** What a front tells of the client. */
  tell(client: FrontedClient): void {
    this.#fronted = client
    this.facts = { ...this.facts, address: client.address, certificate: client.certificate.facts }
  }

  override get client(): ClientCertificate | undefined {
    return this.generation.front === undefined ? super.client : this.#fronted?.certificate
  }

  override get clientAddress(): string {
    const { address } = this.facts
    // Where no front tells of another, it is the connection's own, which has it as text.
    return address === undefined || address === this.connection.address
      ? super.clientAddress
      : formatAddress(address)
  }

  get answering(): boolean {
    return this.response.headersSent
  }

  /** Whether the connection takes another request after this one's answer: not where the client asked to close (RFC 9112 §9.6). */
  get keepsAlive(): boolean {
    return this.response.shouldKeepAlive && this.connection.outlasts(this)
  }

  get route(): Route | undefined {
    return this.facts.route
  }

  get method(): string {
    return this.facts.method
  }

  get trace(): string | undefined {
    return traceIdOf(this.facts.fields)
  }

  protected get origin(): Origin {
    return requestOrigin(this.connection, this.evidence.prefix, this.#fronted)
  }

  // A peer that reads nothing would hold its answer in memory for ever. One that waits its turn is not late.
  protected awaitTaken(): void {
    this.deadline.set(this.generation.config.limits.bodyTimeout, () => {
      if (this.response.socket === null) this.awaitTaken()
      else this.connection.destroy()
    })
  }

  protected awaitNext(): void {
    this.shared.awaitNextRequest(this.connection)
  }

  protected write({ status, fields, body, close }: Answer): void {
    const { response, connection } = this
    if (response.destroyed || response.headersSent) return
    if (close) connection.closing = true
    response.shouldKeepAlive = this.keepsAlive
    response.writeHead(status, [...fields])
    if (this.request.readableEnded) response.end(body)
    else lingerThenEnd(this.request, response, body)
  }
}

function requestFacts(
  request: IncomingMessage,
  connection: Connection,
  generation: Generation,
): RequestFacts {
  const target = request.url ?? ''
  const mark = target.indexOf('?')
  const path = mark === -1 ? target : target.slice(0, mark)
  return {
    method: request.method ?? '',
    version: request.httpVersion,
    target,
    path,
    query: mark === -1 ? '' : target.slice(mark + 1),
    fields: new Fields(request.rawHeaders),
    route: generation.routes.get(path),
    // A front's own address and certificate are nobody's whose request is judged.
    address: generation.front === undefined ? connection.address : undefined,
    certificate: (generation.front === undefined ? connection.client?.facts : undefined) ?? NO_CERTIFICATE,
  }
}

const NO_CERTIFICATE: RequestFacts['certificate'] = {
  leaf: undefined,
  authorized: false,
  error: undefined,
  resumed: false,
  revocation: undefined,
}
