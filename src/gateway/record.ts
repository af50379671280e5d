// What every audit record of a connection has in common, whether it is about the connection or a request on it.
import { formatAddress } from '../domain/address.ts'
import type { Observation } from '../gates/run.ts'
import type { Ending, Origin } from '../observe/audit.ts'
import type { Connection } from './connection.ts'
import type { FrontedClient } from './fronted.ts'

/** Made for each connection or client that has a record; the connection keeps its own: `Connection.origin`. */
export function connectionOrigin(connection: Connection): Origin {
  const { id, peer, peerPort, clientAddress, generation, evidence, leaf, anchor } = connection
  return Object.freeze({
    connection: id,
    peer,
    peerPort,
    client: clientAddress === '' || clientAddress === peer ? undefined : clientAddress,
    front: generation.config.listen.front,
    prefix: evidence.prefix,
    leaf,
    asserted: undefined,
    anchor,
  })
}

/**
 * Of a request: its connection's, or where a front tells of it, its client's.
 * @param prefix the request's own: behind a front the source gate runs for each.
 */
export function requestOrigin(
  connection: Connection,
  prefix: string | undefined,
  fronted: FrontedClient | undefined,
): Origin {
  const { origin } = connection
  if (fronted !== undefined) return { ...origin, prefix, ...frontedPart(fronted) }
  return origin.prefix === prefix ? origin : { ...origin, prefix }
}

function frontedPart({
  address,
  certificate: { facts, anchors },
}: FrontedClient): Pick<Origin, 'client' | 'leaf' | 'asserted' | 'anchor'> {
  const names = facts.authorized ? anchors.map(({ name }) => name) : []
  return {
    client: formatAddress(address),
    leaf: facts.leaf === 'unreadable' ? undefined : facts.leaf,
    asserted: facts.asserted?.subject,
    anchor: names.length === 0 ? undefined : names.join(' or '),
  }
}

const NOTHING: Ending['observed'] = Object.freeze([])

/** Refusals of gates that only observe. */
export function observedPart(observations: readonly Observation[]): Ending['observed'] {
  if (observations.length === 0) return NOTHING
  return observations.map(({ gate, refusal }) => ({ gate, code: refusal.code, detail: refusal.detail }))
}
