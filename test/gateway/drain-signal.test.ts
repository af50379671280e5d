// `hubgate serve` and the signals that end it: nothing acknowledged is lost, it ends in bounded time, and it can start again.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { challengeBytes } from '../../src/lab/request.ts'
import { CANARY_VERIFY_TOKEN } from '../canary.ts'
import { type HeldUpstream, startHeldUpstream } from '../support/held-upstream.ts'
import { KeptClient, keptClient } from '../support/kept-client.ts'
import { open } from '../support/sender.ts'
import { type Served, serve } from '../support/served.ts'
import { WORKERS } from '../support/site.ts'
import { startLoad } from '../support/steady-load.ts'

const WITHIN = { timeout: 15_000, interval: 20 }

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
  const served = await serve({ upstream: upstream.url, change })
  running.push(served)
  return served
}

const withShutdown = (shutdown: string) => (yaml: string) =>
  yaml.replace('shutdown: { delay: 0s, timeout: 20s }', `shutdown: { ${shutdown} }`)

/** A client whose delivery waits at the upstream. */
async function busyClient(
  served: Served,
): Promise<{ client: KeptClient; answer: ReturnType<KeptClient['deliver']> }> {
  const client = await keptClient(served)
  upstream.hold()
  const answer = client.deliver()
  await expect.poll(() => upstream.waiting, WITHIN).toBe(1)
  return { client, answer }
}

describe.each(['SIGTERM', 'SIGINT'] as const)('%s', (signal) => {
  it('under load loses nothing that was acknowledged, and ends with 0', async () => {
    const served = await serving()
    const load = startLoad(served, { clients: 6, perConnection: 10 })
    await expect.poll(() => load.acknowledged.size, WITHIN).toBeGreaterThan(100)
    served.signal(signal)
    expect(await served.ended).toMatchObject({
      code: 0,
      signal: null,
      stderr: expect.not.stringMatching(/error/i),
    })
    await load.stop()
    const received = new Set(upstream.received.map(({ sha256 }) => sha256))
    expect([...load.acknowledged].filter((sha256) => !received.has(sha256))).toEqual([])
    // Whoever came too late was told so, or found nobody.
    expect(new Set(load.others)).toEqual(new Set(load.others.includes(503) ? [503, 'closed'] : ['closed']))
    expect(served.stdout().match(/"hubgate\.ended"/g)).toHaveLength(1)
  })
})

describe('SIGTERM', () => {
  it('lets what is in flight finish, with Connection: close', async () => {
    const served = await serving()
    const { client, answer } = await busyClient(served)
    const idle = await keptClientWhileHeld(served)
    served.signal('SIGTERM')
    await idle.closed
    expect(served.isRunning()).toBe(true)
    // A reload now is refused, and changes nothing about the end.
    served.signal('SIGHUP')
    await served.says(/config\.refused.*hubgate is ending/)
    upstream.release()
    const last = await answer
    expect(last?.status).toBe(200)
    expect(last?.fields.list('connection')).toEqual(['close'])
    await client.closed
    expect(await served.ended).toMatchObject({ code: 0 })
  })

  it('with shutdown.delay: /readyz says 503 while deliveries are still taken, then it ends', async () => {
    const served = await serving(withShutdown('delay: 3s, timeout: 20s'))
    expect(await served.ask('/readyz')).toMatchObject({ status: 200 })
    served.signal('SIGTERM')
    await expect.poll(async () => (await served.ask('/readyz')).status, WITHIN).toBe(503)
    expect(await served.ask('/livez')).toMatchObject({ status: 200 })
    const late = await keptClient(served)
    expect((await late.deliver())?.status).toBe(200)
    await late.closed
    expect(await served.ended).toMatchObject({ code: 0 })
  })

  it('with an upstream that hangs ends within shutdown.timeout, and says 503 to who waits', async () => {
    const served = await serving(withShutdown('timeout: 300ms'))
    const { answer } = await busyClient(served)
    served.signal('SIGTERM')
    expect((await answer)?.status).toBe(503)
    expect(await served.ended).toMatchObject({ code: 0 })
    const said = (pattern: RegExp) => served.stdout().match(pattern)?.length
    expect([said(/"DRAINING"/g), said(/"hubgate\.ended"/g)]).toEqual([1, 1])
  })

  it.each([
    ['while it drains', 'delay: 0s, timeout: 1h'],
    ['within its delay', 'delay: 1h, timeout: 1h'],
  ])('sent twice ends it at once, %s', async (_name, shutdown) => {
    const served = await serving(withShutdown(shutdown))
    const { answer } = await busyClient(served)
    served.signal('SIGTERM')
    await served.says(/"hubgate\.draining"/)
    expect(served.isRunning()).toBe(true)
    served.signal('SIGTERM')
    expect((await answer)?.status).toBe(503)
    expect((await served.ended).signal).toBeNull()
  })
})

describe('SIGKILL', () => {
  it('leaves nothing that stops a restart on the same address, with the same sockets', async () => {
    const first = await serving()
    const { site, port } = first
    const { client } = await busyClient(first)
    first.signal('SIGKILL')
    // Workers finish what they have, and end then.
    if (WORKERS !== '1') upstream.release()
    expect(await first.ended).toMatchObject({ code: null, signal: 'SIGKILL' })
    await client.closed
    upstream.release()
    // The admin socket's file is still there.
    site.configure((yaml) => yaml.replace('127.0.0.1:0', `127.0.0.1:${port}`))
    const second = await serve({ upstream: upstream.url, site })
    running.push(second)
    expect(second.port).toBe(port)
    const kept = await keptClient(second)
    expect((await second.ask('/readyz')).status).toBe(200)
    kept.end()
  })
})

/** One that is admitted while deliveries wait: by a request that needs no upstream. */
async function keptClientWhileHeld(served: Served): Promise<KeptClient> {
  const challenge = challengeBytes({
    authority: 'gateway.example',
    path: '/webhooks/meta',
    token: CANARY_VERIFY_TOKEN,
    challenge: '1158201444',
  })
  const client = new KeptClient(await open(served))
  expect((await client.deliver(challenge))?.status).toBe(200)
  return client
}
