// What reading a PROXY header comes to.
import type { Address } from './address.ts'

export type ProxyHeader = MoreNeeded | HeaderRefused | HeaderRead

export interface MoreNeeded {
  readonly outcome: 'more'
}

export interface HeaderRefused {
  readonly outcome: 'refused'
  /** What is wrong, in words; no byte of the header stands in it as it came. */
  readonly reason: string
}

export interface HeaderRead {
  readonly outcome: 'read'
  /** Bytes of the header: what the client sent begins there. */
  readonly length: number
  /** Undefined where it names none: the balancer speaks for itself (LOCAL), or does not know (UNKNOWN, UNSPEC, Unix). */
  readonly client: { readonly address: Address; readonly port: number } | undefined
}

export const MORE: MoreNeeded = Object.freeze({ outcome: 'more' })

export function refused(reason: string): HeaderRefused {
  return { outcome: 'refused', reason }
}
