// Restarts on sockets that somebody else holds open, as systemd does: nobody who connects is lost, whatever runs or does not.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type HeldUpstream, startHeldUpstream } from '../support/held-upstream.ts'
import { keptClient } from '../support/kept-client.ts'
import { Running, itWith } from '../support/programs.ts'
import { type Reachable, delivery, send } from '../support/sender.ts'
import { type Managed, type ManagedOptions, manage } from '../support/service-manager.ts'
import { HUBGATE } from '../support/hubgate.ts'
import { WORKERS, makeSite } from '../support/site.ts'
import { startLoad } from '../support/steady-load.ts'

const WITHIN = { timeout: 20_000, interval: 20 }

let upstream: HeldUpstream
const running: Managed[] = []
beforeAll(async () => {
  upstream = await startHeldUpstream()
})
afterEach(async () => {
  upstream.release()
  await Promise.all(running.splice(0).map((managed) => managed.end()))
})
afterAll(() => upstream.close())

async function managed(options: Partial<ManagedOptions> = {}): Promise<Managed & Reachable> {
  const started = await manage({ upstream: upstream.url, ...options })
  running.push(started)
  return { ...started, pki: started.site.pki }
}

const started = (service: Managed, times: number) => service.says(/"hubgate\.started"/, times)

describe('on sockets that outlive it', () => {
  it('who connects before it runs, and between two runs, waits and is served', async () => {
    const service = await managed()
    const early = send(service, [delivery()])
    const first = await service.start()
    expect((await early).answers[0]?.status).toBe(200)
    process.kill(first, 'SIGTERM')
    expect(await service.ended(first)).toBe(0)
    const between = Promise.all([send(service, [delivery()]), send(service, [delivery()])])
    await service.start()
    expect((await between).map(({ answers }) => answers[0]?.status)).toEqual([200, 200])
  })

  it.each([
    ['one after another', true],
    ['with the next beside the old one', false],
  ])('restarts under load, %s: not one delivery fails', { timeout: 60_000 }, async (_name, waits) => {
    const service = await managed()
    let pid = await service.start()
    await started(service, 1)
    const load = startLoad(service, { clients: 6, perConnection: 10 })
    for (let restart = 2; restart <= 4; restart++) {
      const before = load.acknowledged.size
      await expect.poll(() => load.acknowledged.size, WITHIN).toBeGreaterThan(before + 50)
      const old = pid
      if (!waits) {
        pid = await service.start()
        await started(service, restart)
      }
      process.kill(old, 'SIGTERM')
      expect(await service.ended(old)).toBe(0)
      if (waits) {
        pid = await service.start()
        await started(service, restart)
      }
    }
    const before = load.acknowledged.size
    await expect.poll(() => load.acknowledged.size, WITHIN).toBeGreaterThan(before + 50)
    await load.stop()
    expect(load.others).toEqual([])
    const received = new Set(upstream.received.map(({ sha256 }) => sha256))
    expect([...load.acknowledged].filter((sha256) => !received.has(sha256))).toEqual([])
  })

  it('a slow delivery ends with the old process while the next one serves already', async () => {
    const service = await managed()
    const old = await service.start()
    await started(service, 1)
    const client = await keptClient(service)
    upstream.hold()
    const slow = client.deliver()
    await expect.poll(() => upstream.waiting, WITHIN).toBe(1)
    process.kill(old, 'SIGTERM')
    await service.says(/"hubgate\.draining"/)
    await service.start()
    await started(service, 2)
    const next = send(service, [delivery()])
    await expect.poll(() => upstream.waiting, WITHIN).toBe(2)
    upstream.release()
    expect((await slow)?.status).toBe(200)
    expect((await next).answers[0]?.status).toBe(200)
    expect(await service.ended(old)).toBe(0)
  })

  it('a crash loses what was in flight, and nobody who connects afterwards', async () => {
    const service = await managed()
    const first = await service.start()
    await started(service, 1)
    process.kill(first, 'SIGKILL')
    expect(await service.ended(first)).toBe(-1)
    const after = send(service, [delivery()])
    await service.start()
    expect((await after).answers[0]?.status).toBe(200)
  })
})

describe('systemd-socket-activate', () => {
  itWith('systemd-socket-activate')('starts it on the first connection, which is served', async () => {
    const probe = await managed({ sockets: () => [['hubgate', 'tcp']] })
    const { port } = probe
    await probe.end()
    running.splice(0)
    const site = await makeSite({
      upstream: upstream.url,
      workers: WORKERS,
      change: (yaml) => yaml.replace('127.0.0.1:0', `127.0.0.1:${port}`),
    })
    const args = ['-l', `127.0.0.1:${port}`, '--fdname=hubgate', ...HUBGATE, 'serve', '-c', site.file]
    const activated = new Running('systemd-socket-activate', args)
    try {
      await activated.saysOrEnds(/Listening on/)
      const first = await send({ port, pki: site.pki }, [delivery()])
      expect(first.answers[0]?.status).toBe(200)
      await expect.poll(() => activated.said, WITHIN).toContain(`listening on 127.0.0.1:${port}`)
    } finally {
      activated.kill()
      await activated.ended
      site.remove()
    }
  })
})
