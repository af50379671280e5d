// What a new list has to fulfil before it replaces the present one. A guard that fails changes nothing and says the
// numbers; an operator who knows better overrides it once (`--accept GUARD`).
import type { GuardsConfig } from '../config/config.ts'
import { type Prefix, covers, formatPrefix, parsePrefix } from '../domain/address.ts'
import { countAddresses, intersection } from '../domain/aggregate.ts'
import { listedPrefix, notPublic } from './read-list.ts'

export const GUARDS = [
  'prefix',
  'reserved',
  'breadth',
  'count',
  'coverage',
  'well-known',
  'shrink',
  'growth',
] as const
export type GuardName = (typeof GUARDS)[number]

export interface Candidate {
  /** Objects whose prefix is none: malformed, of the other family, or with bits beyond its length. */
  readonly malformed: readonly string[]
  /** Distinct prefixes as registered. */
  readonly registered: readonly Prefix[]
  /** The same, aggregated. */
  readonly list: readonly Prefix[]
  /** The list it would replace, aggregated; undefined at the first time. */
  readonly present: readonly Prefix[] | undefined
}

export interface GuardFailure {
  readonly guard: GuardName
  /** With the numbers. */
  readonly message: string
  /** Nothing overrides it. */
  readonly final?: true
}

/** @returns every guard that fails, in order. */
export function failedGuards(candidate: Candidate, limits: GuardsConfig): GuardFailure[] {
  return GUARDS.flatMap((guard) => CHECKS[guard](candidate, limits).map((message) => ({ guard, message })))
}

/**
 * What nobody may accept: no gateway would load such a list, and empty never means everybody, nor nobody by accident.
 * @param list aggregated.
 */
export function unloadable(list: readonly Prefix[]): GuardFailure[] {
  if (list.length === 0)
    return [{ guard: 'count', message: 'no prefix is left: such a list cannot be accepted', final: true }]
  const broad = list.map(formatPrefix).filter((text) => !isListed(text))
  if (broad.length === 0) return []
  const message = `no gateway loads ${some(broad)}: such a list cannot be accepted`
  return [{ guard: 'breadth', message, final: true }]
}

function isListed(text: string): boolean {
  try {
    listedPrefix(text)
    return true
  } catch {
    return false
  }
}

const CHECKS: Readonly<Record<GuardName, (candidate: Candidate, limits: GuardsConfig) => string[]>> = {
  prefix: ({ malformed }) => (malformed.length === 0 ? [] : [some(malformed)]),
  reserved: ({ registered }) => {
    const found = notPublic(registered)
    return found.length === 0 ? [] : [`private or reserved space among the objects: ${some(found)}`]
  },
  breadth: ({ registered }, { broadestIPv4, broadestIPv6 }) => {
    const broad = registered.filter(
      ({ address, length }) => length < (address.family === 4 ? broadestIPv4 : broadestIPv6),
    )
    return broad.length === 0
      ? []
      : [`broader than /${broadestIPv4} or /${broadestIPv6} (IPv6): ${some(broad.map(formatPrefix))}`]
  },
  count: ({ registered }, { minIPv4, minIPv6 }) => {
    const ipv4 = family(registered, 4).length
    const ipv6 = family(registered, 6).length
    return [
      ...(ipv4 < minIPv4 ? [`${ipv4} IPv4 objects, at least ${minIPv4} expected`] : []),
      ...(ipv6 < minIPv6 ? [`${ipv6} IPv6 objects, at least ${minIPv6} expected`] : []),
    ]
  },
  coverage: ({ list }, { minAddresses, maxAddresses }) => {
    const addresses = countAddresses(family(list, 4))
    if (addresses >= BigInt(minAddresses) && addresses <= BigInt(maxAddresses)) return []
    return [`${addresses} IPv4 addresses, expected between ${minAddresses} and ${maxAddresses}`]
  },
  'well-known': ({ list }, { wellKnown }) => {
    // The list is aggregated: what is inside is inside of one prefix.
    const missing = wellKnown.filter((text) => !list.some((prefix) => covers(prefix, parsePrefix(text))))
    return missing.length === 0 ? [] : [`no longer inside: ${some(missing)}`]
  },
  shrink: ({ list, present }, { shrink }) =>
    compared(list, present, ({ name, before, now, common }) => {
      const lost = before - common
      return lost * 100n > BigInt(shrink) * before
        ? `${percent(lost, before).toFixed(1)} % of the present ${name} addresses would go (${before} now, ${now} then), at most ${shrink} %`
        : undefined
    }),
  growth: ({ list, present }, { growth }) =>
    compared(list, present, ({ name, before, now }) => {
      return before > 0n && now > BigInt(growth) * before
        ? `${(percent(now, before) / 100).toFixed(2)} times the present ${name} addresses (${before} now, ${now} then), at most ${growth}`
        : undefined
    }),
}

interface Comparison {
  readonly name: string
  readonly before: bigint
  readonly now: bigint
  /** Addresses in both. */
  readonly common: bigint
}

function compared(
  list: readonly Prefix[],
  present: readonly Prefix[] | undefined,
  judge: (comparison: Comparison) => string | undefined,
): string[] {
  if (present === undefined) return []
  return ([4, 6] as const).flatMap((number) => {
    const before = family(present, number)
    const now = family(list, number)
    const message = judge({
      name: `IPv${number}`,
      before: countAddresses(before),
      now: countAddresses(now),
      common: countAddresses(intersection(before, now)),
    })
    return message === undefined ? [] : [message]
  })
}

function family(prefixes: readonly Prefix[], wanted: 4 | 6): Prefix[] {
  return prefixes.filter(({ address }) => address.family === wanted)
}

// For people: to a hundredth, whatever the size.
function percent(part: bigint, whole: bigint): number {
  return Number((part * 10_000n) / whole) / 100
}

function some(texts: readonly string[]): string {
  return texts.length <= 5 ? texts.join(', ') : `${texts.slice(0, 5).join(', ')} and ${texts.length - 5} more`
}
