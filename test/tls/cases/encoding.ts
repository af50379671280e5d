// Leaves below an anchor that are written oddly: numbers, times, lengths, and bytes that are no certificate. All are
// presented byte for byte; what OpenSSL itself cannot read ends the handshake.
import { createPublicKey } from 'node:crypto'
import type { ClientIdentity } from '../../../src/lab/pki/authorities.ts'
import {
  type Change,
  PART,
  altered,
  asVersionOne,
  part,
  withLeaf,
  withOtherAlgorithm,
  withSerial,
} from '../../support/altered-certificate.ts'
import { type Der, type Element, at, element, parse, replaced, write } from '../../support/der-tree.ts'
import type { Case } from './case.ts'

type Row = readonly [name: string, change: Change, verdict: Verdict, because?: RegExp]

/** `…?`: OpenSSL from 3.5 on, or by what an earlier error left behind, may end the handshake first. */
type Verdict = Case['verdict'] | 'CERTIFICATE_PROFILE?' | 'CERTIFICATE_UNTRUSTED?'

function expected(verdict: Verdict): Pick<Case, 'verdict' | 'orFailed'> {
  if (verdict === 'CERTIFICATE_PROFILE?') return { verdict: 'CERTIFICATE_PROFILE', orFailed: true }
  if (verdict === 'CERTIFICATE_UNTRUSTED?') return { verdict: 'CERTIFICATE_UNTRUSTED', orFailed: true }
  return { verdict }
}

const UNREADABLE = /^the certificate could not be read$/
const PROFILE = 'CERTIFICATE_PROFILE'

const repeated = (count: number, byte: number) => Array.from({ length: count }, () => byte)

const SERIALS: readonly Row[] = [
  ['1', withSerial(1), 'admitted'],
  ['of twenty bytes and a sign', withSerial(0, ...repeated(20, 0xfe)), 'admitted'],
  [
    'of 21 bytes',
    withSerial(...repeated(21, 0x7e)),
    PROFILE,
    /^its serial number has 21 bytes, more than 20$/,
  ],
  ['of 2,000 bytes', withSerial(...repeated(2000, 0x7e)), PROFILE, /^its serial number has 2000 bytes/],
  ['zero', withSerial(0), PROFILE, /^its serial number is zero$/],
  ['-1', withSerial(0xff), PROFILE, /^its serial number -01 is negative$/],
  ['of twenty bytes and negative', withSerial(...repeated(20, 0xfe)), PROFILE, /is negative$/],
  ['not in its shortest form', withSerial(0, 1), 'TLS_FAILED'],
  ['of no bytes', withSerial(), 'TLS_FAILED'],
  ['no number', part('serial', () => [element(0x04, Buffer.of(1))]), 'TLS_FAILED'],
  ['missing', part('serial', () => []), 'TLS_FAILED'],
]

const version = (...bytes: number[]): Change =>
  part('version', () => [element(0xa0, element(0x02, Buffer.from(bytes)))])

const VERSIONS: readonly Row[] = [
  ['1', asVersionOne, PROFILE, /^X\.509 version 1, not 3$/],
  ['1, with extensions', part('version', () => []), PROFILE, /^X\.509 version 1, not 3$/],
  ['1, spelt out', version(0), PROFILE, /^X\.509 version 1, not 3$/],
  ['2', version(1), PROFILE, /^X\.509 version 2, not 3$/],
  ['4', version(3), PROFILE, /^X\.509 version 4, not 3$/],
  ['258', version(1, 1), PROFILE, /^X\.509 version 258, not 3$/],
  ['0', version(0xff), PROFILE, /^X\.509 version 0, not 3$/],
]

const UTC = 0x17
const GENERALIZED = 0x18
const time = (tag: number, text: string) => element(tag, Buffer.from(text))
const validity = (...times: Element[]): Change => part('validity', (was) => [element(was.tag, ...times)])
const BEGIN = time(UTC, '200101000000Z')
const END = time(UTC, '491231235959Z')

const TIMES: readonly Row[] = [
  ['until 2049', validity(BEGIN, END), 'admitted'],
  ['until 9999', validity(BEGIN, time(GENERALIZED, '99991231235959Z')), 'admitted'],
  ['from 1950', validity(time(UTC, '500101000000Z'), END), 'admitted'],
  ['in GeneralizedTime before 2050', validity(time(GENERALIZED, '20200101000000Z'), END), 'admitted'],
  ['from the year 0', validity(time(GENERALIZED, '00000101000000Z'), END), 'admitted'],
  ['until 1950, which looks like 2050', validity(BEGIN, time(UTC, '500101000000Z')), 'CERTIFICATE_EXPIRED'],
  ['for one second of 2020', validity(BEGIN, BEGIN), 'CERTIFICATE_EXPIRED'],
  [
    'to an end before its beginning, both ahead',
    validity(time(GENERALIZED, '20900101000000Z'), time(GENERALIZED, '20800101000000Z')),
    'CERTIFICATE_EXPIRED',
  ],
  ['without seconds', validity(BEGIN, time(UTC, '4912312359Z')), 'CERTIFICATE_PROFILE?', UNREADABLE],
  ['with an offset', validity(BEGIN, time(UTC, '491231235959+0000')), PROFILE, UNREADABLE],
  ['with a fraction', validity(BEGIN, time(GENERALIZED, '20491231235959.5Z')), PROFILE, UNREADABLE],
  ['without a Z', validity(BEGIN, time(GENERALIZED, '20491231235959')), 'CERTIFICATE_PROFILE?', UNREADABLE],
  ['in month 13', validity(BEGIN, time(UTC, '491331235959Z')), PROFILE, UNREADABLE],
  ['on 30 February', validity(BEGIN, time(UTC, '480230000000Z')), PROFILE, UNREADABLE],
  ['at 24 o’clock', validity(BEGIN, time(UTC, '491231240000Z')), PROFILE, UNREADABLE],
  ['in letters', validity(BEGIN, time(UTC, 'never')), 'CERTIFICATE_PROFILE?', UNREADABLE],
  ['empty', validity(BEGIN, time(UTC, '')), 'CERTIFICATE_PROFILE?', UNREADABLE],
  ['with a year of five digits', validity(BEGIN, time(GENERALIZED, '120491231235959Z')), PROFILE, UNREADABLE],
  ['in three times', validity(BEGIN, END, END), 'TLS_FAILED'],
  ['in one time', validity(BEGIN), 'TLS_FAILED'],
  ['in a number', validity(BEGIN, element(0x02, Buffer.of(1))), 'TLS_FAILED'],
]

const long = (was: Element): readonly Der[] => [{ ...was, length: 'long' }]

/** Whatever is signed is what is written: OpenSSL takes these for the same as DER. */
const LENGTHS: readonly Row[] = [
  ['whole length is indefinite', (tbs) => ({ ...tbs, length: 'indefinite' }), PROFILE, UNREADABLE],
  ['whole length is long', (tbs) => ({ ...tbs, length: 'long' }), PROFILE, UNREADABLE],
  ['serial’s length is long', part('serial', long), PROFILE, UNREADABLE],
  ['subject’s length is long', part('subject', long), PROFILE, UNREADABLE],
  [
    'subject’s length is indefinite',
    part('subject', (was) => [{ ...was, length: 'indefinite' }]),
    PROFILE,
    UNREADABLE,
  ],
  ['key’s length is long', part('key', long), PROFILE, UNREADABLE],
  [
    'list of extensions is of indefinite length',
    part('extensions', (was) => [{ ...was, length: 'indefinite' }]),
    PROFILE,
    UNREADABLE,
  ],
  ['serial is longer than it is', part('serial', (was) => [{ ...was, length: 2000 }]), 'TLS_FAILED'],
  ['subject is shorter than it is', part('subject', (was) => [{ ...was, length: 1 }]), 'TLS_FAILED'],
  ['subject is four GiB long', part('subject', (was) => [{ ...was, length: 0xffffffff }]), 'TLS_FAILED'],
]

const PARTS: readonly Row[] = [
  [
    'there is an element behind the extensions',
    (tbs) => ({ ...tbs, inside: [...tbs.inside, element(0xa4, element(0x05))] }),
    'TLS_FAILED',
  ],
  [
    'its issuer and its subject change places',
    (tbs) => ({ ...tbs, inside: swapped(tbs.inside, PART.issuer, PART.subject) }),
    'CERTIFICATE_UNTRUSTED',
  ],
  [
    'its serial and its algorithm change places',
    (tbs) => ({ ...tbs, inside: swapped(tbs.inside, PART.serial, PART.algorithm) }),
    'TLS_FAILED',
  ],
  ['its subject stands twice', part('subject', (was) => [was, was]), 'TLS_FAILED'],
  ['it has no key', part('key', () => []), 'TLS_FAILED'],
  ['its subject is a set', part('subject', (was) => [{ ...was, tag: 0x31 }]), 'TLS_FAILED'],
  ['it names two algorithms', withOtherAlgorithm, PROFILE, UNREADABLE],
  [
    'it names its algorithm without a parameter, and beside it with one',
    part('algorithm', (was) => [element(0x30, at(was, 0))]),
    PROFILE,
    UNREADABLE,
  ],
]

function swapped(list: readonly Der[], a: number, b: number): readonly Der[] {
  return list.map((one, i) => (i === a ? list[b] : i === b ? list[a] : one) ?? one)
}

type Rewrite = (der: Buffer, identity: ClientIdentity) => Uint8Array

/** Not signed anew: what is signed stays as it was, or there is nothing like it. */
const BYTES: readonly (readonly [name: string, rewrite: Rewrite, verdict: Verdict])[] = [
  ['nothing', () => Buffer.alloc(0), 'TLS_FAILED'],
  ['a byte', () => Buffer.of(0x30), 'TLS_FAILED'],
  ['zeros', () => Buffer.alloc(1000), 'TLS_FAILED'],
  ['an empty list', () => Buffer.of(0x30, 0), 'TLS_FAILED'],
  ['a text', () => Buffer.from('CN=client.webhooks.fbclientcerts.com'), 'TLS_FAILED'],
  ['itself in PEM', (_der, { leaf }) => Buffer.from(leaf.certificate), 'TLS_FAILED'],
  [
    'its public key only',
    (_der, { key }) => createPublicKey(key).export({ type: 'spki', format: 'der' }),
    'TLS_FAILED',
  ],
  ['itself cut by a byte', (der) => der.subarray(0, -1), 'TLS_FAILED'],
  ['its first half', (der) => der.subarray(0, der.length / 2), 'TLS_FAILED'],
  ['itself and a byte', (der) => Buffer.concat([der, Buffer.of(0)]), 'TLS_FAILED'],
  ['itself twice', (der) => Buffer.concat([der, der]), 'TLS_FAILED'],
  ['what is signed of it, without a signature', (der) => write(at(parse(der), 0)), 'TLS_FAILED'],
  ['itself nested in a list', (der) => write(element(0x30, der)), 'TLS_FAILED'],
  ['a list nested ten thousand deep', () => nested(10_000), 'TLS_FAILED'],
  [
    'itself with an empty signature',
    (der) => write(replaced(parse(der), [2], () => [element(0x03, Buffer.of(0))])),
    'CERTIFICATE_UNTRUSTED?',
  ],
  [
    'itself with a signature cut by a byte',
    (der) => write(replaced(parse(der), [2], (was) => [element(0x03, write(was).subarray(4, -1))])),
    'CERTIFICATE_UNTRUSTED?',
  ],
  [
    'itself with a signature of zeros',
    (der) => write(replaced(parse(der), [2], () => [element(0x03, Buffer.alloc(257))])),
    'CERTIFICATE_UNTRUSTED?',
  ],
  // OpenSSL hands it on in DER, and what is signed is what was signed: it is the same certificate.
  [
    'itself, its outermost length indefinite',
    (der) => write({ ...parse(der), length: 'indefinite' }),
    'admitted',
  ],
  ['itself, its outermost length long', (der) => write({ ...parse(der), length: 'long' }), 'admitted'],
]

function nested(depth: number): Buffer {
  let inner: Buffer = Buffer.alloc(0)
  for (let i = 0; i < depth; i++) inner = write(element(0x30, inner))
  return inner
}

const signedAnew =
  (says: string) =>
  ([name, change, verdict, because]: Row): Case => ({
    name: `${says}${name}`,
    present: ({ meta }) => altered(meta.client(), meta.root, change),
    raw: true,
    ...expected(verdict),
    because,
  })

function asBytes([name, rewrite, verdict]: (typeof BYTES)[number]): Case {
  return {
    name: `it is ${name}`,
    present: ({ meta }) => {
      const identity = meta.client()
      return withLeaf(identity, Buffer.from(rewrite(identity.leaf.der, identity)))
    },
    raw: true,
    ...expected(verdict),
  }
}

export const ENCODING: readonly Case[] = [
  ...SERIALS.map(signedAnew('its serial is ')),
  ...VERSIONS.map(signedAnew('its version is ')),
  ...TIMES.map(signedAnew('it is valid ')),
  ...LENGTHS.map(signedAnew('its ')),
  ...PARTS.map(signedAnew('')),
  ...BYTES.map(asBytes),
  {
    name: 'it is good, and presented by the client that presents these',
    present: ({ meta }) => meta.client(),
    raw: true,
    verdict: 'admitted',
  },
]
