// The sockets and limits that several workers share: opened by hubgate, by systemd, or a path; never more than configured.
import { existsSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createGateway } from '../../src/index.ts'
import { type HeldUpstream, startHeldUpstream } from '../support/held-upstream.ts'
import { KeptClient } from '../support/kept-client.ts'
import { delivery, open, send } from '../support/sender.ts'
import { type Served, serve } from '../support/served.ts'
import { manage } from '../support/service-manager.ts'
import { makeSite } from '../support/site.ts'
import { startLoad } from '../support/steady-load.ts'
import { connectionsOf, twoWorkers, workerPids } from '../support/workers.ts'

const WITHIN = { timeout: 20_000, interval: 20 }
const LONG = { timeout: 60_000 }

let upstream: HeldUpstream
const ends: (() => Promise<void>)[] = []
beforeAll(async () => {
  upstream = await startHeldUpstream()
})
afterEach(async () => {
  await Promise.all(ends.splice(0).map((end) => end()))
})
afterAll(() => upstream.close())

async function serving(change: (yaml: string) => string): Promise<Served> {
  const served = await serve({ upstream: upstream.url, change: (yaml) => change(twoWorkers(yaml)) })
  ends.push(served.end)
  return served
}

describe('on sockets of systemd', () => {
  it(
    'two workers serve who waits, are ready once, and a restart under load loses nothing',
    LONG,
    async () => {
      const service = await manage({ upstream: upstream.url, change: twoWorkers })
      ends.push(service.end)
      const world = { port: service.port, pki: service.site.pki }
      const early = send(world, [delivery()])
      const first = await service.start()
      expect((await early).answers[0]?.status).toBe(200)
      await service.says(/"hubgate\.started"/)
      expect(workerPids({ pid: first })).toHaveLength(2)
      const load = startLoad(world, { clients: 4, perConnection: 10 })
      await expect.poll(() => load.acknowledged.size, WITHIN).toBeGreaterThan(50)
      process.kill(first, 'SIGTERM')
      expect(await service.ended(first)).toBe(0)
      await service.start()
      await service.says(/"hubgate\.started"/, 2)
      const before = load.acknowledged.size
      await expect.poll(() => load.acknowledged.size, WITHIN).toBeGreaterThan(before + 50)
      await load.stop()
      expect(load.others).toEqual([])
      const received = new Set(upstream.received.map(({ sha256 }) => sha256))
      expect([...load.acknowledged].filter((sha256) => !received.has(sha256))).toEqual([])
      expect(service.notified().filter((message) => message.startsWith('READY=1'))).toHaveLength(2)
    },
  )
})

describe('on a Unix socket', () => {
  it('two workers serve, also after both were killed, and its file goes with the last', LONG, async () => {
    const served = await serving((yaml) =>
      yaml
        .replace('"127.0.0.1:0"', '"unix:public.sock", front: nginx, trustedPeers: [unix]')
        .replace(/^tls: .*\n/m, ''),
    )
    const path = join(served.site.directory, 'public.sock')
    expect(served.stdout()).toContain(`listening on unix:${path}`)
    for (const pid of workerPids(served)) process.kill(pid, 'SIGKILL')
    expect(await answeredOn(path)).toMatch(/^HTTP\/1\.1 403 /)
    served.signal('SIGTERM')
    expect(await served.ended).toMatchObject({ code: 0 })
    expect(existsSync(path)).toBe(false)
  })
})

describe('limits', () => {
  it('of connections are kept by all workers together', LONG, async () => {
    const served = await serving((yaml) => `${yaml}limits: { connections: 8 }\n`)
    const clients = await Promise.all(
      Array.from({ length: 24 }, async () => {
        try {
          return new KeptClient(await open(served))
        } catch {
          return undefined
        }
      }),
    )
    const admitted = await Promise.all(clients.map(async (client) => (await client?.deliver())?.status))
    const served200 = admitted.filter((status) => status === 200).length
    expect(served200).toBeGreaterThan(3)
    expect(served200).toBeLessThanOrEqual(8)
    for (const pid of workerPids(served)) expect(connectionsOf(pid, served.port)).toBeLessThanOrEqual(4)
    for (const client of clients) client?.end()
  })

  it('that are changed to less than one body for each worker are refused', LONG, async () => {
    const served = await serving((yaml) => yaml)
    served.site.configure((yaml) => `${twoWorkers(yaml)}limits: { body: 4MiB, bodiesInMemory: 7MiB }\n`)
    const { status, body } = await served.ask('/api/reload', 'POST')
    expect(status).toBe(422)
    expect(body).toMatch(/divided among 2 workers is less than limits\.body/)
  })
})

describe('an admin token', () => {
  it('is asked for in front of what all workers say', LONG, async () => {
    const token = 'canary-free-admin-token-0123456789'
    const served = await serving((yaml) => yaml.replace('admin: {', `admin: { token: "${token}",`))
    expect((await served.ask('/metrics')).status).toBe(401)
    expect((await served.ask('/api/reload', 'POST')).status).toBe(401)
    expect((await served.ask('/readyz')).status).toBe(200)
  })
})

describe('an embedded gateway', () => {
  it.each(['2', 'auto'])('refuses listen.workers: %s, and says that it is one process', async (workers) => {
    const site = await makeSite({ upstream: upstream.url, workers })
    await expect(createGateway({ file: site.file }, { log: () => {} })).rejects.toThrow(
      /listen\.workers .*an embedded gateway is the one process/,
    )
    site.remove()
  })
})

/** The answer to a request of which no front tells. */
function answeredOn(path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = ''
    const socket = connect({ path }, () => socket.write(delivery()))
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()))
    socket.once('error', reject)
    socket.once('close', () => resolve(answer))
  })
}
