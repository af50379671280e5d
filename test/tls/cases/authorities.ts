// Authorities above a leaf that are none, not for clients, or weak: OpenSSL's to refuse, ours to prove that it does.
import type { ClientIdentity, LeafOptions } from '../../../src/lab/pki/authorities.ts'
import type { Issued } from '../../../src/lab/pki/certificate.ts'
import {
  type Change,
  type Signing,
  RSA_SIGNINGS,
  alteredAuthority,
  asVersionOne,
  withExtension,
  withExtensions,
  withSerial,
} from '../../support/altered-certificate.ts'
import { at, write } from '../../support/der-tree.ts'
import { type Authorities, type Case, below } from './case.ts'

interface Odd {
  readonly change: Change
  readonly signing?: Signing
}

/** An authority below the DigiCert-shaped root, altered. */
export function oddAuthority({ digicert }: Authorities, { change, signing }: Odd): Issued {
  return alteredAuthority(
    below(digicert.root, 'Lab Odd Authority'),
    { issuer: digicert.root, ...signing },
    change,
  )
}

/** A leaf below such an authority. */
export const under =
  (odd: Odd, leaf: LeafOptions = {}) =>
  (authorities: Authorities): ClientIdentity => {
    const authority = oddAuthority(authorities, odd)
    return authorities.digicert.client({ ...leaf, issuer: authority, chain: [authority] })
  }

export const NAMELESS = /^OpenSSL: UNSPECIFIED: a reason Node has no name for, in the chain: names outside/
const NOT_FOR_CLIENTS = /^OpenSSL: INVALID_PURPOSE: it, or an authority of its chain, is not for clients$/

/** Authorities that are none, or not for clients. */
const UNFIT: readonly (readonly [
  name: string,
  change: Change,
  verdict: Case['verdict'],
  because: RegExp | undefined,
])[] = [
  ['is of X.509 version 1', asVersionOne, 'CERTIFICATE_PROFILE', NOT_FOR_CLIENTS],
  ['has no basic constraints', withoutExtension('551d13'), 'CERTIFICATE_UNTRUSTED', undefined],
  [
    'has a critical extension nobody knows',
    withExtension(Buffer.from('2a0304', 'hex'), Buffer.of(5, 0), { critical: true }),
    'CERTIFICATE_UNTRUSTED',
    NAMELESS,
  ],
]

function withoutExtension(oid: string): Change {
  return withExtensions((was) =>
    was.filter((extension) => !write(at(extension, 0)).toString('hex').endsWith(oid)),
  )
}

const byOptions =
  (options: Parameters<typeof below>[2]) =>
  ({ digicert }: Authorities): ClientIdentity => {
    const authority = below(digicert.root, 'Lab Odd Authority', options)
    return digicert.client({ issuer: authority, chain: [authority] })
  }

export const AUTHORITIES: readonly Case[] = [
  ...UNFIT.map(([name, change, verdict, because]): Case => ({
    name: `its authority ${name}`,
    present: under({ change }),
    verdict,
    because,
  })),
  {
    name: 'its authority is none by its basic constraints',
    present: ({ digicert }) => {
      const { leaf } = digicert.client({
        issuer: digicert.root,
        key: 'p-256',
        keyUsage: ['digitalSignature', 'certSign'],
      })
      return digicert.client({ issuer: leaf, chain: [leaf] })
    },
    verdict: 'CERTIFICATE_PROFILE',
    because: NOT_FOR_CLIENTS,
  },
  ...(['md5', 'sha1', 'pss-sha1'] as const).map((kind): Case => ({
    name: `its authority is signed with ${kind}`,
    present: under({ change: (tbs) => tbs, signing: RSA_SIGNINGS[kind] }),
    verdict: 'CERTIFICATE_UNTRUSTED',
    because: NAMELESS,
  })),
  // Level 2 of OpenSSL asks for 112 bits, which SHA-224 has; in a leaf we refuse it.
  ...(['sha224', 'pss-sha256'] as const).map((kind): Case => ({
    name: `its authority is signed with ${kind}`,
    present: under({ change: (tbs) => tbs, signing: RSA_SIGNINGS[kind] }),
    verdict: 'admitted',
  })),
  {
    name: "its authority's serial is negative",
    present: under({ change: withSerial(0xff) }),
    verdict: 'admitted',
  },
  {
    name: 'its authority has an extension nobody has to know',
    present: under({ change: withExtension(Buffer.from('2a0304', 'hex'), Buffer.of(5, 0)) }),
    verdict: 'admitted',
  },
  {
    name: 'its authority is for servers only',
    present: byOptions({ extendedKeyUsage: ['serverAuth'] }),
    verdict: 'CERTIFICATE_PROFILE',
    because: NOT_FOR_CLIENTS,
  },
  {
    name: 'its authority is for signing code only',
    present: byOptions({ extendedKeyUsage: ['codeSigning'] }),
    verdict: 'CERTIFICATE_PROFILE',
    because: NOT_FOR_CLIENTS,
  },
  {
    name: 'its authority is for clients only',
    present: byOptions({ extendedKeyUsage: ['clientAuth'] }),
    verdict: 'admitted',
  },
  {
    name: 'its authority is for servers and clients',
    present: byOptions({ extendedKeyUsage: ['serverAuth', 'clientAuth'] }),
    verdict: 'admitted',
  },
  {
    name: "its authority's name is empty",
    present: byOptions({ subject: [] }),
    verdict: 'admitted',
  },
]
