// Whence a client comes, what it says of that, and what it says of its certificate in the fields of fronts.
import type { FieldLine } from '../../src/lab/request.ts'
import { CLIENT, FRONT_FIELDS, FRONT_NAMES } from '../support/front-sender.ts'
import { delivery } from '../support/sender.ts'
import { pki } from '../support/world.ts'
import { type Row, deliver } from './row.ts'

/** The list has 127.0.0.1/32, 127.0.16.0/20, 31.13.64.0/18 and 2a03:2880::/32. */
const ADDRESSES: readonly (readonly [address: string, verdict: Row['verdict'], what: string])[] = [
  ['127.0.16.0', 'admitted', 'the first of a prefix'],
  ['127.0.31.255', 'admitted', 'the last of a prefix'],
  ['127.0.15.255', 'SOURCE_NOT_ALLOWED', 'right before a prefix'],
  ['127.0.32.0', 'SOURCE_NOT_ALLOWED', 'right behind a prefix'],
  ['127.0.0.2', 'SOURCE_NOT_ALLOWED', 'right behind a single address'],
]

/** No address of this machine: only who is told of addresses can have it. */
const TOLD: readonly (readonly [address: string, verdict: Row['verdict'], what: string])[] = [
  ['31.13.64.7', 'admitted', 'one of Meta’s'],
  ['31.13.128.0', 'SOURCE_NOT_ALLOWED', 'right behind one of Meta’s prefixes'],
  ['2a03:2880::7', 'admitted', 'IPv6, one of Meta’s'],
  ['2a03:2881::', 'SOURCE_NOT_ALLOWED', 'IPv6, right behind a prefix of Meta’s'],
  ['::ffff:31.13.64.7', 'admitted', 'one of Meta’s, as IPv6 maps it'],
  ['::ffff:8.8.8.8', 'SOURCE_NOT_ALLOWED', 'none of Meta’s, as IPv6 maps it'],
  ['::31.13.64.7', 'SOURCE_NOT_ALLOWED', 'IPv6 that only looks like one of Meta’s'],
  ['64:ff9b::1f0d:4007', 'SOURCE_NOT_ALLOWED', 'one of Meta’s behind NAT64'],
]

const claiming = (...add: FieldLine[]): Pick<Row, 'send'> => ({
  send: (visit) => deliver(visit, [delivery({ add })]),
})

const CLAIMS: readonly (readonly [what: string, fields: readonly FieldLine[]])[] = [
  ['X-Forwarded-For of Meta’s', [['X-Forwarded-For', CLIENT]]],
  [
    'X-Forwarded-For of Meta’s, twice',
    [
      ['X-Forwarded-For', CLIENT],
      ['X-Forwarded-For', CLIENT],
    ],
  ],
  ['X-Forwarded-For, a list', [['x-forwarded-for', `8.8.8.8, ${CLIENT}`]]],
  ['X-Forwarded-For that is empty', [['X-Forwarded-For', '']]],
  ['X-Forwarded-For that is no address', [['X-Forwarded-For', 'unknown']]],
  ['X-Forwarded-For with a port', [['X-Forwarded-For', `${CLIENT}:443`]]],
  [
    'X-Forwarded-For of forty hops',
    [['X-Forwarded-For', Array.from({ length: 40 }, () => CLIENT).join(', ')]],
  ],
  ['X_Forwarded_For', [['X_Forwarded_For', CLIENT]]],
  [
    'Forwarded, X-Real-IP, True-Client-IP, Cf-Connecting-IP',
    [
      ['Forwarded', `for=${CLIENT}`],
      ['X-Real-IP', CLIENT],
      ['True-Client-IP', CLIENT],
      ['Cf-Connecting-IP', CLIENT],
    ],
  ],
]

const SPELLINGS: readonly (readonly [what: string, spell: (line: FieldLine) => FieldLine[]])[] = [
  ['as they are', (line) => [line]],
  [
    'twice, in capitals',
    ([name, value]) => [
      [name.toUpperCase(), value],
      [name.toUpperCase(), value],
    ],
  ],
  ['with underscores', ([name, value]) => [[name.replaceAll('-', '_'), value]]],
  ['empty', ([name]) => [[name, '']]],
]

const { client } = await pki()

/** Too large for one head: each front's alone. */
const FORGED: readonly Row[] = FRONT_NAMES.flatMap((front) =>
  SPELLINGS.flatMap(([what, spell]): Row[] => {
    const lines = FRONT_FIELDS[front]({ identity: client })
      .filter(([name]) => name !== 'X-Forwarded-For')
      .flatMap(spell)
    const name = `the fields of ${front}, ${what}`
    return [
      { group: 'forged', name: `${name}, by a good client`, verdict: 'admitted', ...claiming(...lines) },
      {
        group: 'forged',
        name: `${name}, by one without a certificate`,
        verdict: 'CERTIFICATE_MISSING',
        identity: () => undefined,
        ...claiming(...lines),
      },
    ]
  }),
)

export const ADDRESS_ROWS: readonly Row[] = [
  ...[...ADDRESSES, ...TOLD].map(([address, verdict, what]): Row => ({
    group: 'address',
    name: `${address}, ${what}`,
    verdict,
    address,
  })),
  ...CLAIMS.flatMap(([what, fields]): Row[] => [
    { group: 'address', name: `in the list, claiming ${what}`, verdict: 'admitted', ...claiming(...fields) },
    {
      group: 'address',
      name: `not in the list, claiming ${what}`,
      verdict: 'SOURCE_NOT_ALLOWED',
      address: '127.0.0.2',
      ...claiming(...fields),
    },
  ]),
  ...FORGED,
]
