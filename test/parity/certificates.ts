// The certificates of the table: those of test/tls/cases that show a rule of their own, each with its verdict there.
import { sendRaw } from '../support/raw-delivery-as.ts'
import { AUTHORITIES } from '../tls/cases/authorities.ts'
import type { Case } from '../tls/cases/case.ts'
import { CHAINS } from '../tls/cases/chains.ts'
import { CONSTRAINTS } from '../tls/cases/constraints.ts'
import { DEPTH } from '../tls/cases/depth.ts'
import { ENCODING } from '../tls/cases/encoding.ts'
import { EXTENSIONS } from '../tls/cases/extensions.ts'
import { FITNESS } from '../tls/cases/fitness.ts'
import { KEYS } from '../tls/cases/keys.ts'
import { NAMES } from '../tls/cases/names.ts'
import { type Row, deliver } from './row.ts'

/** So large that no field holds it; that handshake is proved elsewhere. */
const TOO_LARGE = 'ten thousand unrelated certificates come along'

const PICKED: readonly Case[] = [
  ...CHAINS.filter(({ name }) => name !== TOO_LARGE),
  ...FITNESS,
  ...named(DEPTH, [
    '1 authorities stand between it and the Meta-shaped root, which stays away',
    '0 authorities stand between it and the DigiCert-shaped root, which stays away',
    '2 authorities stand between it and the DigiCert-shaped root, which stays away',
    '3 authorities stand between it and the DigiCert-shaped root, which stays away',
    'two authorities stand above it, the upper one with path length 0',
    'its root issued itself a new key, which path length 0 does not count',
  ]),
  ...named(AUTHORITIES, [
    'its authority is of X.509 version 1',
    'its authority has a critical extension nobody knows',
    'its authority is signed with sha1',
    'its authority is for servers only',
    'its authority is for clients only',
  ]),
  ...named(CONSTRAINTS, [
    'its CN is of no permitted domain',
    'its SAN is of an excluded domain',
    'its CN is of a permitted domain',
  ]),
  ...named(KEYS, [
    'its key is RSA-1024',
    'its key is P-256',
    'its key is Ed25519',
    'its key is Ed448',
    'its key is RSA-2048 with exponent 1',
    'its key is P-256 with a point off the curve',
    'its key is another one than that it signs with',
    'it is signed with sha1',
    'it is signed with md5',
    'it is signed with pss-sha256',
  ]),
  ...named(EXTENSIONS, [
    'it has a critical one nobody knows',
    'it has critical name constraints',
    'it has those of a proxy certificate',
    'it has extended key usage twice',
    'it has key usage for nothing',
    'it has no key usage',
    'it has one nobody has to know',
  ]),
  ...named(ENCODING, [
    'its serial is zero',
    'its serial is of 21 bytes',
    'its version is 1',
    'it is valid until 9999',
    'it is valid in month 13',
    'its whole length is indefinite',
    'it names two algorithms',
    'it is zeros',
    'it is itself twice',
    'it is itself with a signature of zeros',
    'it is itself, its outermost length indefinite',
  ]),
  ...NAMES.filter(({ raw }) => raw !== true),
  ...named(NAMES, [
    'its CN is the right one as BMPString',
    'its CN is the right one as IA5String',
    'its CN is UTF-8 cut off',
    'its subject is a name without attributes',
  ]),
]

function named(cases: readonly Case[], names: readonly string[]): Case[] {
  return names.map((name) => {
    const found = cases.find((one) => one.name === name)
    if (found === undefined) throw new Error(`no certificate case is named: ${name}`)
    return found
  })
}

export const CERTIFICATE_ROWS: readonly Row[] = PICKED.map(toRow)

function toRow({ name, present, verdict, orFailed, raw, proof }: Case): Row {
  return {
    group: 'certificate',
    name,
    verdict,
    ...(orFailed === true ? { orFailed } : {}),
    identity: present,
    ...(raw === true
      ? {
          send: (visit) => {
            const { dial, identity } = visit
            if (identity === undefined) throw new Error('nothing to present')
            return dial.tls === false
              ? deliver(visit)
              : sendRaw(dial, identity, { version: 'TLSv1.3', proof })
          },
        }
      : {}),
  }
}
