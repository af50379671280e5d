// Route objects for a registry that we play: Meta's, in the number and shape of 2026, those of third parties, and poisoned
// ones. The same at every run.
import { type Prefix, formatPrefix, parsePrefix } from '../../src/domain/address.ts'

export interface RegisteredRoute {
  readonly kind: 'route' | 'route6'
  readonly prefix: string
  readonly origin: string
  readonly source: string
  readonly maintainers: readonly string[]
}

/** What the believed objects of realSize() come to: 23 IPv4 prefixes of 531,968 addresses, and 5 IPv6 prefixes. */
export const META_PREFIXES: readonly string[] = [
  '31.13.24.0/21',
  '31.13.64.0/18',
  '45.64.40.0/22',
  '57.141.0.0/20',
  '57.141.16.0/21',
  '57.141.24.0/23',
  '57.144.0.0/14',
  '66.220.144.0/20',
  '69.63.176.0/20',
  '69.171.224.0/19',
  '74.119.76.0/22',
  '102.132.96.0/20',
  '103.4.96.0/22',
  '129.134.0.0/16',
  '147.75.208.0/20',
  '157.240.0.0/16',
  '163.70.128.0/17',
  '163.77.128.0/17',
  '173.252.64.0/18',
  '179.60.192.0/22',
  '185.60.216.0/22',
  '185.89.216.0/22',
  '204.15.20.0/22',
  '2401:db00::/32',
  '2620:0:1c00::/40',
  '2a03:2880::/31',
  '2a03:2887:ff2c::/47',
  '2a03:83e0::/32',
]

const ORIGIN = 'AS32934'
const BELIEVED: readonly Pick<RegisteredRoute, 'source' | 'maintainers'>[] = [
  { source: 'RADB', maintainers: ['MAINT-AS32934'] },
  { source: 'RIPE', maintainers: ['fb-neteng'] },
  { source: 'RIPE', maintainers: ['RIPE-NCC-RPSL-MNT', 'facebook-neteng'] },
  { source: 'RADB', maintainers: ['MNT-OTHER', 'MAINT-AS32934'] },
  { source: 'RIPE', maintainers: ['fb-neteng', 'facebook-neteng', 'meta-mnt'] },
]

/** What Meta registered: 433 IPv4 and 648 IPv6 objects, all of them believed. */
export function metaRoutes({ ipv4 = 433, ipv6 = 648 } = {}): RegisteredRoute[] {
  const prefixes = META_PREFIXES.map(parsePrefix)
  const all = [...registered(ofFamily(prefixes, 4), ipv4, 24), ...registered(ofFamily(prefixes, 6), ipv6, 48)]
  return all.map((prefix, i) => Object.assign(routeTo(formatPrefix(prefix)), BELIEVED[i % BELIEVED.length]))
}

/** What others registered with Meta's origin, for caches in their own networks and by mistake: 120 objects, none believed. */
export function thirdPartyRoutes(): RegisteredRoute[] {
  return Array.from({ length: 120 }, (_, i) => ({
    ...routeTo(i % 2 === 0 ? `185.200.${i}.0/24` : `2a10:f781:${i.toString(16)}::/48`),
    // A believed name of the other registry, and one that only begins like it, are no maintainers of Meta's.
    source: i % 3 === 0 ? 'RADB' : 'RIPE',
    maintainers: [i % 3 === 0 ? 'fb-neteng' : 'MAINT-AS32934', 'MAINT-AS32934-CACHE', `CACHE-${i}-MNT`],
  }))
}

/** What an attacker registered, in registries that ask nobody: half the Internet, private space, all of it. */
export function poisonedRoutes(): RegisteredRoute[] {
  const prefixes = ['0.0.0.0/0', '128.0.0.0/1', '10.0.0.0/8', '127.0.0.0/8', '::/0', '2000::/3', 'fc00::/7']
  return ['RADB', 'RIPE', 'ALTDB'].flatMap((source) =>
    prefixes.map((prefix) => Object.assign(routeTo(prefix), { source, maintainers: ['MAINT-EVIL'] })),
  )
}

/** All of it, in one order that mixes them. */
export function realSize(): RegisteredRoute[] {
  const strangers = [...thirdPartyRoutes(), ...poisonedRoutes()]
  return metaRoutes().flatMap((route, i) => {
    const stranger = i % 7 === 3 ? strangers[(i - 3) / 7] : undefined
    return stranger === undefined ? [route] : [route, stranger]
  })
}

/** An object of Meta's at RADB. */
export function routeTo(prefix: string): RegisteredRoute {
  const kind = prefix.includes(':') ? 'route6' : 'route'
  return { kind, prefix, origin: ORIGIN, source: 'RADB', maintainers: ['MAINT-AS32934'] }
}

/** A whole answer of a registry that holds them. */
export function answerOf(routes: readonly RegisteredRoute[]): string {
  return `${routes.map(rpsl).join('\n')}\n\n`
}

/** As an object of RPSL, with all that is around the few attributes that count. */
function rpsl({ kind, prefix, origin, source, maintainers }: RegisteredRoute): string {
  const written = maintainers.length % 2 === 0 ? [maintainers.join(',\n                ')] : maintainers
  return [
    `${`${kind}:`.padEnd(16)}${prefix}`,
    'descr:          Facebook, Inc.',
    `remarks:        one of the objects of ${origin}; # mnt-by: MAINT-NOBODY`,
    `origin:         ${origin}`,
    ...written.map((names) => `mnt-by:         ${names}`),
    'changed:        neteng@example.invalid 20150501  #17:00:01Z',
    `source:         ${source}`,
    'last-modified:  2023-11-13T15:41:43Z',
    'rpki-ov-state:  not_found # No ROAs found, or RPKI validation not enabled for source',
    '',
  ].join('\n')
}

// Every second one as its two halves, so that only joining them gives it back; then more and more of what they hold.
function registered(prefixes: readonly Prefix[], count: number, deepest: number): Prefix[] {
  const found = prefixes.flatMap((prefix, i) => (i % 2 === 1 ? halves(prefix) : [prefix]))
  for (let step = 0; found.length < count; step++) {
    const outer = prefixes[step % prefixes.length]
    const nth = Math.floor(step / prefixes.length)
    if (outer !== undefined && nth < 2 ** Math.min(deepest - outer.length, 20) && outer.length + 1 < deepest)
      found.push(nthWithin(outer, nth, deepest))
  }
  return found.slice(0, count)
}

function halves(prefix: Prefix): Prefix[] {
  return [nthWithin(prefix, 0, prefix.length + 1), nthWithin(prefix, 1, prefix.length + 1)]
}

function nthWithin({ address, length: outer }: Prefix, nth: number, length: number): Prefix {
  const words = [...address.words]
  const bits = words.length * 32
  const whole =
    words.reduce((sum, word) => (sum << 32n) | BigInt(word), 0n) + (BigInt(nth) << BigInt(bits - length))
  if (nth >= 2 ** (length - outer)) throw new RangeError('it does not lie within')
  const split = words.map((_, i) => Number((whole >> BigInt(bits - 32 * (i + 1))) & 0xffffffffn))
  return { address: { family: address.family, words: split }, length }
}

function ofFamily(prefixes: readonly Prefix[], family: 4 | 6): Prefix[] {
  return prefixes.filter(({ address }) => address.family === family)
}
