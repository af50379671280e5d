// Reads the entries of a revocation list (RFC 5280 §5.1.2.6). There can be millions: no object is made for one, and the event
// loop turns between slices, so that deliveries go on while a list is read.
import { setImmediate } from 'node:timers/promises'
import { readExtensions } from './crl-certificate.ts'
import { RevocationListError } from './crl-error.ts'
import { SerialSet } from './crl-serials.ts'
import { DerError, TAG, readOnly } from './der.ts'

const OID = {
  reasonCode: '2.5.29.21',
  holdInstruction: '2.5.29.23',
  invalidityDate: '2.5.29.24',
  certificateIssuer: '2.5.29.29',
} as const

/** An entry is at least an INTEGER of one byte and a UTCTime in a SEQUENCE. */
const SHORTEST = 2 + 3 + 15
/** Entries read in one turn: a millisecond or two. */
const SLICE = 4096
/** How many different extensions are kept in mind as harmless. */
const REMEMBERED = 256

const REMOVE_FROM_CRL = 8

/**
 * @param bytes what stands within revokedCertificates. They must not change meanwhile, nor later: the set refers to them.
 * @param version of the list, as people count: in version 1 entries have no extensions.
 * @throws DerError or RevocationListError
 */
export async function readEntries(bytes: Uint8Array, version: number): Promise<SerialSet> {
  const serials = new SerialSet(bytes, Math.ceil(bytes.length / SHORTEST))
  const cursor = new Cursor(bytes)
  // The same few stand on hundreds of thousands of entries: each is judged once.
  const harmless = new Set<string>()
  for (let count = 1; cursor.at < bytes.length; count++) {
    const end = cursor.enter(TAG.sequence, bytes.length)
    serials.add(readSerial(cursor, end))
    skipTime(cursor, end)
    if (cursor.at < end) {
      if (version < 2) throw new DerError('an entry with extensions in a list of version 1')
      const key = Buffer.from(bytes.subarray(cursor.at, end)).toString('latin1')
      if (!harmless.has(key)) {
        judgeExtensions(bytes.subarray(cursor.at, end))
        if (harmless.size < REMEMBERED) harmless.add(key)
      }
      cursor.at = end
    }
    if (count % SLICE === 0) await setImmediate()
  }
  return serials
}

class Cursor {
  readonly bytes: Uint8Array
  at = 0

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  /** Goes into the element that stands here. @returns where it ends, which is at most `limit`. */
  enter(tag: number, limit: number): number {
    const found = this.bytes[this.at]
    if (found !== tag) throw new DerError(`tag ${found ?? 'missing'}, expected ${tag}`)
    const first = this.bytes[this.at + 1] ?? 0
    this.at += 2
    const end = (first < 0x80 ? first : this.#long(first)) + this.at
    if (this.at > limit || end > limit) throw new DerError('an element reaches beyond its end')
    return end
  }

  // One or two bytes: no entry is longer than 64 KiB.
  #long(first: number): number {
    const count = first & 0x7f
    if (count !== 1 && count !== 2) throw new DerError('an indefinite or absurd length')
    const high = this.bytes[this.at] ?? 0
    const length = count === 1 ? high : high * 256 + (this.bytes[this.at + 1] ?? 0)
    if (length < (count === 1 ? 0x80 : 0x100)) throw new DerError('a length not in its shortest form')
    this.at += count
    return length
  }
}

/** @returns where the one length byte of the serial stands. */
function readSerial(cursor: Cursor, limit: number): number {
  const start = cursor.at
  const end = cursor.enter(TAG.integer, limit)
  // RFC 5280 §4.1.2.2 allows 20 bytes; of a length of several bytes there is no honest one.
  if (end === cursor.at || cursor.at !== start + 2)
    throw new DerError('a serial number of no or too many bytes')
  cursor.at = end
  return start + 1
}

// When it was revoked does not matter: it is. So only the form is looked at.
function skipTime(cursor: Cursor, limit: number): void {
  const isUtc = cursor.bytes[cursor.at] === TAG.utcTime
  const end = cursor.enter(isUtc ? TAG.utcTime : TAG.generalizedTime, limit)
  if (end - cursor.at !== (isUtc ? 13 : 15) || cursor.bytes[end - 1] !== 0x5a)
    throw new DerError('a malformed time')
  for (let i = cursor.at; i < end - 1; i++) {
    const digit = cursor.bytes[i] ?? 0
    if (digit < 0x30 || digit > 0x39) throw new DerError('a malformed time')
  }
  cursor.at = end
}

function judgeExtensions(bytes: Uint8Array): void {
  for (const [oid, { critical, value }] of readExtensions(readOnly(bytes, TAG.sequence).content)) {
    if (oid === OID.certificateIssuer)
      throw new RevocationListError(
        'it is indirect: an entry names another issuer',
        'ask for the list that the authority signs for its own certificates alone',
      )
    if (oid === OID.reasonCode) judgeReason(value)
    else if (critical && oid !== OID.invalidityDate && oid !== OID.holdInstruction)
      throw new RevocationListError(
        `an entry has a critical extension that is not known here (${oid})`,
        'what it means for the list cannot be told, so that the list is not used (RFC 5280 §5.3)',
      )
  }
}

const ENUMERATED = 0x0a

function judgeReason(value: Uint8Array): void {
  const [reason, ...more] = readOnly(value, ENUMERATED).content
  if (reason === undefined || more.length > 0) throw new DerError('a malformed reason')
  if (reason === REMOVE_FROM_CRL)
    throw new RevocationListError(
      'an entry takes a certificate off a list (removeFromCRL), as only a delta list may',
      'ask for the complete list',
    )
}
