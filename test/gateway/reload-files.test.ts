// Files that the configuration names are taken up when they change, however they are replaced, without anybody asking.
import { createHook } from 'node:async_hooks'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type WholeGateway, createGateway } from '../../src/embed.ts'
import { fingerprint, watchFiles } from '../../src/gateway/watch.ts'
import { exchange } from '../../src/lab/exchange.ts'
import { metaShaped } from '../../src/lab/pki/authorities.ts'
import { type ServerCertificate, serverCertificate } from '../../src/lab/pki/server-certificate.ts'
import { CANARY_OLD_SECRET, CANARY_SECRET } from '../canary.ts'
import { DEPLOYMENTS } from '../support/deployments.ts'
import { type HeldUpstream, startHeldUpstream } from '../support/held-upstream.ts'
import { delivery, dialTo } from '../support/sender.ts'
import { type Site, type SiteOptions, makeSite } from '../support/site.ts'

const WITHIN = { timeout: 15_000, interval: 50 }

let upstream: HeldUpstream
let otherServer: ServerCertificate
const otherMeta = metaShaped()
beforeAll(async () => {
  upstream = await startHeldUpstream()
  otherServer = await serverCertificate()
})
afterAll(() => upstream.close())

interface Running {
  readonly site: Site
  readonly gateway: WholeGateway
  readonly logged: () => string
  /** One delivery as Meta would send it, but for what is changed: its status, or how it ended. */
  readonly status: (change?: { dial?: object; secret?: string }) => Promise<number | string>
  readonly end: () => Promise<void>
}

async function run(options: Partial<SiteOptions> = {}): Promise<Running> {
  const site = await makeSite({ upstream: upstream.url, ...options })
  const lines: string[] = []
  const gateway = await createGateway({ file: site.file }, { log: (line) => void lines.push(line) })
  await gateway.listen()
  const [address] = gateway.addresses
  const port = typeof address === 'object' ? address.port : 0
  return {
    site,
    gateway,
    logged: () => lines.join(''),
    status: async ({ dial = {}, secret = CANARY_SECRET } = {}) => {
      const to = dialTo({ port, pki: site.pki }, dial)
      const { answers, ended } = await exchange({ dial: to, steps: [delivery({ secret })] })
      return answers[0]?.status ?? ended
    },
    end: async () => {
      await gateway.close()
      site.remove()
    },
  }
}

describe.each(Object.entries(DEPLOYMENTS))('%s,', (_name, deploy) => {
  let running: Running
  beforeAll(async () => {
    running = await run({ deploy })
  })
  afterAll(() => running.end())

  it('a new allow-list decides', async () => {
    expect(await running.status()).toBe(200)
    running.site.put({ 'list.txt': '127.0.0.2/32\n' })
    await expect.poll(() => running.status({ dial: { localAddress: '127.0.0.2' } }), WITHIN).toBe(200)
    expect(await running.status()).toBe('reset')
    running.site.put({ 'list.txt': '127.0.0.1/32\n' })
    await expect.poll(() => running.status(), WITHIN).toBe(200)
  })

  it('a new certificate and key are shown', async () => {
    const { certificate, key } = otherServer
    const trusting = { dial: { ca: certificate } }
    expect(await running.status(trusting)).toBe('closed')
    running.site.put({ 'server.pem': certificate, 'server.key': key })
    await expect.poll(() => running.status(trusting), WITHIN).toBe(200)
    running.site.put({
      'server.pem': running.site.pki.server.certificate,
      'server.key': running.site.pki.server.key,
    })
    await expect.poll(() => running.status(), WITHIN).toBe(200)
  })

  it('a new anchor is trusted, and the old one is not', async () => {
    const otherClient = { dial: { identity: otherMeta.client() } }
    expect(await running.status(otherClient)).toBe('closed')
    running.site.put({ 'meta.pem': otherMeta.root.certificate })
    await expect.poll(() => running.status(otherClient), WITHIN).toBe(200)
    expect(await running.status()).toBe('closed')
    running.site.put({ 'meta.pem': running.site.pki.meta.root.certificate })
    await expect.poll(() => running.status(), WITHIN).toBe(200)
  })

  it('a new secret verifies', async () => {
    expect(await running.status({ secret: CANARY_OLD_SECRET })).toBe(403)
    running.site.put({ secret: CANARY_OLD_SECRET })
    await expect.poll(() => running.status({ secret: CANARY_OLD_SECRET }), WITHIN).toBe(200)
    expect(await running.status()).toBe(403)
  })
})

describe('a change that does not hold', () => {
  let running: Running
  beforeAll(async () => {
    running = await run()
  })
  afterAll(() => running.end())

  it('yet, a certificate before its key, is tried again, and works once the key is there', async () => {
    const { certificate, key } = otherServer
    running.site.put({ 'server.pem': certificate })
    await expect
      .poll(running.logged, WITHIN)
      .toMatch(/hubgate\.config\.retry.*tls\.key does not fit tls\.certificate/)
    // Meanwhile the old pair serves.
    expect(await running.status()).toBe(200)
    running.site.put({ 'server.key': key })
    await expect.poll(() => running.status({ dial: { ca: certificate } }), WITHIN).toBe(200)
    expect(running.logged()).not.toContain('hubgate.config.refused')
    running.site.put({
      'server.pem': running.site.pki.server.certificate,
      'server.key': running.site.pki.server.key,
    })
    await expect.poll(() => running.status(), WITHIN).toBe(200)
  })

  it('is refused in the end, and the next good one is taken', { timeout: 40_000 }, async () => {
    running.site.put({ 'list.txt': '# nobody\n' })
    await expect.poll(running.logged, WITHIN).toMatch(/hubgate\.config\.retry.*holds no prefix/)
    await expect
      .poll(running.logged, { ...WITHIN, timeout: 30_000 })
      .toMatch(/hubgate\.config\.refused.*holds no prefix/)
    expect(await running.status()).toBe(200)
    running.site.put({ 'list.txt': '127.0.0.2/32\n' })
    await expect.poll(() => running.status({ dial: { localAddress: '127.0.0.2' } }), WITHIN).toBe(200)
    running.site.put({ 'list.txt': '127.0.0.1/32\n' })
    await expect.poll(() => running.status(), WITHIN).toBe(200)
  })
})

describe('hubgate.yaml itself', () => {
  it('is read again only when asked; half edited, it does not stop a new list', async () => {
    const running = await run()
    running.site.configure((yaml) =>
      yaml.replace('/webhooks/meta', '/webhooks/moved').replace('shutdown:', 'shutdown: {'),
    )
    running.site.put({ 'list.txt': '127.0.0.2/32\n' })
    await expect.poll(() => running.status({ dial: { localAddress: '127.0.0.2' } }), WITHIN).toBe(200)
    expect(await running.gateway.reload()).toMatchObject({
      outcome: 'refused',
      problems: [{ line: expect.any(Number) }],
    })
    expect(await running.status({ dial: { localAddress: '127.0.0.2' } })).toBe(200)
    running.site.configure((yaml) => yaml.replace('/webhooks/meta', '/webhooks/moved'))
    expect(await running.gateway.reload()).toMatchObject({ outcome: 'reloaded', changes: ['routes'] })
    expect(await running.status({ dial: { localAddress: '127.0.0.2' } })).toBe(404)
    await running.end()
  })

  it('may name other files: those are watched from then on, the former no more', async () => {
    const running = await run()
    writeFileSync(join(running.site.directory, 'other.txt'), '127.0.0.1/32\n')
    running.site.configure((yaml) => yaml.replace('files/list.txt', 'other.txt'))
    expect(await running.gateway.reload()).toMatchObject({ outcome: 'reloaded' })
    writeFileSync(join(running.site.directory, 'other.txt'), '127.0.0.2/32\n')
    await expect.poll(() => running.status({ dial: { localAddress: '127.0.0.2' } }), WITHIN).toBe(200)
    const reloads = () => running.logged().split('"hubgate.config.re').length
    const before = reloads()
    running.site.put({ 'list.txt': '# nobody\n' })
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    expect(reloads()).toBe(before)
    await running.end()
  })
})

describe('a watch of files', () => {
  let directory = ''
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'hubgate-watch-'))
  })
  afterAll(() => rmSync(directory, { recursive: true, force: true }))

  async function watched(...names: string[]) {
    const files = names.map((name) => join(directory, name))
    let changes = 0
    const watch = watchFiles({ files, since: await fingerprint(files), onChange: () => (changes += 1) })
    return { files, watch, changes: () => changes }
  }

  it('sees files come and go, in a directory that was not there', async () => {
    const { files, watch, changes } = await watched('later/x')
    mkdirSync(join(directory, 'later'))
    writeFileSync(files[0] ?? '', '1')
    await expect.poll(changes, WITHIN).toBe(1)
    rmSync(join(directory, 'later'), { recursive: true })
    await expect.poll(changes, WITHIN).toBe(2)
    watch.close()
  })

  it('tells of files that change together, and of their neighbours never', async () => {
    const { files, watch, changes } = await watched('a', 'b')
    writeFileSync(join(directory, 'neighbour'), '1')
    for (const file of files) writeFileSync(file, '1')
    await expect.poll(changes, WITHIN).toBeGreaterThan(0)
    // On a busy machine more than the settling time may lie between the two.
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    const told = changes()
    for (const n of [1, 2, 3]) writeFileSync(join(directory, 'neighbour'), `${n}`)
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    expect(changes()).toBe(told)
    watch.close()
  })

  it('misses nothing that happened before it began, and says nothing after it was closed', async () => {
    const file = join(directory, 'c')
    writeFileSync(file, '1')
    const since = await fingerprint([file])
    writeFileSync(file, '22')
    let changes = 0
    const watch = watchFiles({ files: [file], since, onChange: () => (changes += 1) })
    await expect.poll(() => changes, WITHIN).toBe(1)
    watch.close()
    writeFileSync(file, '333')
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    expect(changes).toBe(1)
  })

  it('costs little in a directory where a thousand other things happen', async () => {
    const { watch, changes } = await watched('d')
    let requests = 0
    const hook = createHook({ init: (_id, kind) => (requests += Number(kind === 'FSREQPROMISE')) }).enable()
    for (let i = 0; i < 1_000; i++) {
      writeFileSync(join(directory, 'neighbour'), `${i}`)
      if (i % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 1))
    }
    await new Promise((resolve) => setTimeout(resolve, 300))
    hook.disable()
    watch.close()
    expect(requests).toBeLessThan(100)
    expect(changes()).toBe(0)
  })
})
