// The TLS settings of the public listener: who we are, whose clients we verify, and that nothing is ever resumed.
import { constants, randomBytes } from 'node:crypto'
import type { TlsOptions } from 'node:tls'
import type { Anchor } from './anchors.ts'

export interface ServerIdentity {
  /** The certificate and its intermediates, PEM. */
  readonly certificate: string
  readonly key: string
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3'
}

// AEAD with forward secrecy only. Level 2 refuses RSA and DH below 2048 bits and SHA-1 signatures below an anchor.
const CIPHERS = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
  '@SECLEVEL=2',
].join(':')

/**
 * Options for a tls.Server that asks every client for a certificate and lets the identity gate decide:
 * with rejectUnauthorized the refused leaf and address would be lost to the record.
 */
export function tlsOptions(identity: ServerIdentity, anchors: readonly Anchor[]): TlsOptions {
  return {
    cert: identity.certificate,
    key: identity.key,
    minVersion: identity.minVersion,
    maxVersion: 'TLSv1.3',
    ciphers: CIPHERS,
    honorCipherOrder: true,
    ALPNProtocols: ['http/1.1'],
    requestCert: true,
    rejectUnauthorized: false,
    // Exactly these: with `ca` given Node leaves the system's roots out. parseAnchors has seen that none is empty.
    ca: anchors.map(({ pem }) => pem),
    ...RESUMPTION_OFF,
    // A session of another trust generation or listener must not fit, whatever else fails.
    sessionIdContext: randomBytes(16).toString('hex'),
  }
}

// Node 20 and 22 report a client that resumes a session without any certificate as authorized, and shared ticket keys
// carry a session past the removal of an anchor. No tickets, no ticket keys; and TLS 1.2 may not renegotiate.
const RESUMPTION_OFF = {
  secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
} as const
