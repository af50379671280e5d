// `hubgate serve` that cannot: what it says on standard error, with what exit code, and that nothing of it stays.
import { once } from 'node:events'
import { type AddressInfo, type Server, createServer } from 'node:net'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Served, serve, serveInVain } from '../support/served.ts'
import { type Site, makeSite } from '../support/site.ts'

const UPSTREAM = 'http://127.0.0.1:9'

let taken: Server
const sites: Site[] = []
beforeAll(async () => {
  taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
})
afterEach(() => {
  for (const site of sites.splice(0)) site.remove()
})
afterAll(async () => {
  taken.close()
  await once(taken, 'close')
})

async function siteWith(change: (yaml: string) => string = (yaml) => yaml): Promise<Site> {
  const site = await makeSite({ upstream: UPSTREAM, change })
  sites.push(site)
  return site
}

const takenPort = () => (taken.address() as AddressInfo).port

describe('a configuration with problems ends with 3', () => {
  it('and tells all that is wrong with its files, with place and advice', async () => {
    const site = await siteWith()
    rmSync(join(site.directory, 'files', 'list.txt'))
    site.put({ 'meta.pem': 'garbage\n', 'server.key': site.pki.client.key })
    const { code, stderr, stdout } = await serveInVain(site)
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' })
    expect(stderr).toMatch(/^hubgate: error: 3 problems in .*hubgate\.yaml:$/m)
    expect(stderr).toMatch(/^ +\d+:\d+ +sources\.allowlist +.*list\.txt: there is no such file — ./m)
    expect(stderr).toMatch(
      /^ +\d+:\d+ +client\.anchors\[0\]\.file +.*meta\.pem: no PEM block and no DER certificate — ./m,
    )
    expect(stderr).toMatch(/^ +\d+:\d+ +tls\.key +does not fit tls\.certificate — ./m)
    expect(stderr).toMatch(/^hubgate: hint: ./m)
  })

  it('and tells all that is wrong with its settings', async () => {
    const site = await siteWith((yaml) =>
      yaml
        .replace(/anchors:\n.*\n/, 'anchors: []\n')
        .replace('${file:files/secret}', 'too short')
        .replace('mode: enforce', 'mode: sometimes')
        .replace('shutdown:', 'shutdwon:'),
    )
    const { code, stderr } = await serveInVain(site)
    expect(code).toBe(3)
    expect(stderr).toMatch(/^hubgate: error: 4 problems/m)
    for (const setting of ['client.anchors', 'apps.shop.secrets[0]', 'sources.mode', 'shutdwon'])
      expect(stderr).toContain(setting)
    expect(stderr).not.toContain('too short')
  })

  it('and so does one that is not there', async () => {
    const site = await siteWith()
    rmSync(site.file)
    const { code, stderr } = await serveInVain(site)
    expect(code).toBe(3)
    expect(stderr).toMatch(/cannot be read: there is no such file — write one with `hubgate init`/)
  })
})

describe('an address that cannot be had ends with 1 and a hint', () => {
  it.each<[string, (yaml: string) => string, RegExp, RegExp]>([
    [
      'listen.address is taken',
      (yaml) => yaml.replace('127.0.0.1:0', `127.0.0.1:${takenPort()}`),
      /EADDRINUSE/,
      /another process has this address; see listen\.address and admin\.address/,
    ],
    [
      'admin.address is taken',
      (yaml) => yaml.replace(/address: "unix:[^"]*"/, `address: "127.0.0.1:${takenPort()}"`),
      /EADDRINUSE/,
      /another process has this address/,
    ],
    [
      'listen.address is of another machine',
      (yaml) => yaml.replace('127.0.0.1:0', '198.51.100.1:0'),
      /EADDRNOTAVAIL/,
      /this machine has no such address/,
    ],
    [
      'the second of two is taken',
      (yaml) => yaml.replace('"127.0.0.1:0"', `["127.0.0.1:0", "127.0.0.1:${takenPort()}"]`),
      /EADDRINUSE/,
      /another process/,
    ],
  ])('%s', async (...[, change, problem, hint]) => {
    const { code, stderr, stdout } = await serveInVain(await siteWith(change))
    expect(code).toBe(1)
    expect(stderr).toMatch(new RegExp(`^hubgate: error: cannot listen: .*${problem.source}`, 'm'))
    expect(stderr).toMatch(new RegExp(`^hubgate: hint: ${hint.source}`, 'm'))
    expect(stdout).not.toContain('hubgate.started')
  })

  it('also where another hubgate has the admin socket, which keeps it', async () => {
    let first: Served | undefined
    try {
      first = await serve({ upstream: UPSTREAM })
      const { code, stderr } = await serveInVain(first.site)
      expect(code).toBe(1)
      expect(stderr).toMatch(/cannot listen: .*EADDRINUSE/)
      expect(await first.ask('/readyz')).toMatchObject({ status: 200 })
    } finally {
      await first?.end()
    }
  })
})

describe('a Node', () => {
  it('past its end of life is named at start, any other is not', async () => {
    const served = await serve({ upstream: UPSTREAM })
    served.signal('SIGTERM')
    const { code, stderr } = await served.ended
    await served.end()
    const old = Number(process.versions.node.split('.')[0]) < 22
    expect(stderr).toBe(
      old
        ? `hubgate: warning: Node ${process.versions.node.split('.')[0]} is past its end of life and gets no security fixes; use Node 24\n`
        : '',
    )
    expect(code).toBe(0)
  })
})
