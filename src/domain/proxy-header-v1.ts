// Version 1 of the PROXY protocol (§2.1 of its specification): one line of ASCII, exactly in this form.
import { type Address, parseAddress } from './address.ts'
import { MORE, type ProxyHeader, refused } from './proxy-header-verdict.ts'

/** What it begins with. */
export const WORD = Uint8Array.from('PROXY ', (character) => character.charCodeAt(0))

/** With CR and LF; no line that the specification allows is longer. */
const LONGEST = 107

const CR = 0x0d
const LF = 0x0a
const PORT = /^(?:0|[1-9]\d{0,4})$/

/** @param bytes begin with WORD. */
export function readVersion1(bytes: Uint8Array): ProxyHeader {
  const seen = bytes.subarray(0, LONGEST)
  const end = seen.findIndex((byte) => byte < 0x20 || byte > 0x7e)
  if (end === -1 || end === LONGEST - 1)
    return seen.length < LONGEST ? MORE : refused(`its line does not end within ${LONGEST} bytes`)
  if (seen[end] === LF) return refused('its line ends with LF, not with CR LF')
  if (seen[end] !== CR) return refused('its line holds a byte that is not printable ASCII')
  if (seen.length === end + 1) return MORE
  if (seen[end + 1] !== LF) return refused('its line holds CR without LF')
  return readLine(String.fromCharCode(...seen.subarray(WORD.length, end)), end + 2)
}

function readLine(line: string, length: number): ProxyHeader {
  // Whatever follows UNKNOWN is to be ignored.
  if (line === 'UNKNOWN' || line.startsWith('UNKNOWN ')) return { outcome: 'read', length, client: undefined }
  const [protocol, source = '', destination = '', sourcePort = '', destinationPort = '', ...more] =
    line.split(' ')
  if (protocol !== 'TCP4' && protocol !== 'TCP6')
    return refused('its protocol is none of TCP4, TCP6 and UNKNOWN')
  if (destinationPort === '' || more.length > 0)
    return refused('not two addresses and two ports with single spaces between them')
  const address = addressOf(source, protocol)
  if (address === undefined) return refused(`its source is not an address for ${protocol}`)
  if (addressOf(destination, protocol) === undefined)
    return refused(`its destination is not an address for ${protocol}`)
  if (!isPort(sourcePort)) return refused('its source port is not a number from 0 to 65535')
  if (!isPort(destinationPort)) return refused('its destination port is not a number from 0 to 65535')
  return { outcome: 'read', length, client: { address, port: Number(sourcePort) } }
}

// By how it is written: an IPv4-mapped address under TCP6 is IPv6 on the wire, and judged as the IPv4 address it means.
function addressOf(text: string, protocol: 'TCP4' | 'TCP6'): Address | undefined {
  return text.includes(':') === (protocol === 'TCP6') ? parseAddress(text) : undefined
}

function isPort(text: string): boolean {
  return PORT.test(text) && Number(text) <= 65_535
}
