// The allow-list as it decides: disjoint prefixes a family, sorted, searched by halving.
// One look-up compares numbers only: `npm run bench -- prefixes` measures it against net.BlockList and ip-cidr.
import { type Address, type Prefix, compareWords, covers, formatPrefix, lastWords } from './address.ts'

interface Family {
  /** First and last address of each prefix, word by word, in ascending order. */
  readonly first: Uint32Array
  readonly last: Uint32Array
  readonly text: readonly string[]
  readonly words: number
}

export interface PrefixTable {
  /** How many disjoint prefixes decide. */
  readonly size: number
  /** @returns the prefix that holds the address, as text, or undefined. An IPv4 address is never in an IPv6 prefix. */
  readonly find: (address: Address) => string | undefined
}

/** Compiles prefixes, in any order and overlapping, into a table. */
export function prefixTable(prefixes: readonly Prefix[]): PrefixTable {
  const ipv4 = compile(
    prefixes.filter((prefix) => prefix.address.family === 4),
    1,
  )
  const ipv6 = compile(
    prefixes.filter((prefix) => prefix.address.family === 6),
    4,
  )
  return Object.freeze({
    size: ipv4.text.length + ipv6.text.length,
    find: (address: Address) => find(address.family === 4 ? ipv4 : ipv6, address.words),
  })
}

function compile(prefixes: readonly Prefix[], words: number): Family {
  const sorted = [...prefixes].sort(
    (a, b) => compareWords(a.address.words, b.address.words) || a.length - b.length,
  )
  const disjoint: Prefix[] = []
  for (const prefix of sorted) {
    const before = disjoint.at(-1)
    // Two prefixes are nested or apart, never half overlapping: a wider one stands before all it holds.
    if (before === undefined || !covers(before, prefix)) disjoint.push(prefix)
  }
  return {
    first: Uint32Array.from(disjoint.flatMap((prefix) => prefix.address.words)),
    last: Uint32Array.from(disjoint.flatMap(lastWords)),
    text: disjoint.map(formatPrefix),
    words,
  }
}

function find(family: Family, words: readonly number[]): string | undefined {
  let low = 0
  let high = family.text.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compareAt(family.first, middle * family.words, words) <= 0) low = middle + 1
    else high = middle
  }
  // low is now the number of prefixes that begin at or before the address.
  if (low === 0 || compareAt(family.last, (low - 1) * family.words, words) < 0) return undefined
  return family.text[low - 1]
}

function compareAt(table: Uint32Array, at: number, words: readonly number[]): number {
  for (let i = 0; i < words.length; i++) {
    const difference = (table[at + i] ?? 0) - (words[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
