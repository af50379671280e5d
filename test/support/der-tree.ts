// DER as a tree that can be changed and written again, byte for byte the same where nothing was changed; lengths are
// made anew, unless an element says how its own is written. Reads what is well-formed only.

export interface Element {
  readonly tag: number
  /** Raw bytes stand as they are. */
  readonly inside: readonly Der[]
  /** How its length is written. Default: shortest. */
  readonly length?: 'long' | 'indefinite' | number
}

export type Der = Uint8Array | Element

const CONSTRUCTED = 0x20
const OCTET_STRING = 0x04
const BIT_STRING = 0x03

/** @param deep opens octet and bit strings, too, where DER stands in them. @throws RangeError for anything that is no DER. */
export function parse(bytes: Uint8Array, { deep = false } = {}): Element {
  const { element, end } = next(bytes, 0, deep)
  if (end !== bytes.length) throw new RangeError('bytes behind')
  return element
}

function next(bytes: Uint8Array, at: number, deep: boolean): { element: Element; end: number } {
  const tag = byteAt(bytes, at)
  const first = byteAt(bytes, at + 1)
  const count = first < 0x80 ? 0 : first & 0x7f
  let length = first
  if (count > 0) length = 0
  for (let i = 0; i < count; i++) length = length * 256 + byteAt(bytes, at + 2 + i)
  const start = at + 2 + count
  const end = start + length
  if (end > bytes.length || first === 0x80) throw new RangeError('beyond its end')
  const content = bytes.subarray(start, end)
  if ((tag & CONSTRUCTED) !== 0) return { element: { tag, inside: all(content, deep) }, end }
  return { element: { tag, inside: deep ? within(tag, content) : [content] }, end }
}

function all(content: Uint8Array, deep: boolean): Element[] {
  const elements: Element[] = []
  let at = 0
  while (at < content.length) {
    const { element, end } = next(content, at, deep)
    elements.push(element)
    at = end
  }
  return elements
}

function within(tag: number, content: Uint8Array): readonly Der[] {
  const skip = tag === BIT_STRING ? 1 : 0
  if ((tag !== OCTET_STRING && tag !== BIT_STRING) || content.length < skip + 2) return [content]
  try {
    const inner = parse(content.subarray(skip), { deep: true })
    return skip === 0 ? [inner] : [content.subarray(0, 1), inner]
  } catch {
    return [content]
  }
}

export function write(der: Der): Buffer {
  if (der instanceof Uint8Array) return Buffer.from(der)
  const content = Buffer.concat(der.inside.map(write))
  if (der.length === 'indefinite') return Buffer.concat([Buffer.of(der.tag, 0x80), content, Buffer.of(0, 0)])
  const length = typeof der.length === 'number' ? der.length : content.length
  return Buffer.concat([Buffer.of(der.tag), lengthBytes(length, der.length === 'long'), content])
}

function lengthBytes(length: number, isLong: boolean): Buffer {
  if (isLong) return Buffer.of(0x84, length >>> 24, (length >>> 16) & 255, (length >>> 8) & 255, length & 255)
  if (length < 0x80) return Buffer.of(length)
  const bytes = [24, 16, 8, 0].map((shift) => (length >>> shift) & 255)
  const significant = bytes.slice(bytes.findIndex((byte) => byte > 0))
  return Buffer.of(0x80 | significant.length, ...significant)
}

export function element(tag: number, ...inside: Der[]): Element {
  return { tag, inside }
}

/** What stands at the end of a path of places. */
export function at(der: Der | undefined, ...path: readonly number[]): Element {
  if (der === undefined || der instanceof Uint8Array) throw new RangeError('no element there')
  const [place, ...rest] = path
  return place === undefined ? der : at(der.inside[place], ...rest)
}

/** The tree with what stands at the end of the path replaced, by any number of others. */
export function replaced(
  der: Der,
  path: readonly number[],
  change: (was: Element) => readonly Der[],
): Element {
  const here = at(der)
  const [place = 0, ...rest] = path
  const found = at(here, place)
  const instead = rest.length === 0 ? change(found) : [replaced(found, rest, change)]
  return { ...here, inside: [...here.inside.slice(0, place), ...instead, ...here.inside.slice(place + 1)] }
}

function byteAt(bytes: Uint8Array, at: number): number {
  const byte = bytes[at]
  if (byte === undefined) throw new RangeError('cut off')
  return byte
}
