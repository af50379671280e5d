// What the extensions of a revocation list say about the list as a whole (RFC 5280 §5.2): its number, and what it covers.
// Taken for more than it is, a list that covers a part would call the rest unrevoked; so whatever narrows it in a way that
// cannot be held against a certificate is refused.
import { type Extension, urisOf } from './crl-certificate.ts'
import { RevocationListError } from './crl-error.ts'
import { DerError, DerReader, type Element, TAG, readBoolean, readOnly } from './der.ts'

const OID = {
  number: '2.5.29.20',
  deltaIndicator: '2.5.29.27',
  issuingDistributionPoint: '2.5.29.28',
  authorityKeyIdentifier: '2.5.29.35',
} as const

export interface ListScope {
  /** cRLNumber. */
  readonly number: bigint | undefined
  /** Where not empty: only certificates that name one of these distribution points are covered. */
  readonly points: readonly string[]
  /** Certificates of authorities are not covered. */
  readonly leavesOnly: boolean
}

/** @throws DerError or RevocationListError */
export function readScope(extensions: ReadonlyMap<string, Extension>): ListScope {
  if (extensions.has(OID.deltaIndicator))
    throw new RevocationListError(
      'it is a delta list: it only says what changed since another one',
      'ask for the complete list',
    )
  const known: ReadonlySet<string> = new Set(Object.values(OID))
  for (const [oid, { critical }] of extensions)
    if (critical && !known.has(oid))
      throw new RevocationListError(
        `it has a critical extension that is not known here (${oid})`,
        'what it means for the list cannot be told, so that the list is not used (RFC 5280 §5.2)',
      )
  const number = extensions.get(OID.number)
  const point = extensions.get(OID.issuingDistributionPoint)
  return {
    number: number === undefined ? undefined : readNumber(number.value),
    ...(point === undefined ? { points: [], leavesOnly: false } : readIssuingPoint(point.value)),
  }
}

function readNumber(value: Uint8Array): bigint {
  const { content } = readOnly(value, TAG.integer)
  const [first] = content
  // RFC 5280 §5.2.3: not negative, and at most 20 bytes.
  if (first === undefined || first >= 0x80 || content.length > 21)
    throw new DerError('a malformed list number')
  return BigInt(`0x${Buffer.from(content).toString('hex')}`)
}

function readIssuingPoint(value: Uint8Array): Omit<ListScope, 'number'> {
  const reader = new DerReader(readOnly(value, TAG.sequence).content)
  const name = reader.optional(0xa0)
  const leavesOnly = isSet(reader.optional(0x81))
  const authoritiesOnly = isSet(reader.optional(0x82))
  const someReasons = reader.optional(0x83) !== undefined
  const indirect = isSet(reader.optional(0x84))
  const attributesOnly = isSet(reader.optional(0x85))
  reader.end()
  const narrow =
    (indirect && 'is indirect: it may hold certificates of other issuers') ||
    (authoritiesOnly && 'covers certificates of authorities only, and no client') ||
    (attributesOnly && 'covers attribute certificates only, and no client') ||
    (someReasons && 'covers some reasons of revocation only')
  if (narrow !== false) throw new RevocationListError(`it ${narrow}`, 'ask for the complete list')
  const points = name === undefined ? [] : urisOf(name)
  if (name !== undefined && points.length === 0)
    throw new RevocationListError(
      'it covers a distribution point only that has no URI, so that nobody can tell which certificates these are',
      'ask for the complete list',
    )
  return { points, leavesOnly }
}

function isSet(flag: Element | undefined): boolean {
  return flag !== undefined && readBoolean(flag)
}
