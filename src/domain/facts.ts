// What is known at each phase. A gate names the facts it needs, and the compiler keeps it out of earlier phases.
// Nothing here holds a socket, a request object or a clock: facts are made once, then only read.
import type { Address } from './address.ts'
import type { Fields } from './fields.ts'
import type { Leaf } from './leaf.ts'
import type { RevocationStatus } from './revocation.ts'
import type { Route } from './route.ts'
import type { Digest } from './signature.ts'

/** Known when a connection was accepted whose peer speaks for others. */
export interface PeerFacts {
  /** Undefined where it was gone before it could be asked. */
  readonly peer: Address | 'unix' | undefined
  readonly open: number
  readonly openFromAddress: number
}

/** Known when it is known where a connection comes from: at once, or when its PROXY header was read. */
export interface ConnectionFacts {
  /** Undefined where the peer was gone before it could be asked, or its address could not be read. */
  readonly address: Address | undefined
  /** Connections open now, this one included. */
  readonly open: number
  readonly openFromAddress: number
}

/** What OpenSSL said of the client's chain, and the leaf as read by ourselves. */
export interface CertificateFacts {
  /** Undefined where no certificate came, `unreadable` where it could not be read as one. */
  readonly leaf: Leaf | 'unreadable' | undefined
  /** OpenSSL verified a path to one of the configured anchors, for the purpose of a TLS client. */
  readonly authorized: boolean
  /** OpenSSL's reason where it did not, such as CERT_HAS_EXPIRED. */
  readonly error: string | undefined
  readonly resumed: boolean
  /** Undefined where nobody asked, or OpenSSL verified nothing. */
  readonly revocation: RevocationStatus | undefined
  /** A front verified a certificate and passes on its subject alone; `leaf` is undefined then. */
  readonly asserted?: AssertedSubject | undefined
}

export interface AssertedSubject {
  /** As the front writes it, for records only. */
  readonly subject: string
  readonly commonNames: readonly string[]
}

/** Known when the handshake is done. */
export interface IdentityFacts {
  readonly certificate: CertificateFacts
}

/** Known when a request head was read. */
export interface RequestFacts extends IdentityFacts, Pick<ConnectionFacts, 'address'> {
  readonly method: string
  /** Such as 1.1. */
  readonly version: string
  readonly target: string
  /** The target up to the first "?", undecoded. */
  readonly path: string
  /** What follows the first "?", undecoded; empty where there is none. */
  readonly query: string
  readonly fields: Fields
  /** The route whose path is exactly this one. */
  readonly route: Route | undefined
}

/** Known of a GET that asks for the challenge. */
export interface ChallengeFacts {
  readonly query: string
  /** The verify tokens of the route's apps; undefined where the upstream decides (`challenge: forward`). */
  readonly tokens: readonly string[] | undefined
}

/** Known when the whole body is there. */
export interface BodyFacts {
  /** All X-Hub-Signature-256 values. */
  readonly signatures: readonly string[]
  /** The body's digest under every secret of the route's apps. */
  readonly digests: readonly Digest[]
}
