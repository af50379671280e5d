// What we tell the upstream in our own name: Hubgate-Verified says exactly what was checked, whatever is switched off;
// Hubgate-App, Client-Cert and the address are those of this request. Through the gateway, to an upstream of bare sockets.
import { X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { Config } from '../../src/config/config.ts'
import { Secret } from '../../src/config/secret.ts'
import { digicertShaped, selfSigned } from '../../src/lab/pki/authorities.ts'
import { challengeBytes } from '../../src/lab/request.ts'
import { CANARY_OLD_SECRET, CANARY_SECRET, CANARY_VERIFY_TOKEN } from '../canary.ts'
import { type Presented, sendAs } from '../support/identity.ts'
import { itWithIPv6 } from '../support/ipv6.ts'
import { type RawRequest, type RawUpstream, startRawUpstream, valuesOf } from '../support/raw-upstream.ts'
import { WAYS, type Way, pathOf, startWorldOfWays } from '../support/routes.ts'
import { delivery, send } from '../support/sender.ts'
import { type World, type WorldOptions, pki } from '../support/world.ts'

const ended: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ended.splice(0).toReversed()) await end()
})

interface Scene {
  readonly upstream: RawUpstream
  readonly world: World
}

async function scene(options: Partial<WorldOptions> = {}): Promise<Scene> {
  const upstream = await startRawUpstream()
  ended.push(upstream.close)
  const world = await startWorldOfWays(`${upstream.url}/hooks`, options)
  ended.push(world.end)
  return { upstream, world }
}

/** Sends one request. @returns what reached the upstream. */
async function forwarded(
  { upstream, world }: Scene,
  bytes: Buffer,
  presented?: Presented,
): Promise<RawRequest> {
  const { answers, error } = await (presented === undefined
    ? send(world, [bytes])
    : sendAs(world, presented, bytes))
  const [request] = upstream.requests
  if (request === undefined) throw new Error(`nothing came: ${answers[0]?.status ?? error ?? ''}`)
  return request
}

type Change = (config: Config) => Config
const client =
  (require: Config['client']['require']): Change =>
  (config) => ({ ...config, client: { ...config.client, require } })
const sources =
  (mode: Config['sources']['mode']): Change =>
  (config) => ({ ...config, sources: { ...config.sources, mode } })
const nothing: Change = (config) => sources('none')(client('observe')(config))
const NO_CERTIFICATE: Presented = { identity: undefined }
const SELF_SIGNED: Presented = { identity: selfSigned() }

const post = (way: Way) => delivery({ path: pathOf(way) })
const challenge = challengeBytes({
  authority: 'gateway.example',
  path: pathOf('status'),
  token: CANARY_VERIFY_TOKEN,
  challenge: 'c1',
})

interface Checked {
  readonly change?: Change
  readonly way?: Way | 'challenge'
  readonly as?: Presented
}

describe('Hubgate-Verified', () => {
  const CHECKED: readonly (readonly [name: string, verified: string, checked: Checked])[] = [
    ['everything on', 'source, certificate, signature', {}],
    ['answer: full', 'source, certificate, signature', { way: 'full' }],
    ['unsigned', 'source, certificate', { way: 'unsigned' }],
    ['sources: none', 'certificate, signature', { change: sources('none') }],
    ['sources: observe, and in the list', 'certificate, signature', { change: sources('observe') }],
    ['require: observe, and a good one', 'source, signature', { change: client('observe') }],
    ['require: observe, and none', 'source, signature', { change: client('observe'), as: NO_CERTIFICATE }],
    ['require: observe, and a bad one', 'source, signature', { change: client('observe'), as: SELF_SIGNED }],
    ['require: deliveries', 'source, certificate, signature', { change: client('deliveries') }],
    ['the same, unsigned', 'source, certificate', { change: client('deliveries'), way: 'unsigned' }],
    ['a challenge', 'source, certificate', { way: 'challenge' }],
    [
      'a challenge that may come without',
      'source',
      { change: client('deliveries'), way: 'challenge', as: NO_CERTIFICATE },
    ],
    ['the same, with', 'source, certificate', { change: client('deliveries'), way: 'challenge' }],
    ['nothing on', '', { change: nothing, way: 'unsigned' }],
  ]

  it.each(CHECKED)(
    '%s: "%s"',
    async (_name, verified, { change = (config) => config, way = 'status', as }) => {
      const made = await scene({ change, route: { challenge: 'forward' } })
      const request = await forwarded(made, way === 'challenge' ? challenge : post(way), as)
      expect(valuesOf(request, 'hubgate-verified')).toEqual(verified === '' ? [] : [verified])
    },
  )
})

describe('Hubgate-App', () => {
  it.each([
    ['shop', CANARY_SECRET],
    ['other', CANARY_OLD_SECRET],
  ])('is the app whose secret verified: %s', async (app, secret) => {
    const apps = (config: Config): Config => ({
      ...config,
      apps: { ...config.apps, other: { secrets: [new Secret(CANARY_OLD_SECRET)], verifyTokens: [] } },
      routes: config.routes.map((route) =>
        route.mode === 'unsigned' ? route : { ...route, apps: ['shop', 'other'] },
      ),
    })
    const request = await forwarded(
      await scene({ change: apps }),
      delivery({ path: pathOf('status'), secret }),
    )
    expect(valuesOf(request, 'hubgate-app')).toEqual([app])
  })
})

describe('Client-Cert', () => {
  const wanted = { route: { clientCert: true } } as const

  it.each(WAYS)('%s: is the leaf as RFC 9440 writes it, whatever came under that name', async (way) => {
    const forged = { add: [['Client-Cert', ':Zm9yZ2Vk:']] } as const
    const request = await forwarded(await scene(wanted), delivery({ path: pathOf(way), ...forged }))
    const [value, ...others] = valuesOf(request, 'client-cert')
    expect(others).toEqual([])
    expect(value).toMatch(/^:[A-Za-z0-9+/]+={0,2}:$/)
    const der = Buffer.from(value?.slice(1, -1) ?? '', 'base64')
    expect(der.equals((await pki()).client.leaf.der)).toBe(true)
    expect(new X509Certificate(der).subject).toBe('CN=client.webhooks.fbclientcerts.com')
    expect(valuesOf(request, 'client-cert-chain')).toEqual([])
  })

  it('is the leaf alone where intermediates came with it', async () => {
    const { digicert } = await pki()
    const identity = digicert.client()
    const request = await forwarded(await scene(wanted), post('status'), { identity })
    expect(valuesOf(request, 'client-cert')).toEqual([`:${identity.leaf.der.toString('base64')}:`])
  })

  it.each([
    ['none came', NO_CERTIFICATE],
    ['it leads to no anchor', SELF_SIGNED],
    ['it leads to an anchor of somebody else', { identity: digicertShaped().client() }],
  ])('is absent where only observed and %s', async (_name, presented) => {
    const request = await forwarded(
      await scene({ ...wanted, change: client('observe') }),
      post('status'),
      presented,
    )
    expect(valuesOf(request, 'client-cert')).toEqual([])
  })

  it('is absent where the route does not ask for it', async () => {
    expect(valuesOf(await forwarded(await scene(), post('status')), 'client-cert')).toEqual([])
  })
})

describe('Host and address', () => {
  it.each(WAYS)(
    '%s: host: upstream sends its authority, and what was received as X-Forwarded-Host',
    async (way) => {
      const made = await scene({ route: { host: 'upstream' } })
      const request = await forwarded(made, delivery({ path: pathOf(way), authority: 'hooks.example:8443' }))
      expect(valuesOf(request, 'host')).toEqual([made.upstream.url.replace('http://', '')])
      expect(valuesOf(request, 'x-forwarded-host')).toEqual(['hooks.example:8443'])
    },
  )

  it.each(WAYS)('%s: an upstream may listen on a Unix socket', async (way) => {
    const { world } = await scene()
    const path = join(world.directory, `${way}.sock`)
    const local = await startRawUpstream({ path })
    ended.push(local.close)
    const behind = await startWorldOfWays(`${local.url}:/in//side`)
    ended.push(behind.end)
    const bytes = delivery({ path: pathOf(way), target: `${pathOf(way)}?q=//` })
    const request = await forwarded({ upstream: local, world: behind }, bytes)
    expect(request.line).toBe('POST /in//side?q=// HTTP/1.1')
    expect(valuesOf(request, 'host')).toEqual(['gateway.example'])
  })
})

const withIPv6 = await itWithIPv6()
withIPv6('X-Forwarded-For is written as IPv4 where the listener takes both families', async () => {
  const made = await scene({
    change: (config) => ({
      ...config,
      listen: { ...config.listen, address: [{ kind: 'tcp', host: '::', port: 0 }] },
    }),
  })
  expect(valuesOf(await forwarded(made, post('status')), 'x-forwarded-for')).toEqual(['127.0.0.1'])
})
