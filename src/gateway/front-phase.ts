// Phase 1 behind a front (`listen.front` other than direct): only its machines are let in. TLS, where this listener speaks it,
// is a matter between the two of us; whose requests they are is told in each one's fields, and judged there.
import type { Socket } from 'node:net'
import type { ListenAddress } from '../config/config.ts'
import { refusalRow } from '../domain/refusals.ts'
import { type PhaseVerdict, runGates } from '../gates/run.ts'
import { admitFrom, openConnection, resetConnection } from './connection-phase.ts'
import type { Connection } from './connection.ts'
import type { HttpExchange } from './http-exchange.ts'
import type { Shared } from './shared.ts'

export function acceptFronted(shared: Shared, socket: Socket, kind: ListenAddress['kind']): void {
  const connection = openConnection(shared, socket)
  const { policy, servers } = shared.generation()
  const verdict = runGates(policy.peer, {
    peer: kind === 'unix' ? 'unix' : connection.peerAddress,
    open: shared.connections.size,
    // `limits.connectionsPerAddress` is not for trusted peers, and others go no further.
    openFromAddress: 0,
  })
  if (verdict.outcome === 'refuse') return resetConnection(shared, connection, verdict)
  if (servers.tls === undefined) beginPlain(shared, connection)
  else admitFrom(shared, connection, connection.peerAddress)
}

function beginPlain(shared: Shared, connection: Connection): void {
  const { config, servers } = shared.generation()
  shared.connections.settle(connection, connection.peerAddress)
  connection.secure = connection.socket
  connection.phase = 'request'
  // A front keeps connections ready and looks whether we listen: from here on the requests have the records.
  connection.recorded = true
  shared.trustKeeper.used([])
  connection.setDeadline(config.limits.headTimeout + 1_000, () => connection.close())
  connection.awaitHead()
  servers.http.take(connection.socket)
}

/** For the metrics and the records of trust: what elsewhere is told once a handshake. */
export function noteFronted({ shared, generation, client }: HttpExchange, verdict: PhaseVerdict): void {
  if (generation.front === undefined || client === undefined) return
  const { observations } = verdict
  shared.observer.connectionObserved(observations.map(({ gate, refusal }) => ({ gate, code: refusal.code })))
  const codes = [
    ...(verdict.outcome === 'refuse' ? [verdict.refusal] : []),
    ...observations.map(({ refusal }) => refusal),
  ].map(({ code }) => code)
  // Refused for its address: nobody has judged its certificate.
  if (codes[0] === 'SOURCE_NOT_ALLOWED' && verdict.outcome === 'refuse') return
  const wrong = codes.find((code) => refusalRow(code).phase === 'identity')
  shared.trustKeeper.saw(client, wrong)
  if (wrong === undefined && client.facts.authorized) shared.trustKeeper.usedFor(client.anchors)
}
