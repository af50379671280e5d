// Phases 2 and 3: the TLS handshake, then the identity gates. Only what they admit reaches an HTTP parser.
import type { Server, TLSSocket } from 'node:tls'
import { runGates } from '../gates/run.ts'
import { clientCertificate } from '../tls/client-certificate.ts'
import { type Terms, createTlsServer } from '../tls/context.ts'
import { Readings } from '../tls/readings.ts'
import { recordConnection, refuseConnection } from './connection-phase.ts'
import type { Connection } from './connection.ts'
import { trustedBy } from './generation.ts'
import { enterLane } from './lanes.ts'
import type { Shared } from './shared.ts'
import { anchorsThatWould, worded } from './trial.ts'
import { type Unwelcome, unwelcome } from './welcome.ts'

/** A server that never listens: admitted sockets are handed to it. */
export function handshakeServer(shared: Shared, terms: Terms): Server {
  const server = createTlsServer(terms)
  const readings = new Readings(terms.anchors)
  server.on('secureConnection', (socket) => {
    const connection = connectionOf(shared, socket)
    if (connection === undefined) {
      socket.destroy()
      return
    }
    identify({ shared, connection, socket, readings })
    if (!connection.closing) enterLane(shared, connection, socket)
  })
  // Node reports a failed handshake and leaves the socket open.
  server.on('tlsClientError', (error: NodeJS.ErrnoException & { reason?: string }, socket) => {
    const connection = connectionOf(shared, socket)
    socket.destroy()
    if (connection === undefined) return
    const gone = error.code === 'ECONNRESET' || error.code === 'EPIPE'
    recordConnection(shared, connection, {
      outcome: gone ? 'aborted' : 'refused',
      code: gone ? 'CLIENT_ABORTED' : 'TLS_FAILED',
      gate: gone ? 'client' : 'tls',
      detail: gone
        ? 'went away during the handshake'
        : `OpenSSL: ${error.reason ?? error.code ?? 'no reason given'}`,
    })
    connection.destroy()
  })
  return server
}

interface Secured {
  readonly shared: Shared
  readonly connection: Connection
  readonly socket: TLSSocket
  readonly readings: Readings
}

function identify({ shared, connection, socket, readings }: Secured): void {
  const { generation } = connection
  connection.clearDeadline()
  connection.phase = 'identity'
  connection.secure = socket
  connection.client = clientCertificate(socket, trustedBy(generation), readings)
  shared.connections.secured(connection, socket)
  socket.on('error', () => {})
  const verdict = runGates(generation.policy.identity, { certificate: connection.client.facts })
  connection.takes(verdict)
  // The state may have changed while the handshake went on.
  const end = verdict.outcome === 'refuse' ? verdict : unwelcome(connection, shared.generation())
  shared.trustKeeper.saw(connection.client, (end ?? verdict.observations[0])?.refusal.code)
  if (end !== undefined) {
    refuseConnection(shared, connection, tried(shared, connection, end))
    return connection.close()
  }
  // From here on the requests have the records.
  connection.recorded = true
  connection.phase = 'request'
  shared.observer.connectionObserved(
    connection.observations.map(({ gate, refusal }) => ({ gate, code: refusal.code })),
  )
  shared.trustKeeper.used(connection.client.facts.authorized ? connection.client.anchors : [])
}

// Says which staged or retired anchor would have it otherwise. The refusal stands, whatever comes of it.
function tried(shared: Shared, { client, generation }: Connection, end: Unwelcome): Unwelcome {
  if (client === undefined || end.refusal.code !== 'CERTIFICATE_UNTRUSTED') return end
  try {
    const anchors = anchorsThatWould(client, { generation, now: new Date() })
    shared.trustKeeper.missed(anchors)
    return worded(end, anchors)
  } catch (error) {
    shared.observer.fault(error)
    return end
  }
}

// Node keeps the socket that a server-side TLSSocket wraps in `_parent` and offers no other way back to it; the peer's
// address and port would do, but are gone once it has reset. A test on every Node version holds this.
function connectionOf(shared: Shared, socket: TLSSocket): Connection | undefined {
  const wrapped: unknown = Reflect.get(socket, '_parent')
  return wrapped instanceof Object && 'remoteAddress' in wrapped
    ? shared.connections.of(wrapped as TLSSocket)
    : undefined
}
