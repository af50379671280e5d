// Leaves with the right name below an anchor that are or are not fit to identify a client: purpose, key, algorithm, structure.
import { generateKeyPairSync } from 'node:crypto'
import type { ClientIdentity, LeafOptions } from '../../../src/lab/pki/authorities.ts'
import {
  altered,
  asVersionOne,
  withExtensionsTwice,
  withOtherAlgorithm,
} from '../../support/altered-certificate.ts'
import { type Authorities, type Case, below, metaLeaf } from './case.ts'

const UNFIT: readonly (readonly [name: string, leaf: LeafOptions, because: RegExp])[] = [
  ['it is for servers only', { extendedKeyUsage: ['serverAuth'] }, /INVALID_PURPOSE/],
  ['it is for signing code', { extendedKeyUsage: ['codeSigning'] }, /INVALID_PURPOSE/],
  ['it names no purpose', { extendedKeyUsage: [] }, /^no extended key usage/],
  ['it is for any purpose', { extendedKeyUsage: ['any'] }, /without clientAuth$|INVALID_PURPOSE/],
  [
    'it is for servers and any purpose',
    { extendedKeyUsage: ['serverAuth', 'any'] },
    /without clientAuth$|INVALID_PURPOSE/,
  ],
  ['its key may not sign', { keyUsage: ['keyEncipherment'] }, /INVALID_PURPOSE/],
  [
    'it is an authority',
    { authority: {}, keyUsage: ['digitalSignature', 'certSign'], extendedKeyUsage: ['clientAuth'] },
    /^it is a certificate authority/,
  ],
  [
    'it is an authority by path length 0',
    { authority: { pathLength: 0 }, keyUsage: ['digitalSignature'], extendedKeyUsage: ['clientAuth'] },
    /^it is a certificate authority/,
  ],
  ['its key is RSA-1024', { key: 'rsa-1024' }, /^key rsa of 1024 bits is too weak/],
  ['its key is Ed448', { key: generateKeyPairSync('ed448') }, /^key 1\.3\.101\.113 is too weak or unknown$/],
  ['SHA-1 signed it', { digest: 'sha1' }, /^signed with 1\.2\.840\.113549\.1\.1\.5, which is too weak/],
]

const ALTERED: readonly (readonly [name: string, change: Parameters<typeof altered>[2], because: RegExp])[] =
  [
    ['it is of X.509 version 1', asVersionOne, /^X\.509 version 1, not 3$|INVALID_PURPOSE/],
    ['it names two algorithms', withOtherAlgorithm, /^the certificate could not be read$/],
    [
      'its extensions stand twice',
      withExtensionsTwice,
      /^the certificate could not be read$|INVALID_PURPOSE/,
    ],
  ]

const FIT: readonly (readonly [name: string, leaf: LeafOptions])[] = [
  ['its key is RSA-2048', {}],
  ['its key is RSA-PSS', { key: generateKeyPairSync('rsa-pss', { modulusLength: 2048 }) }],
  ['its key is P-256', { key: 'p-256' }],
  ['its key is P-384', { key: 'p-384' }],
  ['its key is P-521', { key: generateKeyPairSync('ec', { namedCurve: 'secp521r1' }) }],
  ['its key is Ed25519', { key: 'ed25519' }],
  ['SHA-384 signed it', { digest: 'sha384' }],
  ['SHA-512 signed it', { digest: 'sha512' }],
  ['it is for servers and clients', { extendedKeyUsage: ['serverAuth', 'clientAuth'] }],
  ['it says nothing of being an authority', { authority: 'omit' }],
  ['its serial is twenty bytes', { serial: `7f${'ab'.repeat(19)}` }],
]

const through =
  (options: Parameters<typeof below>[2]) =>
  ({ digicert }: Authorities): ClientIdentity => {
    const intermediate = below(digicert.root, 'Lab Odd Intermediate', options)
    return digicert.client({ issuer: intermediate, chain: [intermediate] })
  }

export const FITNESS: readonly Case[] = [
  ...UNFIT.map(([name, leaf, because]): Case => ({
    name,
    present: metaLeaf(leaf),
    verdict: 'CERTIFICATE_PROFILE',
    because,
  })),
  ...ALTERED.map(([name, change, because]): Case => ({
    name,
    present: ({ meta }) => altered(meta.client(), meta.root, change),
    verdict: 'CERTIFICATE_PROFILE',
    because,
  })),
  {
    name: 'it is an anchor itself',
    present: ({ meta }) => ({ certificate: meta.root.certificate, key: meta.root.key, leaf: meta.root }),
    verdict: 'CERTIFICATE_PROFILE',
  },
  {
    name: 'it is an intermediate itself',
    present: ({ digicert }) => {
      const intermediate = below(digicert.root, 'Lab Client And Authority', {
        keyUsage: ['digitalSignature', 'certSign'],
        extendedKeyUsage: ['clientAuth'],
      })
      return { certificate: intermediate.certificate, key: intermediate.key, leaf: intermediate }
    },
    verdict: 'CERTIFICATE_PROFILE',
    because: /^it is a certificate authority/,
  },
  {
    name: 'its intermediate is for servers only',
    present: through({ extendedKeyUsage: ['serverAuth'] }),
    verdict: 'CERTIFICATE_PROFILE',
    because: /INVALID_PURPOSE/,
  },
  {
    name: 'SHA-1 signed its intermediate',
    present: through({ digest: 'sha1' }),
    verdict: 'CERTIFICATE_UNTRUSTED',
  },
  {
    name: 'its intermediate is RSA-1024',
    present: through({ key: 'rsa-1024' }),
    verdict: 'CERTIFICATE_UNTRUSTED',
  },
  { name: 'an Ed25519 intermediate signed it', present: through({ key: 'ed25519' }), verdict: 'admitted' },
  {
    name: 'a P-384 intermediate signed it',
    present: through({ key: 'p-384', digest: 'sha384' }),
    verdict: 'admitted',
  },
  ...FIT.map(([name, leaf]): Case => ({ name, present: metaLeaf(leaf), verdict: 'admitted' })),
]
