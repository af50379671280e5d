// PROXY headers as a load balancer writes them, field by field, so that a test can spoil exactly one.
import { crc32c } from '../../src/domain/crc32c.ts'

export const SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex')

/** Version 1, of a client at that address. */
export function version1(
  address = '31.13.64.1',
  change: { destination?: string; ports?: string } = {},
): string {
  const ipv6 = address.includes(':')
  const { destination = ipv6 ? '2001:db8::1' : '192.0.2.1', ports = '40000 443' } = change
  return `PROXY TCP${ipv6 ? 6 : 4} ${address} ${destination} ${ports}\r\n`
}

export interface Version2 {
  readonly signature?: Uint8Array
  /** Version and command: 0x21 is PROXY, 0x20 LOCAL. */
  readonly command?: number
  /** Family and transport. */
  readonly family?: number
  readonly addresses?: Uint8Array
  readonly tlvs?: readonly Uint8Array[]
  /** What it announces; the truth by default. */
  readonly length?: number
}

/** 31.13.64.1:40000 to 192.0.2.1:443 */
export const INET = Buffer.from('1f0d4001c00002019c4001bb', 'hex')

/** @param source 32 hex digits. */
export function inet6(source: string): Buffer {
  return Buffer.from(`${source}20010db80000000000000000000000019c4001bb`, 'hex')
}

/** Version 2; unchanged it names 31.13.64.1. */
export function version2(fields: Version2 = {}): Buffer {
  const { signature = SIGNATURE, command = 0x21, family = 0x11, addresses = INET, tlvs = [] } = fields
  const block = Buffer.concat([addresses, ...tlvs])
  const { length = block.length } = fields
  return Buffer.concat([signature, Buffer.of(command, family, length >>> 8, length & 0xff), block])
}

export function tlv(type: number, value: Uint8Array | string): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([Buffer.of(type, bytes.length >>> 8, bytes.length & 0xff), bytes])
}

/** The same header with a right checksum as its last field. */
export function summed(fields: Version2 = {}): Buffer {
  const header = version2({ ...fields, tlvs: [...(fields.tlvs ?? []), tlv(3, Buffer.alloc(4))] })
  header.writeUInt32BE(crc32c(header), header.length - 4)
  return header
}

/** What HAProxy and its like say of a TLS connection that ended at them. */
export const SSL = tlv(0x20, Buffer.concat([Buffer.of(1, 0, 0, 0, 1), tlv(0x21, 'TLSv1.3'), tlv(0x22, 'x')]))
