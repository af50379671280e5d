// Verifies a client's chain whose handshake was somebody else's (a front's): by OpenSSL, in a real handshake in memory, with
// the settings of a direct listener. The client there presents twins (twin.ts): equal keys become equal keys, and a twin
// is signed by the twin of whoever's key really verifies the original, or by nobody. So the paths that OpenSSL can find are
// those of the originals, and names, times, purposes, lengths and constraints are its verdict on the original bytes.
import { X509Certificate, createHash } from 'node:crypto'
import tls, { type Server } from 'node:tls'
import { type Anchor, anchorsOf } from './anchors.ts'
import {
  type ClientCertificate,
  type Trusted,
  clientCertificate,
  revocationUnder,
} from './client-certificate.ts'
import { type Terms, createTlsServer } from './context.ts'
import { HandshakeTimeout, type InMemoryClient, inMemory } from './in-memory.ts'
import { Memo } from './memo.ts'
import { readLeaf } from './read-leaf.ts'
import { isTooMuch, keyId, keyOf, related, twinsOf } from './twin-world.ts'
import { type TwinKey, twinKey, twinServer } from './twin.ts'

/** So that what expires, or is not valid yet, is noticed: milliseconds. */
const LIFE = 60_000
const KEPT = 256

type Outcome = Pick<ClientCertificate['facts'], 'authorized' | 'error'>

export interface VerifyTerms extends Trusted {
  readonly maxDepth: number
  /** Certificates that a client need not send. They are not trusted. */
  readonly known: readonly X509Certificate[]
}

/** One for each generation of trust: it holds the twins of its anchors. */
export class ChainVerifier {
  readonly #terms: VerifyTerms
  readonly #anchorKeys = new Map<string, TwinKey>()
  readonly #connect: InMemoryClient
  /** Handshakes under way, by the fingerprint of the twin that is presented. */
  readonly #awaited = new Map<string, (outcome: Outcome) => void>()
  readonly #memo = new Memo<Promise<ClientCertificate>>({ entries: KEPT, life: LIFE })
  #last: Promise<unknown> = Promise.resolve()

  constructor(terms: VerifyTerms) {
    this.#terms = terms
    this.#connect = inMemory(this.#server())
  }

  /**
   * @param chain DER, leaf first. Never rejects on what a client may send: that is an unauthorized one.
   * @throws HandshakeTimeout where this machine was too slow: that is no verdict, and is not remembered.
   */
  verify(chain: readonly Uint8Array[]): Promise<ClientCertificate> {
    const id = idOf(chain)
    return this.#memo.get(id, () => {
      const verified = this.#inTurn(() => this.#verify(chain))
      verified.catch(() => this.#memo.forget(id))
      return verified
    })
  }

  // One after the other: it is all one thread's work, and many at once would only make each other late.
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(work, work)
    this.#last = mine
    return mine
  }

  async #verify(chain: readonly Uint8Array[]): Promise<ClientCertificate> {
    const [leaf] = readable(chain[0])
    // Its twin has a key of ours: that its own is none would not be seen there.
    if (leaf === undefined || keyOf(leaf) === undefined) return unauthorized(chain[0], 'UNSPECIFIED')
    const others = chain.slice(1).flatMap(readable)
    const kept = related(leaf, [...others, ...this.#terms.known])
    const { authorized, error } = await this.#judge(leaf, kept)
    return {
      facts: {
        leaf: readLeaf(leaf.raw),
        authorized,
        error,
        resumed: false,
        revocation: authorized ? revocationUnder(leaf, this.#terms) : undefined,
      },
      anchors: anchorsOf([leaf, ...kept], this.#terms.anchors),
      der: leaf.raw,
      chain: [leaf, ...kept],
    }
  }

  async #judge(leaf: X509Certificate, others: readonly X509Certificate[]): Promise<Outcome> {
    const chain = [leaf, ...others]
    const authorities = [...chain, ...this.#terms.anchors.map(({ certificate }) => certificate)]
    if (isTooMuch(chain, authorities)) return { authorized: false, error: 'CERT_CHAIN_TOO_LONG' }
    const keys = new Map(this.#anchorKeys)
    // Its own weakness is the certificate gate's to name: a handshake needs a key that can sign.
    const own = keys.get(keyId(leaf)) ?? twinKey(true)
    keys.set(keyId(leaf), own)
    const twins = twinsOf(chain, { keys, authorities })
    const [presented] = twins
    if (presented?.original !== leaf) return { authorized: false, error: 'UNSPECIFIED' }
    const secureContext = tls.createSecureContext({
      cert: twins.map(({ twin }) => twin.toString()).join(''),
      key: pemOf(own),
      // Not empty, or Node would load all its roots; and nothing held back for its weakness: the server shall judge it.
      ca: presented.twin.toString(),
      ciphers: 'DEFAULT:@SECLEVEL=0',
      minVersion: 'TLSv1.3',
    })
    return this.#handshake(presented.twin.fingerprint256, secureContext)
  }

  async #handshake(id: string, secureContext: tls.SecureContext): Promise<Outcome> {
    let outcome: Outcome = { authorized: false, error: 'UNSPECIFIED' }
    this.#awaited.set(id, (told) => (outcome = told))
    try {
      await this.#connect({ secureContext })
    } catch (error) {
      if (error instanceof HandshakeTimeout) throw error
      // No handshake, no proof.
      return { authorized: false, error: 'UNSPECIFIED' }
    } finally {
      this.#awaited.delete(id)
    }
    return outcome
  }

  #server(): Server {
    const { anchors, maxDepth } = this.#terms
    const originals = anchors.map(({ certificate }) => certificate)
    const twins = twinsOf(originals, { keys: this.#anchorKeys, authorities: originals })
    const twinAnchors = anchors.flatMap((anchor): Anchor[] => {
      const certificate = twins.find(({ original }) => original === anchor.certificate)?.twin
      return certificate === undefined ? [] : [{ ...anchor, certificate }]
    })
    const identity = twinServer(twinKey(true))
    const leaf = new X509Certificate(identity.certificate)
    const key = identity.key.export({ type: 'pkcs8', format: 'pem' }).toString()
    const terms: Terms = {
      identities: [{ certificate: leaf.toString(), key, leaf }],
      minVersion: 'TLSv1.3',
      anchors: twinAnchors,
      maxDepth,
    }
    const server = createTlsServer(terms)
    server.on('secureConnection', (socket) => {
      const { authorized, error } = clientCertificate(socket, { anchors: [], revocation: undefined }).facts
      this.#awaited.get(socket.getPeerX509Certificate()?.fingerprint256 ?? '')?.({ authorized, error })
    })
    return server
  }
}

function readable(der: Uint8Array = new Uint8Array()): X509Certificate[] {
  try {
    const certificate = new X509Certificate(der)
    // It reads PEM, too, and stops at the end of the first certificate.
    return Buffer.compare(certificate.raw, der) === 0 ? [certificate] : []
  } catch {
    return []
  }
}

function unauthorized(der: Uint8Array | undefined, error: string): ClientCertificate {
  const leaf = der === undefined ? undefined : 'unreadable'
  const facts = { leaf, authorized: false, error, resumed: false, revocation: undefined } as const
  return { facts, anchors: [], der, chain: [] }
}

function pemOf({ key }: TwinKey): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString()
}

function idOf(chain: readonly Uint8Array[]): string {
  const hash = createHash('sha256')
  for (const der of chain) hash.update(`${der.length}:`).update(der)
  return hash.digest('base64')
}
