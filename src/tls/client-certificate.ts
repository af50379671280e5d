// What a finished handshake tells of the client: OpenSSL's verdict and the leaf, asked for once a connection.
import { X509Certificate } from 'node:crypto'
import type { PeerCertificate, TLSSocket } from 'node:tls'
import type { CertificateFacts } from '../domain/facts.ts'
import { type Anchor, anchorsOf } from './anchors.ts'
import { readLeaf } from './read-leaf.ts'

export interface ClientCertificate {
  readonly facts: CertificateFacts
  /** Every anchor the chain can be seen to end in; empty where none verified it. For records and for closing, never to admit. */
  readonly anchors: readonly Anchor[]
  /** The leaf's DER bytes, for RFC 9440 Client-Cert. */
  readonly der: Uint8Array | undefined
}

/** @param anchors those the socket's context was made with. */
export function clientCertificate(socket: TLSSocket, anchors: readonly Anchor[]): ClientCertificate {
  const certificate = socket.getPeerX509Certificate()
  const der = certificate?.raw
  const facts = {
    leaf: der === undefined ? undefined : readLeaf(der),
    authorized: socket.authorized,
    error: errorName(socket.authorizationError),
    resumed: socket.isSessionReused(),
  }
  return { facts, anchors: certificate === undefined ? [] : chainAnchors(socket, certificate, anchors), der }
}

// The direct parent is tried first: reading the whole chain costs some sixty times as much.
function chainAnchors(socket: TLSSocket, leaf: X509Certificate, anchors: readonly Anchor[]): readonly Anchor[] {
  const direct = anchorsOf([leaf], anchors)
  return direct.length > 0 ? direct : anchorsOf(intermediates(socket), anchors)
}

const MAX_DEPTH = 8

function intermediates(socket: TLSSocket): X509Certificate[] {
  const chain: X509Certificate[] = []
  let certificate: Partial<PeerCertificate> & { issuerCertificate?: PeerCertificate } = socket.getPeerCertificate(true)
  while (chain.length < MAX_DEPTH) {
    const issuer = certificate.issuerCertificate
    // A self-signed certificate is its own issuer here, which would go round for ever.
    if (issuer?.raw === undefined || issuer === certificate) break
    chain.push(new X509Certificate(issuer.raw))
    certificate = issuer
  }
  return chain
}

function errorName(error: Error | string | null | undefined): string | undefined {
  if (error === null || error === undefined) return undefined
  return typeof error === 'string' ? error : error.message
}
