// The body of one delivery as it arrives: hashed piece by piece, and kept in one piece of memory, without a copy where it
// came in one.
import { BodyDigests, type Digest, type SigningKey, digestsOf } from '../domain/signature.ts'
import type { BodyBuffers } from './body-buffers.ts'
import { received, release } from './received-memory.ts'

export class Body {
  readonly length: number
  /** Bytes that have come. */
  size = 0
  readonly #buffers: BodyBuffers
  readonly #keys: readonly SigningKey[]
  /** Where it comes in several pieces. */
  #digests: BodyDigests | undefined
  #bytes: Buffer | undefined
  /** What it came in as a whole. */
  #memory: Buffer | undefined
  #borrowed = false

  /** @param length bytes announced, and at least one; no more may come. */
  constructor(length: number, keys: readonly SigningKey[], buffers: BodyBuffers) {
    this.length = length
    this.#buffers = buffers
    this.#keys = keys
  }

  /** @param memory what the chunk came in, as Node handed it over, where nobody else reads that: it is the body's now. */
  take(chunk: Buffer, memory: Buffer | undefined): void {
    const { length } = chunk
    if (length === this.length) {
      this.#bytes = chunk
      this.#memory = memory
    } else {
      if (length > 0) this.#copy(chunk)
      // The chunk is empty from here on.
      if (memory !== undefined) release(memory)
    }
    this.size += length
  }

  get complete(): boolean {
    return this.size === this.length
  }

  /** Once it is complete. */
  get bytes(): Buffer {
    return this.#bytes ?? NOTHING
  }

  /** Once, when it is complete. */
  digests(): readonly Digest[] {
    return this.#digests?.digests() ?? digestsOf(this.bytes, this.#keys)
  }

  /** @param unread whether nothing reads its memory any more. */
  release(unread: boolean): void {
    const bytes = this.#bytes
    const memory = this.#memory
    this.#bytes = undefined
    this.#memory = undefined
    if (bytes !== undefined && this.#borrowed && unread) this.#buffers.giveBack(bytes)
    if (memory === undefined) return
    if (unread) release(memory)
    else received(memory)
  }

  #copy(chunk: Buffer): void {
    this.#digests ??= new BodyDigests(this.#keys)
    this.#digests.update(chunk)
    this.#bytes ??= this.#borrow()
    chunk.copy(this.#bytes, this.size)
  }

  #borrow(): Buffer {
    this.#borrowed = true
    return this.#buffers.take(this.length)
  }
}

const NOTHING = Buffer.alloc(0)
