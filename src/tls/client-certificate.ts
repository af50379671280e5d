// What a finished handshake tells of the client: OpenSSL's verdict and the leaf, asked for once a connection.
import type { X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
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
  return {
    facts,
    anchors: certificate === undefined ? [] : anchorsOf(readableChain(certificate), anchors),
    der,
  }
}

const MAX_DEPTH = 8

/** The chain as far as Node gives it back: on a server, Node 24 gives no more than the leaf. */
function readableChain(leaf: X509Certificate): X509Certificate[] {
  const chain: X509Certificate[] = []
  let certificate: X509Certificate | undefined = leaf
  while (certificate !== undefined && chain.length < MAX_DEPTH) {
    chain.push(certificate)
    certificate = certificate.issuerCertificate
  }
  return chain
}

function errorName(error: Error | string | null | undefined): string | undefined {
  if (error === null || error === undefined) return undefined
  return typeof error === 'string' ? error : error.message
}
