// What a hostile case is, and the few ways the catalogue's files send one. The catalogue itself is ../attacks.ts.
import type { ConnectionOptions } from 'node:tls'
import type { RefusalCode } from '../../domain/refusals.ts'
import type { Dial } from '../dial.ts'
import { type Exchange, type ExchangeOptions, type Step, exchange } from '../exchange.ts'
import type { LabAuthority } from '../pki/authorities.ts'
import { type Changes, challengeBytes, deliveryBytes } from '../request.ts'

export interface Attack {
  readonly id: string
  /** What is sent, for a person. */
  readonly title: string
  readonly chapter: Chapter
  /** The gate that has to speak, or the part of the gateway: tls, parser, deadline, client. */
  readonly gate: string
  readonly expect: Expected
  /** Takes as long as a deadline: several of these run at once. */
  readonly slow?: true
  /** authorities: certificates that only the lab can issue. addresses: loopback addresses that only Linux has. */
  readonly needs?: 'authorities' | 'addresses'
  readonly send: (context: AttackContext) => Promise<Exchange>
}

export type Chapter =
  | 'source'
  | 'handshake'
  | 'certificate'
  | 'common name'
  | 'request'
  | 'challenge'
  | 'body'

export interface Expected {
  readonly code: RefusalCode
  readonly status?: number
  /** close: without an answer, by whichever packet. */
  readonly ends: 'reset' | 'close' | 'answer'
}

export interface AttackContext {
  /** Without an identity: that is `client`. */
  readonly dial: Dial
  /** The good one; undefined where none was given. */
  readonly client: Identity | undefined
  readonly authorities: Authorities | undefined
  /** For the Host field. */
  readonly authority: string
  readonly path: string
  readonly secret: string
  readonly verifyToken: string
  /** Of the gateway under test: bytes and milliseconds. */
  readonly limits: AttackLimits
  /** Goes into every request as X-Lab-Case, so that nothing hostile reaches a consumer unseen. */
  readonly mark: string
}

/** A certificate chain and its key, PEM. */
export type Identity = NonNullable<Dial['identity']>

export interface Authorities {
  readonly meta: LabAuthority
  readonly digicert: LabAuthority
}

export interface AttackLimits {
  readonly body: number
  readonly head: number
  readonly connectionsPerAddress: number
  readonly handshakeTimeout: number
  readonly headTimeout: number
  readonly bodyTimeout: number
}

export const BODY = Buffer.from('{"object":"page","entry":[{"id":"0","time":1790000000,"changes":[]}]}')

export const answered = (code: RefusalCode, status: number): Expected => ({ code, status, ends: 'answer' })
export const closed = (code: RefusalCode): Expected => ({ code, ends: 'close' })
export const reset = (code: RefusalCode): Expected => ({ code, ends: 'reset' })

/** A good client's dial, changed. `identity: undefined` comes without a certificate. */
export function dialOf(
  { dial, client }: AttackContext,
  changes: {
    identity?: Identity | undefined
    tls?: false | ConnectionOptions
    localAddress?: string
  } = {},
): Dial {
  const identity = 'identity' in changes ? changes.identity : client
  return {
    ...dial,
    ...(identity === undefined ? {} : { identity }),
    ...(changes.tls === undefined ? {} : { tls: changes.tls }),
    ...(changes.localAddress === undefined ? {} : { localAddress: changes.localAddress }),
  }
}

export interface DeliveryChanges extends Changes {
  readonly body?: Uint8Array
  readonly secret?: string | undefined
}

/** The bytes of a good delivery, changed. */
export function deliveryOf(context: AttackContext, changes: DeliveryChanges = {}): Buffer {
  const { authority, path, mark } = context
  return deliveryBytes({
    authority,
    path,
    body: BODY,
    ...changes,
    secret: 'secret' in changes ? changes.secret : context.secret,
    add: [['X-Lab-Case', mark], ...(changes.add ?? [])],
  })
}

/** The bytes of a good challenge, changed. */
export function challengeOf(
  context: AttackContext,
  changes: Changes & { token?: string; challenge?: string } = {},
) {
  const { authority, path, verifyToken, mark } = context
  return challengeBytes({
    authority,
    path,
    token: verifyToken,
    challenge: '1158201444',
    ...changes,
    add: [['X-Lab-Case', mark], ...(changes.add ?? [])],
  })
}

/** Sends steps as the good client. */
export function say(
  context: AttackContext,
  steps: readonly Step[],
  options: Partial<Omit<ExchangeOptions, 'steps'>> = {},
): Promise<Exchange> {
  return exchange({ dial: dialOf(context), ...options, steps })
}
