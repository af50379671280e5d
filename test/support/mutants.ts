// Bytes that were a certificate: changed by bits and bytes, or element by element in its tree. The same seed makes the
// same changes.
import { type Der, type Element, at, element, parse, write } from './der-tree.ts'

export type Random = (below: number) => number

/** Mulberry32: small, fast, and good enough to choose bytes by. */
export function seeded(seed: number): Random {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

type Mutation = (der: Buffer, random: Random) => Buffer

const TAGS = [
  0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0c, 0x13, 0x16, 0x17, 0x18, 0x1e, 0x30, 0x31, 0x80, 0x81, 0xa0, 0xa3,
]
const BYTES = [0x00, 0x01, 0x30, 0x7f, 0x80, 0x81, 0x84, 0xff]

const BY_BYTES: readonly Mutation[] = [
  function flipBits(der, random) {
    const changed = Buffer.from(der)
    for (let i = 0; i <= random(3); i++) {
      const place = random(changed.length)
      changed.writeUInt8(changed.readUInt8(place) ^ (1 << random(8)), place)
    }
    return changed
  },
  function setByte(der, random) {
    const changed = Buffer.from(der)
    changed.writeUInt8(BYTES[random(BYTES.length)] ?? 0, random(changed.length))
    return changed
  },
  function splice(der, random) {
    const place = random(der.length)
    const put = Buffer.from(Array.from({ length: random(4) }, () => random(256)))
    return Buffer.concat([der.subarray(0, place), put, der.subarray(place + random(4))])
  },
  function cut(der, random) {
    return der.subarray(0, random(der.length))
  },
]

/** Of one element, among its siblings. */
type Edit = (siblings: readonly Der[], place: number, random: Random) => readonly Der[]

const swapIn = (siblings: readonly Der[], place: number, one: readonly Der[]) =>
  siblings.toSpliced(place, 1, ...one)

const EDITS: readonly Edit[] = [
  function remove(siblings, place) {
    return swapIn(siblings, place, [])
  },
  function repeat(siblings, place) {
    const one = siblings.slice(place, place + 1)
    return swapIn(siblings, place, [...one, ...one])
  },
  function exchange(siblings, place, random) {
    const other = random(siblings.length)
    return siblings.map(
      (one, i) => (i === place ? siblings[other] : i === other ? siblings[place] : one) ?? one,
    )
  },
  function retag(siblings, place, random) {
    return swapIn(siblings, place, [{ ...at(siblings[place]), tag: TAGS[random(TAGS.length)] ?? 0 }])
  },
  function relength(siblings, place, random) {
    const one = at(siblings[place])
    const lengths = ['long', 'indefinite', random(300)] as const
    return swapIn(siblings, place, [{ ...one, length: lengths[random(3)] ?? 0 }])
  },
  function empty(siblings, place) {
    return swapIn(siblings, place, [element(at(siblings[place]).tag)])
  },
  function nest(siblings, place) {
    const one = at(siblings[place])
    return swapIn(siblings, place, [element(one.tag, one)])
  },
  function refill(siblings, place, random) {
    const content = Buffer.from(Array.from({ length: random(24) }, () => random(256)))
    return swapIn(siblings, place, [element(at(siblings[place]).tag, content)])
  },
]

const trees = new WeakMap<Buffer, Element>()

/** A few elements changed, at any depth. */
function edited(der: Buffer, random: Random): Buffer {
  let tree = trees.get(der) ?? parse(der, { deep: true })
  trees.set(der, tree)
  for (let i = 0; i <= random(2); i++) tree = editedOnce(tree, random)
  return write(tree)
}

function editedOnce(tree: Element, random: Random): Element {
  const places = tree.inside.flatMap((one, i) => (one instanceof Uint8Array ? [] : [i]))
  const place = places[random(Math.max(1, places.length))]
  if (place === undefined) return tree
  const below = at(tree.inside[place])
  const goDeeper = below.inside.some((one) => !(one instanceof Uint8Array)) && random(5) > 0
  if (goDeeper) return { ...tree, inside: swapIn(tree.inside, place, [editedOnce(below, random)]) }
  const edit = EDITS[random(EDITS.length)]
  return edit === undefined ? tree : { ...tree, inside: edit(tree.inside, place, random) }
}

/** One certificate changed: by its elements in most cases. */
export function mutant(der: Buffer, random: Random): Buffer {
  const byBytes = BY_BYTES[random(BY_BYTES.length * 2)]
  return byBytes === undefined ? edited(der, random) : byBytes(der, random)
}

/** With the signature of `sign` over what is signed now; as it is where it has no such parts. */
export function signedAgain(der: Buffer, sign: (tbs: Buffer) => Buffer): Buffer {
  try {
    const [tbs, ...after] = parse(der).inside
    if (tbs === undefined || after.length !== 2) return der
    const bytes = write(tbs)
    return write(element(0x30, bytes, after[0] ?? bytes, element(0x03, Buffer.of(0), sign(bytes))))
  } catch (error) {
    if (error instanceof RangeError) return der
    throw error
  }
}
