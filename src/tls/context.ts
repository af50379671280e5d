// The TLS settings of the public listener: who we are, whose clients we verify, and that nothing is ever resumed.
import { type X509Certificate, constants, randomBytes } from 'node:crypto'
import tls, { type SecureContext, type SecureContextOptions, type TlsOptions } from 'node:tls'
import { type Anchor, trustedPem } from './anchors.ts'

/** One certificate of ours. */
export interface ServerIdentity {
  /** The certificate and its intermediates, PEM. */
  readonly certificate: string
  readonly key: string
  readonly leaf: X509Certificate
}

export interface Terms {
  /** The first is for everybody; the others for those who ask for a name that it does not carry. */
  readonly identities: readonly [ServerIdentity, ...ServerIdentity[]]
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3'
  /** The active ones: parseAnchors has seen that none is empty. */
  readonly anchors: readonly Anchor[]
  readonly maxDepth: number
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

/** A server that never listens: sockets that passed the connection phase are handed to it. */
export function createTlsServer(terms: Terms): tls.Server {
  const server = tls.createServer(tlsOptions(terms))
  if (terms.anchors.some(({ partial }) => partial))
    share(server, tls.createSecureContext(contextOptionsOf(terms)[0]))
  return server
}

/**
 * Asks every client for a certificate and lets the identity gate decide: with rejectUnauthorized the refused leaf and
 * address would be lost to the record.
 */
export function tlsOptions(terms: Terms): TlsOptions {
  const [own, ...others] = contextOptionsOf(terms)
  const contexts = others.map((one) => tls.createSecureContext(one))
  return {
    ...own,
    ALPNProtocols: ['http/1.1'],
    // Without anchors nobody could be admitted by one: a front keeps its certificate to itself.
    requestCert: terms.anchors.length > 0,
    rejectUnauthorized: false,
    ...(contexts.length === 0 ? {} : { SNICallback: byName(terms, contexts) }),
  }
}

/** @throws OpenSSL's error where it does not take a certificate or its key. */
export function tryContext(terms: Terms): void {
  for (const options of contextOptionsOf(terms)) tls.createSecureContext(options)
}

type ContextOptions = SecureContextOptions & Pick<TlsOptions, 'sessionIdContext'>

function contextOptionsOf({ identities, minVersion, anchors, maxDepth }: Terms) {
  const [first, ...others] = identities
  const shared = {
    minVersion,
    maxVersion: 'TLSv1.3',
    ciphers: CIPHERS,
    honorCipherOrder: true,
    // Exactly these: with `ca` given Node leaves the system's roots out.
    ca: anchors.map((anchor) => trustedPem(anchor, maxDepth)),
    // An intermediate counts as the end of a chain only where one is an anchor.
    allowPartialTrustChain: anchors.some(({ partial }) => partial),
    ...RESUMPTION_OFF,
    // A session of another trust generation or listener must not fit, whatever else fails.
    sessionIdContext: randomBytes(16).toString('hex'),
  } satisfies ContextOptions & { allowPartialTrustChain: boolean }
  const withIdentity = ({ certificate, key }: ServerIdentity) => ({ ...shared, cert: certificate, key })
  return [withIdentity(first), ...others.map(withIdentity)] as const
}

// Node 20 and 22 report a client that resumes a session without any certificate as authorized, and shared ticket keys
// carry a session past the removal of an anchor. No tickets, no ticket keys; and TLS 1.2 may not renegotiate.
const RESUMPTION_OFF = {
  secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
} as const

function byName({ identities }: Terms, contexts: readonly SecureContext[]): TlsOptions['SNICallback'] {
  return (name, done) => done(null, contexts[indexFor(identities, name) - 1])
}

/** Which certificate is for a name: the first that carries it, and where nobody does the first of all. */
export function indexFor(identities: Terms['identities'], asked: string): number {
  // With a dot at its end it is the same name (RFC 1034 §3.1); as SNI it should have none (RFC 6066 §3).
  const name = asked.replace(/\.$/, '')
  return Math.max(
    0,
    identities.findIndex((identity) => carries(identity, name)),
  )
}

function carries({ leaf }: ServerIdentity, name: string): boolean {
  return leaf.checkHost(name, { subject: 'never' }) !== undefined
}

// tls.createServer ignores allowPartialTrustChain, and a client without SNI never reaches SNICallback (Node 20 to 24).
// The context that a server hands its sockets has no public name; were it another one some day, chains that end in an
// intermediate would be refused, never admitted. A test on every Node version holds this.
function share(server: tls.Server, context: SecureContext): void {
  Reflect.set(server, '_sharedCreds', context)
}
