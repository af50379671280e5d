// The fewest prefixes that hold exactly the addresses of a list: nested ones dropped, halves of a whole joined.
import { type Prefix, compareWords, covers } from './address.ts'

/** @returns disjoint prefixes in ascending order, IPv4 first; the same addresses as before, in as few as there can be. */
export function aggregate(prefixes: readonly Prefix[]): Prefix[] {
  return ([4, 6] as const).flatMap((family) =>
    aggregateFamily(prefixes.filter(({ address }) => address.family === family)),
  )
}

/** How many addresses disjoint prefixes hold, in all. */
export function countAddresses(prefixes: readonly Prefix[]): bigint {
  return prefixes.reduce(
    (sum, { address, length }) => sum + (1n << BigInt(address.words.length * 32 - length)),
    0n,
  )
}

/** What two aggregated lists have in common, as prefixes. */
export function intersection(one: readonly Prefix[], other: readonly Prefix[]): Prefix[] {
  const common: Prefix[] = []
  let i = 0
  let j = 0
  for (;;) {
    const a = one[i]
    const b = other[j]
    if (a === undefined || b === undefined) return common
    if (covers(a, b)) {
      common.push(b)
      j += 1
    } else if (covers(b, a)) {
      common.push(a)
      i += 1
    } else if (inOrder(a, b) < 0) i += 1
    else j += 1
  }
}

function inOrder(a: Prefix, b: Prefix): number {
  return (
    a.address.family - b.address.family ||
    compareWords(a.address.words, b.address.words) ||
    a.length - b.length
  )
}

function aggregateFamily(prefixes: readonly Prefix[]): Prefix[] {
  const sorted = [...prefixes].sort(inOrder)
  const kept: Prefix[] = []
  for (const prefix of sorted) {
    const before = kept.at(-1)
    if (before !== undefined && covers(before, prefix)) continue
    kept.push(prefix)
    joinLast(kept)
  }
  return kept
}

// Two neighbours that are the halves of one prefix become it, which may itself be the second half of another.
function joinLast(kept: Prefix[]): void {
  for (;;) {
    const [left, right] = kept.slice(-2)
    if (left === undefined || right === undefined || left.length !== right.length || left.length === 0) return
    const whole = { address: left.address, length: left.length - 1 }
    // Only a left half begins where its whole begins.
    if (!covers(whole, left) || !covers(whole, right)) return
    kept.splice(-2, 2, whole)
  }
}
