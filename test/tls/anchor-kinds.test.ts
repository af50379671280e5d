// Anchors that are no roots, anchors that are not active, chains that are too long, and pins beside the chain.
import { X509Certificate, createHash } from 'node:crypto'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { AnchorLife, Config } from '../../src/config/config.ts'
import { type Consumer, startConsumer } from '../../src/lab/consumer.ts'
import type { ClientIdentity } from '../../src/lab/pki/authorities.ts'
import type { Issued } from '../../src/lab/pki/certificate.ts'
import { CANARY_SECRET } from '../canary.ts'
import { expectClientAdmitted, expectClientRefused, only } from '../support/identity.ts'
import { type Pki, type World, fileAnchor, pki, startWorld } from '../support/world.ts'
import { below } from './cases/case.ts'

let made: Pki
let intermediate: Issued
let consumer: Consumer
const ends: (() => Promise<unknown>)[] = []
beforeAll(async () => {
  made = await pki()
  intermediate = made.digicert.intermediates[0] ?? made.digicert.root
  consumer = await startConsumer({ secret: CANARY_SECRET })
})
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end()
})
afterAll(() => consumer.close())

async function worldWith(
  client: (config: Config) => Partial<Config['client']>,
  files: Readonly<Record<string, string>> = {},
): Promise<{ world: World; consumer: Consumer }> {
  const world = await startWorld({
    upstream: consumer.url,
    files,
    change: (config) => ({ ...config, client: { ...config.client, ...client(config) } }),
  })
  ends.push(world.end)
  return { world, consumer }
}

/** Under Meta's lab root, which every world needs for its good deliveries, and these. */
const anchored = (...more: readonly Issued[]) =>
  worldWith(
    ({ state, client }) => ({
      anchors: [
        ...client.anchors.slice(0, 1),
        ...more.map((_, i) => fileAnchor(`more-${i}`, join(state, `more-${i}.pem`))),
      ],
    }),
    Object.fromEntries(more.map(({ certificate }, i) => [`more-${i}.pem`, certificate])),
  )

const WITHOUT_AND_WITH_SNI = [
  ['without SNI', {}],
  ['with SNI', { servername: 'localhost' }],
] as const

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('an anchor that is an intermediate, %s', (version) => {
  describe.each(WITHOUT_AND_WITH_SNI)('%s', (_sni, sni) => {
    const as = (identity: ClientIdentity) => ({ identity, tls: only(version, sni) })

    it('ends the chains below it, sent with or without it or its root', async () => {
      const stage = await anchored(intermediate)
      for (const chain of [[], [intermediate], [intermediate, made.digicert.root]])
        expect(await expectClientAdmitted(stage, as(made.digicert.client({ chain })))).toMatchObject({
          anchor: 'more-0',
        })
    })

    it('vouches for nothing beside it: not for its root, nor for another intermediate of that', async () => {
      const stage = await anchored(intermediate)
      const other = below(made.digicert.root, 'Lab Other Intermediate')
      await expectClientRefused(
        stage,
        'CERTIFICATE_UNTRUSTED',
        as(made.digicert.client({ issuer: other, chain: [other, made.digicert.root] })),
      )
      await expectClientRefused(
        stage,
        'CERTIFICATE_UNTRUSTED',
        as(made.digicert.client({ issuer: made.digicert.root, chain: [made.digicert.root] })),
      )
    })

    it('keeps its own path length: nothing stands between it and the leaf', async () => {
      const stage = await anchored(intermediate)
      const sub = below(intermediate, 'Lab Sub')
      await expectClientRefused(
        stage,
        'CERTIFICATE_PROFILE',
        as(made.digicert.client({ issuer: sub, chain: [sub] })),
      )
    })

    it('is refused as a client itself', async () => {
      const stage = await anchored(intermediate)
      await expectClientRefused(
        stage,
        'CERTIFICATE_PROFILE',
        as({ certificate: intermediate.certificate, key: intermediate.key, leaf: intermediate }),
      )
    })

    it('does not make intermediates ends of a chain that are none: one that is sent needs its root', async () => {
      const stage = await anchored()
      await expectClientRefused(stage, 'CERTIFICATE_UNTRUSTED', as(made.digicert.client()))
    })
  })
})

describe('client.maxDepth', () => {
  const chain = (length: number): ClientIdentity => {
    const between: Issued[] = []
    for (let i = 1; i < length; i++)
      between.unshift(below(between[0] ?? made.digicert.root, `Lab Between ${i}`))
    return made.digicert.client({ issuer: between[0] ?? made.digicert.root, chain: between })
  }

  it.each([1, 2, 3, 10])(
    '%i admits as many certificates below the anchor, and not one more',
    async (maxDepth) => {
      const stage = await worldWith(() => ({ maxDepth }))
      await expectClientAdmitted(stage, { identity: chain(maxDepth) })
      const { detail } = await expectClientRefused(stage, 'CERTIFICATE_PROFILE', {
        identity: chain(maxDepth + 1),
      })
      expect(detail).toContain('client.maxDepth')
    },
  )

  it('holds for an intermediate as an anchor, too', async () => {
    const open = below(made.digicert.root, 'Lab Open Intermediate')
    const sub = below(open, 'Lab Sub')
    const { world } = await anchored(open)
    await expectClientAdmitted(
      { world, consumer },
      { identity: made.digicert.client({ issuer: sub, chain: [sub] }) },
    )
    await world.gateway.reload({ ...world.config, client: { ...world.config.client, maxDepth: 1 } })
    await expectClientRefused({ world, consumer }, 'CERTIFICATE_PROFILE', {
      identity: made.digicert.client({ issuer: sub, chain: [sub] }),
    })
  })
})

describe('an anchor that is not active', () => {
  const day = (days: number) => new Date(Date.now() + days * 86_400_000)
  const LIVES: readonly (readonly [name: string, life: Partial<AnchorLife>, admits: boolean])[] = [
    ['active', {}, true],
    ['staged', { state: 'staged' }, false],
    ['retired', { state: 'retired' }, false],
    ['active from yesterday', { from: day(-1) }, true],
    ['active from tomorrow', { from: day(1) }, false],
    ['active until tomorrow', { until: day(1) }, true],
    ['active until yesterday', { until: day(-1) }, false],
    ['active from yesterday until tomorrow', { from: day(-1), until: day(1) }, true],
    ['active from tomorrow until later', { from: day(1), until: day(2) }, false],
  ]
  it.each(LIVES)('%s: its state decides, whatever chain is sent', async (_name, life, admits) => {
    const stage = await worldWith(({ state, client }) => ({
      anchors: [...client.anchors.slice(0, 1), fileAnchor('digicert-lab', join(state, 'digicert.pem'), life)],
    }))
    for (const more of [[], [made.digicert.root]]) {
      const identity = made.digicert.client({ chain: [...made.digicert.intermediates, ...more] })
      if (admits) await expectClientAdmitted(stage, { identity })
      else await expectClientRefused(stage, 'CERTIFICATE_UNTRUSTED', { identity })
    }
  })

  it('leaves nobody to admit anyone: the gateway does not start', async () => {
    const none = worldWith(({ client }) => ({
      anchors: client.anchors.map((anchor) => ({ ...anchor, until: day(-1) })),
    }))
    await expect(none).rejects.toThrow(/client\.anchors +holds none that is active today/)
  })
})

describe('pins', () => {
  const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
  const spki = (issued: Issued) => issued.keyPair.publicKey.export({ type: 'spki', format: 'der' })

  it('admit by the certificate or by its key, any of several; another client of the same anchor is refused', async () => {
    const key = made.meta.client({ key: 'p-256' })
    const other = made.meta.client({ key: 'ed25519' })
    const stage = await worldWith(() => ({
      pins: ['00'.repeat(32), hash(made.client.leaf.der), hash(spki(key.leaf))],
    }))
    await expectClientAdmitted(stage, { identity: made.client })
    await expectClientAdmitted(stage, { identity: key })
    const renewed = made.meta.client({ key: key.leaf.keyPair })
    expect(new X509Certificate(renewed.leaf.der).serialNumber).not.toBe(
      new X509Certificate(key.leaf.der).serialNumber,
    )
    await expectClientAdmitted(stage, { identity: renewed })
    const { detail } = await expectClientRefused(stage, 'CERTIFICATE_UNTRUSTED', { identity: other })
    expect(detail).toMatch(/^neither it nor its key is among the 3 pinned$/)
  })

  it('replace nothing: a pinned certificate under no anchor is refused', async () => {
    const stranger = made.digicert.client()
    const stage = await worldWith(({ client }) => ({
      anchors: client.anchors.slice(0, 1),
      pins: [hash(stranger.leaf.der), hash(made.client.leaf.der)],
    }))
    await expectClientRefused(stage, 'CERTIFICATE_UNTRUSTED', { identity: stranger })
  })
})
