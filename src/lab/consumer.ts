// A sample webhook consumer: checks the signature again with its own code, answers 200 and remembers what it got.
// Stands for the service behind the gateway; the challenge never reaches it.
import { createHash, createHmac } from 'node:crypto'
import { once } from 'node:events'
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'

export interface ConsumerOptions {
  /** The app secret; undefined where it should take what it gets. */
  readonly secret?: string
  /** Default: any free one. */
  readonly port?: number
  /** Default: 200 where the signature fits, 403 where not. */
  readonly answer?: (received: Received, response: ServerResponse) => void
  /** How many deliveries to remember. Default: 10 000; the oldest are forgotten. */
  readonly keep?: number
}

export interface Received {
  readonly method: string
  readonly target: string
  /** Name, value, … as received. */
  readonly rawFields: readonly string[]
  readonly fields: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly bytes: number
  /** Of the body: lower-case hex. */
  readonly sha256: string
  readonly signature: 'fits' | 'wrong' | 'missing' | 'unchecked'
}

export interface Consumer {
  /** Such as http://127.0.0.1:41234. */
  readonly url: string
  readonly port: number
  readonly received: readonly Received[]
  readonly onReceived: (listener: (received: Received) => void) => () => void
  readonly close: () => Promise<void>
}

/** Starts it on 127.0.0.1. @throws the system's error where the port is taken. */
export async function startConsumer(options: ConsumerOptions = {}): Promise<Consumer> {
  const { keep = 10_000, answer = answerBySignature } = options
  const received: Received[] = []
  const listeners = new Set<(received: Received) => void>()
  const server = createServer((request, response) => {
    void (async () => {
      const one = await take(request, options.secret)
      received.push(one)
      if (received.length > keep) received.shift()
      for (const listener of listeners) listener(one)
      answer(one, response)
    })().catch(() => response.destroy())
  })
  server.listen(options.port ?? 0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    received,
    onReceived: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

async function take(request: IncomingMessage, secret: string | undefined): Promise<Received> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(Buffer.from(chunk))
  const body = Buffer.concat(chunks)
  return {
    method: request.method ?? '',
    target: request.url ?? '',
    rawFields: request.rawHeaders,
    fields: request.headers,
    bytes: body.length,
    sha256: createHash('sha256').update(body).digest('hex'),
    signature: judge(request.headers['x-hub-signature-256'], body, secret),
  }
}

// On purpose not the gateway's own code: two readings of Meta's rule have to agree. It is no lock, so it may be plain.
function judge(
  field: string | string[] | undefined,
  body: Buffer,
  secret: string | undefined,
): Received['signature'] {
  if (secret === undefined) return 'unchecked'
  if (field === undefined) return 'missing'
  return field === `sha256=${createHmac('sha256', secret).update(body).digest('hex')}` ? 'fits' : 'wrong'
}

function answerBySignature({ signature }: Received, response: ServerResponse): void {
  const status = signature === 'fits' || signature === 'unchecked' ? 200 : 403
  response.writeHead(status, { 'content-type': 'application/json' }).end('{"ok":true}')
}
