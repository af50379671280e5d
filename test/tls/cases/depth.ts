// Chains by their length: how many authorities may stand between an anchor and a leaf. client.maxDepth is 3 in these
// tests: at most three certificates below the anchor, the leaf included; an anchor's own path length may allow less.
import type { ClientIdentity } from '../../../src/lab/pki/authorities.ts'
import type { Issued } from '../../../src/lab/pki/certificate.ts'
import { type Authorities, type Case, below } from './case.ts'

const TOO_LONG =
  /^OpenSSL: PATH_LENGTH_EXCEEDED: the chain is longer than client\.maxDepth or an authority's own path length allows$/

/** So many authorities below `top`, the nearest to a leaf first. */
function downFrom(
  top: Issued,
  count: number,
  options: (level: number) => Parameters<typeof below>[2] = () => ({}),
): Issued[] {
  const path: Issued[] = []
  for (let level = 1; level <= count; level++)
    path.unshift(below(path[0] ?? top, `Lab Level ${level}`, options(level)))
  return path
}

function leafBelow(
  authority: Authorities['meta'],
  path: readonly Issued[],
  withRoot = false,
): ClientIdentity {
  return authority.client({
    issuer: path[0] ?? authority.root,
    chain: withRoot ? [...path, authority.root] : path,
  })
}

const counted = [0, 1, 2, 3, 4, 5, 6].flatMap((count) =>
  [false, true].flatMap((withRoot): Case[] => {
    const name = (shape: string) =>
      `${count} authorities stand between it and the ${shape} root, which ${withRoot ? 'comes along' : 'stays away'}`
    const verdict = (most: number): Pick<Case, 'verdict' | 'because'> =>
      count <= most ? { verdict: 'admitted' } : { verdict: 'CERTIFICATE_PROFILE', because: TOO_LONG }
    return [
      {
        name: name('Meta-shaped'),
        present: ({ meta }) => leafBelow(meta, downFrom(meta.root, count), withRoot),
        ...verdict(0),
      },
      {
        name: name('DigiCert-shaped'),
        present: ({ digicert }) => leafBelow(digicert, downFrom(digicert.root, count), withRoot),
        ...verdict(2),
      },
    ]
  }),
)

/** New keys under one name: RFC 5280 §6.1.4 (l) does not count those that issued themselves. */
function selfIssued(top: Issued, count: number): Issued[] {
  const path: Issued[] = []
  for (let i = 0; i < count; i++) {
    const issuer: Issued = path[0] ?? top
    path.unshift(below(issuer, '', { subject: issuer.subject }))
  }
  return path
}

export const DEPTH: readonly Case[] = [
  ...counted,
  {
    name: 'two authorities stand above it, the upper one with path length 1',
    present: ({ digicert }) =>
      leafBelow(
        digicert,
        downFrom(digicert.root, 2, (level) => ({ authority: { pathLength: 2 - level } })),
      ),
    verdict: 'admitted',
  },
  {
    name: 'two authorities stand above it, the upper one with path length 0',
    present: ({ digicert }) =>
      leafBelow(
        digicert,
        downFrom(digicert.root, 2, () => ({ authority: { pathLength: 0 } })),
      ),
    verdict: 'CERTIFICATE_PROFILE',
    because: TOO_LONG,
  },
  {
    name: 'a path length of 100 in an intermediate does not make the chain longer',
    present: ({ digicert }) =>
      leafBelow(
        digicert,
        downFrom(digicert.root, 3, () => ({ authority: { pathLength: 100 } })),
      ),
    verdict: 'CERTIFICATE_PROFILE',
    because: TOO_LONG,
  },
  {
    name: 'its root issued itself a new key, which path length 0 does not count',
    present: ({ meta }) => leafBelow(meta, selfIssued(meta.root, 1)),
    verdict: 'admitted',
  },
  {
    name: 'its root issued itself three new keys, one after another',
    present: ({ digicert }) => leafBelow(digicert, selfIssued(digicert.root, 3)),
    verdict: 'admitted',
  },
  {
    name: 'three authorities stand above it, and a new key of the root',
    present: ({ digicert }) => {
      const [again = digicert.root] = selfIssued(digicert.root, 1)
      return leafBelow(digicert, [...downFrom(again, 3), again])
    },
    verdict: 'CERTIFICATE_PROFILE',
    because: TOO_LONG,
  },
]
