// Phase 1: a connection was accepted. Who may not speak to us is reset before any TLS work is spent on it.
import type { Socket } from 'node:net'
import type { Address } from '../domain/address.ts'
import type { ConnectionFacts } from '../domain/facts.ts'
import type { RefusalCode } from '../domain/refusals.ts'
import { type PhaseVerdict, type Refused, runGates } from '../gates/run.ts'
import type { Connection } from './connection.ts'
import { observedPart } from './record.ts'
import type { Shared } from './shared.ts'

/** A peer that speaks for itself: judged before anything is set up for it, so that a flood of strangers costs little. */
export function acceptConnection(shared: Shared, socket: Socket): void {
  const connection = meetConnection(shared, socket)
  const { connections } = shared
  const verdict = judged(shared, connection, {
    address: connection.peerAddress,
    open: connections.size + 1,
    openFromAddress: connections.openFrom(connection.peer) + 1,
  })
  if (verdict.outcome === 'refuse') return resetConnection(shared, connection, verdict)
  takeIn(shared, connection)
  connections.settle(connection, connection.peerAddress)
  beginHandshake(shared, connection)
}

/** Takes a new socket in, with a record of its end whatever that is. */
export function openConnection(shared: Shared, socket: Socket): Connection {
  const connection = meetConnection(shared, socket)
  takeIn(shared, connection)
  return connection
}

function meetConnection(shared: Shared, socket: Socket): Connection {
  socket.on('error', endsInClose)
  return shared.connections.meet(socket, shared.generation())
}

// Without a listener of their own errors would end the process.
function endsInClose(): void {}

function takeIn(shared: Shared, connection: Connection): void {
  const { socket } = connection
  // Asked for here and not of the listener: it is a system call, and whoever was reset needs none.
  socket.setNoDelay(true)
  shared.connections.open(connection)
  socket.once('close', () =>
    recordConnection(shared, connection, {
      outcome: 'aborted',
      code: 'CLIENT_ABORTED',
      gate: 'client',
      detail: `went away in phase ${connection.phase}`,
    }),
  )
}

/** Judges where a connection comes from, and lets TLS begin on it. */
export function admitFrom(shared: Shared, connection: Connection, address: Address | undefined): void {
  const { connections } = shared
  connections.settle(connection, address)
  const verdict = judged(shared, connection, {
    address,
    open: connections.size,
    openFromAddress: connections.openFrom(connection.clientAddress),
  })
  if (verdict.outcome === 'refuse') return resetConnection(shared, connection, verdict)
  beginHandshake(shared, connection)
}

/** By the present generation, which its handshake uses then. @param facts with the connection itself counted. */
function judged(shared: Shared, connection: Connection, facts: ConnectionFacts): PhaseVerdict {
  const generation = shared.generation()
  const verdict = runGates(generation.policy.connection, facts)
  if (connection.takes(verdict)) connection.generation = generation
  return verdict
}

function beginHandshake(shared: Shared, connection: Connection): void {
  const { generation } = connection
  connection.phase = 'handshake'
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
