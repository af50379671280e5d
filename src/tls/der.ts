// A strict reader of DER (X.690 §10): definite minimal lengths, nothing beyond the end, bounded depth by its callers.
// And its writer, for the few bytes we make. Knows tags and bytes only; what they mean stands in the files that use it.

export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  teletexString: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const

export interface Element {
  readonly tag: number
  readonly content: Uint8Array
  /** Tag, length and content. */
  readonly whole: Uint8Array
}

/** Thrown for whatever is not DER; callers turn it into one verdict. */
export class DerError extends Error {
  override readonly name = 'DerError'
}

/** Reads exactly one element that fills `bytes`. */
export function readOnly(bytes: Uint8Array, tag: number): Element {
  const reader = new DerReader(bytes)
  const element = reader.next(tag)
  reader.end()
  return element
}

/** Walks the elements of one level, in order. */
export class DerReader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get done(): boolean {
    return this.#at === this.#bytes.length
  }

  /** The tag of the next element, or undefined at the end. */
  peek(): number | undefined {
    return this.#bytes[this.#at]
  }

  /** The next element, which must have `tag` where one is given. */
  next(tag?: number): Element {
    const start = this.#at
    const found = this.#byte()
    if ((found & 0x1f) === 0x1f) throw new DerError('a tag of several bytes')
    if (tag !== undefined && found !== tag) throw new DerError(`tag ${found}, expected ${tag}`)
    const length = this.#length()
    if (length > this.#bytes.length - this.#at) throw new DerError('an element reaches beyond its end')
    const content = this.#bytes.subarray(this.#at, this.#at + length)
    this.#at += length
    return { tag: found, content, whole: this.#bytes.subarray(start, this.#at) }
  }

  /** The next element if it has `tag`. */
  optional(tag: number): Element | undefined {
    return this.peek() === tag ? this.next(tag) : undefined
  }

  /** A reader for the inside of the next element. */
  inside(tag: number): DerReader {
    return new DerReader(this.next(tag).content)
  }

  end(): void {
    if (!this.done) throw new DerError('bytes after the last element')
  }

  #byte(): number {
    const byte = this.#bytes[this.#at]
    if (byte === undefined) throw new DerError('ends within an element')
    this.#at += 1
    return byte
  }

  #length(): number {
    const first = this.#byte()
    if (first < 0x80) return first
    const count = first & 0x7f
    if (count === 0 || count > 4) throw new DerError('an indefinite or absurd length')
    let length = 0
    for (let i = 0; i < count; i++) length = length * 256 + this.#byte()
    if (length < 0x80 || length < 2 ** (8 * (count - 1)))
      throw new DerError('a length not in its shortest form')
    return length
  }
}

/** One element: tag, shortest length, and what stands inside. @param tag of one byte. */
export function encode(tag: number, ...inside: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(inside)
  return Buffer.concat([Buffer.of(tag), encodeLength(content.length), content])
}

function encodeLength(length: number): Uint8Array {
  if (length < 0x80) return Buffer.of(length)
  const hex = length.toString(16)
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
  return Buffer.concat([Buffer.of(0x80 | bytes.length), bytes])
}

const MAX_ARC = 2n ** 128n - 1n

/** Dotted form of an OBJECT IDENTIFIER's content. Arcs may be of any size: 2.25 holds UUIDs. */
export function readOid({ content }: Element): string {
  const arcs: bigint[] = []
  let arc = 0n
  for (const [i, byte] of content.entries()) {
    if (arc === 0n && byte === 0x80) throw new DerError('an OID arc not in its shortest form')
    arc = arc * 128n + BigInt(byte & 0x7f)
    if (arc > MAX_ARC) throw new DerError('an OID arc too large')
    if (byte < 0x80) {
      arcs.push(arc)
      arc = 0n
    } else if (i === content.length - 1) throw new DerError('an OID cut off')
  }
  const [first] = arcs
  if (first === undefined) throw new DerError('an empty OID')
  const root = first < 80n ? first / 40n : 2n
  return [root, first - root * 40n, ...arcs.slice(1)].join('.')
}

/** An INTEGER as hex in whole bytes, upper case, as openssl prints it: "-" before a negative one. */
export function readInteger({ content }: Element): string {
  const [first, second] = content
  if (first === undefined) throw new DerError('an empty INTEGER')
  // X.690 §8.3.2: the first nine bits are neither all zero nor all one.
  if (second !== undefined && ((first === 0x00 && second < 0x80) || (first === 0xff && second >= 0x80)))
    throw new DerError('an INTEGER not in its shortest form')
  const hex = Buffer.from(content).toString('hex').toUpperCase()
  if (first < 0x80) return hex.replace(/^00(?=.)/, '')
  const magnitude = (2n ** BigInt(8 * content.length) - BigInt(`0x${hex}`)).toString(16).toUpperCase()
  return `-${magnitude.length % 2 === 0 ? '' : '0'}${magnitude}`
}

/** X.690 §11.1: true is 0xff. OpenSSL takes every byte but 0 for true, so that another one would say two things. */
export function readBoolean({ content }: Element): boolean {
  const [byte, ...more] = content
  if (more.length > 0 || (byte !== 0x00 && byte !== 0xff)) throw new DerError('a malformed BOOLEAN')
  return byte === 0xff
}

/** UTCTime or GeneralizedTime as RFC 5280 §4.1.2.5 allows them: to the second, in Z. */
export function readTime({ tag, content }: Element): Date {
  const text = Buffer.from(content).toString('latin1')
  const match = tag === TAG.utcTime ? /^(\d\d)(\d{10})Z$/.exec(text) : /^(\d{4})(\d{10})Z$/.exec(text)
  if (match === null || (tag !== TAG.utcTime && tag !== TAG.generalizedTime))
    throw new DerError('a malformed time')
  const [, year = '', rest = ''] = match
  // RFC 5280 §4.1.2.5.1: two digits from 50 on are of the last century.
  const fullYear = year.length === 4 ? Number(year) : Number(year) + (Number(year) >= 50 ? 1900 : 2000)
  const digits = `${String(fullYear).padStart(4, '0')}${rest}`
  const iso = digits.replace(/^(....)(..)(..)(..)(..)(..)$/, '$1-$2-$3T$4:$5:$6.000Z')
  const date = new Date(iso)
  // The 31st of February would silently be a day in March.
  if (Number.isNaN(date.getTime()) || date.toISOString() !== iso) throw new DerError('a time that never is')
  return date
}

/** The text of a directory string; undefined for types or bytes that are no plain text (they match no name). */
export function readText({ tag, content }: Element): string | undefined {
  const bytes = Buffer.from(content)
  if (tag === TAG.utf8String) {
    const text = bytes.toString('utf8')
    return Buffer.from(text, 'utf8').equals(bytes) ? text : undefined
  }
  const plain = tag === TAG.printableString || tag === TAG.ia5String
  return plain && content.every((byte) => byte < 0x80) ? bytes.toString('latin1') : undefined
}
