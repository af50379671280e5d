// Ends connections that may not stay: after a reload who became unwelcome, at the end of hubgate everybody who is left.
// Each end has its record: a connection that was never admitted, a request that was not finished.
import { refuse } from '../domain/verdict.ts'
import { refuseConnection } from './connection-phase.ts'
import type { Connection } from './connection.ts'
import type { Shared } from './shared.ts'
import { type Unwelcome, unwelcome } from './welcome.ts'

/** Closes whom the present generation would refuse, idle ones at once. @returns how many there were. */
export function dismissUnwelcome(shared: Shared): number {
  const { trustGrace } = shared.generation().config.client
  let dismissed = 0
  for (const connection of shared.connections) {
    const why = connection.closing ? undefined : unwelcome(connection, shared.generation())
    if (why === undefined) continue
    refuseConnection(shared, connection, why)
    connection.retire()
    if (connection.exchanges.size > 0) setTimeout(() => cutOff(shared, connection, why), trustGrace).unref()
    dismissed += 1
  }
  return dismissed
}

/** Ends all that is still open: who waits for an answer is told to come again. */
export function dismissAll(shared: Shared): void {
  const refusal = refuse('DRAINING', 'not finished when hubgate ended')
  for (const connection of shared.connections) cutOff(shared, connection, { gate: 'gateway', refusal })
}

function cutOff(shared: Shared, connection: Connection, why: Unwelcome): void {
  refuseConnection(shared, connection, why)
  for (const exchange of connection.exchanges) exchange.refuse(why.gate, why.refusal)
  connection.destroy()
}
