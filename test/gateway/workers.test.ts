// `listen.workers`: several processes on the same sockets. All serve, one that dies is replaced, and they change and end together.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { exchange } from '../../src/lab/exchange.ts'
import { CANARY_SECRET } from '../canary.ts'
import { type HeldUpstream, startHeldUpstream } from '../support/held-upstream.ts'
import { type KeptClient, keptClient } from '../support/kept-client.ts'
import { delivery, dialTo } from '../support/sender.ts'
import { type Served, serve, serveInVain } from '../support/served.ts'
import { makeSite } from '../support/site.ts'
import { startLoad } from '../support/steady-load.ts'
import { connectionsOf, isAlive, offer, twoWorkers, workerPids } from '../support/workers.ts'

const WITHIN = { timeout: 20_000, interval: 20 }
const LONG = { timeout: 60_000 }

let upstream: HeldUpstream
const running: Served[] = []
beforeAll(async () => {
  upstream = await startHeldUpstream()
})
afterEach(async () => {
  upstream.release()
  await Promise.all(running.splice(0).map((served) => served.end()))
})
afterAll(() => upstream.close())

async function serving(change: (yaml: string) => string = (yaml) => yaml): Promise<Served> {
  const served = await serve({ upstream: upstream.url, change: (yaml) => change(twoWorkers(yaml)) })
  running.push(served)
  return served
}

function notReceived(acknowledged: ReadonlySet<string>): string[] {
  const received = new Set(upstream.received.map(({ sha256 }) => sha256))
  return [...acknowledged].filter((sha256) => !received.has(sha256))
}

/** Clients until both workers hold some. */
async function clientsOfBoth(served: Served): Promise<KeptClient[]> {
  const clients = await Promise.all(Array.from({ length: 32 }, () => keptClient(served)))
  for (const client of clients) expect((await client.deliver())?.status).toBe(200)
  for (const pid of workerPids(served)) expect(connectionsOf(pid, served.port)).toBeGreaterThan(4)
  return clients
}

async function status(served: Served, secret = CANARY_SECRET): Promise<number | string> {
  const { answers, ended } = await exchange({ dial: dialTo(served), steps: [delivery({ secret })] })
  return answers[0]?.status ?? ended
}

async function metric(served: Served, pattern: RegExp): Promise<number> {
  const { body } = await served.ask('/metrics')
  return Number(new RegExp(`^${pattern.source} (\\S+)$`, 'm').exec(body)?.[1])
}

const ACKNOWLEDGED = /hubgate_requests_total\{[^}]*outcome="acknowledged"[^}]*\}/

describe('two workers', () => {
  it('share 32 connections, and what they count is one sum', LONG, async () => {
    const served = await serving()
    expect(workerPids(served)).toHaveLength(2)
    const before = upstream.received.length
    const clients = await clientsOfBoth(served)
    const sent = upstream.received.length - before
    expect(await metric(served, ACKNOWLEDGED)).toBe(sent)
    expect(await metric(served, /hubgate_request_duration_seconds_count/)).toBe(sent)
    expect(await metric(served, /hubgate_connections_total\{outcome="admitted",code=""\}/)).toBe(32)
    expect(await metric(served, /hubgate_anchor_uses_total\{anchor="meta-lab"\}/)).toBe(32)
    expect(await metric(served, /hubgate_workers/)).toBe(2)
    expect(await metric(served, /hubgate_gate_enforced\{gate="signature"\}/)).toBe(1)
    expect(await metric(served, /process_start_time_seconds/)).toBeGreaterThan(1_600_000_000)
    const anchors: unknown = JSON.parse((await served.ask('/api/anchors')).body)
    expect(anchors).toMatchObject([{ name: 'meta-lab', uses: 32 }])
    expect(served.stdout().match(/"hubgate\.started"/g)).toHaveLength(1)
    for (const client of clients) client.end()
  })

  it('write whole lines, each connection with an id of its own', LONG, async () => {
    const served = await serving()
    const load = startLoad(served, { clients: 8, perConnection: 5 })
    await expect.poll(() => load.acknowledged.size, WITHIN).toBeGreaterThan(200)
    await load.stop()
    served.signal('SIGTERM')
    const { stdout } = await served.ended
    const lines = stdout.trim().split('\n').map(read)
    const requests = lines.filter((line) => line['event.name'] === 'hubgate.request')
    expect(requests.length).toBe(load.acknowledged.size)
    expect(new Set(requests.map((line) => line['hubgate.request.id'])).size).toBe(requests.length)
    const peers = new Map<unknown, unknown>()
    for (const line of requests) {
      const { 'hubgate.connection.id': id, 'network.peer.port': port } = line
      expect(peers.get(id) ?? port).toBe(port)
      peers.set(id, port)
    }
  })

  it('take no TLS session of each other', LONG, async () => {
    const served = await serving()
    const first = await clientsOfBoth(served)
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const sessions: Buffer[] = []
      for (let i = 0; i < 24; i++) {
        const session = sessions[i % Math.max(1, sessions.length)]
        const { resumed, given } = await offer(served, version, session)
        expect(resumed).toBe(false)
        if (given !== undefined) sessions.push(given)
      }
      expect(sessions.length, 'there were sessions to offer').toBeGreaterThan(0)
    }
    for (const client of first) client.end()
  })
})

describe('a worker that is killed', () => {
  it('is replaced while the other serves: nobody who connects is refused', LONG, async () => {
    const served = await serving()
    const load = startLoad(served, { clients: 6, perConnection: 10 })
    await expect.poll(() => load.acknowledged.size, WITHIN).toBeGreaterThan(100)
    const before = workerPids(served)
    const counted = await metric(served, ACKNOWLEDGED)
    process.kill(before[0] ?? 0, 'SIGKILL')
    await served.says(/"hubgate\.worker\.replaced"/)
    expect(workerPids(served)).toHaveLength(2)
    const then = load.acknowledged.size
    await expect.poll(() => load.acknowledged.size, WITHIN).toBeGreaterThan(then + 100)
    await load.stop()
    expect(notReceived(load.acknowledged)).toEqual([])
    // What was open in the killed one ended without an answer: at most one delivery a client.
    expect(load.others.length).toBeLessThanOrEqual(6)
    expect(new Set(load.others)).toEqual(new Set(load.others.length === 0 ? [] : ['closed']))
    expect(await metric(served, ACKNOWLEDGED)).toBeGreaterThanOrEqual(counted)
    expect(served.stdout()).toMatch(/worker 1 ended \(SIGKILL\) after \d+ s: another takes its place now/)
  })

  it('and both of them: who connects meanwhile waits, and is served', LONG, async () => {
    const served = await serving()
    for (let i = 0; i < 5; i++) expect(await status(served)).toBe(200)
    expect(await metric(served, ACKNOWLEDGED)).toBe(5)
    for (const pid of workerPids(served)) process.kill(pid, 'SIGKILL')
    expect(await status(served)).toBe(200)
    await served.says(/"hubgate\.worker\.replaced"/, 2)
    expect((await served.ask('/readyz')).status).toBe(200)
    // What is counted never goes back.
    expect(await metric(served, ACKNOWLEDGED)).toBe(6)
  })

  it('comes back with what was committed, whatever stands in the files now', LONG, async () => {
    const served = await serving()
    served.site.configure(() => 'garbage: [')
    served.site.put({ 'list.txt': '' })
    await served.says(/"hubgate\.config\.refused"/)
    for (const pid of workerPids(served)) process.kill(pid, 'SIGKILL')
    await served.says(/"hubgate\.worker\.replaced"/, 2)
    expect(await status(served)).toBe(200)
  })
})

describe('a reload', () => {
  it('reaches all: a secret that was removed is refused by each', LONG, async () => {
    const served = await serving()
    const clients = await clientsOfBoth(served)
    served.site.put({ secret: 'another-secret-of-this-app-0123456789\n' })
    await served.says(/"hubgate\.config\.reloaded"/)
    for (const client of clients) expect((await client.deliver())?.status).toBe(403)
    expect(await status(served, 'another-secret-of-this-app-0123456789')).toBe(200)
    for (const client of clients) client.end()
  })

  it('that does not hold changes nothing in any of them, and one refusal is said', LONG, async () => {
    const served = await serving()
    const clients = await clientsOfBoth(served)
    served.site.configure((yaml) => twoWorkers(yaml).replace('require: always', 'require: nobody'))
    expect((await served.ask('/api/reload', 'POST')).status).toBe(422)
    for (const client of clients) expect((await client.deliver())?.status).toBe(200)
    expect(served.stdout().match(/"hubgate\.config\.refused"/g)).toHaveLength(1)
    for (const client of clients) client.end()
  })

  it('closes whom the new state refuses, and says how many in all', LONG, async () => {
    const served = await serving()
    const clients = await clientsOfBoth(served)
    served.site.configure((yaml) =>
      twoWorkers(yaml).replace('require: always', 'require: always\n  commonNames: ["other.example"]'),
    )
    const { status: answered, body } = await served.ask('/api/reload', 'POST')
    expect([answered, JSON.parse(body)]).toMatchObject([
      200,
      { outcome: 'reloaded', generation: 2, closed: 32 },
    ])
    await Promise.all(clients.map((client) => client.closed))
  })

  it(
    'while a worker is killed again and again leaves none with the old state',
    { timeout: 120_000 },
    async () => {
      const served = await serving()
      for (let i = 1; i <= 4; i++) {
        const secret = `secret-number-${i}-of-this-app-0123456789`
        process.kill(workerPids(served)[i % 2] ?? 0, 'SIGKILL')
        served.site.put({ secret: `${secret}\n` })
        await served.says(/"hubgate\.config\.reloaded"/, i)
        for (let again = 0; again < 12; again++) expect(await status(served)).toBe(403)
        expect(await status(served, secret)).toBe(200)
        await served.says(/"hubgate\.worker\.replaced"/, i)
      }
    },
  )
})

describe('the end', () => {
  it('under load loses nothing, in no worker', LONG, async () => {
    const served = await serving()
    const pids = workerPids(served)
    const load = startLoad(served, { clients: 6, perConnection: 10 })
    await expect.poll(() => load.acknowledged.size, WITHIN).toBeGreaterThan(100)
    served.signal('SIGTERM')
    expect(await served.ended).toMatchObject({ code: 0, signal: null })
    await load.stop()
    expect(notReceived(load.acknowledged)).toEqual([])
    expect(pids.filter(isAlive)).toEqual([])
    expect(served.stdout().match(/"hubgate\.(draining|ended)"/g)).toEqual([
      '"hubgate.draining"',
      '"hubgate.ended"',
    ])
  })

  it('takes a worker that hangs with it', LONG, async () => {
    const served = await serving((yaml) => yaml.replace('timeout: 20s }\nadmin', 'timeout: 200ms }\nadmin'))
    const pids = workerPids(served)
    process.kill(pids[0] ?? 0, 'SIGSTOP')
    served.signal('SIGTERM')
    expect(await served.ended).toMatchObject({ code: 0 })
    expect(pids.filter(isAlive)).toEqual([])
  })

  it('of the supervisor alone, by SIGKILL, has the workers finish and end', LONG, async () => {
    const served = await serving()
    const pids = workerPids(served)
    const client = await keptClient(served)
    upstream.hold()
    const answer = client.deliver()
    await expect.poll(() => upstream.waiting, WITHIN).toBe(1)
    served.signal('SIGKILL')
    await expect.poll(() => served.isRunning(), WITHIN).toBe(false)
    upstream.release()
    expect((await answer)?.status).toBe(200)
    await expect.poll(() => pids.filter(isAlive), WITHIN).toEqual([])
  })

  it('comes with the reason where the address is in use', LONG, async () => {
    const first = await serving()
    const taken = (yaml: string) => twoWorkers(yaml).replace('127.0.0.1:0', `127.0.0.1:${first.port}`)
    const site = await makeSite({ upstream: upstream.url, change: taken })
    const { code, stderr } = await serveInVain(site)
    site.remove()
    expect(code).toBe(1)
    expect(stderr).toMatch(/cannot listen: listen EADDRINUSE/)
  })
})

function read(line: string): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(line)
  return value instanceof Object ? Object.fromEntries(Object.entries(value)) : {}
}
