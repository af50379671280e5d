// Leaves with the right name whose chain does or does not lead to an anchor: issuers, order, constraints and time.
import { type ClientIdentity, selfSigned } from '../../../src/lab/pki/authorities.ts'
import { forged } from '../../support/altered-certificate.ts'
import {
  type Authorities,
  type Case,
  FAR_AHEAD,
  LONG_AGO,
  TOMORROW,
  YESTERDAY,
  below,
  metaLeaf,
  root,
} from './case.ts'

/** A leaf below one intermediate below the DigiCert-shaped root. */
const throughIntermediate =
  (options: Parameters<typeof below>[2]) =>
  ({ digicert }: Authorities): ClientIdentity => {
    const intermediate = below(digicert.root, 'Lab Odd Intermediate', options)
    return digicert.client({ issuer: intermediate, chain: [intermediate] })
  }

/** So many certificates that have nothing to do with the chain; the same one again and again is as unrelated. */
function unrelated(count: number) {
  const strangers = Array.from({ length: Math.min(count, 100) }, (_, i) => root(`Lab Stranger ${i}`))
  return Array.from({ length: count }, (_, i) => strangers[i % strangers.length] ?? root('Lab Stranger'))
}

const UNTRUSTED: readonly Pick<Case, 'name' | 'present'>[] = [
  { name: 'it is self-signed', present: () => selfSigned() },
  {
    name: 'it is below a root that is no anchor, and brings it along',
    present: ({ meta }) => {
      const stranger = root('Lab Root Of An Operating System')
      return meta.client({ issuer: stranger, chain: [stranger] })
    },
  },
  {
    name: 'it is below a root that is no anchor, and does not bring it along',
    present: ({ meta }) => meta.client({ issuer: root('Lab Root Of An Operating System') }),
  },
  {
    name: "it is below a root with an anchor's name and another key",
    present: ({ meta }) => meta.client({ issuer: { ...root('x'), subject: meta.root.subject } }),
  },
  { name: 'its signature has one bit flipped', present: ({ meta }) => forged(meta.client()) },
  { name: 'its intermediate is missing', present: ({ digicert }) => digicert.client({ chain: [] }) },
  {
    name: 'another authority’s intermediate stands for its own',
    present: ({ digicert, odd }) =>
      digicert.client({ chain: [below(odd.twins[0], 'Lab Other Intermediate')] }),
  },
  {
    name: 'it is issued by a leaf',
    present: ({ meta }) => {
      const { leaf } = meta.client()
      return meta.client({ issuer: leaf, chain: [leaf] })
    },
  },
  {
    name: 'its intermediate may not sign certificates',
    present: throughIntermediate({ keyUsage: ['crlSign'] }),
  },
  {
    name: 'the third of three roots of one name, which is no anchor, issued it',
    present: ({ meta, odd }) => meta.client({ issuer: odd.twins[2] }),
  },
]

const OUT_OF_TIME: readonly Pick<Case, 'name' | 'present'>[] = [
  { name: 'it expired yesterday', present: metaLeaf({ notBefore: LONG_AGO, notAfter: YESTERDAY }) },
  { name: 'it is valid from tomorrow', present: metaLeaf({ notBefore: TOMORROW, notAfter: FAR_AHEAD }) },
  { name: 'it ends before it begins', present: metaLeaf({ notBefore: FAR_AHEAD, notAfter: LONG_AGO }) },
  {
    name: 'its intermediate expired',
    present: throughIntermediate({ notBefore: LONG_AGO, notAfter: YESTERDAY }),
  },
  {
    name: 'its intermediate is valid from tomorrow',
    present: throughIntermediate({ notBefore: TOMORROW, notAfter: FAR_AHEAD }),
  },
  { name: 'its anchor expired', present: ({ meta, odd }) => meta.client({ issuer: odd.expired }) },
  {
    name: 'its anchor is valid from tomorrow',
    present: ({ meta, odd }) => meta.client({ issuer: odd.future }),
  },
]

const ADMITTED: readonly Case[] = [
  {
    name: 'Meta-shaped: below the root itself',
    present: ({ meta }) => meta.client(),
    anchor: 'meta-lab',
    verdict: 'admitted',
  },
  {
    name: 'DigiCert-shaped: with an intermediate, under a root that signed itself with SHA-1',
    present: ({ digicert }) => digicert.client(),
    anchor: 'digicert-lab',
    verdict: 'admitted',
  },
  {
    name: 'it brings its root along',
    present: ({ digicert }) => digicert.client({ chain: [...digicert.intermediates, digicert.root] }),
    verdict: 'admitted',
  },
  {
    name: 'its chain is shuffled',
    present: ({ digicert }) => {
      const sub = below(digicert.root, 'Lab Upper')
      const lower = below(sub, 'Lab Lower')
      return digicert.client({ issuer: lower, chain: [digicert.root, sub, lower] })
    },
    verdict: 'admitted',
  },
  {
    name: 'a hundred unrelated certificates come along',
    present: ({ digicert }) => digicert.client({ chain: [...unrelated(100), ...digicert.intermediates] }),
    verdict: 'admitted',
  },
  {
    name: 'the first of two roots of one name issued it',
    present: ({ meta, odd }) => meta.client({ issuer: odd.twins[0] }),
    anchor: 'twin-1',
    verdict: 'admitted',
  },
  {
    name: 'the second of two roots of one name issued it',
    present: ({ meta, odd }) => meta.client({ issuer: odd.twins[1] }),
    anchor: 'twin-2',
    verdict: 'admitted',
  },
  { name: 'it lasts beyond 2050', present: metaLeaf({ notAfter: FAR_AHEAD }), verdict: 'admitted' },
]

export const CHAINS: readonly Case[] = [
  { name: 'there is none', present: () => undefined, verdict: 'CERTIFICATE_MISSING' },
  ...UNTRUSTED.map(({ name, present }): Case => ({
    name,
    present,
    verdict: 'CERTIFICATE_UNTRUSTED',
    because: /^OpenSSL: /,
  })),
  ...OUT_OF_TIME.map(({ name, present }): Case => ({
    name,
    present,
    verdict: 'CERTIFICATE_EXPIRED',
    because: /^OpenSSL: CERT_/,
  })),
  {
    name: 'ten thousand unrelated certificates come along',
    present: ({ meta }) => meta.client({ chain: unrelated(10_000) }),
    verdict: 'TLS_FAILED',
  },
  ...ADMITTED,
]
