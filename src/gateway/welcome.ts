// Judges an open connection again after the state changed: who would be refused now must not stay.
import { runGates } from '../gates/run.ts'
import type { Connection } from './connection.ts'
import type { Generation } from './generation.ts'

/** Whether `generation` would admit this connection's address and certificate, as far as they are known. */
export function stillWelcome(connection: Connection, generation: Generation): boolean {
  // The limits count new connections; one that is open has passed them.
  const address = runGates(generation.policy.connection, {
    address: connection.address,
    open: 0,
    openFromAddress: 0,
  })
  if (address.outcome === 'refuse') return false
  const { client } = connection
  if (client === undefined || generation === connection.generation) return true
  if (generation.config.client.require === 'observe') return true
  if (runGates(generation.policy.identity, { certificate: client.facts }).outcome === 'refuse') return false
  return client.facts.leaf === undefined || (anchorsRemain(connection, generation) && inTime(connection))
}

// OpenSSL verified the chain against the old anchors and cannot be asked again. Every anchor it can be seen to end in
// has to be there still; where none can be named, or one of several is gone, the client has to come again.
function anchorsRemain({ client, generation: admittedBy }: Connection, generation: Generation): boolean {
  const now = new Set(generation.anchors.map(({ fingerprint }) => fingerprint))
  if (admittedBy.anchors.every(({ fingerprint }) => now.has(fingerprint))) return true
  return (
    client !== undefined &&
    client.anchors.length > 0 &&
    client.anchors.every(({ fingerprint }) => now.has(fingerprint))
  )
}

function inTime({ leaf }: Connection): boolean {
  return leaf !== undefined && leaf.notAfter.getTime() > Date.now()
}
