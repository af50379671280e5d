// Phase 1: a connection was accepted. Who may not speak to us is reset before any TLS work is spent on it.
import type { Socket } from 'node:net'
import type { Address } from '../domain/address.ts'
import type { RefusalCode } from '../domain/refusals.ts'
import { type Refused, runGates } from '../gates/run.ts'
import type { Connection } from './connection.ts'
import { observedPart } from './record.ts'
import type { Shared } from './shared.ts'

/** A peer that speaks for itself. */
export function acceptConnection(shared: Shared, socket: Socket): void {
  const connection = openConnection(shared, socket)
  admitFrom(shared, connection, connection.peerAddress)
}

/** Takes a new socket in, with a record of its end whatever that is. */
export function openConnection(shared: Shared, socket: Socket): Connection {
  // Errors end in 'close'; without a listener of their own they would end the process.
  socket.on('error', () => {})
  const connection = shared.connections.open(socket, shared.generation())
  socket.once('close', () =>
    recordConnection(shared, connection, {
      outcome: 'aborted',
      code: 'CLIENT_ABORTED',
      gate: 'client',
      detail: `went away in phase ${connection.phase}`,
    }),
  )
  return connection
}

/** Judges where a connection comes from, and lets TLS begin on it. */
export function admitFrom(shared: Shared, connection: Connection, address: Address | undefined): void {
  const generation = shared.generation()
  shared.connections.settle(connection, address)
  const verdict = runGates(generation.policy.connection, {
    address,
    open: shared.connections.size,
    openFromAddress: shared.connections.openFrom(connection),
  })
  if (!connection.takes(verdict) && verdict.outcome === 'refuse')
    return resetConnection(shared, connection, verdict)
  connection.phase = 'handshake'
  connection.generation = generation
  const { handshakeTimeout } = generation.config.limits
  connection.setDeadline(handshakeTimeout - (performance.now() - connection.openedAt), () => {
    recordConnection(shared, connection, {
      outcome: 'refused',
      code: 'HANDSHAKE_TIMEOUT',
      gate: 'deadline',
      detail: `not complete within ${handshakeTimeout} ms`,
    })
    connection.destroy()
  })
  generation.servers.tls?.emit('connection', connection.socket)
}

/** Refuses before TLS. */
export function resetConnection(
  shared: Shared,
  connection: Connection,
  end: Pick<Refused, 'gate' | 'refusal'>,
): void {
  refuseConnection(shared, connection, end)
  connection.reset()
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
  const ending = {
    kind: 'connection',
    id: connection.id,
    phase: connection.phase,
    outcome: end.outcome,
    code: end.code,
    gate: end.gate,
    detail: end.detail,
    observed: observedPart(connection.observations),
    gatewayMs: performance.now() - connection.openedAt,
  } as const
  shared.observer.record(ending, connection.origin)
}
