// What the exports are asked: a list as a refresh stores it, and addresses of both families at, within, between and far
// from its prefixes, each with our own verdict. The same at every run.
import {
  type Address,
  type Prefix,
  formatAddress,
  formatPrefix,
  lastWords,
  parsePrefix,
} from '../../src/domain/address.ts'
import { aggregate } from '../../src/domain/aggregate.ts'
import { prefixTable } from '../../src/domain/prefix-table.ts'
import { META_PREFIXES } from '../support/registry-objects.ts'

// Lengths that are no multiple of a byte or a group, one address alone, and neighbours that do not join.
const AWKWARD = [
  '8.0.0.0/9',
  '9.9.9.9/32',
  '11.1.2.128/25',
  '11.1.3.0/27',
  '2a00:1000::/29',
  '2a00:1010:8000::/33',
  '2a0b:1:2:3:8000::/65',
  '2a0c::/127',
  '2a0c::2/128',
]

export const LIST: readonly Prefix[] = aggregate([...META_PREFIXES, ...AWKWARD].map(parsePrefix))

export interface Asked {
  readonly address: string
  readonly family: 4 | 6
  readonly admitted: boolean
}

/** Both borders of every prefix from both sides, and as many random addresses as make `count`. */
export function askedAddresses(count: number): readonly Asked[] {
  const table = prefixTable(LIST)
  const random = generator(0x9e3779b9)
  const addresses = LIST.flatMap(borders)
  for (let i = 0; addresses.length < count; i++) {
    const prefix = LIST[i % LIST.length]
    // One inside, one in the neighbourhood, one anywhere.
    const kept = [prefix?.length ?? 0, Math.max(4, (prefix?.length ?? 0) - 3), 3][i % 3] ?? 0
    if (prefix !== undefined) addresses.push(randomised(prefix.address, kept, random))
  }
  return addresses.filter(isOrdinary).map((address) => ({
    address: formatAddress(address),
    family: address.family,
    admitted: table.find(address) !== undefined,
  }))
}

/** The prefixes of a family as text. */
export function ofFamily(family: 4 | 6): string[] {
  return LIST.filter(({ address }) => address.family === family).map(formatPrefix)
}

function borders(prefix: Prefix): Address[] {
  const { family, words: first } = prefix.address
  const last = lastWords(prefix)
  return [first, last, shifted(first, -1), shifted(last, 1)].map((words) => ({ family, words }))
}

function shifted(words: readonly number[], by: 1 | -1): number[] {
  const shifted = [...words]
  for (let i = shifted.length - 1; i >= 0; i--) {
    const word = (shifted[i] ?? 0) + by
    shifted[i] = (word + 2 ** 32) % 2 ** 32
    if (word >= 0 && word < 2 ** 32) break
  }
  return shifted
}

function randomised({ family, words }: Address, kept: number, random: () => number): Address {
  const mixed = words.map((word, i) => {
    const bits = Math.min(32, Math.max(0, kept - i * 32))
    const mask = bits === 0 ? 0 : (-1 << (32 - bits)) >>> 0
    return ((word & mask) | (random() & ~mask)) >>> 0
  })
  return { family, words: mixed }
}

// HAProxy reads 6to4 addresses as IPv4: that difference has a test of its own.
function isOrdinary({ family, words }: Address): boolean {
  return family === 4 || (words[0] ?? 0) >>> 16 !== 0x2002
}

// Marsaglia's xorshift, 32 bits.
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
}
