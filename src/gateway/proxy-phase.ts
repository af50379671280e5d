// Phase 1 behind a load balancer that passes TCP on (`listen.proxyProtocol: required`): who the client is stands in a PROXY
// header before its first byte. Read from trusted peers only, within a bounded size and the time of the handshake.
import type { Socket } from 'node:net'
import type { ListenAddress } from '../config/config.ts'
import { formatAddress } from '../domain/address.ts'
import type { HeaderRead } from '../domain/proxy-header-verdict.ts'
import { readProxyHeader } from '../domain/proxy-header.ts'
import { refuse } from '../domain/verdict.ts'
import { type Refused, runGates } from '../gates/run.ts'
import { admitFrom, openConnection, resetConnection } from './connection-phase.ts'
import type { Connection } from './connection.ts'
import type { Shared } from './shared.ts'

/** A peer that has to name its client. */
export function acceptProxied(shared: Shared, socket: Socket, kind: ListenAddress['kind']): void {
  const connection = openConnection(shared, socket)
  // A balancer that only looks whether we listen connects and closes: that is no matter for a record. HAProxy's `check`
  // does so by a reset, often before we are told of the connection; then nobody is there to be refused, and nothing to read.
  connection.recorded = true
  if (kind === 'tcp' && connection.peer === undefined) return connection.destroy()
  const { config, policy } = shared.generation()
  const verdict = runGates(policy.peer, {
    peer: kind === 'unix' ? 'unix' : connection.peerAddress,
    open: shared.connections.size,
    // `limits.connectionsPerAddress` is not for trusted peers, and others go no further.
    openFromAddress: 0,
  })
  if (verdict.outcome === 'refuse') return refuseNow(shared, connection, verdict)
  readHeader(shared, connection, config.limits.handshakeTimeout)
}

function readHeader(shared: Shared, connection: Connection, timeout: number): void {
  const { socket } = connection
  let received: Buffer = Buffer.alloc(0)
  let isLooking = false
  connection.setDeadline(timeout, () => {
    if (isLooking) connection.destroy()
    else invalid(shared, connection, `not complete within ${timeout} ms`)
  })
  const onData = (chunk: Buffer): void => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk])
    const header = readProxyHeader(received)
    const rest = header.outcome === 'read' ? received.subarray(header.length) : received
    isLooking = header.outcome === 'read' && rest.length === 0 && speaksForItself(connection, header)
    connection.recorded = isLooking
    if (header.outcome === 'more' || isLooking) return
    socket.off('data', onData)
    if (header.outcome === 'refused') return invalid(shared, connection, header.reason)
    if (header.client === undefined) return invalid(shared, connection, NOBODY)
    giveBack(socket, rest)
    admitFrom(shared, connection, header.client.address)
  }
  socket.on('data', onData)
}

const NOBODY = 'names no client address (LOCAL, UNKNOWN, UNSPEC or a Unix socket)'

// So begin health checks that carry a header: LOCAL (HAProxy with version 2, AWS NLB), or the balancer's own address (HAProxy
// with version 1, as the specification's §2.1 has it). What follows decides: the end, which is no matter for a record, or
// words of a client, and that has to have an address.
function speaksForItself({ peer }: Connection, { client }: HeaderRead): boolean {
  return client === undefined || formatAddress(client.address) === peer
}

// TLS reads it from there. The socket is paused and left so: one that flows would drop it before TLS looks (measured on
// Node 20, 22 and 24, with the ClientHello in the header's own segment).
function giveBack(socket: Socket, rest: Buffer): void {
  socket.pause()
  if (rest.length > 0) socket.unshift(rest)
}

function invalid(shared: Shared, connection: Connection, reason: string): void {
  refuseNow(shared, connection, { gate: 'proxy-header', refusal: refuse('PROXY_HEADER_INVALID', reason) })
}

function refuseNow(shared: Shared, connection: Connection, end: Pick<Refused, 'gate' | 'refusal'>): void {
  connection.recorded = false
  resetConnection(shared, connection, end)
}
