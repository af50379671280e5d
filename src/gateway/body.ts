// The body of one delivery as it arrives: hashed piece by piece, and kept in one piece of memory, without a copy where it
// came in one.
import { BodyDigests, type Digest, type SigningKey, digestsOf } from '../domain/signature.ts'
import type { BodyBuffers } from './body-buffers.ts'

export class Body {
  readonly length: number
  /** Bytes that have come. */
  size = 0
  readonly #buffers: BodyBuffers
  readonly #keys: readonly SigningKey[]
  /** Where it comes in several pieces. */
  #digests: BodyDigests | undefined
  #bytes: Buffer | undefined
  #borrowed = false

  /** @param length bytes announced, and at least one; no more may come. */
  constructor(length: number, keys: readonly SigningKey[], buffers: BodyBuffers) {
    this.length = length
    this.#buffers = buffers
    this.#keys = keys
  }

  /** @returns whether nothing of the chunk is kept. */
  take(chunk: Buffer): boolean {
    const whole = chunk.length === this.length
    if (whole) this.#bytes = chunk
    else if (chunk.length > 0) this.#copy(chunk)
    this.size += chunk.length
    return !whole
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

  /** @param again whether nothing reads its memory any more, so that another body may have it. */
  release(again: boolean): void {
    const bytes = this.#bytes
    this.#bytes = undefined
    if (bytes !== undefined && this.#borrowed && again) this.#buffers.giveBack(bytes)
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
