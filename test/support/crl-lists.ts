// An authority with revocation lists, sound and odd, for tests of whatever reads, fetches and keeps them.
import { X509Certificate } from 'node:crypto'
import { issue, type CertificateOptions, type Issued } from '../../src/lab/pki/certificate.ts'
import { type CrlOptions, issueCrl } from '../../src/lab/pki/crl.ts'
import type { NameAttribute } from '../../src/lab/pki/name.ts'
import { type RevocationList, RevocationListError, readRevocationList } from '../../src/tls/crl.ts'

export const NOW = new Date('2026-06-15T12:00:00Z')
export const MINUTE = 60_000
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR
/** A time so many milliseconds after NOW. */
export const after = (ms: number): Date => new Date(NOW.getTime() + ms)

export const CA_NAME: readonly NameAttribute[] = [
  { type: 'C', value: 'US' },
  { type: 'CN', value: 'Lab Authority' },
]

/** Its key is Ed25519, which is quick to make, unless said otherwise. */
export function authority(options: Partial<CertificateOptions> = {}): Issued {
  return issue({
    subject: CA_NAME,
    authority: {},
    key: 'ed25519',
    notBefore: after(-365 * DAY),
    notAfter: after(365 * DAY),
    ...options,
  })
}

export const certificateOf = ({ der }: Issued): X509Certificate => new X509Certificate(der)

/** DER of a list of NOW, good for a week. */
export function listOf(issuer: Issued, options: Partial<CrlOptions> = {}): Buffer {
  return issueCrl({ issuer, thisUpdate: after(-HOUR), nextUpdate: after(7 * DAY), ...options }).der
}

export function read(der: Uint8Array, ...authorities: readonly Issued[]): Promise<RevocationList> {
  return readRevocationList(der, authorities.map(certificateOf), NOW)
}

/** Why it is refused. @throws where it is not, or something else is thrown. */
export async function refusalOf(reading: Promise<unknown>): Promise<RevocationListError> {
  try {
    await reading
  } catch (error) {
    if (error instanceof RevocationListError) return error
    throw error
  }
  throw new Error('it was not refused')
}

/** The entries of a list, 35 bytes each, whose serials end in a number from 0 to `count` - 1. */
export function manyEntries(count: number): Buffer {
  const time = Buffer.from('260101000000Z', 'latin1')
  const one = Buffer.concat([
    Buffer.of(0x30, 33, 0x02, 16),
    Buffer.alloc(16, 0x4a),
    Buffer.of(0x17, 13),
    time,
  ])
  const all = Buffer.alloc(one.length * count, one)
  for (let i = 0; i < count; i++) all.writeUInt32BE(i, i * one.length + 16)
  return all
}

/** The serial with this number in manyEntries. */
export function manySerial(number: number): string {
  return `${'4A'.repeat(12)}${number.toString(16).toUpperCase().padStart(8, '0')}`
}
