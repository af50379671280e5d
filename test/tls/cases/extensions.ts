// What the extensions of a leaf say: known and unknown, critical or not, twice, empty and malformed.
import {
  type Change,
  altered,
  extensionOf,
  part,
  withExtension,
  withExtensions,
  withExtensionsTwice,
  withoutExtensions,
} from '../../support/altered-certificate.ts'
import { type Der, at, element, write } from '../../support/der-tree.ts'
import type { Case } from './case.ts'

const OIDS = {
  keyUsage: '551d0f',
  altName: '551d11',
  basicConstraints: '551d13',
  nameConstraints: '551d1e',
  distributionPoints: '551d1f',
  policies: '551d20',
  policyConstraints: '551d24',
  purposes: '551d25',
  keyIdentifier: '551d0e',
  netscapeType: '6086480186f8420101',
  proxy: '2b0601050507010e',
  precertificate: '2b06010401d679020403',
  unknown: '2a0304',
  // 2.25 and a UUID: an arc of 128 bits.
  uuid: '6983f8d8e5a2b3c4d5e6f7a8b9c0d1e2f37f',
} as const

const of = (name: keyof typeof OIDS) => Buffer.from(OIDS[name], 'hex')
const isOf =
  (name: keyof typeof OIDS) =>
  (extension: Der): boolean =>
    write(at(extension, 0)).subarray(2).equals(of(name))

/** In place of the one of that name. */
const instead = (name: keyof typeof OIDS, value: Uint8Array, critical = false): Change =>
  withExtensions((was) => [
    ...was.filter((one) => !isOf(name)(one)),
    extensionOf(of(name), value, { critical }),
  ])
const without = (name: keyof typeof OIDS): Change =>
  withExtensions((was) => was.filter((one) => !isOf(name)(one)))
const twice = (name: keyof typeof OIDS): Change =>
  withExtensions((was) => [...was, ...was.filter(isOf(name))])
const more = (name: keyof typeof OIDS, value: Uint8Array, critical = false): Change =>
  withExtension(of(name), value, { critical })

const NULL = Buffer.of(5, 0)
const list = (...inside: Der[]) => write(element(0x30, ...inside))
const purposes = (...oids: string[]) => list(...oids.map((oid) => element(0x06, Buffer.from(oid, 'hex'))))
const CLIENT_AUTH = '2b06010505070302'
const EMAIL = '2b06010505070304'
const usage = (...bytes: number[]) => write(element(0x03, Buffer.from(bytes)))
const dnsName = list(element(0x82, Buffer.from('client.webhooks.fbclientcerts.com')))
const anyPolicy = list(element(0x30, element(0x06, Buffer.from('551d2000', 'hex'))))
const distribution = list(
  element(0x30, element(0xa0, element(0xa0, element(0x86, Buffer.from('http://crl.example/a.crl'))))),
)
const proxyInfo = list(element(0x30, element(0x06, Buffer.from('2b06010505071501', 'hex'))))

const unknown = (oid: RegExp) =>
  new RegExp(`^it has a critical extension that hubgate does not know: ${oid.source}$`)
const UNREADABLE = /^the certificate could not be read$/

const REFUSED: readonly (readonly [name: string, change: Change, because: RegExp])[] = [
  ['none at all', withoutExtensions, /^no extended key usage/],
  ['an empty list', withExtensions(() => []), /^no extended key usage/],
  ['a critical one nobody knows', more('unknown', NULL, true), unknown(/1\.2\.3\.4/)],
  [
    'two critical ones nobody knows',
    (tbs) => more('uuid', NULL, true)(at(more('unknown', NULL, true)(tbs))),
    unknown(/1\.2\.3\.4, 2\.25\.\d+/),
  ],
  [
    'critical name constraints',
    more('nameConstraints', list(element(0xa0, list(element(0x82, Buffer.from('fbclientcerts.com'))))), true),
    unknown(/2\.5\.29\.30/),
  ],
  [
    'critical policy constraints',
    more('policyConstraints', list(element(0x80, Buffer.of(0))), true),
    unknown(/2\.5\.29\.36/),
  ],
  ['critical distribution points', more('distributionPoints', distribution, true), unknown(/2\.5\.29\.31/)],
  [
    'a critical key identifier',
    instead('keyIdentifier', write(element(0x04, Buffer.of(1))), true),
    unknown(/2\.5\.29\.14/),
  ],
  [
    'the mark of a precertificate',
    more('precertificate', NULL, true),
    unknown(/1\.3\.6\.1\.4\.1\.11129\.2\.4\.3/),
  ],
  ['those of a proxy certificate', more('proxy', proxyInfo, true), unknown(/1\.3\.6\.1\.5\.5\.7\.1\.14/)],
  ['an unknown one twice', (tbs) => more('unknown', NULL)(at(more('unknown', NULL)(tbs))), UNREADABLE],
  [
    'extended key usage without a purpose',
    instead('purposes', purposes()),
    /^extended key usage without clientAuth$/,
  ],
  [
    'extended key usage for mail',
    instead('purposes', purposes(EMAIL)),
    /^extended key usage without clientAuth$/,
  ],
  [
    'extended key usage with clientAuth and one more arc',
    instead('purposes', purposes(`${CLIENT_AUTH}01`)),
    /^extended key usage without clientAuth$/,
  ],
  [
    'extended key usage with bytes behind',
    instead('purposes', Buffer.concat([purposes(CLIENT_AUTH), NULL])),
    UNREADABLE,
  ],
  [
    'key usage for agreement only',
    instead('keyUsage', usage(3, 8)),
    /^key usage without digitalSignature: keyAgreement$/,
  ],
  [
    'key usage for encipherment only',
    instead('keyUsage', usage(5, 0x20)),
    /^key usage without digitalSignature: keyEncipherment$/,
  ],
  [
    'key usage for signing certificates only',
    instead('keyUsage', usage(2, 4)),
    /^key usage without digitalSignature: keyCertSign$/,
  ],
  [
    'basic constraints of an authority',
    instead('basicConstraints', list(element(0x01, Buffer.of(0xff))), true),
    /^it is a certificate authority, not a leaf$/,
  ],
  [
    'basic constraints with another TRUE',
    instead('basicConstraints', list(element(0x01, Buffer.of(1))), true),
    UNREADABLE,
  ],
  [
    'Netscape’s type of a server',
    more('netscapeType', usage(6, 0x40)),
    /INVALID_PURPOSE: it, or an authority/,
  ],
]

/** OpenSSL finds them invalid, too: where that leaves an error behind, the handshake fails before we are asked. */
const INVALID: readonly (readonly [name: string, change: Change, because: RegExp])[] = [
  ['key usage twice', twice('keyUsage'), UNREADABLE],
  ['extended key usage twice', twice('purposes'), UNREADABLE],
  [
    'extended key usage twice, the second for servers',
    more('purposes', purposes('2b06010505070301')),
    UNREADABLE,
  ],
  ['basic constraints twice', twice('basicConstraints'), UNREADABLE],
  ['each of them twice', withExtensionsTwice, UNREADABLE],
  ['extended key usage that is no list', instead('purposes', NULL), UNREADABLE],
  [
    'key usage for nothing',
    instead('keyUsage', usage(7, 0)),
    /^key usage without digitalSignature: nothing at all$/,
  ],
  ['key usage in no bits at all', instead('keyUsage', usage()), UNREADABLE],
  ['key usage that is no bits', instead('keyUsage', NULL), UNREADABLE],
  ['basic constraints that are none', instead('basicConstraints', NULL, true), UNREADABLE],
]

const ADMITTED: readonly (readonly [name: string, change: Change])[] = [
  ['one nobody has to know', more('unknown', NULL)],
  ['one of a UUID nobody has to know', more('uuid', NULL)],
  [
    'a hundred that nobody has to know',
    withExtensions((was) => [
      ...was,
      ...Array.from({ length: 100 }, (_, i) => extensionOf(Buffer.of(0x2a, 3, i), NULL)),
    ]),
  ],
  ['extended key usage that is critical', instead('purposes', purposes(CLIENT_AUTH), true)],
  ['extended key usage for mail and clients', instead('purposes', purposes(EMAIL, CLIENT_AUTH))],
  ['extended key usage for clients and any', instead('purposes', purposes(CLIENT_AUTH, '551d2500'))],
  ['no key usage', without('keyUsage')],
  ['key usage of every kind but for authorities', instead('keyUsage', usage(3, 0xf8), true)],
  ['no basic constraints', without('basicConstraints')],
  ['basic constraints that are not critical', instead('basicConstraints', list())],
  ['a critical alternative name', more('altName', dnsName, true)],
  ['policies', more('policies', anyPolicy)],
  ['critical policies', more('policies', anyPolicy, true)],
  ['distribution points', more('distributionPoints', distribution)],
  [
    'a flag that says not critical',
    withExtensions((was) => [
      ...was,
      element(0x30, element(0x06, of('unknown')), element(0x01, Buffer.of(0)), element(0x04, NULL)),
    ]),
  ],
  [
    'unique identifiers before them',
    part('extensions', (was) => [element(0x81, Buffer.of(0, 1)), element(0x82, Buffer.of(0, 2)), was]),
  ],
  [
    'an alternative name of no kind of ours',
    more(
      'altName',
      list(element(0xa0, element(0x06, Buffer.of(0x2a, 3)), element(0xa0, element(0x0c, Buffer.from('x'))))),
    ),
  ],
]

export const EXTENSIONS: readonly Case[] = [
  ...REFUSED.map(([name, change, because]): Case => ({
    name: `it has ${name}`,
    present: ({ meta }) => altered(meta.client(), meta.root, change),
    raw: true,
    verdict: 'CERTIFICATE_PROFILE',
    because,
  })),
  ...INVALID.map(([name, change, because]): Case => ({
    name: `it has ${name}`,
    present: ({ meta }) => altered(meta.client(), meta.root, change),
    raw: true,
    verdict: 'CERTIFICATE_PROFILE',
    orFailed: true,
    because,
  })),
  ...ADMITTED.map(([name, change]): Case => ({
    name: `it has ${name}`,
    present: ({ meta }) => altered(meta.client(), meta.root, change),
    raw: true,
    verdict: 'admitted',
  })),
]
