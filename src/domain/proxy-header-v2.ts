// Version 2 of the PROXY protocol (§2.2 of its specification): binary. Its further fields (TLVs) are walked, never believed.
import { type Address, parseAddress } from './address.ts'
import { crc32c } from './crc32c.ts'
import { type HeaderRefused, MORE, type ProxyHeader, refused } from './proxy-header-verdict.ts'

/** What it begins with. */
export const SIGNATURE = Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0a, 0, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a)

/** The specification (§2) has headers fit one TCP segment of 536 bytes; long names of certificates and hosts may exceed it. */
export const LONGEST = 2048
const FIXED = 16

const FAMILIES: ReadonlyMap<number, { readonly name: string; readonly bytes: number }> = new Map([
  [0x0, { name: 'UNSPEC', bytes: 0 }],
  [0x1, { name: 'INET', bytes: 12 }],
  [0x2, { name: 'INET6', bytes: 36 }],
  [0x3, { name: 'UNIX', bytes: 216 }],
])
const UNSPEC = 0x0
const STREAM = 0x1
const TLV_CRC32C = 0x03
const TLV_SSL = 0x20
/** client and verify, before the TLVs inside an SSL TLV. */
const SSL_FIXED = 5

/** @param bytes begin with SIGNATURE. */
export function readVersion2(bytes: Uint8Array): ProxyHeader {
  const [command, family, high, low] = bytes.subarray(SIGNATURE.length, FIXED)
  if (command === undefined) return MORE
  if (command >>> 4 !== 2) return refused(`its version is ${command >>> 4}, not 2`)
  if ((command & 0xf) > 1) return refused(`its command is ${command & 0xf}, neither LOCAL nor PROXY`)
  if (family === undefined) return MORE
  const isLocal = (command & 0xf) === 0
  const wrong = isLocal ? undefined : familyProblem(family)
  if (wrong !== undefined) return wrong
  if (high === undefined || low === undefined) return MORE
  const length = FIXED + high * 256 + low
  if (length > LONGEST) return refused(`it announces ${length} bytes, more than ${LONGEST}`)
  if (bytes.length < length) return MORE
  // "Discard the protocol block including the family, which is ignored."
  if (isLocal) return { outcome: 'read', length, client: undefined }
  return readBlock(bytes.subarray(0, length), family >>> 4)
}

function familyProblem(family: number): HeaderRefused | undefined {
  const known = FAMILIES.get(family >>> 4)
  const transport = family & 0xf
  if (known === undefined) return refused(`its address family is ${family >>> 4}, which does not exist`)
  const expected = family >>> 4 === UNSPEC ? UNSPEC : STREAM
  if (transport === expected) return undefined
  return refused(`its transport is ${transport}, not a stream, for ${known.name}`)
}

/** @param header of exactly its announced length. */
function readBlock(header: Uint8Array, family: number): ProxyHeader {
  const { name, bytes } = FAMILIES.get(family) ?? { name: 'none', bytes: Infinity }
  const block = header.subarray(FIXED)
  if (block.length < bytes) return refused(`${block.length} bytes are too few for addresses of ${name}`)
  // What an UNSPEC block holds is not said: there is nothing to walk.
  const wrong = family === UNSPEC ? undefined : tlvProblem(header, FIXED + bytes)
  if (wrong !== undefined) return wrong
  const address = addressOf(block, bytes)
  const port = bytes === 0 ? 0 : portAt(block, bytes - 4)
  return {
    outcome: 'read',
    length: header.length,
    client: address === undefined ? undefined : { address, port },
  }
}

// Through the one grammar of addresses: it knows what an IPv4-mapped one is.
function addressOf(block: Uint8Array, bytes: number): Address | undefined {
  if (bytes === 12) return parseAddress(block.subarray(0, 4).join('.'))
  if (bytes !== 36) return undefined
  const groups = Array.from({ length: 8 }, (_, i) => portAt(block, i * 2).toString(16))
  return parseAddress(groups.join(':'))
}

function portAt(block: Uint8Array, at: number): number {
  return (block[at] ?? 0) * 256 + (block[at + 1] ?? 0)
}

function tlvProblem(header: Uint8Array, start: number): HeaderRefused | undefined {
  for (let at = start; at < header.length;) {
    const end = endOfTlv(header, at)
    if (end === undefined) return refused('a TLV is longer than the header')
    const value = header.subarray(at + 3, end)
    if (header[at] === TLV_SSL && !isWholeSsl(value)) return refused('the TLV about TLS is not whole')
    if (header[at] === TLV_CRC32C) {
      if (value.length !== 4) return refused('its checksum has not 4 bytes')
      if (!sumFits(header, at + 3)) return refused('its checksum (CRC-32C) does not fit')
    }
    at = end
  }
  return undefined
}

function isWholeSsl(value: Uint8Array): boolean {
  if (value.length < SSL_FIXED) return false
  let at = SSL_FIXED
  while (at < value.length) {
    const end = endOfTlv(value, at)
    if (end === undefined) return false
    at = end
  }
  return true
}

/** @returns undefined where it does not end within `bytes`. */
function endOfTlv(bytes: Uint8Array, at: number): number | undefined {
  if (at + 3 > bytes.length) return undefined
  const end = at + 3 + portAt(bytes, at + 1)
  return end <= bytes.length ? end : undefined
}

// Summed over the whole header, with its own four bytes as zeros.
function sumFits(header: Uint8Array, at: number): boolean {
  const zeroed = Uint8Array.from(header)
  zeroed.fill(0, at, at + 4)
  const sum = portAt(header, at) * 65_536 + portAt(header, at + 2)
  return sum === crc32c(zeroed)
}
