// The client's address by X-Forwarded-For: the right-most hop that is none of ours. What stands left of it may be anybody's
// invention, but has to be addresses all the same.
import { type Address, parseAddress } from '../domain/address.ts'
import type { Fields } from '../domain/fields.ts'
import { type FrontField, FrontFieldError } from './front.ts'

export const FORWARDED_FOR: FrontField = {
  name: 'X-Forwarded-For',
  holds:
    'the client address, or a list that ends in it; hops in `listen.trustedPeers` are skipped from the right',
  address: true,
}

const MOST = 32

/** @throws FrontFieldError */
export function clientOf(fields: Fields, isTrusted: (address: Address) => boolean): Address {
  // RFC 9110 §5.3: several lines are one list, in order.
  const lines = fields.all('x-forwarded-for')
  if (lines.length === 0) throw new FrontFieldError('X-Forwarded-For is missing')
  const texts = lines.join(',').split(',')
  if (texts.length > MOST) throw new FrontFieldError(`X-Forwarded-For has more than ${MOST} hops`)
  const hops = texts.map((text) => hopOf(text.replace(/^[ \t]+|[ \t]+$/g, '')))
  const [first] = hops
  // All of them ours: the first is the machine it began at, and the source gate will know it or not.
  const client = hops.findLast((hop) => !isTrusted(hop)) ?? first
  if (client === undefined) throw new FrontFieldError('X-Forwarded-For is empty')
  return client
}

function hopOf(text: string): Address {
  const address = parseAddress(text)
  if (address === undefined)
    throw new FrontFieldError(`a hop of X-Forwarded-For is no plain address: ${shown(text)}`)
  return address
}

/** What came from outside, short, and without what a log could stumble over. */
export function shown(text: string): string {
  return JSON.stringify(text.slice(0, 60).replaceAll(/[^\x20-\x7e]/g, '?'))
}
