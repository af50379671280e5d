// Where an admitted connection goes: to the fast lane, which passes on what it does not know, or to the general lane at once.
import type { Socket } from 'node:net'
import type { Connection } from './connection.ts'
import { FastLane } from './fast-lane.ts'
import { refuseSilence } from './request-phase.ts'
import type { Shared } from './shared.ts'

export function enterLane(shared: Shared, connection: Connection, socket: Socket): void {
  // @param unread bytes that were put back.
  const enterGeneralLane = (unread: number) => {
    // By now a reload may have replaced the state that the handshake began with.
    const { config, servers } = shared.generation()
    connection.setDeadline(config.limits.headTimeout + 1_000, () => connection.close())
    connection.awaitHead(unread)
    servers.http.take(socket)
  }
  if (!shared.generation().config.listen.fastLane) return enterGeneralLane(0)
  const onSilence = () => refuseSilence(shared, socket)
  new FastLane({ shared, connection, socket, handOver: enterGeneralLane, onSilence }).enter()
}
