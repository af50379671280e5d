// A set of serial numbers that leaves them where they stand in the list and keeps their places only: four bytes a slot, so
// that the largest list costs little more than its own bytes. Leading zero bytes do not count, on either side: a serial that
// was written in a longer form, or negative, can only make one more number revoked, never one less.

export class SerialSet {
  readonly #bytes: Uint8Array
  /** Where the length byte of an INTEGER stands; 0 is a free slot, since no INTEGER's length stands first. */
  readonly #slots: Uint32Array
  #size = 0

  /** @param bytes in which the serials stand. @param most how many there can be. */
  constructor(bytes: Uint8Array, most: number) {
    this.#bytes = bytes
    this.#slots = new Uint32Array(2 ** Math.ceil(Math.log2(2 * most + 2)))
  }

  /** How many different ones. */
  get size(): number {
    return this.#size
  }

  /** @param at where the one length byte of the serial's INTEGER stands. */
  add(at: number): void {
    const to = at + 1 + (this.#bytes[at] ?? 0)
    const slot = this.#slotOf(this.#bytes, firstOf(this.#bytes, at + 1, to), to)
    if (this.#slots[slot] !== 0) return
    this.#slots[slot] = at
    this.#size += 1
  }

  /** @param hex as in Leaf.serial; either case. */
  has(hex: string): boolean {
    if (!/^[0-9A-Fa-f]+$/.test(hex)) return false
    const serial = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
    return this.#slots[this.#slotOf(serial, firstOf(serial, 0, serial.length), serial.length)] !== 0
  }

  /** The slot that holds these bytes, or else the free one that would. Half of all slots stay free, so it ends. */
  #slotOf(bytes: Uint8Array, from: number, to: number): number {
    const mask = this.#slots.length - 1
    let slot = hashOf(bytes, from, to) & mask
    for (;;) {
      const at = this.#slots[slot] ?? 0
      if (at === 0 || this.#isAt(at, bytes.subarray(from, to))) return slot
      slot = (slot + 1) & mask
    }
  }

  #isAt(at: number, serial: Uint8Array): boolean {
    const to = at + 1 + (this.#bytes[at] ?? 0)
    const from = firstOf(this.#bytes, at + 1, to)
    if (to - from !== serial.length) return false
    return serial.every((byte, i) => byte === this.#bytes[from + i])
  }
}

function firstOf(bytes: Uint8Array, from: number, to: number): number {
  let first = from
  while (first < to - 1 && bytes[first] === 0) first += 1
  return first
}

// FNV-1a, with a last mixing: serials are mostly random, but some authorities count.
function hashOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0x811c9dc5
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ (bytes[i] ?? 0), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return (hash ^ (hash >>> 13)) >>> 0
}
