// IP addresses and prefixes, read by one strict grammar: whoever holds an Address or a Prefix holds a valid one.
// An IPv4-mapped IPv6 address is its IPv4 address; no other embedding (6to4, NAT64, ::a.b.c.d) is.

/** 32-bit words, most significant first: one for IPv4, four for IPv6. */
export interface Address {
  readonly family: 4 | 6
  readonly words: readonly number[]
}

export interface Prefix {
  readonly address: Address
  readonly length: number
}

const OCTET = '(?:0|[1-9]\\d?|1\\d\\d|2[0-4]\\d|25[0-5])'
const IPV4 = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`)
const MAPPED = new RegExp(`^::ffff:${OCTET}(?:\\.${OCTET}){3}$`)
const GROUP = /^[0-9a-f]{1,4}$/i
const DOT = 0x2e
const ZERO = 0x30
const LENGTH = /^(?:0|[1-9]\d{0,2})$/

/** @returns the address, or undefined where the text is not exactly one (zone ids, ports, octal and short forms are not). */
export function parseAddress(text: string): Address | undefined {
  if (IPV4.test(text)) return { family: 4, words: [ipv4Word(text)] }
  // As a socket for both families writes its IPv4 peers.
  return MAPPED.test(text) ? { family: 4, words: [ipv4Word(text.slice(7))] } : parseIPv6(text)
}

/** @throws SyntaxError that says what is wrong with a prefix such as 31.13.64.0/18 or 2a03:2880::/32. */
export function parsePrefix(text: string): Prefix {
  const slash = text.indexOf('/')
  if (slash === -1) throw new SyntaxError(`"${shown(text)}" has no prefix length: write ADDRESS/LENGTH`)
  const address = parseAddress(text.slice(0, slash))
  if (address === undefined)
    throw new SyntaxError(`"${shown(text)}": not an IPv4 or IPv6 address before the slash`)
  const digits = text.slice(slash + 1)
  const bits = address.words.length * 32
  if (!LENGTH.test(digits) || Number(digits) > bits)
    throw new SyntaxError(
      `"${shown(text)}": the length is not a number from 0 to ${bits} without sign or leading zero`,
    )
  if (text.includes(':') && address.family === 4)
    throw new SyntaxError(`"${shown(text)}": write an IPv4 prefix in IPv4 form`)
  const length = Number(digits)
  if (!sameWords(address.words, masked(address.words, length)))
    throw new SyntaxError(
      `"${shown(text)}": bits are set beyond the length; the network is ${formatPrefix({ address: { ...address, words: masked(address.words, length) }, length })}`,
    )
  return { address, length }
}

/** Whether `inner` lies wholly in `outer`; never across families. */
export function covers(outer: Prefix, inner: Prefix): boolean {
  return (
    outer.address.family === inner.address.family &&
    outer.length <= inner.length &&
    sameWords(outer.address.words, masked(inner.address.words, outer.length))
  )
}

/** Orders addresses of one family by value. */
export function compareWords(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

/** The last address of a prefix, as words. */
export function lastWords(prefix: Prefix): number[] {
  return prefix.address.words.map((word, i) => (word | ~wordMask(prefix.length, i)) >>> 0)
}

export function formatPrefix(prefix: Prefix): string {
  return `${formatAddress(prefix.address)}/${prefix.length}`
}

/** IPv6 in the form of RFC 5952 §4: lower case, no leading zeros, the first longest run of zero groups as `::`. */
export function formatAddress({ family, words }: Address): string {
  if (family === 4) {
    const [word = 0] = words
    return `${word >>> 24}.${(word >>> 16) & 0xff}.${(word >>> 8) & 0xff}.${word & 0xff}`
  }
  const groups = words.flatMap((word) => [word >>> 16, word & 0xffff])
  const run = longestZeroRun(groups)
  const hex = groups.map((group) => group.toString(16))
  if (run.length < 2) return hex.join(':')
  return `${hex.slice(0, run.start).join(':')}::${hex.slice(run.start + run.length).join(':')}`
}

function parseIPv6(text: string): Address | undefined {
  const halves = text.split('::')
  if (halves.length > 2 || text.length > 45) return undefined
  const head = parseGroups(halves[0] ?? '')
  const tail = halves.length === 2 ? parseGroups(halves[1] ?? '') : []
  if (head === undefined || tail === undefined) return undefined
  // RFC 4291 §2.2: the dotted form stands only at the very end.
  if (halves.length === 2 && (halves[0] ?? '').includes('.')) return undefined
  const missing = 8 - head.length - tail.length
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined
  const groups = [...head, ...Array<number>(missing).fill(0), ...tail]
  const words = [0, 2, 4, 6].map((i) => (((groups[i] ?? 0) << 16) | (groups[i + 1] ?? 0)) >>> 0)
  const mapped = words[0] === 0 && words[1] === 0 && words[2] === 0xffff
  return mapped ? { family: 4, words: [words[3] ?? 0] } : { family: 6, words }
}

function parseGroups(text: string): number[] | undefined {
  if (text === '') return []
  const parts = text.split(':')
  const groups: number[] = []
  for (const [i, part] of parts.entries()) {
    if (GROUP.test(part)) groups.push(Number.parseInt(part, 16))
    else if (i === parts.length - 1 && IPV4.test(part)) {
      const word = ipv4Word(part)
      groups.push(word >>> 16, word & 0xffff)
    } else return undefined
  }
  return groups
}

function ipv4Word(text: string): number {
  let word = 0
  let octet = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === DOT) {
      word = word * 256 + octet
      octet = 0
    } else octet = octet * 10 + code - ZERO
  }
  return word * 256 + octet
}

function masked(words: readonly number[], length: number): number[] {
  return words.map((word, i) => (word & wordMask(length, i)) >>> 0)
}

function wordMask(length: number, index: number): number {
  const bits = Math.min(32, Math.max(0, length - index * 32))
  return bits === 0 ? 0 : (-1 << (32 - bits)) >>> 0
}

function sameWords(a: readonly number[], b: readonly number[]): boolean {
  return compareWords(a, b) === 0
}

function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 }
  for (let start = 0; start < groups.length; start++) {
    let length = 0
    while (groups[start + length] === 0) length++
    if (length > best.length) best = { start, length }
  }
  return best
}

// What comes from a file may hold anything: keep control characters out of messages.
function shown(text: string): string {
  return text.slice(0, 60).replace(/[^\x20-\x7e]/g, '?')
}
