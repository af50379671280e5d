// Ends an answer to a request whose body was not read: what the client still sends is dropped for a moment first,
// because closing over unread bytes resets the connection and can take the answer with it (RFC 9112 §9.6).
import type { IncomingMessage, ServerResponse } from 'node:http'

const LINGER_MS = 1_000
const LINGER_BYTES = 8 * 1024 * 1024

/** The answer announces its length, so the client has all of it while we still read. */
export function lingerThenEnd(
  request: IncomingMessage,
  response: ServerResponse,
  body: string | Uint8Array,
): void {
  let dropped = 0
  const timer = setTimeout(() => response.end(), LINGER_MS)
  if (body.length > 0) response.write(body)
  else response.flushHeaders()
  request.removeAllListeners('data')
  request.on('data', (chunk: Uint8Array) => {
    dropped += chunk.length
    if (dropped > LINGER_BYTES) response.end()
  })
  // It may have been paused by an upstream that took no more.
  request.resume()
  request.once('end', () => response.end())
  response.once('close', () => clearTimeout(timer))
}
