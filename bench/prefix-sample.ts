// A list of prefixes like a large network's, and addresses in and beside it. The same at every run: no luck takes part.
import { type Address, type Prefix, covers, formatAddress, parsePrefix } from '../src/domain/address.ts'

export interface Probe {
  readonly address: string
  /** Whether a prefix of the list holds it, found by comparing with every one. */
  readonly inside: boolean
}

/** 60 % IPv4 of /18 to /24, 40 % IPv6 of /40 to /48. Never loopback. */
export function samplePrefixes(count: number): string[] {
  const random = sequence(1)
  const found = new Set<string>()
  while (found.size < count) found.add(found.size < count * 0.6 ? ipv4Prefix(random) : ipv6Prefix(random))
  return [...found]
}

/** Half of them in a prefix, the other half where the list's network would go on. */
export function sampleProbes(prefixes: readonly string[], count: number): Probe[] {
  const random = sequence(2)
  const parsed = prefixes.map(parsePrefix)
  return Array.from({ length: count }, (_, i) => {
    const near = parsed[below(random, parsed.length)]?.address ?? { family: 4, words: [0] }
    const words = [...near.words]
    const last = words.length - 1
    words[last] = ((words[last] ?? 0) | below(random, 256)) >>> 0
    if (i % 2 === 1) words[0] = ((words[0] ?? 0) ^ (1 << (16 + below(random, 8)))) >>> 0
    const address: Address = { family: near.family, words }
    return { address: formatAddress(address), inside: parsed.some((prefix) => holds(prefix, address)) }
  })
}

function holds(prefix: Prefix, address: Address): boolean {
  return covers(prefix, { address, length: address.words.length * 32 })
}

function ipv4Prefix(random: () => number): string {
  const length = 18 + below(random, 7)
  const word = ((24 + below(random, 76)) * 2 ** 24 + below(random, 2 ** 24)) >>> 0
  const network = (word & (-1 << (32 - length))) >>> 0
  return `${formatAddress({ family: 4, words: [network] })}/${length}`
}

function ipv6Prefix(random: () => number): string {
  const length = 40 + below(random, 9)
  const second = (below(random, 2 ** 32) & (-1 << (64 - length))) >>> 0
  return `${formatAddress({ family: 6, words: [0x2a032880 + below(random, 8), second, 0, 0] })}/${length}`
}

function below(random: () => number, bound: number): number {
  return Math.floor(random() * bound)
}

/** Numbers from 0 to 1 that look random (mulberry32). */
function sequence(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
