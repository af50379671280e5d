// The gateway inside another program: made from an object or a file, reloaded, closed, and nothing of it left behind.
import { once } from 'node:events'
import { request } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type ConfigInput, type Gateway, createGateway } from '../src/index.ts'
import { exchange } from '../src/lab/exchange.ts'
import { CANARY_OLD_SECRET, CANARY_SECRET } from './canary.ts'
import { asObject, reachable, statusOf } from './support/embedded.ts'
import { type HeldUpstream, startHeldUpstream } from './support/held-upstream.ts'
import { keptClient } from './support/kept-client.ts'
import { collectGarbage, countLive } from './support/live-resources.ts'
import { delivery, dialTo } from './support/sender.ts'
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

async function ready(gateway: Gateway): Promise<number | undefined> {
  const address = gateway.adminAddress
  if (address === undefined) return undefined
  const to =
    typeof address === 'string' ? { socketPath: address } : { host: address.address, port: address.port }
  const asking = request({ ...to, path: '/readyz', agent: false, headers: { host: 'localhost' } }).end()
  const [response] = await once(asking, 'response')
  response.resume()
  return response.statusCode
}

describe.each([
  ['from a file', () => createGateway({ file: site.file }, quiet)],
  [
    'from an object',
    () =>
      createGateway(objectWith(), { ...quiet, baseDir: site.directory, env: { APP_SECRET: CANARY_SECRET } }),
  ],
])('a gateway made %s', (_name, make) => {
  it('listens when told to, serves, says what it decides, and ends', async () => {
    const gateway = remembered(await make())
    expect({ addresses: gateway.addresses, admin: gateway.adminAddress }).toEqual({
      addresses: [],
      admin: undefined,
    })
    const heard: string[] = []
    const stop = gateway.onAudit(({ outcome }) => heard.push(outcome))
    await gateway.listen()
    expect(gateway.addresses).toMatchObject([{ address: '127.0.0.1', port: expect.any(Number) }])
    expect(await status(gateway)).toBe(200)
    expect(await ready(gateway)).toBe(200)
    expect(heard).toEqual(['acknowledged'])
    stop()
    expect(await status(gateway, CANARY_OLD_SECRET)).toBe(403)
    expect(heard).toEqual(['acknowledged'])
    const to = dialTo(reachable(gateway, site))
    await gateway.close()
    expect((await exchange({ dial: to, steps: [delivery()] })).error).toContain('ECONNREFUSED')
    await expect(ready(gateway)).rejects.toMatchObject({ code: expect.stringMatching(/ECONNREFUSED|ENOENT/) })
  })

  it('reloads: what holds is taken, what does not is refused and changes nothing', async () => {
    const gateway = remembered(await make())
    await gateway.listen()
    expect(await gateway.reload()).toMatchObject({
      outcome: 'reloaded',
      generation: 2,
      closed: 0,
      changes: [],
    })
    site.put({ 'list.txt': '# nobody\n' })
    expect(await gateway.reload()).toMatchObject({
      outcome: 'refused',
      problems: [{ setting: 'sources.allowlist' }],
    })
    expect(await status(gateway)).toBe(200)
    site.put({ 'list.txt': '127.0.0.2/32\n' })
    expect(await gateway.reload()).toMatchObject({ outcome: 'reloaded' })
    expect(await status(gateway)).toBe('reset')
    site.put({ 'list.txt': '127.0.0.1/32\n' })
    expect(await gateway.reload()).toMatchObject({ outcome: 'reloaded' })
    expect(await status(gateway)).toBe(200)
  })

  it('leaves nothing behind that keeps a program from ending', async () => {
    await (await make()).close()
    const live = countLive()
    const before = process.getActiveResourcesInfo().toSorted()
    const gateway = await make()
    await gateway.listen()
    await gateway.reload()
    const client = await keptClient(reachable(gateway, site))
    await gateway.close()
    await client.closed
    const left = () => {
      collectGarbage()
      return ['TCPSERVERWRAP', 'PIPESERVERWRAP', 'FSEVENTWRAP', 'TLSWRAP', 'TCPWRAP'].filter(
        (kind) => live.count(kind) > 0,
      )
    }
    // The upstream's half of a kept connection goes when ours does.
    await expect.poll(left, { timeout: 15_000 }).toEqual([])
    await expect
      .poll(() => process.getActiveResourcesInfo().filter((kind) => kind !== 'Timeout').length, {
        timeout: 15_000,
      })
      .toBeLessThanOrEqual(before.filter((kind) => kind !== 'Timeout').length)
    live.stop()
  })
})

describe('two gateways in one program', () => {
  it('do not know of each other', async () => {
    const env = { APP_SECRET: CANARY_SECRET }
    const [one, two] = [
      remembered(await createGateway(objectWith(), { ...quiet, baseDir: site.directory, env })),
      remembered(
        await createGateway(objectWith(), {
          ...quiet,
          baseDir: site.directory,
          env: { APP_SECRET: CANARY_OLD_SECRET },
        }),
      ),
    ]
    await one.listen()
    await two.listen()
    expect([await status(one), await status(two)]).toEqual([200, 403])
    await one.close()
    expect(await status(two, CANARY_OLD_SECRET)).toBe(200)
  })
})

describe('an address that is taken', () => {
  it.each([
    ['the public one', (address: string): Partial<ConfigInput> => ({ listen: { address } })],
    ['the admin one', (address: string): Partial<ConfigInput> => ({ admin: { address } })],
  ])('%s: listen() fails and leaves nothing listening; it may be tried again', async (_name, change) => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    const made = createGateway(objectWith(change(`127.0.0.1:${port}`)), {
      ...quiet,
      baseDir: site.directory,
      env: { APP_SECRET: CANARY_SECRET },
    })
    const gateway = remembered(await made)
    const live = countLive()
    await expect(gateway.listen()).rejects.toMatchObject({ code: 'EADDRINUSE' })
    await expect.poll(() => live.count('TCPSERVERWRAP'), { timeout: 10_000 }).toBe(0)
    live.stop()
    other.close()
    await once(other, 'close')
    await gateway.listen()
    expect(await status(gateway)).toBe(200)
  })
})
