// Phase 1 behind a load balancer that passes TCP on (`listen.proxyProtocol: required`): who the client is stands in a PROXY
// header before its first byte. Read from trusted peers only, within a bounded size and the time of the handshake.
import type { Socket } from 'node:net'
import type { ListenAddress } from '../config/config.ts'
import { readProxyHeader } from '../domain/proxy-header.ts'
import { refuse } from '../domain/verdict.ts'
import { runGates } from '../gates/run.ts'
import { admitFrom, openConnection, resetConnection } from './connection-phase.ts'
import type { Connection } from './connection.ts'
import type { Shared } from './shared.ts'

/** A peer that has to name its client. */
export function acceptProxied(shared: Shared, socket: Socket, kind: ListenAddress['kind']): void {
  const connection = openConnection(shared, socket)
  const { config, policy } = shared.generation()
  const verdict = runGates(policy.peer, {
    peer: kind === 'unix' ? 'unix' : connection.peerAddress,
    open: shared.connections.size,
    // `limits.connectionsPerAddress` is not for trusted peers, and others go no further.
    openFromAddress: 0,
  })
  if (verdict.outcome === 'refuse') return resetConnection(shared, connection, verdict)
  // A balancer that only looks whether we listen (HAProxy's `check`, AWS' TCP health check) connects and closes.
  connection.recorded = true
  connection.setDeadline(config.limits.handshakeTimeout, () =>
    invalid(shared, connection, `not complete within ${config.limits.handshakeTimeout} ms`),
  )
  readHeader(shared, connection)
}

function readHeader(shared: Shared, connection: Connection): void {
  const { socket } = connection
  let received: Buffer = Buffer.alloc(0)
  const onData = (chunk: Buffer): void => {
    connection.recorded = false
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk])
    const header = readProxyHeader(received)
    if (header.outcome === 'more') return
    socket.off('data', onData)
    if (header.outcome === 'refused') return invalid(shared, connection, header.reason)
    const rest = received.subarray(header.length)
    if (header.client === undefined) return awaitClose(shared, connection, rest)
    giveBack(socket, rest)
    admitFrom(shared, connection, header.client.address)
  }
  socket.on('data', onData)
}

// TLS reads it from there. The socket is paused and left so: one that flows would drop it before TLS looks (measured on
// Node 20, 22 and 24, with the ClientHello in the header's own segment).
function giveBack(socket: Socket, rest: Buffer): void {
  socket.pause()
  if (rest.length > 0) socket.unshift(rest)
}

// LOCAL and UNKNOWN name no client: the balancer speaks for itself, to see whether we accept (HAProxy's `check` with
// send-proxy, AWS NLB). It may close, which is no matter for a record. Nothing else: no gate could judge it.
function awaitClose(shared: Shared, connection: Connection, rest: Buffer): void {
  const speaks = () => {
    connection.socket.off('data', speaks)
    invalid(shared, connection, 'names no client address (LOCAL, UNKNOWN, UNSPEC or a Unix socket)')
  }
  if (rest.length > 0) return speaks()
  connection.recorded = true
  connection.setDeadline(shared.generation().config.limits.handshakeTimeout, () => connection.destroy())
  connection.socket.on('data', speaks)
}

function invalid(shared: Shared, connection: Connection, reason: string): void {
  connection.recorded = false
  const refusal = refuse('PROXY_HEADER_INVALID', reason)
  resetConnection(shared, connection, { gate: 'proxy-header', refusal })
}
