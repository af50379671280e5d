// What a finished handshake tells of the client: OpenSSL's verdict and the leaf, asked for once a connection.
import type { X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import type { CertificateFacts } from '../domain/facts.ts'
import { type Anchor, anchorsOf } from './anchors.ts'
import { type Chain, type Reading, type Readings, readChain } from './readings.ts'
import { type RevocationSource, revocationOf } from './revocation.ts'

export interface ClientCertificate {
  readonly facts: CertificateFacts
  /** Every anchor the chain can be seen to end in; empty where none verified it. For records and for closing, never to admit. */
  readonly anchors: readonly Anchor[]
  /** The leaf's DER bytes, for RFC 9440 Client-Cert. */
  readonly der: Uint8Array | undefined
  /** Leaf first, then the intermediates that Node gives: for words and records. */
  readonly chain: readonly X509Certificate[]
}

export interface Trusted {
  /** The active ones, which the socket's context was made with. */
  readonly anchors: readonly Anchor[]
  /** Undefined: nobody asks. */
  readonly revocation: RevocationSource | undefined
}

/** What is asked of a socket whose handshake is done. */
type Secured = Pick<
  TLSSocket,
  'authorized' | 'authorizationError' | 'getPeerX509Certificate' | 'isSessionReused'
>

/** @param readings what was read before; it counts where it is of the same anchors. */
export function clientCertificate(socket: Secured, trusted: Trusted, readings?: Readings): ClientCertificate {
  const certificate = socket.getPeerX509Certificate()
  const { authorized } = socket
  const known = authorized && readings?.anchors === trusted.anchors ? readings : undefined
  const reading = certificate === undefined ? undefined : readingOf(certificate, trusted, known)
  const facts = {
    leaf: reading?.leaf,
    authorized,
    error: errorName(socket.authorizationError),
    resumed: socket.isSessionReused(),
    revocation: authorized ? revocationUnder(reading?.chain[0], trusted) : undefined,
  }
  const { anchors, der, chain } = reading ?? nobody(trusted)
  return { facts, anchors, der, chain }
}

function readingOf(leaf: X509Certificate, { anchors }: Trusted, known: Readings | undefined): Reading {
  const chain = readableChain(leaf)
  return known === undefined ? readChain(chain, anchors) : known.of(chain)
}

function nobody({ anchors }: Trusted): Pick<ClientCertificate, 'anchors' | 'der' | 'chain'> {
  return { anchors: anchorsOf([], anchors), der: undefined, chain: [] }
}

/** What the lists say of a leaf that OpenSSL verified under these anchors. */
export function revocationUnder(
  leaf: X509Certificate | undefined,
  { anchors, revocation }: Trusted,
): CertificateFacts['revocation'] {
  if (leaf === undefined || revocation === undefined) return undefined
  const certificates = anchors.map(({ certificate }) => certificate)
  return revocationOf(leaf, { anchors: certificates, source: revocation, now: new Date() })
}

const MAX_DEPTH = 8

/** The chain as far as Node gives it back: on a server, Node 24 gives no more than the leaf. */
function readableChain(leaf: X509Certificate): Chain {
  const above: X509Certificate[] = []
  let certificate = leaf.issuerCertificate
  while (certificate !== undefined && above.length < MAX_DEPTH - 1) {
    above.push(certificate)
    certificate = certificate.issuerCertificate
  }
  return [leaf, ...above]
}

function errorName(error: Error | string | null | undefined): string | undefined {
  if (error === null || error === undefined) return undefined
  return typeof error === 'string' ? error : error.message
}
