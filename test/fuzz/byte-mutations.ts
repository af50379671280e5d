// What is done to the bytes of a whole stream, without regard to what they mean.
import type { Random } from './random.ts'

/** Mostly within the first bytes, where heads are. */
function place(bytes: Buffer, random: Random): number {
  return random.below(random.chance(0.7) ? Math.min(bytes.length, 700) : bytes.length)
}

const TELLING = ['\r', '\n', '\r\n', ' ', ':', '\0', '\t', ',', '0', '\r\n\r\n', '/', '%', '\x80', 'a', '-']

export type MutateBytes = (bytes: Buffer, random: Random, other: Buffer) => Buffer

export const BYTE_MUTATIONS: Readonly<Record<string, MutateBytes>> = {
  'byte flipped': (bytes, random) => {
    const changed = Buffer.from(bytes)
    const at = place(bytes, random)
    changed.writeUInt8(changed.readUInt8(at) ^ (1 << random.below(8)), at)
    return changed
  },
  'byte replaced': (bytes, random) => {
    const changed = Buffer.from(bytes)
    changed.write(random.pick(TELLING).slice(0, 1), place(bytes, random), 'latin1')
    return changed
  },
  'bytes inserted': (bytes, random) => {
    const at = place(bytes, random)
    const more = random.chance(0.7) ? random.pick(TELLING) : String.fromCharCode(random.below(256))
    return Buffer.concat([bytes.subarray(0, at), Buffer.from(more, 'latin1'), bytes.subarray(at)])
  },
  'bytes deleted': (bytes, random) => {
    const at = place(bytes, random)
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + random.between(1, 4))])
  },
  'bytes swapped': (bytes, random) => {
    const changed = Buffer.from(bytes)
    const [a, b] = [place(bytes, random), place(bytes, random)]
    const kept = changed.readUInt8(a)
    changed.writeUInt8(changed.readUInt8(b), a)
    changed.writeUInt8(kept, b)
    return changed
  },
  truncated: (bytes, random) => bytes.subarray(0, place(bytes, random)),
  spliced: (bytes, random, other) =>
    Buffer.concat([bytes.subarray(0, place(bytes, random)), other.subarray(place(other, random))]),
}
