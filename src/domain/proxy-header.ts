// The PROXY protocol, both versions (https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt): who is at the other end
// of a load balancer that passes TCP on. Whether the balancer may say so is not asked here.
import { WORD, readVersion1 } from './proxy-header-v1.ts'
import { SIGNATURE, readVersion2 } from './proxy-header-v2.ts'
import { MORE, type ProxyHeader, refused } from './proxy-header-verdict.ts'

/**
 * Reads the header at the beginning of what a connection has sent so far. The verdict on given bytes never changes when
 * more come: it is the same however they are split. Nothing beyond the header is looked at; a second header behind the
 * first is the client's own words, and TLS refuses them.
 */
export function readProxyHeader(bytes: Uint8Array): ProxyHeader {
  if (beginsLike(bytes, SIGNATURE)) return bytes.length < SIGNATURE.length ? MORE : readVersion2(bytes)
  if (beginsLike(bytes, WORD)) return bytes.length < WORD.length ? MORE : readVersion1(bytes)
  return refused(`begins with ${beginningOf(bytes)}, not with a PROXY header`)
}

/** As far as both reach. */
function beginsLike(bytes: Uint8Array, expected: Uint8Array): boolean {
  return expected.every((byte, i) => i >= bytes.length || bytes[i] === byte)
}

// The commonest mistakes by name. Only the first byte may count: the others may still be on their way.
function beginningOf([first = 0]: Uint8Array): string {
  if (first === 0x16) return 'a TLS handshake'
  if (first === 0x70) return 'a lower-case p'
  return `byte 0x${first.toString(16).padStart(2, '0')}`
}
