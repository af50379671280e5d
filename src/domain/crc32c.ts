// CRC-32C (Castagnoli), as RFC 4960 Appendix B computes it: the checksum of a PROXY header.

const REFLECTED_POLYNOMIAL = 0x82f63b78

/** Bit by bit: what is summed here has a few hundred bytes. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? REFLECTED_POLYNOMIAL : 0)
  }
  return (crc ^ 0xffffffff) >>> 0
}
