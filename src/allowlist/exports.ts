// The list in the languages of others: for nginx, HAProxy, ipset and nftables, as JSON, and plain. The same set in each.
import { type Prefix, formatPrefix } from '../domain/address.ts'

export const FORMATS = ['plain', 'json', 'nginx', 'haproxy', 'ipset', 'nft'] as const
export type Format = (typeof FORMATS)[number]

/** @param prefixes disjoint and ordered. @returns a whole file, ending in a newline. */
export function exportList(prefixes: readonly Prefix[], format: Format): string {
  const ipv4 = prefixes.filter(({ address }) => address.family === 4).map(formatPrefix)
  const ipv6 = prefixes.filter(({ address }) => address.family === 6).map(formatPrefix)
  return `${EXPORTS[format]({ ipv4, ipv6 }).join('\n')}\n`
}

interface Families {
  readonly ipv4: readonly string[]
  readonly ipv6: readonly string[]
}

const EXPORTS: Readonly<Record<Format, (families: Families) => readonly string[]>> = {
  plain: ({ ipv4, ipv6 }) => [...ipv4, ...ipv6],
  json: ({ ipv4, ipv6 }) => [JSON.stringify({ ipv4, ipv6 }, undefined, 2)],
  // http://nginx.org/en/docs/http/ngx_http_geo_module.html: to be included in `geo $from_meta { default 0; … }`.
  nginx: ({ ipv4, ipv6 }) => [
    '# Include it: geo $from_meta { default 0; include meta-geo.conf; }',
    ...[...ipv4, ...ipv6].map((prefix) => `${prefix} 1;`),
  ],
  // For `acl from_meta src -f FILE`: one address or network a line.
  haproxy: ({ ipv4, ipv6 }) => [...ipv4, ...ipv6],
  // For `ipset restore`: filled beside the live set and swapped, so that no packet meets half a list.
  ipset: ({ ipv4, ipv6 }) => [
    ...ipsetFamily('hubgate-meta4', 'inet', ipv4),
    ...ipsetFamily('hubgate-meta6', 'inet6', ipv6),
  ],
  // For `nft -f`: one transaction that replaces the elements of both sets.
  nft: ({ ipv4, ipv6 }) => [
    'table inet hubgate {',
    ...nftSet('meta4', 'ipv4_addr'),
    ...nftSet('meta6', 'ipv6_addr'),
    '}',
    'flush set inet hubgate meta4',
    'flush set inet hubgate meta6',
    ...nftElements('meta4', ipv4),
    ...nftElements('meta6', ipv6),
  ],
}

function ipsetFamily(name: string, family: 'inet' | 'inet6', prefixes: readonly string[]): string[] {
  const options = `hash:net family ${family} hashsize 1024 maxelem 65536`
  return [
    `create ${name} ${options} -exist`,
    `create ${name}-new ${options} -exist`,
    `flush ${name}-new`,
    ...prefixes.map((prefix) => `add ${name}-new ${prefix} -exist`),
    `swap ${name}-new ${name}`,
    `destroy ${name}-new`,
  ]
}

function nftSet(name: string, type: string): string[] {
  return [`  set ${name} { type ${type}; flags interval; }`]
}

function nftElements(name: string, prefixes: readonly string[]): string[] {
  return prefixes.length === 0 ? [] : [`add element inet hubgate ${name} { ${prefixes.join(', ')} }`]
}
