// What every audit record of a connection has in common, whether it is about the connection or a request on it.
import type { Observation } from '../gates/run.ts'
import type { AuditRecord } from '../observe/audit.ts'
import { formatAddress } from '../domain/address.ts'
import type { Connection } from './connection.ts'
import type { FrontedClient } from './fronted.ts'

type ConnectionPart = Pick<
  AuditRecord,
  'connection' | 'peer' | 'peerPort' | 'client' | 'front' | 'observed' | 'prefix' | 'leaf' | 'anchor'
>

export function connectionPart(connection: Connection): ConnectionPart {
  const { id, peer, peerPort, clientAddress, generation, observations, evidence, leaf, anchor } = connection
  return {
    connection: id,
    peer,
    peerPort,
    client: clientAddress === '' || clientAddress === peer ? undefined : clientAddress,
    front: generation.config.listen.front,
    observed: observedPart(observations),
    prefix: evidence.prefix,
    leaf,
    anchor,
  }
}

/** Of a request that a front tells of: its client's, where the connection's are the front's. */
export function frontedPart({
  address,
  certificate: { facts, anchors },
}: FrontedClient): Pick<AuditRecord, 'client' | 'leaf' | 'asserted' | 'anchor'> {
  const names = facts.authorized ? anchors.map(({ name }) => name) : []
  return {
    client: formatAddress(address),
    leaf: facts.leaf === 'unreadable' ? undefined : facts.leaf,
    asserted: facts.asserted?.subject,
    anchor: names.length === 0 ? undefined : names.join(' or '),
  }
}

/** Refusals of gates that only observe. */
export function observedPart(observations: readonly Observation[]): AuditRecord['observed'] {
  return observations.map(({ gate, refusal }) => ({ gate, code: refusal.code, detail: refusal.detail }))
}
