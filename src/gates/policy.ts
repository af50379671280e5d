// The whole policy on one screen: which gates stand in which phase, in order. Order is policy; a test pins it.
import type {
  BodyFacts,
  ChallengeFacts,
  ConnectionFacts,
  IdentityFacts,
  PeerFacts,
  RequestFacts,
} from '../domain/facts.ts'
import type { PrefixTable } from '../domain/prefix-table.ts'
import { certificate, certificateOnDelivery } from './certificate.ts'
import { commonName, commonNameOnDelivery } from './common-name.ts'
import { type ConnectionLimits, connectionLimit } from './connection-limit.ts'
import { expectation } from './expectation.ts'
import { framing } from './framing.ts'
import type { Gate } from './gate.ts'
import { headSize } from './head-size.ts'
import { length } from './length.ts'
import { mediaType } from './media-type.ts'
import { method } from './method.ts'
import { pins } from './pins.ts'
import { revocation } from './revocation.ts'
import { route } from './route.ts'
import type { Placed } from './run.ts'
import { signature } from './signature.ts'
import { source } from './source.ts'
import { type TrustedPeers, trustedPeer } from './trusted-peer.ts'
import { verifyToken } from './verify-token.ts'
import type { RefusalCode } from '../domain/refusals.ts'

export interface Policy {
  /** Of a peer that speaks for others, in a PROXY header or as a front; empty where peers speak for themselves. */
  readonly peer: readonly Placed<PeerFacts>[]
  readonly connection: readonly Placed<ConnectionFacts>[]
  readonly identity: readonly Placed<IdentityFacts>[]
  readonly request: readonly Placed<RequestFacts>[]
  readonly challenge: readonly Placed<ChallengeFacts>[]
  readonly body: readonly Placed<BodyFacts>[]
}

export interface PolicyInputs {
  /** Who may speak for others; undefined: nobody does. */
  readonly trustedPeers?: TrustedPeers | undefined
  readonly prefixes: PrefixTable
  readonly sources: 'enforce' | 'observe' | 'none'
  readonly require: 'always' | 'deliveries' | 'observe'
  readonly commonNames: readonly string[]
  readonly pins: readonly string[]
  readonly revocation: 'none' | 'soft' | 'hard'
  readonly limits: ConnectionLimits & { readonly body: number }
}

/** TLS ends at hubgate itself. */
export function directPolicy(inputs: PolicyInputs): Policy {
  const { trustedPeers, require, commonNames, limits } = inputs
  const absentMayWait = require === 'deliveries'
  const identity = require === 'observe' ? observed : enforced
  return {
    peer:
      trustedPeers === undefined
        ? []
        : [enforced(connectionLimit(limits)), enforced(trustedPeer(trustedPeers))],
    connection: [enforced(connectionLimit(limits)), ...sourceGates(inputs)],
    identity: [
      identity(certificate({ absentMayWait })),
      identity(commonName(commonNames, { absentMayWait })),
      ...furtherIdentityGates(inputs),
    ],
    request: [
      ...(absentMayWait
        ? [enforced(certificateOnDelivery()), enforced(commonNameOnDelivery(commonNames))]
        : []),
      ...wellFormed(inputs),
    ],
    challenge: [enforced(verifyToken())],
    body: [enforced(signature())],
  }
}

/** TLS ends at a front: where a request comes from and whose it is stands in its fields, so those gates run for each. */
export function frontedPolicy(inputs: PolicyInputs & { readonly trustedPeers: TrustedPeers }): Policy {
  const { trustedPeers, require, commonNames, limits } = inputs
  const absentMayWait = require === 'deliveries'
  const identity = require === 'observe' ? observed : enforced
  return {
    peer: [enforced(connectionLimit(limits)), enforced(trustedPeer(trustedPeers))],
    connection: [],
    identity: [],
    request: [
      ...sourceGates(inputs),
      ...(absentMayWait
        ? [enforced(certificateOnDelivery()), enforced(commonNameOnDelivery(commonNames))]
        : [
            identity(certificate({ absentMayWait: false })),
            identity(commonName(commonNames, { absentMayWait: false })),
          ]),
      ...furtherIdentityGates(inputs),
      ...wellFormed(inputs),
    ],
    challenge: [enforced(verifyToken())],
    body: [enforced(signature())],
  }
}

function sourceGates({ sources, prefixes }: PolicyInputs) {
  if (sources === 'none') return []
  return [sources === 'observe' ? observed(source(prefixes)) : enforced(source(prefixes))]
}

function furtherIdentityGates(inputs: PolicyInputs): Placed<IdentityFacts>[] {
  const identity = inputs.require === 'observe' ? observed : enforced
  return [
    ...(inputs.pins.length === 0 ? [] : [identity(pins(inputs.pins))]),
    ...(inputs.revocation === 'none' ? [] : [identity(revocation(inputs.revocation))]),
  ]
}

function wellFormed({ limits }: PolicyInputs): Placed<RequestFacts>[] {
  return [
    enforced(headSize()),
    enforced(framing()),
    enforced(route()),
    enforced(method()),
    enforced(expectation()),
    enforced(length(limits.body)),
    enforced(mediaType()),
  ]
}

function enforced<Needs, Code extends RefusalCode>(gate: Gate<Needs, Code>): Placed<Needs, Code> {
  return { gate, observed: false }
}

function observed<Needs, Code extends RefusalCode>(gate: Gate<Needs, Code>): Placed<Needs, Code> {
  return { gate, observed: true }
}
