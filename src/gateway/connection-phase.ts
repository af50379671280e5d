// Phase 1: a connection was accepted. Who may not speak to us is reset before any TLS work is spent on it.
import type { Socket } from 'node:net'
import type { RefusalCode } from '../domain/refusals.ts'
import { type Refused, runGates } from '../gates/run.ts'
import type { Connection } from './connection.ts'
import { connectionPart } from './record.ts'
import type { Shared } from './shared.ts'

export function acceptConnection(shared: Shared, socket: Socket): void {
  // Errors end in 'close', which has its own listener; without this one they would end the process.
  socket.on('error', () => {})
  const generation = shared.generation()
  const connection = shared.connections.open(socket, generation)
  const verdict = runGates(generation.policy.connection, {
    address: connection.address,
    open: shared.connections.size,
    openFromAddress: shared.connections.openFrom(connection),
  })
  if (!connection.takes(verdict) && verdict.outcome === 'refuse') {
    refuseConnection(shared, connection, verdict)
    return connection.reset()
  }
  connection.phase = 'handshake'
  socket.once('close', () =>
    recordConnection(shared, connection, {
      outcome: 'aborted',
      code: 'CLIENT_ABORTED',
      gate: 'client',
      detail: `went away in phase ${connection.phase}`,
    }),
  )
  connection.setDeadline(generation.config.limits.handshakeTimeout, () => {
    recordConnection(shared, connection, {
      outcome: 'refused',
      code: 'HANDSHAKE_TIMEOUT',
      gate: 'deadline',
      detail: `not complete within ${generation.config.limits.handshakeTimeout} ms`,
    })
    connection.destroy()
  })
  generation.servers.tls.emit('connection', socket)
}

/** Records that a gate, or what stands for one, ends this connection; how it ends is the caller's. */
export function refuseConnection(
  shared: Shared,
  connection: Connection,
  { gate, refusal: { code, detail } }: Pick<Refused, 'gate' | 'refusal'>,
): void {
  recordConnection(shared, connection, { outcome: 'refused', code, gate, detail })
}

interface ConnectionEnd {
  readonly outcome: 'refused' | 'aborted'
  readonly code: RefusalCode
  readonly gate: string
  readonly detail: string
}

/** One record a connection that ends before its first request, and none for one that was admitted. */
export function recordConnection(shared: Shared, connection: Connection, end: ConnectionEnd): void {
  if (connection.recorded) return
  connection.recorded = true
  shared.observer.record({
    kind: 'connection',
    id: connection.id,
    phase: connection.phase,
    ...connectionPart(connection),
    ...end,
    gatewayMs: performance.now() - connection.openedAt,
  })
}
