// What was read of the certificates that clients come with again and again: nearly all connections are of one client.
// It says what stands in the bytes, never whether they are good: OpenSSL, the clock and the lists are asked each time.
import type { X509Certificate } from 'node:crypto'
import type { Leaf } from '../domain/leaf.ts'
import { type Anchor, anchorsOf } from './anchors.ts'
import { Memo } from './memo.ts'
import { readLeaf } from './read-leaf.ts'

/** Follows from the bytes of the chain and the anchors alone. */
export interface Reading {
  readonly leaf: Leaf | 'unreadable'
  readonly anchors: readonly Anchor[]
  /** The leaf's DER bytes. */
  readonly der: Uint8Array
  /** Leaf first. */
  readonly chain: readonly X509Certificate[]
}

export type Chain = readonly [leaf: X509Certificate, ...intermediates: X509Certificate[]]

export function readChain(chain: Chain, anchors: readonly Anchor[]): Reading {
  const der = chain[0].raw
  return { leaf: readLeaf(der), anchors: anchorsOf(chain, anchors), der, chain }
}

/** Far more than there are clients at a time. */
const ENTRIES = 64
/** Bytes of a chain. */
const LARGEST = 16 * 1024

export class Readings {
  readonly anchors: readonly Anchor[]
  readonly #kept = new Memo<Reading>({ entries: ENTRIES, life: Infinity })

  /** @param anchors of one generation: with another one begins another book. */
  constructor(anchors: readonly Anchor[]) {
    this.anchors = anchors
  }

  /** @param chain one that OpenSSL verified just now, so that no stranger's certificates push out a client's. */
  of(chain: Chain): Reading {
    const make = () => readChain(chain, this.anchors)
    // All bytes are compared: the key is what they say.
    const key = chain.map(({ raw }) => raw.toString('latin1')).join('')
    return key.length > LARGEST ? make() : this.#kept.get(key, make)
  }
}
