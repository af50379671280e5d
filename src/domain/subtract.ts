// What one set of addresses holds beyond another, in the fewest prefixes.
import { type Prefix, covers } from './address.ts'
import { aggregate, intersection } from './aggregate.ts'

/** @returns disjoint prefixes in ascending order, IPv4 first: the addresses of `from` that are in none of `what`. */
export function subtract(from: readonly Prefix[], what: readonly Prefix[]): Prefix[] {
  const whole = aggregate(from)
  // In order as well, each inside one prefix of the whole.
  const common = intersection(whole, aggregate(what))
  let next = 0
  return whole.flatMap((prefix) => {
    const begin = next
    while (next < common.length && covers(prefix, common[next] ?? prefix)) next += 1
    return without(prefix, common.slice(begin, next))
  })
}

function without(whole: Prefix, holes: readonly Prefix[]): Prefix[] {
  if (holes.length === 0) return [whole]
  if (holes.some((hole) => hole.length === whole.length)) return []
  return halves(whole).flatMap((half) =>
    without(
      half,
      holes.filter((hole) => covers(half, hole)),
    ),
  )
}

function halves({ address, length }: Prefix): [Prefix, Prefix] {
  const bit = 2 ** (31 - (length % 32))
  const words = address.words.map((word, i) => (i === Math.floor(length / 32) ? word + bit : word))
  return [
    { address, length: length + 1 },
    { address: { ...address, words }, length: length + 1 },
  ]
}
