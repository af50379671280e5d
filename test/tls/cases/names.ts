// Certificates that chain to an anchor, under names that are nearly, seemingly or elsewhere the right one.
import { META_CLIENT_NAME as RIGHT, type LeafOptions } from '../../../src/lab/pki/authorities.ts'
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
]

export const NAMES: readonly Case[] = [
  ...OTHER_NAMES.map(([name, commonName]): Case => ({
    name: `its CN is ${name}`,
    present: metaLeaf({ commonNames: [commonName] }),
    verdict: 'COMMON_NAME_MISMATCH',
  })),
  {
    name: 'its CN is the right one as BMPString',
    present: metaLeaf({ encoding: 'bmp' }),
    verdict: 'COMMON_NAME_MISMATCH',
  },
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
