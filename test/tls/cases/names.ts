// Certificates that chain to an anchor, under names that are nearly, seemingly or elsewhere the right one.
import { META_CLIENT_NAME as RIGHT, type LeafOptions } from '../../../src/lab/pki/authorities.ts'
import { altered, part } from '../../support/altered-certificate.ts'
import { type Der, element } from '../../support/der-tree.ts'
import { type Case, metaLeaf } from './case.ts'

const EVIL = 'evil.example'

/** The one common name differs from the right one. */
const OTHER_NAMES: readonly (readonly [name: string, commonName: string])[] = [
  ['another name', EVIL],
  ['a suffix', `${RIGHT}.evil.example`],
  ['a prefix', `evil.${RIGHT}`],
  ['letters before', `evil${RIGHT}`],
  ['the parent domain', 'webhooks.fbclientcerts.com'],
  ['a part of it', 'client'],
  ['another case', 'Client.Webhooks.FbClientCerts.com'],
  ['a trailing dot', `${RIGHT}.`],
  ['a leading dot', `.${RIGHT}`],
  ['a trailing space', `${RIGHT} `],
  ['a leading space', ` ${RIGHT}`],
  ['a trailing line end', `${RIGHT}\n`],
  ['a wildcard for its first label', '*.webhooks.fbclientcerts.com'],
  ['a bare wildcard', '*'],
  ['X for the dots', 'clientXwebhooksXfbclientcertsXcom'],
  ['a NUL and more behind it', `${RIGHT}\0.evil.example`],
  ['a trailing NUL', `${RIGHT}\0`],
  ['a NUL before it', `\0${RIGHT}`],
  ['a Cyrillic look-alike', RIGHT.replace('c', 'с')],
  ['a full-width look-alike', RIGHT.replace('.', '．')],
  ['a soft hyphen in it', RIGHT.replace('client', 'cli\u{ad}ent')],
  ['a right-to-left mark in it', `\u{200f}${RIGHT}`],
  ['two names in one, by comma', `${RIGHT},${EVIL}`],
  ['two names in one, as a printed subject', `${RIGHT}\nCN=${EVIL}`],
  ['the other way round as a printed subject', `${EVIL}\nCN=${RIGHT}`],
  ['nothing', ''],
  ['ten thousand characters', 'a'.repeat(10_000)],
]

/** The right name, but not as the one and only common name. */
const ELSEWHERE: readonly (readonly [name: string, leaf: LeafOptions])[] = [
  ['in O', { commonNames: [], before: [{ type: 'O', value: RIGHT }] }],
  ['in OU', { commonNames: [], before: [{ type: 'OU', value: RIGHT }] }],
  ['in emailAddress', { commonNames: [], before: [{ type: 'email', value: RIGHT }] }],
  ['in SAN', { commonNames: [], altNames: [RIGHT] }],
  [
    'in SAN below an organisation',
    { commonNames: [], before: [{ type: 'O', value: 'Evil' }], altNames: [RIGHT] },
  ],
  [
    'in O after a line end that poses as CN',
    { commonNames: [], before: [{ type: 'O', value: `x\nCN=${RIGHT}` }] },
  ],
  ['in OU posing as CN', { commonNames: [], before: [{ type: 'OU', value: `CN=${RIGHT}` }] }],
  ['in O posing as a RDN', { commonNames: [], before: [{ type: 'O', value: `x, CN=${RIGHT}` }] }],
  ['before another one', { commonNames: [RIGHT, EVIL] }],
  ['after another one', { commonNames: [EVIL, RIGHT] }],
  ['twice', { commonNames: [RIGHT, RIGHT] }],
  ['in one RDN with another one', { after: [{ type: 'CN', value: EVIL, joined: true }] }],
  [
    'between other attributes that hold another one',
    {
      after: [
        { type: 'O', value: 'x' },
        { type: 'CN', value: EVIL },
      ],
    },
  ],
  ['nowhere: the subject is empty', { commonNames: [] }],
]

/** Beside one wrong common name. */
const BESIDE: readonly (readonly [name: string, leaf: LeafOptions])[] = [
  ['in SAN', { altNames: [RIGHT] }],
  ['in O', { before: [{ type: 'O', value: RIGHT }] }],
  ['in O after a line end that poses as CN', { before: [{ type: 'O', value: `x\nCN=${RIGHT}` }] }],
  ['in OU posing as CN', { after: [{ type: 'OU', value: `CN=${RIGHT}` }] }],
  ['in one RDN as OU', { after: [{ type: 'OU', value: RIGHT, joined: true }] }],
]

/** The right name, but in a way that has been read in several ways: by its ASN.1 tag and bytes. */
const WRITTEN: readonly (readonly [type: string, tag: number, bytes: Buffer])[] = [
  ['BMPString', 0x1e, Buffer.from(RIGHT, 'utf16le').swap16()],
  ['TeletexString', 0x14, Buffer.from(RIGHT)],
  ['IA5String', 0x16, Buffer.from(RIGHT)],
  ['NumericString', 0x12, Buffer.from(RIGHT)],
  ['UniversalString', 0x1c, Buffer.from([...Buffer.from(RIGHT)].flatMap((byte) => [0, 0, 0, byte]))],
  ['malformed PrintableString', 0x13, Buffer.from(`${RIGHT}\xe9`, 'latin1')],
]

const COMMON_NAME = element(0x06, Buffer.from('550403', 'hex'))

/** The whole subject is one relative name with these attributes. */
const subjectOf = (...attributes: readonly Der[]) =>
  part('subject', () => [element(0x30, element(0x31, ...attributes))])

const asRaw = (
  name: string,
  subject: ReturnType<typeof subjectOf>,
  rest: Pick<Case, 'verdict' | 'because'>,
): Case => ({
  name,
  present: ({ meta }) => altered(meta.client(), meta.root, subject),
  raw: true,
  ...rest,
})

const RIGHT_ONES: readonly (readonly [name: string, leaf: LeafOptions])[] = [
  ['as UTF8String', {}],
  ['as PrintableString', { encoding: 'printable' }],
  [
    'after an organisation',
    {
      before: [
        { type: 'C', value: 'US' },
        { type: 'O', value: 'Lab Meta-like Inc.' },
      ],
    },
  ],
  ['in one RDN with an organisational unit', { after: [{ type: 'OU', value: 'x', joined: true }] }],
  ['beside an O that poses as another CN', { before: [{ type: 'O', value: `x\nCN=${EVIL}` }] }],
  ['beside a SAN that names another', { altNames: [EVIL] }],
  ['beside a SAN of addresses', { altNames: ['192.0.2.1', '::1'] }],
  ['beside a SAN of a wildcard', { altNames: ['*.example'] }],
  ['beside a SAN that is empty text', { altNames: [''] }],
  ['beside a SAN with a NUL in it', { altNames: [`${EVIL}\0.example`] }],
  ['beside a thousand SANs', { altNames: Array.from({ length: 1000 }, (_, i) => `n${i}.example`) }],
  [
    'after two thousand organisational units',
    { before: Array.from({ length: 2000 }, (_, i) => ({ type: 'OU', value: `unit ${i}` }) as const) },
  ],
  ['after an organisation of 50,000 letters', { before: [{ type: 'O', value: 'x'.repeat(50_000) }] }],
]

export const NAMES: readonly Case[] = [
  ...OTHER_NAMES.map(([name, commonName]): Case => ({
    name: `its CN is ${name}`,
    present: metaLeaf({ commonNames: [commonName] }),
    verdict: 'COMMON_NAME_MISMATCH',
  })),
  ...WRITTEN.map(([type, tag, bytes]) =>
    asRaw(`its CN is the right one as ${type}`, subjectOf(element(0x30, COMMON_NAME, element(tag, bytes))), {
      verdict: 'CERTIFICATE_PROFILE',
      because: new RegExp(`^its common name is written as ${type}, not as UTF8String or PrintableString$`),
    }),
  ),
  asRaw(
    'its CN is the right one behind a byte order mark',
    subjectOf(element(0x30, COMMON_NAME, element(0x0c, Buffer.from(`\u{feff}${RIGHT}`)))),
    { verdict: 'COMMON_NAME_MISMATCH' },
  ),
  asRaw(
    'its CN is no text but bytes',
    subjectOf(element(0x30, COMMON_NAME, element(0x04, Buffer.from(RIGHT)))),
    { verdict: 'TLS_FAILED' },
  ),
  asRaw(
    'its CN is UTF-8 cut off',
    subjectOf(
      element(0x30, COMMON_NAME, element(0x0c, Buffer.concat([Buffer.from(RIGHT), Buffer.of(0xc3)]))),
    ),
    { verdict: 'TLS_FAILED' },
  ),
  asRaw(
    'its CN is written in too long UTF-8',
    subjectOf(
      element(
        0x30,
        COMMON_NAME,
        element(0x0c, Buffer.concat([Buffer.of(0xc1, 0xa3), Buffer.from(RIGHT.slice(1))])),
      ),
    ),
    { verdict: 'TLS_FAILED' },
  ),
  asRaw(
    'its CN has two values',
    subjectOf(
      element(0x30, COMMON_NAME, element(0x0c, Buffer.from(RIGHT)), element(0x0c, Buffer.from(EVIL))),
    ),
    { verdict: 'TLS_FAILED' },
  ),
  asRaw(
    'its CN is the right one as VisibleString',
    subjectOf(element(0x30, COMMON_NAME, element(0x1a, Buffer.from(RIGHT)))),
    { verdict: 'TLS_FAILED' },
  ),
  asRaw(
    'its CN is the right one as GeneralString',
    subjectOf(element(0x30, COMMON_NAME, element(0x1b, Buffer.from(RIGHT)))),
    { verdict: 'TLS_FAILED' },
  ),
  asRaw('its CN has no value', subjectOf(element(0x30, COMMON_NAME)), { verdict: 'TLS_FAILED' }),
  asRaw('its subject is a name without attributes', subjectOf(), {
    verdict: 'CERTIFICATE_PROFILE',
    because: /^0 common names, not exactly one$/,
  }),
  {
    name: 'its CN is another name, below the other anchor',
    present: ({ digicert }) => digicert.client({ commonNames: [EVIL] }),
    verdict: 'COMMON_NAME_MISMATCH',
  },
  ...ELSEWHERE.map(([name, leaf]): Case => ({
    name: `the right name stands ${name}`,
    present: metaLeaf(leaf),
    verdict: 'CERTIFICATE_PROFILE',
    because: /^[02] common names, not exactly one$/,
  })),
  ...BESIDE.map(([name, leaf]): Case => ({
    name: `the right name stands ${name}, the CN is another`,
    present: metaLeaf({ commonNames: [EVIL], ...leaf }),
    verdict: 'COMMON_NAME_MISMATCH',
    because: /^CN "evil\.example" is not among the 1 allowed$/,
  })),
  ...RIGHT_ONES.map(([name, leaf]): Case => ({
    name: `the right name stands once ${name}`,
    present: metaLeaf(leaf),
    verdict: 'admitted',
  })),
]
