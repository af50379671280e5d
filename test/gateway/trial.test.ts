// A refused client is tried against the staged and retired anchors: the refusal says which of them would have it, and
// counts it. Nobody is ever admitted by that, over the wire and in the function itself.
import { X509Certificate } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { administered } from '../../src/admin/of-gateway.ts'
import { anchorsThatWould, worded } from '../../src/gateway/trial.ts'
import { type Consumer, startConsumer } from '../../src/lab/consumer.ts'
import { type ClientIdentity, digicertShaped, metaShaped } from '../../src/lab/pki/authorities.ts'
import { type Issued, issue } from '../../src/lab/pki/certificate.ts'
import { type Anchor, anchorOf } from '../../src/tls/anchors.ts'
import { readLeaf } from '../../src/tls/read-leaf.ts'
import { CANARY_SECRET } from '../canary.ts'
import { expectClientAdmitted, expectClientRefused, only } from '../support/identity.ts'
import { type World, fileAnchor, startWorld } from '../support/world.ts'
import { LONG_AGO, YESTERDAY, below, root } from '../tls/cases/case.ts'

const staged = metaShaped()
const retired = metaShaped('p-256')
const rooted = digicertShaped()
const [between = rooted.root] = rooted.intermediates
const over = metaShaped()
const twin = issue({
  subject: staged.root.subject,
  authority: { pathLength: 0 },
  extendedKeyUsage: ['clientAuth'],
})
const expired = issue({
  key: over.root.keyPair,
  subject: over.root.subject,
  authority: {},
  notBefore: LONG_AGO,
  notAfter: YESTERDAY,
})

let world: World
let consumer: Consumer
beforeAll(async () => {
  consumer = await startConsumer({ secret: CANARY_SECRET })
  world = await startWorld({
    upstream: consumer.url,
    files: {
      'staged.pem': staged.root.certificate + root('Lab Beside').certificate,
      'twin.pem': twin.certificate,
      'retired.pem': retired.root.certificate,
      'rooted.pem': rooted.root.certificate,
      'expired.pem': expired.certificate,
    },
    change: (config) => {
      const other = (name: string, state: 'staged' | 'retired') =>
        fileAnchor(name, `${config.state}/${name}.pem`, { state })
      const others = [
        other('staged', 'staged'),
        other('twin', 'staged'),
        other('retired', 'retired'),
        other('rooted', 'retired'),
        other('expired', 'staged'),
      ]
      return { ...config, client: { ...config.client, anchors: [...config.client.anchors, ...others] } }
    },
  })
})
afterAll(async () => {
  await world.end()
  await consumer.close()
})

interface Row {
  readonly name: string
  readonly client: () => ClientIdentity
  readonly code?: 'CERTIFICATE_UNTRUSTED' | 'CERTIFICATE_EXPIRED' | 'CERTIFICATE_PROFILE'
  /** What the detail ends in; undefined: OpenSSL's reason alone. */
  readonly said?: RegExp | undefined
  readonly missed?: string | undefined
}

const ROWS: readonly Row[] = [
  {
    name: 'a staged anchor would admit it',
    client: () => staged.client(),
    said: /; staged anchor "staged#1" would admit it: hubgate anchor promote staged$/,
    missed: 'staged#1',
  },
  {
    name: 'a retired anchor would have admitted it',
    client: () => retired.client(),
    said: /; retired anchor "retired" would have admitted it$/,
    missed: 'retired',
  },
  {
    name: 'a root above an intermediate would have',
    client: () => rooted.client(),
    said: /; retired anchor "rooted" would have admitted it$/,
    missed: 'rooted',
  },
  { name: 'not where its name is another', client: () => staged.client({ commonNames: ['evil.example'] }) },
  { name: 'not where its profile is wrong', client: () => staged.client({ keyUsage: ['keyEncipherment'] }) },
  { name: 'not where it has two names', client: () => staged.client({ commonNames: ['a', 'b'] }) },
  {
    name: 'not where it is expired',
    client: () => staged.client({ notBefore: LONG_AGO, notAfter: YESTERDAY }),
    code: 'CERTIFICATE_EXPIRED',
  },
  { name: 'not where the anchor is expired', client: () => over.client() },
  { name: 'not where nobody knows its issuer', client: () => metaShaped().client() },
]

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('a refused client over %s', (version) => {
  it.each(ROWS)('is told of and counted: $name', async ({ client, said, missed, ...row }) => {
    const before = wouldAdmit()
    const { code = 'CERTIFICATE_UNTRUSTED' } = row
    const presented = { identity: client(), tls: only(version) }
    const { detail, anchor } = await expectClientRefused({ world, consumer }, code, presented)
    if (said === undefined) expect(detail).not.toContain('anchor "')
    else expect(detail).toMatch(said)
    expect(anchor).toBeUndefined()
    const counted = Object.entries(wouldAdmit()).filter(([name, count]) => count !== before[name])
    expect(counted.map(([name]) => name)).toEqual(missed === undefined ? [] : [missed])
  })

  it('is not counted where an active anchor admits it', async () => {
    const before = wouldAdmit()
    await expectClientAdmitted({ world, consumer }, { identity: world.pki.client, tls: only(version) })
    expect(wouldAdmit()).toEqual(before)
  })
})

it('the metric counts them by anchor and state', async () => {
  const text = await administered(world.gateway).metrics()
  expect(text).toMatch(/^hubgate_anchor_trials_total\{anchor="staged#1",state="staged"\} 2$/m)
  expect(text).toMatch(/^hubgate_anchor_trials_total\{anchor="retired",state="retired"\} 2$/m)
  expect(text).not.toMatch(/^hubgate_anchor_trials_total\{anchor="(?:twin|expired)/m)
  expect(text).not.toMatch(/^hubgate_anchor_uses_total\{anchor="(?:staged|retired|rooted)/m)
})

function wouldAdmit(): Record<string, number> {
  return Object.fromEntries(world.gateway.anchors.map(({ name, wouldAdmit }) => [name, wouldAdmit]))
}

describe('anchorsThatWould', () => {
  const top = root('Lab Top')
  const middle = below(top, 'Lab Middle')
  const short = issue({ subject: [{ type: 'CN', value: 'Lab Short' }], authority: { pathLength: 0 } })
  const belowShort = below(short, 'Lab Below Short')
  const noAuthority = issue({ subject: [{ type: 'CN', value: 'Lab Leaf As Issuer' }], issuer: top })
  const leafOf = (issuer: Issued) => staged.client({ issuer, chain: [] }).leaf

  interface Chain {
    readonly name: string
    readonly chain: readonly Issued[]
    readonly facts?: { readonly authorized?: boolean; readonly resumed?: boolean }
    readonly would: readonly string[]
  }

  const CHAINS: readonly Chain[] = [
    { name: 'a whole chain', chain: [leafOf(middle), middle], would: ['top'] },
    { name: 'and its root shown', chain: [leafOf(middle), middle, top], would: ['top'] },
    { name: 'a leaf that is not below the intermediate shown', chain: [leafOf(between), middle], would: [] },
    {
      name: 'an intermediate that is no authority',
      chain: [leafOf(noAuthority), noAuthority],
      would: [],
    },
    {
      name: 'an intermediate of that name with another key',
      chain: [leafOf(below(top, 'Lab Middle')), middle],
      would: [],
    },
    {
      name: 'an expired intermediate',
      ...(() => {
        const old = below(top, 'Lab Old', { notBefore: LONG_AGO, notAfter: YESTERDAY })
        return { chain: [leafOf(old), old], would: [] }
      })(),
    },
    { name: 'more than the anchor allows', chain: [leafOf(belowShort), belowShort], would: [] },
    {
      name: 'beyond client.maxDepth',
      ...(() => {
        const a = below(top, 'Lab A')
        const b = below(a, 'Lab B')
        const c = below(b, 'Lab C')
        return { chain: [leafOf(c), c, b, a], would: [] }
      })(),
    },
    { name: 'two anchors that both fit', chain: [leafOf(top)], would: ['top', 'renewed'] },
    { name: 'one that OpenSSL verified', chain: [leafOf(top)], facts: { authorized: true }, would: [] },
    { name: 'one that was resumed', chain: [leafOf(top)], facts: { resumed: true }, would: [] },
    { name: 'no certificate', chain: [], would: [] },
  ]
  const again = issue({ key: top.keyPair, subject: top.subject, authority: {} })
  const others: readonly Anchor[] = [
    anchorOf(new X509Certificate(top.certificate), 'top', 'staged'),
    anchorOf(new X509Certificate(short.certificate), 'short', 'staged'),
  ]
  const renewed = anchorOf(new X509Certificate(again.certificate), 'renewed', 'retired')

  it.each(CHAINS)('$name', ({ chain, facts = {}, would }) => {
    const [leaf] = chain
    const client = {
      facts: {
        leaf: leaf === undefined ? undefined : readLeaf(leaf.der),
        authorized: false,
        error: 'UNABLE_TO_GET_ISSUER_CERT',
        resumed: false,
        revocation: undefined,
        ...facts,
      },
      anchors: [],
      der: leaf?.der,
      chain: chain.map(({ certificate }) => new X509Certificate(certificate)),
    }
    const otherAnchors = would.includes('renewed') ? [...others, renewed] : others
    const generation = { ...world.gateway.generation, otherAnchors }
    const found = anchorsThatWould(client, { generation, now: new Date() })
    expect(found.map(({ name }) => name)).toEqual(would)
  })

  it('changes words only: the refusal stays one', () => {
    const refusal = { outcome: 'refuse', code: 'CERTIFICATE_UNTRUSTED', detail: 'no path' } as const
    expect(worded({ gate: 'certificate', refusal }, [])).toEqual({ gate: 'certificate', refusal })
    expect(worded({ gate: 'certificate', refusal }, [...others.slice(0, 1), renewed])).toEqual({
      gate: 'certificate',
      refusal: {
        ...refusal,
        detail:
          'no path; staged anchor "top" would admit it: hubgate anchor promote top; retired anchor "renewed" would have admitted it',
      },
    })
  })
})
