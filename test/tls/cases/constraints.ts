// What authorities above a leaf say of its names (RFC 5280 §4.2.1.10): OpenSSL's to enforce, ours to prove that it does.
import type { LeafOptions } from '../../../src/lab/pki/authorities.ts'
import { type Change, withExtension } from '../../support/altered-certificate.ts'
import { type Element, element, write } from '../../support/der-tree.ts'
import { NAMELESS, oddAuthority, under } from './authorities.ts'
import { type Case, below } from './case.ts'

const NAME_CONSTRAINTS = Buffer.from('551d1e', 'hex')

const TAGS = { email: 0x81, dns: 0x82, directory: 0xa4, ip: 0x87 } as const

const subtree = (kind: keyof typeof TAGS, value: Buffer | Element): Element =>
  element(0x30, element(TAGS[kind], value))
const dns = (name: string) => subtree('dns', Buffer.from(name))
const email = (name: string) => subtree('email', Buffer.from(name))
const ip = (...bytes: number[]) => subtree('ip', Buffer.from(bytes))
/** A directory name of one organisation. */
const organisation = (name: string) =>
  subtree(
    'directory',
    element(
      0x30,
      element(
        0x31,
        element(0x30, element(0x06, Buffer.from('55040a', 'hex')), element(0x0c, Buffer.from(name))),
      ),
    ),
  )

interface Subtrees {
  readonly permitted?: readonly Element[]
  readonly excluded?: readonly Element[]
}

const constrained = ({ permitted = [], excluded = [] }: Subtrees): Change =>
  withExtension(
    NAME_CONSTRAINTS,
    write(
      element(
        0x30,
        ...(permitted.length === 0 ? [] : [element(0xa0, ...permitted)]),
        ...(excluded.length === 0 ? [] : [element(0xa1, ...excluded)]),
      ),
    ),
    { critical: true },
  )

const LAB: LeafOptions = { before: [{ type: 'O', value: 'Lab' }] }
const withAddress = (value: string): LeafOptions => ({ after: [{ type: 'email', value }] })

const VIOLATED: readonly (readonly [name: string, subtrees: Subtrees, leaf: LeafOptions])[] = [
  ['its CN is of no permitted domain', { permitted: [dns('other.example')] }, {}],
  ['its CN is of an excluded domain', { excluded: [dns('fbclientcerts.com')] }, {}],
  ['its CN itself is excluded', { excluded: [dns('client.webhooks.fbclientcerts.com')] }, {}],
  ['every domain is excluded', { excluded: [dns('')] }, {}],
  [
    'its CN is permitted and excluded',
    { permitted: [dns('fbclientcerts.com')], excluded: [dns('webhooks.fbclientcerts.com')] },
    {},
  ],
  [
    'its SAN is of no permitted domain',
    { permitted: [dns('fbclientcerts.com')] },
    { altNames: ['evil.example'] },
  ],
  [
    'its second SAN is of no permitted domain',
    { permitted: [dns('fbclientcerts.com')] },
    { altNames: ['client.webhooks.fbclientcerts.com', 'evil.example'] },
  ],
  ['its SAN is of an excluded domain', { excluded: [dns('evil.example')] }, { altNames: ['x.evil.example'] }],
  [
    'its address in SAN is not permitted',
    { permitted: [ip(192, 0, 2, 0, 255, 255, 255, 0)] },
    { altNames: ['198.51.100.1'] },
  ],
  [
    'its address in SAN is excluded',
    { excluded: [ip(198, 51, 100, 0, 255, 255, 255, 0)] },
    { altNames: ['198.51.100.1'] },
  ],
  ['its emailAddress is not permitted', { permitted: [email('lab.example')] }, withAddress('a@evil.example')],
  ['its emailAddress is excluded', { excluded: [email('evil.example')] }, withAddress('a@evil.example')],
  ['its subject is of no permitted organisation', { permitted: [organisation('Other')] }, LAB],
  ['its subject is of an excluded organisation', { excluded: [organisation('Lab')] }, LAB],
  ['its subject has no organisation where one is permitted', { permitted: [organisation('Lab')] }, {}],
]

const HELD: readonly (readonly [name: string, subtrees: Subtrees, leaf: LeafOptions])[] = [
  ['its CN is of a permitted domain', { permitted: [dns('fbclientcerts.com')] }, {}],
  [
    'its CN is of one of two permitted domains',
    { permitted: [dns('x.example'), dns('fbclientcerts.com')] },
    {},
  ],
  ['its CN is of no excluded domain', { excluded: [dns('evil.example')] }, {}],
  [
    'its CN and its SAN are of a permitted domain',
    { permitted: [dns('fbclientcerts.com')] },
    { altNames: ['client.webhooks.fbclientcerts.com'] },
  ],
  [
    'its address in SAN is permitted',
    { permitted: [ip(192, 0, 2, 0, 255, 255, 255, 0)] },
    { altNames: ['192.0.2.7'] },
  ],
  [
    'only addresses are constrained, and it has none',
    { permitted: [ip(192, 0, 2, 0, 255, 255, 255, 0)] },
    {},
  ],
  ['its emailAddress is permitted', { permitted: [email('lab.example')] }, withAddress('a@lab.example')],
  ['its subject is of a permitted organisation', { permitted: [organisation('Lab')] }, LAB],
]

export const CONSTRAINTS: readonly Case[] = [
  ...VIOLATED.map(([name, subtrees, leaf]): Case => ({
    name,
    present: under({ change: constrained(subtrees) }, leaf),
    verdict: 'CERTIFICATE_UNTRUSTED',
    because: NAMELESS,
  })),
  ...HELD.map(([name, subtrees, leaf]): Case => ({
    name,
    present: under({ change: constrained(subtrees) }, leaf),
    verdict: 'admitted',
  })),
  {
    name: 'constraints of the upper of two authorities are violated',
    present: (authorities) => {
      const upper = oddAuthority(authorities, { change: constrained({ permitted: [dns('other.example')] }) })
      const lower = below(upper, 'Lab Lower')
      return authorities.digicert.client({ issuer: lower, chain: [lower, upper] })
    },
    verdict: 'CERTIFICATE_UNTRUSTED',
    because: NAMELESS,
  },
]
