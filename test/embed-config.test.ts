// What a gateway inside another program is made from: an object or a file, read again on reload, refused with all problems at once.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type ConfigInput, type Gateway, createGateway } from '../src/index.ts'
import { CANARY_OLD_SECRET, CANARY_SECRET, CANARY_VERIFY_TOKEN } from './canary.ts'
import { asObject, reachable, statusOf } from './support/embedded.ts'
import { type HeldUpstream, startHeldUpstream } from './support/held-upstream.ts'
import { type Site, makeSite } from './support/site.ts'

const quiet = { log: () => {} }

let upstream: HeldUpstream
let site: Site
const gateways: Gateway[] = []
beforeAll(async () => {
  upstream = await startHeldUpstream()
  site = await makeSite({ upstream: upstream.url })
})
afterEach(() => Promise.all(gateways.splice(0).map((gateway) => gateway.close())))
afterAll(async () => {
  site.remove()
  await upstream.close()
})

function remembered(gateway: Gateway): Gateway {
  gateways.push(gateway)
  return gateway
}

const objectWith = (change?: Partial<ConfigInput>) => asObject(upstream.url, change)
const status = (gateway: Gateway, secret?: string) => statusOf(reachable(gateway, site), secret)

describe('a configuration object', () => {
  const options = (env: Record<string, string | undefined>) => ({ ...quiet, baseDir: site.directory, env })

  it('is read again on reload, with the environment and the files that it names', async () => {
    const env: Record<string, string | undefined> = { APP_SECRET: CANARY_SECRET }
    const gateway = remembered(await createGateway(objectWith(), options(env)))
    await gateway.listen()
    env['APP_SECRET'] = CANARY_OLD_SECRET
    expect(await gateway.reload()).toMatchObject({ outcome: 'reloaded', changes: ['secrets'] })
    expect(await status(gateway, CANARY_OLD_SECRET)).toBe(200)
    env['APP_SECRET'] = undefined
    expect(await gateway.reload()).toMatchObject({
      outcome: 'refused',
      problems: [{ setting: 'apps.shop.secrets[0]' }],
    })
    expect(await status(gateway, CANARY_OLD_SECRET)).toBe(200)
  })

  it('that does not hold makes no gateway, with all problems at once', async () => {
    const made = createGateway(
      objectWith({
        client: { anchors: [] },
        apps: { shop: { secrets: ['short'], verifyTokens: [CANARY_VERIFY_TOKEN] } },
      }),
      options({}),
    )
    await expect(made).rejects.toMatchObject({
      name: 'ConfigError',
      problems: expect.arrayContaining([
        expect.objectContaining({ setting: 'client.anchors' }),
        expect.objectContaining({ setting: 'apps.shop.secrets[0]' }),
      ]),
    })
    const unknownKey: object = { ...objectWith(), upstrm: 'x' }
    await expect(
      createGateway(unknownKey as ConfigInput, options({ APP_SECRET: CANARY_SECRET })),
    ).rejects.toMatchObject({
      problems: [{ setting: 'upstrm', message: 'is not a setting' }],
    })
  })

  it('that names a file which does not hold makes none either', () =>
    expect(
      createGateway(
        objectWith({ sources: { allowlist: 'nowhere.txt' } }),
        options({ APP_SECRET: CANARY_SECRET }),
      ),
    ).rejects.toMatchObject({
      problems: [{ setting: 'sources.allowlist', message: expect.stringContaining('there is no such file') }],
    }))
})

describe('a file', () => {
  it('that is wrong is told with line and column, problems of its files, too', async () => {
    const file = join(site.directory, 'other.yaml')
    const plain = await makeSite({
      upstream: upstream.url,
      change: (yaml) => yaml.replace('files/list.txt', 'nowhere.txt'),
    })
    await expect(createGateway({ file: plain.file }, quiet)).rejects.toMatchObject({
      file: plain.file,
      problems: [{ setting: 'sources.allowlist', line: 9, column: expect.any(Number) }],
    })
    plain.remove()
    writeFileSync(file, 'listen: [\n')
    await expect(createGateway({ file }, quiet)).rejects.toMatchObject({
      file,
      problems: [{ line: expect.any(Number) }],
    })
  })
})
