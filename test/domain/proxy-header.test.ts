// What a PROXY header comes to: each version field by field, good and spoilt. Only verdicts; sockets are tested elsewhere.
import { describe, expect, it } from 'vitest'
import { formatAddress } from '../../src/domain/address.ts'
import { crc32c } from '../../src/domain/crc32c.ts'
import { readProxyHeader } from '../../src/domain/proxy-header.ts'
import { INET, SIGNATURE, SSL, inet6, summed, tlv, version1, version2 } from '../support/proxy-headers.ts'

/** The client as text, `nobody`, `more`, or why it is refused. */
function read(bytes: Uint8Array | string): string {
  const header = readProxyHeader(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
  if (header.outcome === 'more') return 'more'
  if (header.outcome === 'refused') return header.reason
  const { client } = header
  return client === undefined ? 'nobody' : `${formatAddress(client.address)} port ${client.port}`
}

const META6 = '2a032880000000000000000000000001'
const LINE_ENDS = 'its line does not end within 107 bytes'
const SPACES = 'not two addresses and two ports with single spaces between them'
const NOT_ASCII = 'its line holds a byte that is not printable ASCII'
const line = (text: string) => `PROXY ${text}\r\n`

describe('version 1', () => {
  it.each<[string, string, string]>([
    ['IPv4', version1(), '31.13.64.1 port 40000'],
    ['IPv6', version1('2a03:2880::1'), '2a03:2880::1 port 40000'],
    ['IPv6 in capitals', version1('2A03:2880::1'), '2a03:2880::1 port 40000'],
    ['IPv6 written out', version1('2a03:2880:0000:0000:0000:0000:0000:0001'), '2a03:2880::1 port 40000'],
    ['IPv4-mapped, dotted: the IPv4 address', version1('::ffff:31.13.64.1'), '31.13.64.1 port 40000'],
    ['IPv4-mapped, hex: the IPv4 address', version1('::ffff:1f0d:4001'), '31.13.64.1 port 40000'],
    ['IPv4-compatible is IPv6', version1('::31.13.64.1'), '::1f0d:4001 port 40000'],
    ['the lowest ports', version1('31.13.64.1', { ports: '0 0' }), '31.13.64.1 port 0'],
    ['the highest ports', version1('31.13.64.1', { ports: '65535 65535' }), '31.13.64.1 port 65535'],
    ['UNKNOWN', line('UNKNOWN'), 'nobody'],
    ['UNKNOWN with an address: it is not believed', line('UNKNOWN 31.13.64.1 192.0.2.1 1 2'), 'nobody'],
    ['UNKNOWN with whatever else', line('UNKNOWN  what ever'), 'nobody'],
    ['the longest line', line(`UNKNOWN ${'f'.repeat(91)}`), 'nobody'],
    ['one byte more', line(`UNKNOWN ${'f'.repeat(92)}`), LINE_ENDS],
    ['a line of two bytes more, CR where it has to end', line(`UNKNOWN ${'f'.repeat(93)}`), LINE_ENDS],
    ['no end at all', `PROXY TCP4 ${'1'.repeat(200)}`, LINE_ENDS],
    ['LF only', version1().replace('\r\n', '\n'), 'its line ends with LF, not with CR LF'],
    ['CR only', version1().replace('\r\n', '\rx'), 'its line holds CR without LF'],
    ['CR twice', version1().replace('\r\n', '\r\r\n'), 'its line holds CR without LF'],
    ['NUL', line('TCP4 31.13.64.1\0 192.0.2.1 1 2'), NOT_ASCII],
    ['a tabulator', line('TCP4\t31.13.64.1 192.0.2.1 1 2'), NOT_ASCII],
    ['a byte beyond ASCII', line('TCP4 31.13.64.1\u00a0192.0.2.1 1 2'), NOT_ASCII],
    ['an escape sequence', line('TCP4 \u001b[31m'), NOT_ASCII],
    ['lower case', version1().toLowerCase(), 'begins with a lower-case p, not with a PROXY header'],
    [
      'lower-case protocol',
      line('tcp4 31.13.64.1 192.0.2.1 1 2'),
      'its protocol is none of TCP4, TCP6 and UNKNOWN',
    ],
    ['UDP', line('UDP4 31.13.64.1 192.0.2.1 1 2'), 'its protocol is none of TCP4, TCP6 and UNKNOWN'],
    ['lower-case unknown', line('unknown'), 'its protocol is none of TCP4, TCP6 and UNKNOWN'],
    ['UNKNOWNX', line('UNKNOWNX'), 'its protocol is none of TCP4, TCP6 and UNKNOWN'],
    ['nothing but the word', line(''), 'its protocol is none of TCP4, TCP6 and UNKNOWN'],
    [
      'two spaces first',
      line(' TCP4 31.13.64.1 192.0.2.1 1 2'),
      'its protocol is none of TCP4, TCP6 and UNKNOWN',
    ],
    ['two spaces between', line('TCP4  31.13.64.1 192.0.2.1 1 2'), SPACES],
    ['two spaces before the port', line('TCP4 31.13.64.1 192.0.2.1  1 2'), SPACES],
    ['a space at the end', line('TCP4 31.13.64.1 192.0.2.1 1 2 '), SPACES],
    ['a field too many', line('TCP4 31.13.64.1 192.0.2.1 1 2 3'), SPACES],
    ['a field too few', line('TCP4 31.13.64.1 192.0.2.1 1'), SPACES],
    ['no field', line('TCP4'), SPACES],
    ['IPv4 under TCP6', line('TCP6 31.13.64.1 192.0.2.1 1 2'), 'its source is not an address for TCP6'],
    ['IPv6 under TCP4', line('TCP4 2a03:2880::1 2001:db8::1 1 2'), 'its source is not an address for TCP4'],
    [
      'mapped under TCP4',
      line('TCP4 ::ffff:31.13.64.1 192.0.2.1 1 2'),
      'its source is not an address for TCP4',
    ],
    [
      'families mixed',
      version1('31.13.64.1', { destination: '::1' }),
      'its destination is not an address for TCP4',
    ],
    ['octal', line('TCP4 031.13.64.1 192.0.2.1 1 2'), 'its source is not an address for TCP4'],
    ['three parts', line('TCP4 31.13.16385 192.0.2.1 1 2'), 'its source is not an address for TCP4'],
    ['an octet of 256', line('TCP4 31.13.64.256 192.0.2.1 1 2'), 'its source is not an address for TCP4'],
    ['a prefix', line('TCP4 31.13.64.0/18 192.0.2.1 1 2'), 'its source is not an address for TCP4'],
    ['a zone id', line('TCP6 fe80::1%eth0 ::1 1 2'), 'its source is not an address for TCP6'],
    ['brackets', line('TCP6 [2a03:2880::1] ::1 1 2'), 'its source is not an address for TCP6'],
    ['a name', line('TCP4 localhost 192.0.2.1 1 2'), 'its source is not an address for TCP4'],
    [
      'a destination that is none',
      version1('31.13.64.1', { destination: 'x' }),
      'its destination is not an address for TCP4',
    ],
    ...['65536', '99999', '040000', '00', '+1', '-1', '0x1', '1e3', '1.5', '100000', 'http'].map(
      (port): [string, string, string] => [
        `source port ${port}`,
        version1('31.13.64.1', { ports: `${port} 443` }),
        'its source port is not a number from 0 to 65535',
      ],
    ),
    [
      'destination port 65536',
      version1('31.13.64.1', { ports: '1 65536' }),
      'its destination port is not a number from 0 to 65535',
    ],
    [
      'destination port with a zero before it',
      version1('31.13.64.1', { ports: '1 0443' }),
      'its destination port is not a number from 0 to 65535',
    ],
    ['a part of it', version1().slice(0, -1), 'more'],
    ['nothing', '', 'more'],
    ['the word alone', 'PROXY', 'more'],
    ['the word without a space', 'PROXYTCP4 ', 'begins with byte 0x50, not with a PROXY header'],
    ['a TLS handshake', '\x16\x03\x01', 'begins with a TLS handshake, not with a PROXY header'],
    ['HTTP', 'GET / HTTP/1.1\r\n', 'begins with byte 0x47, not with a PROXY header'],
    ['HTTP that begins alike', 'PRI * HTTP/2.0\r\n', 'begins with byte 0x50, not with a PROXY header'],
  ])('%s', (_name, text, expected) => expect(read(text)).toBe(expected))
})

describe('version 2', () => {
  const unix = Buffer.alloc(216, 0x61)
  it.each<[string, Buffer, string]>([
    ['INET', version2(), '31.13.64.1 port 40000'],
    ['INET6', version2({ family: 0x21, addresses: inet6(META6) }), '2a03:2880::1 port 40000'],
    [
      'INET6 with an IPv4-mapped address: the IPv4 address',
      version2({ family: 0x21, addresses: inet6('00000000000000000000ffff1f0d4001') }),
      '31.13.64.1 port 40000',
    ],
    [
      'INET6 with an IPv4-compatible address is IPv6',
      version2({ family: 0x21, addresses: inet6('0000000000000000000000001f0d4001') }),
      '::1f0d:4001 port 40000',
    ],
    ['UNIX', version2({ family: 0x31, addresses: unix }), 'nobody'],
    ['UNSPEC', version2({ family: 0x00, addresses: Buffer.alloc(0) }), 'nobody'],
    ['UNSPEC with an address: it is not believed', version2({ family: 0x00 }), 'nobody'],
    ['LOCAL', version2({ command: 0x20, family: 0x00, addresses: Buffer.alloc(0) }), 'nobody'],
    ['LOCAL with an address: it is not believed', version2({ command: 0x20 }), 'nobody'],
    ['LOCAL with a family that does not exist: ignored', version2({ command: 0x20, family: 0xff }), 'nobody'],
    [
      'TLVs of every kind',
      version2({ tlvs: [tlv(1, 'h2'), tlv(2, 'x'), tlv(4, ''), tlv(5, 'id'), SSL, tlv(0xea, '\x01x')] }),
      '31.13.64.1 port 40000',
    ],
    ['a TLV for UNIX', version2({ family: 0x31, addresses: unix, tlvs: [tlv(4, 'x')] }), 'nobody'],
    ['an SSL TLV without more in it', version2({ tlvs: [tlv(0x20, '\0\0\0\0\0')] }), '31.13.64.1 port 40000'],
    ['a right checksum', summed(), '31.13.64.1 port 40000'],
    ['a right checksum among others', summed({ tlvs: [SSL, tlv(5, 'id')] }), '31.13.64.1 port 40000'],
    ['exactly the longest', version2({ tlvs: [tlv(4, Buffer.alloc(2048 - 31))] }), '31.13.64.1 port 40000'],
    [
      'one byte more',
      version2({ tlvs: [tlv(4, Buffer.alloc(2048 - 30))] }),
      'it announces 2049 bytes, more than 2048',
    ],
    [
      'the longest that can be announced',
      version2({ length: 0xffff }),
      'it announces 65551 bytes, more than 2048',
    ],
    ['a long LOCAL', version2({ command: 0x20, length: 0xffff }), 'it announces 65551 bytes, more than 2048'],
    ['version 1 in binary', version2({ command: 0x11 }), 'its version is 1, not 2'],
    ['version 3', version2({ command: 0x31 }), 'its version is 3, not 2'],
    ['version 0', version2({ command: 0x01 }), 'its version is 0, not 2'],
    ['a third command', version2({ command: 0x22 }), 'its command is 2, neither LOCAL nor PROXY'],
    ['command 15', version2({ command: 0x2f }), 'its command is 15, neither LOCAL nor PROXY'],
    ['a fourth family', version2({ family: 0x41 }), 'its address family is 4, which does not exist'],
    ['family 15', version2({ family: 0xf1 }), 'its address family is 15, which does not exist'],
    ['UDP over IPv4', version2({ family: 0x12 }), 'its transport is 2, not a stream, for INET'],
    [
      'UDP over IPv6',
      version2({ family: 0x22, addresses: inet6(META6) }),
      'its transport is 2, not a stream, for INET6',
    ],
    [
      'a Unix datagram',
      version2({ family: 0x32, addresses: unix }),
      'its transport is 2, not a stream, for UNIX',
    ],
    ['INET over nothing', version2({ family: 0x10 }), 'its transport is 0, not a stream, for INET'],
    ['transport 3', version2({ family: 0x13 }), 'its transport is 3, not a stream, for INET'],
    ['a stream of UNSPEC', version2({ family: 0x01 }), 'its transport is 1, not a stream, for UNSPEC'],
    ['no addresses', version2({ addresses: Buffer.alloc(0) }), '0 bytes are too few for addresses of INET'],
    [
      'an address too short',
      version2({ addresses: INET.subarray(1) }),
      '11 bytes are too few for addresses of INET',
    ],
    [
      'INET6 with the addresses of INET',
      version2({ family: 0x21 }),
      '12 bytes are too few for addresses of INET6',
    ],
    [
      'UNIX too short',
      version2({ family: 0x31, addresses: unix.subarray(1) }),
      '215 bytes are too few for addresses of UNIX',
    ],
    ['half a TLV', version2({ tlvs: [Buffer.of(4, 0)] }), 'a TLV is longer than the header'],
    [
      'a TLV longer than the header',
      version2({ tlvs: [Buffer.of(4, 0, 2, 1)] }),
      'a TLV is longer than the header',
    ],
    [
      'a byte behind the last TLV',
      version2({ tlvs: [tlv(4, ''), Buffer.of(0)] }),
      'a TLV is longer than the header',
    ],
    ['an SSL TLV too short', version2({ tlvs: [tlv(0x20, '\0\0\0\0')] }), 'the TLV about TLS is not whole'],
    [
      'half a TLV in the SSL TLV',
      version2({ tlvs: [tlv(0x20, '\0\0\0\0\0!')] }),
      'the TLV about TLS is not whole',
    ],
    [
      'a TLV longer than its SSL TLV',
      version2({ tlvs: [tlv(0x20, '\0\0\0\0\0!\0\x02x')] }),
      'the TLV about TLS is not whole',
    ],
    ['a wrong checksum', version2({ tlvs: [tlv(3, '\0\0\0\0')] }), 'its checksum (CRC-32C) does not fit'],
    ['a checksum of three bytes', version2({ tlvs: [tlv(3, '\0\0\0')] }), 'its checksum has not 4 bytes'],
    [
      'a signature with a byte wrong',
      version2({ signature: Buffer.from('0d0a0d0a000d0a515549540b', 'hex') }),
      'begins with byte 0x0d, not with a PROXY header',
    ],
    [
      'a signature without its NUL',
      version2({ signature: Buffer.from('0d0a0d0a0d0a515549540a', 'hex') }),
      'begins with byte 0x0d, not with a PROXY header',
    ],
    ['the signature alone', SIGNATURE, 'more'],
    ['all but its last byte', version2().subarray(0, -1), 'more'],
  ])('%s', (_name, header, expected) => expect(read(header)).toBe(expected))

  it('a checksum is of every byte of the header', () => {
    const header = summed({ tlvs: [tlv(5, 'id')] })
    for (let i = 16; i < header.length - 7; i++) {
      const changed = Buffer.from(header)
      changed.writeUInt8((header[i] ?? 0) ^ 1, i)
      // Where a length or a type changes, another reason may come first.
      expect(readProxyHeader(changed).outcome, `byte ${i}`).toBe('refused')
    }
  })
})

describe('either version', () => {
  it('ends where the header ends: the second header, and TLS, are what follows', () => {
    for (const header of [Buffer.from(version1()), version2(), summed({ tlvs: [SSL] })])
      for (const rest of [Buffer.alloc(0), header, Buffer.from([0x16, 3, 1]), Buffer.from('\r\nPROXY')])
        expect(readProxyHeader(Buffer.concat([header, rest]))).toEqual({
          outcome: 'read',
          length: header.length,
          client: expect.objectContaining({ port: 40_000 }),
        })
  })
})

describe('CRC-32C', () => {
  // RFC 3720 Appendix B.4.
  it.each([
    ['32 zeros', Buffer.alloc(32), 0x8a9136aa],
    ['32 ones', Buffer.alloc(32, 0xff), 0x62a8ab43],
    ['32 ascending', Buffer.from(Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e],
    ['digits', Buffer.from('123456789'), 0xe3069283],
  ])('%s', (_name, bytes, expected) => expect(crc32c(bytes)).toBe(expected))
})
