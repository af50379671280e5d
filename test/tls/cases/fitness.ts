// Leaves with the right name below an anchor that are or are not fit to identify a client: by purpose and as authorities.
import type { ClientIdentity, LeafOptions } from '../../../src/lab/pki/authorities.ts'
import { type Authorities, type Case, below, metaLeaf } from './case.ts'

const UNFIT: readonly (readonly [name: string, leaf: LeafOptions, because: RegExp])[] = [
  ['it is for servers only', { extendedKeyUsage: ['serverAuth'] }, /^extended key usage without clientAuth$/],
  [
    'it is for signing code',
    { extendedKeyUsage: ['codeSigning'] },
    /^extended key usage without clientAuth$/,
  ],
  ['it names no purpose', { extendedKeyUsage: [] }, /^no extended key usage/],
  ['it is for any purpose', { extendedKeyUsage: ['any'] }, /^extended key usage without clientAuth$/],
  [
    'it is for servers and any purpose',
    { extendedKeyUsage: ['serverAuth', 'any'] },
    /^extended key usage without clientAuth$/,
  ],
  [
    'its key may not sign',
    { keyUsage: ['keyEncipherment'] },
    /^key usage without digitalSignature: keyEncipherment$/,
  ],
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
]

const FIT: readonly (readonly [name: string, leaf: LeafOptions])[] = [
  ['its key is RSA-2048', {}],
  ['SHA-384 signed it', { digest: 'sha384' }],
  ['SHA-512 signed it', { digest: 'sha512' }],
  ['it is for servers and clients', { extendedKeyUsage: ['serverAuth', 'clientAuth'] }],
  ['it says nothing of being an authority', { authority: 'omit' }],
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
