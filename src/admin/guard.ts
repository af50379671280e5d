// Who may ask the admin listener what: token, loopback, Host and cross-site rules, as one pure function of the request head.
// What is answered to those who may is not decided here (endpoints.ts).
import { timingSafeEqual, createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { type Address, formatAddress, parseAddress } from '../domain/address.ts'
import { type AdminAnswer, refusal } from './answers.ts'

export interface AdminBounds {
  /** Bound where only this machine reaches it: a loopback address or a Unix socket. */
  readonly loopback: boolean
  readonly unix: boolean
  /** The bound address, as text; undefined for a Unix socket. */
  readonly host: string | undefined
  readonly token: string | undefined
}

export interface AdminHead {
  readonly method: string
  readonly headers: IncomingHttpHeaders
}

/** public: its status may be seen by anyone who reaches the listener. */
export type Access = 'public' | 'private'

export interface Permitted {
  /** Whether the answer may hold more than its status. */
  readonly details: boolean
}

/** @returns what the asker may see, or the answer that refuses it. */
export function guard(head: AdminHead, bounds: AdminBounds, access: Access): Permitted | AdminAnswer {
  const trusted = hasToken(head, bounds)
  // A page whose name was rebound to a loopback address carries that name in Host, and has no token.
  if (bounds.loopback && !trusted && !hostIsOurs(head.headers.host, bounds))
    return refusal(403, 'HOST_NOT_ALLOWED', 'ask by localhost or by the address itself')
  if (head.method !== 'GET' && isCrossSite(head.headers))
    return refusal(403, 'CROSS_SITE', 'asked by a page of another site')
  const details = trusted || bounds.loopback
  if (access === 'public') return { details }
  // A token that is configured is demanded everywhere: whoever set one wants other users of this machine kept out.
  const open = bounds.loopback && bounds.token === undefined
  return trusted || open
    ? { details: true }
    : refusal(401, 'TOKEN_REQUIRED', 'send Authorization: Bearer with the admin token')
}

function hasToken({ headers }: AdminHead, { token }: AdminBounds): boolean {
  const presented = /^Bearer +([\x21-\x7e]+)$/i.exec(headers.authorization ?? '')?.[1]
  return presented !== undefined && token !== undefined && token !== '' && sameText(presented, token)
}

// Hashing makes lengths equal, which timingSafeEqual demands, and hides them.
function sameText(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}

// No page can reach a Unix socket; there Host means nothing.
function hostIsOurs(field: string | undefined, { unix, host }: AdminBounds): boolean {
  if (unix) return true
  const name = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::\d{1,5})?$/.exec(field ?? '')
  const text = (name?.[1] ?? name?.[2] ?? '').toLowerCase()
  if (text === 'localhost') return true
  const address = parseAddress(text)
  if (address === undefined) return false
  const own = host === undefined ? undefined : parseAddress(host)
  return isLoopbackAddress(address) || (own !== undefined && formatAddress(own) === formatAddress(address))
}

/** 127.0.0.0/8 and ::1. */
export function isLoopbackAddress({ family, words }: Address): boolean {
  return family === 4 ? (words[0] ?? 0) >>> 24 === 127 : formatAddress({ family, words }) === '::1'
}

// Programs send neither field; browsers send them, and a page cannot change them.
function isCrossSite({ origin, host, 'sec-fetch-site': site }: IncomingHttpHeaders): boolean {
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return true
  return origin !== undefined && origin !== `http://${host ?? ''}`
}
