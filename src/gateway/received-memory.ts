// Lets go of the memory of received bytes before V8 does. Each piece that Node reads has memory of its own outside V8's heap,
// and is garbage at once. V8 counts such memory up to a bound and then marks all of its heap, in the background, for more CPU
// than the deliveries themselves take. What nobody looks at any more is given back at once; the rest by collecting V8's young
// objects alone, which frees the same in a moment.
import { collectYoung } from './garbage.ts'

/** Bytes received between two collections: well below the 32 MiB and more that V8 waits for. */
const EVERY = 8 * 1024 * 1024

let pending = 0

/** Has to hear of all bytes of bodies that are not released. */
export function received({ length }: Uint8Array): void {
  pending += length
  if (pending < EVERY) return
  pending = 0
  collectYoung()
}

// ECMAScript 2024; not in Node 20.
const transfer: unknown = Reflect.get(ArrayBuffer.prototype, 'transfer')

/** @param chunk as Node handed it over, whole; nobody reads it again. */
export function release(chunk: Buffer): void {
  const { buffer, length } = chunk
  // What is a part of something larger is left to the collector.
  if (buffer.byteLength === length && typeof transfer === 'function') Reflect.apply(transfer, buffer, [0])
  else received(chunk)
}
