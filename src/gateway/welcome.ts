// Judges an open connection again after the state changed: who would be refused now must not stay.
import { refuse } from '../domain/verdict.ts'
import { type Refused, runGates } from '../gates/run.ts'
import { revocationUnder } from '../tls/client-certificate.ts'
import type { Connection } from './connection.ts'
import { type Generation, trustedBy } from './generation.ts'

export type Unwelcome = Pick<Refused, 'gate' | 'refusal'>

/** Why `generation` would refuse this connection's address or certificate, as far as they are known; undefined: it may stay. */
export function unwelcome(connection: Connection, generation: Generation): Unwelcome | undefined {
  // Its PROXY header is still to come, and will be judged by the state of that moment.
  if (connection.clientAddress === undefined) return undefined
  // The limits count new connections; one that is open has passed them.
  const address = runGates(generation.policy.connection, {
    address: connection.address,
    open: 0,
    openFromAddress: 0,
  })
  if (address.outcome === 'refuse') return address
  const { client } = connection
  if (client === undefined || generation === connection.generation) return undefined
  if (generation.config.client.require === 'observe') return undefined
  const identity = runGates(generation.policy.identity, {
    certificate: { ...client.facts, revocation: revocationUnder(client.chain[0], trustedBy(generation)) },
  })
  if (identity.outcome === 'refuse') return identity
  return client.facts.leaf === undefined ? undefined : outlived(connection, generation)
}

// What OpenSSL saw to in the handshake, and may not hold any more.
function outlived(connection: Connection, generation: Generation): Unwelcome | undefined {
  if (!anchorsRemain(connection, generation))
    return { gate: 'certificate', refusal: refuse('CERTIFICATE_UNTRUSTED', 'its trust anchor was removed') }
  if (!inTime(connection))
    return { gate: 'certificate', refusal: refuse('CERTIFICATE_EXPIRED', 'it expired since the handshake') }
  return undefined
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
