// Reads a body of announced length under a wall-clock deadline, copying each chunk once and hashing it as it comes.
import { BodyDigests, type Digest, type SigningKey } from '../domain/signature.ts'
import { refuse } from '../domain/verdict.ts'
import type { Exchange } from './exchange.ts'

export interface ReadBody {
  readonly bytes: Buffer
  readonly digests: readonly Digest[]
}

/**
 * @param length bytes announced; the parser lets no more come.
 * @returns undefined where the client went away or was too slow: that end is already answered and recorded.
 */
export function readBody(
  exchange: Exchange,
  length: number,
  keys: readonly SigningKey[],
): Promise<ReadBody | undefined> {
  const { request, deadline, generation } = exchange
  const digests = new BodyDigests(keys)
  const bytes = Buffer.allocUnsafeSlow(length)
  let size = 0
  return new Promise((resolve) => {
    const { bodyTimeout } = generation.config.limits
    deadline.set(bodyTimeout, () => {
      exchange.bodyBytes = size
      exchange.refuse(
        'deadline',
        refuse('BODY_TIMEOUT', `${size} of ${length} bytes within ${bodyTimeout} ms`),
      )
      resolve(undefined)
    })
    request.on('data', (chunk: Buffer) => {
      if (exchange.ended) return
      digests.update(chunk)
      size += chunk.copy(bytes, size)
    })
    request.once('end', () => {
      if (exchange.ended) return resolve(undefined)
      deadline.clear()
      exchange.bodyBytes = size
      resolve(size === length ? { bytes, digests: digests.digests() } : undefined)
    })
    exchange.signal.addEventListener('abort', () => {
      exchange.bodyBytes = size
      resolve(undefined)
    })
  })
}
