// Certificates and requests for the tables of the fronts. No test of its own.
import { X509Certificate } from 'node:crypto'
import { formatAddress, parsePrefix } from '../../src/domain/address.ts'
import { Fields } from '../../src/domain/fields.ts'
import { prefixTable } from '../../src/domain/prefix-table.ts'
import { type Front, readFront } from '../../src/fronts/front.ts'
import { digicertShaped, metaShaped } from '../../src/lab/pki/authorities.ts'
import type { FieldLine } from '../../src/lab/request.ts'
import { chainOf } from '../support/front-sender.ts'

const meta = metaShaped()
const digicert = digicertShaped()

/** Below the root itself. */
export const CLIENT_IDENTITY = meta.client()
/** With an intermediate. */
export const CHAINED_IDENTITY = digicert.client()
export const [LEAF = Buffer.alloc(0)] = chainOf(CLIENT_IDENTITY)
export const [OTHER = Buffer.alloc(0)] = chainOf(meta.client())
export const CHAIN = chainOf(CHAINED_IDENTITY)
export const SERIAL = new X509Certificate(LEAF).serialNumber

const TRUSTED = prefixTable(['10.0.0.0/8', '2001:db8:1::/48'].map(parsePrefix))

/** What is compared: the address and the certificate in short, or why not. */
export function told(front: Front, lines: readonly FieldLine[]): string {
  const read = readFront(front, new Fields(lines.flat()), (address) => TRUSTED.find(address) !== undefined)
  if (read.outcome === 'refuse') return `refused: ${read.detail}`
  const { address, certificate } = read
  return `${formatAddress(address)} ${shown(certificate)}`
}

function shown(
  certificate: Extract<ReturnType<typeof readFront>, { outcome: 'read' }>['certificate'],
): string {
  if (certificate.kind === 'none') return 'none'
  if (certificate.kind === 'subject') return `subject ${JSON.stringify(certificate.commonNames)}`
  const names = certificate.chain.map((der) => NAMES.find(([one]) => one.equals(der))?.[1] ?? 'another')
  return [...names, ...(certificate.frontError === undefined ? [] : [certificate.frontError])].join(' ')
}

const NAMES: readonly (readonly [Buffer, string])[] = [
  [LEAF, 'leaf'],
  [OTHER, 'other'],
  [CHAIN[0] ?? Buffer.alloc(0), 'chained'],
  [CHAIN[1] ?? Buffer.alloc(0), 'intermediate'],
]

/** Bytes of a certificate that are not quite one. */
export const BROKEN: readonly (readonly [name: string, der: Buffer])[] = [
  ['cut off', LEAF.subarray(0, -1)],
  ['with a byte behind it', Buffer.concat([LEAF, Buffer.of(0)])],
  ['two of them', Buffer.concat([LEAF, OTHER])],
  ['nothing', Buffer.alloc(0)],
  ['no certificate', Buffer.from('3003020101', 'hex')],
  ['text', Buffer.from('certificate')],
  ['PEM', Buffer.from(CLIENT_IDENTITY.certificate)],
  ['a length that reaches beyond', Buffer.concat([Buffer.of(0x30, 0x84, 0xff, 0xff, 0xff, 0xff), LEAF])],
]

/** Base64 that says the same bytes, or nearly, in another way. */
export const LAX_BASE64: readonly (readonly [name: string, text: string])[] = [
  ['url-safe', LEAF.toString('base64').replaceAll('+', '-').replaceAll('/', '_').replace(/^/, '-')],
  ['a space in it', LEAF.toString('base64').replace(/^(.{8})/, '$1 ')],
  ['a line end in it, as text', LEAF.toString('base64').replace(/^(.{8})/, '$1\\n')],
  ['too much padding', `${LEAF.toString('base64')}====`],
  ['a character cut off', LEAF.toString('base64').slice(0, -1)],
  ['something behind it', `${LEAF.toString('base64')}!`],
]

/** Percent-encoded PEM that is not exactly one list of certificates. */
export const LAX_PEM: readonly (readonly [name: string, change: (pem: string) => string])[] = [
  ['text before it', (pem) => `hello\n${pem}`],
  ['text behind it', (pem) => `${pem}hello`],
  ['an empty line behind it', (pem) => `${pem}\n`],
  [
    'a private key behind it',
    (pem) => `${pem}-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n`,
  ],
  ['no end', (pem) => pem.replace(/-----END.*\n/, '')],
  ['no begin', (pem) => pem.replace(/-----BEGIN.*\n/, '')],
  ['a trusted certificate', (pem) => pem.replaceAll('CERTIFICATE', 'TRUSTED CERTIFICATE')],
  ['a space in a line', (pem) => pem.replace('\nMII', '\nM II')],
  ['one line too many', (pem) => pem.replace('\n-----END', '\nAAAA\n-----END')],
  ['nothing', () => ''],
  ['encoded twice', (pem) => encodeURIComponent(pem)],
]
