// What a reload takes over decides at once and is told, without a secret; what cannot change refuses the whole reload.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Config } from '../../src/config/config.ts'
import { Secret } from '../../src/config/secret.ts'
import { challengeBytes } from '../../src/lab/request.ts'
import { CANARY_MARK, CANARY_OLD_SECRET, CANARY_SECRET, CANARY_VERIFY_TOKEN } from '../canary.ts'
import { type HeldUpstream, startHeldUpstream } from '../support/held-upstream.ts'
import { keptClient } from '../support/kept-client.ts'
import { delivery, send } from '../support/sender.ts'
import { type World, startWorld } from '../support/world.ts'

let upstream: HeldUpstream
let world: World
beforeAll(async () => {
  upstream = await startHeldUpstream()
  world = await startWorld({ upstream: upstream.url })
})
afterAll(async () => {
  await world.end()
  await upstream.close()
})

async function status(bytes = delivery()): Promise<number | string> {
  const { answers, ended } = await send(world, [bytes])
  return answers[0]?.status ?? ended
}

describe('a setting that cannot change while hubgate runs refuses the whole reload', () => {
  it.each<[string, (config: Config) => Config]>([
    [
      'listen',
      (config) => ({
        ...config,
        listen: { ...config.listen, address: [{ kind: 'tcp', host: '127.0.0.2', port: 0 }] },
      }),
    ],
    [
      'admin.address',
      (config) => ({
        ...config,
        admin: { ...config.admin, address: { kind: 'tcp', host: '127.0.0.1', port: 1 } },
      }),
    ],
    ['state', (config) => ({ ...config, state: '/nowhere' })],
    ['log.format', (config) => ({ ...config, log: { ...config.log, format: 'pretty' } })],
  ])('%s', async (setting, change) => {
    const before = world.gateway.generation
    const next = {
      ...change(world.config),
      client: { ...world.config.client, commonNames: ['nobody.example'] },
    }
    expect(await world.gateway.reload(next)).toMatchObject({
      outcome: 'refused',
      problems: [
        { setting, message: 'cannot change while hubgate runs', hint: 'restart it, or set it back' },
      ],
    })
    expect(world.gateway.generation).toBe(before)
    expect(await status()).toBe(200)
  })
})

describe('what changed is told, without a secret', () => {
  const shop = { secrets: [new Secret(CANARY_SECRET)], verifyTokens: [new Secret(CANARY_VERIFY_TOKEN)] }
  it.each<[string, (config: Config) => Config, readonly string[]]>([
    ['nothing', (config) => config, []],
    ['equal secrets', (config) => ({ ...config, apps: { shop } }), []],
    [
      'a further secret',
      (config) => ({
        ...config,
        apps: { shop: { ...shop, secrets: [...shop.secrets, new Secret(CANARY_OLD_SECRET)] } },
      }),
      ['secrets'],
    ],
    [
      'the admin token',
      (config) => ({ ...config, admin: { ...config.admin, token: new Secret(CANARY_OLD_SECRET) } }),
      ['secrets'],
    ],
    [
      'an anchor less',
      (config) => ({ ...config, client: { ...config.client, anchors: config.client.anchors.slice(0, 1) } }),
      ['anchors: meta-lab, digicert-lab to meta-lab', 'client'],
    ],
    [
      'a prefix more',
      (config) => ({ ...config, sources: { ...config.sources, extra: ['157.240.0.0/16'] } }),
      ['allow-list: 4 to 5 prefixes', 'sources'],
    ],
    ['a limit', (config) => ({ ...config, limits: { ...config.limits, connections: 9_999 } }), ['limits']],
    [
      'the drain',
      (config) => ({ ...config, shutdown: { ...config.shutdown, timeout: 1_999 } }),
      ['shutdown'],
    ],
    [
      'a route',
      (config) => ({ ...config, routes: config.routes.map((route) => ({ ...route, timeout: 4_999 })) }),
      ['routes'],
    ],
  ])('%s', async (_name, change, changes) => {
    await world.gateway.reload(world.config)
    const from = world.logged().length
    expect(await world.gateway.reload(change(world.config))).toMatchObject({ outcome: 'reloaded', changes })
    const said = world.logged().slice(from)
    expect(said).toContain(
      changes.length === 0 ? 'reloaded, nothing changed' : `reloaded: ${changes.join('; ')}`,
    )
    expect(said).not.toContain(CANARY_MARK)
    await world.gateway.reload(world.config)
  })

  it('and what is switched off is shouted again', async () => {
    const from = world.logged().length
    const { client, sources } = world.config
    await world.gateway.reload({
      ...world.config,
      client: { ...client, require: 'observe' },
      sources: { ...sources, mode: 'none' },
    })
    const said = world.logged().slice(from)
    expect(said).toContain('client.require observe')
    expect(said).toContain('sources.mode none')
    await world.gateway.reload(world.config)
  })
})

describe('what is taken over decides at once', () => {
  const withShop = (secret: string, token = CANARY_VERIFY_TOKEN): Config => ({
    ...world.config,
    apps: { shop: { secrets: [new Secret(secret)], verifyTokens: [new Secret(token)] } },
  })

  it('secrets and verify tokens, on connections that are kept, too', async () => {
    const kept = await keptClient(world)
    await world.gateway.reload(withShop(CANARY_OLD_SECRET, 'another token'))
    expect((await kept.deliver(delivery({ secret: CANARY_OLD_SECRET })))?.status).toBe(200)
    expect((await kept.deliver())?.status).toBe(403)
    const ask = (token: string) =>
      challengeBytes({ authority: 'gateway.example', path: '/webhooks/meta', token, challenge: '1158201444' })
    expect(await status(ask('another token'))).toBe(200)
    expect(await status(ask(CANARY_VERIFY_TOKEN))).toBe(403)
    await world.gateway.reload(world.config)
    expect(await status()).toBe(200)
    kept.end()
  })

  it('routes, limits of a head, and the level of the log', async () => {
    const { limits, log, routes } = world.config
    await world.gateway.reload({
      ...world.config,
      routes: routes.map((route) => Object.assign({}, route, { path: '/webhooks/moved' })),
      limits: { ...limits, head: 1024 },
      log: { ...log, level: 'error' },
    })
    const from = world.logged().length
    expect(await status()).toBe(404)
    expect(await status(delivery({ path: '/webhooks/moved' }))).toBe(200)
    expect(await status(delivery({ path: '/webhooks/moved', add: [['X-Large', 'x'.repeat(1_500)]] }))).toBe(
      431,
    )
    expect(world.logged().slice(from)).toBe('')
    await world.gateway.reload(world.config)
    expect(await status(delivery({ add: [['X-Large', 'x'.repeat(1_500)]] }))).toBe(200)
    expect(world.logged().slice(from)).not.toBe('')
  })

  it('but a request keeps the state it began with', async () => {
    const bytes = delivery()
    const kept = await keptClient(world)
    const answered = kept.deliver(bytes.subarray(0, -5))
    await expect.poll(() => world.gateway.load.requests).toBe(1)
    await world.gateway.reload({ ...withShop(CANARY_OLD_SECRET), routes: [] })
    kept.socket.write(bytes.subarray(-5))
    expect((await answered)?.status).toBe(200)
    expect((await kept.deliver())?.status).toBe(404)
    kept.end()
    await world.gateway.reload(world.config)
  })
})
