// The end of a gateway: it takes no new work, finishes what is in flight, tells the rest to come again, and is gone.
import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Config } from '../../src/config/config.ts'
import { type HeldUpstream, startHeldUpstream } from '../support/held-upstream.ts'
import { KeptClient, keptClient } from '../support/kept-client.ts'
import { collectGarbage, countLive } from '../support/live-resources.ts'
import { delivery, dialTo, send } from '../support/sender.ts'
import { type World, startWorld } from '../support/world.ts'

const WITHIN = { timeout: 15_000, interval: 20 }
const HOUR = 3_600_000

let upstream: HeldUpstream
const worlds: World[] = []
beforeAll(async () => {
  upstream = await startHeldUpstream()
})
afterEach(async () => {
  upstream.release()
  await Promise.all(worlds.splice(0).map((world) => world.end()))
})
afterAll(() => upstream.close())

async function worldWith(shutdown: Partial<Config['shutdown']> = {}): Promise<World> {
  const world = await startWorld({
    upstream: upstream.url,
    route: { timeout: HOUR },
    change: (config) => ({ ...config, shutdown: { delay: 0, timeout: HOUR, ...shutdown } }),
  })
  worlds.push(world)
  return world
}

/** A client whose delivery waits at the upstream, with its answer to come. */
async function busyClient(
  world: World,
): Promise<{ client: KeptClient; answer: ReturnType<KeptClient['deliver']> }> {
  const client = await keptClient(world)
  upstream.hold()
  const answer = client.deliver()
  await expect.poll(() => upstream.waiting, WITHIN).toBe(1)
  return { client, answer }
}

/** Tells it to end, and waits until it takes no more. @returns its end. */
async function draining(world: World): Promise<{ closing: Promise<void> }> {
  const closing = world.gateway.close()
  await expect.poll(() => world.gateway.addresses, WITHIN).toEqual([''])
  return { closing }
}

async function status(world: World): Promise<number | string> {
  const { answers, error, ended } = await send(world, [delivery()])
  return answers[0]?.status ?? (/ECONNREFUSED/.test(error ?? '') ? 'nobody listens' : ended)
}

/** What each record of a request says: how it ended, and why. */
function ends(world: World): string[] {
  return world.records.map(({ outcome, code }) => (code === undefined ? outcome : `${outcome} ${code}`))
}

describe('a gateway that is told to end', () => {
  it('with nothing to do is gone at once, and whoever asks again waits for nothing', async () => {
    const world = await worldWith()
    await world.gateway.close()
    expect(await status(world)).toBe('nobody listens')
    await world.gateway.close()
    expect(world.logged().match(/"hubgate\.ended"/g)).toHaveLength(1)
  })

  it('closes idle connections soon, takes no new ones, and finishes what is in flight', async () => {
    const world = await worldWith()
    const idle = await keptClient(world)
    const busy = await Promise.all([keptClient(world), keptClient(world)])
    upstream.hold()
    const answers = busy.map((client) => client.deliver())
    await expect.poll(() => upstream.waiting, WITHIN).toBe(2)
    let gone = false
    const { closing } = await draining(world)
    const end = closing.then(() => (gone = true))
    await idle.closed
    expect(await status(world)).toBe('nobody listens')
    expect(gone).toBe(false)
    upstream.release()
    for (const last of await Promise.all(answers)) {
      expect(last?.status).toBe(200)
      expect(last?.fields.list('connection')).toEqual(['close'])
    }
    await end
    await Promise.all(busy.map((client) => client.closed))
    expect(new Set(ends(world))).toEqual(new Set(['acknowledged']))
  })

  it('finishes a delivery whose body is still on its way', async () => {
    const world = await worldWith()
    const client = await keptClient(world)
    const bytes = delivery()
    const answer = client.deliver(bytes.subarray(0, -5))
    await expect.poll(() => world.gateway.load.requests, WITHIN).toBe(1)
    const { closing } = await draining(world)
    client.socket.write(bytes.subarray(-5))
    expect((await answer)?.status).toBe(200)
    await closing
  })

  it('serves who was still shaking hands, once', async () => {
    const world = await worldWith()
    const { answer } = await busyClient(world)
    const socket = connectTcp({ host: '127.0.0.1', port: world.port })
    await once(socket, 'connect')
    await expect.poll(() => world.gateway.load.connections, WITHIN).toBe(2)
    const { closing } = await draining(world)
    const { ca = '', identity } = dialTo(world)
    const late = new KeptClient(
      connectTls({
        socket,
        host: '127.0.0.1',
        ca,
        cert: identity?.certificate ?? '',
        key: identity?.key ?? '',
      }),
    )
    upstream.release()
    const served = await late.deliver()
    expect(served?.status).toBe(200)
    expect(served?.fields.list('connection')).toEqual(['close'])
    await late.closed
    expect((await answer)?.status).toBe(200)
    await closing
  })

  it('serves one more request of who was idle: it may have been on its way', async () => {
    const world = await worldWith()
    const clients = await Promise.all([keptClient(world), keptClient(world), keptClient(world)])
    const { closing } = await draining(world)
    for (const last of await Promise.all(clients.map((client) => client.deliver()))) {
      expect(last?.status).toBe(200)
      expect(last?.fields.list('connection')).toEqual(['close'])
    }
    await Promise.all(clients.map((client) => client.closed))
    await closing
  })

  it('does not look at what comes behind a delivery in flight', async () => {
    const world = await worldWith()
    const { client, answer } = await busyClient(world)
    const { closing } = await draining(world)
    const received = upstream.received.length
    client.socket.write(delivery())
    upstream.release()
    expect((await answer)?.status).toBe(200)
    expect(await client.closed).toHaveLength(2)
    await closing
    expect(upstream.received).toHaveLength(received)
  })

  it('leaves no server, timer, watcher or socket behind', async () => {
    await (await worldWith()).gateway.close()
    const live = countLive()
    const world = await worldWith({ timeout: 200 })
    const { limits } = world.config
    await world.gateway.reload({ ...world.config, limits: { ...limits, head: 8_192 } })
    const { client, answer } = await busyClient(world)
    await world.gateway.close()
    await answer
    await client.closed
    upstream.release()
    const left = () => {
      collectGarbage()
      return ['TCPSERVERWRAP', 'FSEVENTWRAP', 'TLSWRAP', 'TCPWRAP'].filter((kind) => live.count(kind) > 0)
    }
    await expect.poll(left, WITHIN).toEqual([])
    live.stop()
  })
})

describe('shutdown.delay', () => {
  it('serves on while it says that it is not ready, then closes', async () => {
    const world = await worldWith({ delay: 1_500 })
    const kept = await keptClient(world)
    expect(world.gateway.ready).toBe(true)
    const closing = world.gateway.close()
    expect(world.gateway.ready).toBe(false)
    expect(await status(world)).toBe(200)
    const answer = await kept.deliver()
    expect(answer?.status).toBe(200)
    expect(answer?.fields.list('connection')).not.toContain('close')
    await closing
    await kept.closed
    expect(await status(world)).toBe('nobody listens')
  })

  it('is cut short by a second close', async () => {
    const world = await worldWith({ delay: HOUR })
    const closing = world.gateway.close()
    expect(await status(world)).toBe(200)
    await world.gateway.close()
    await closing
    expect(await status(world)).toBe('nobody listens')
  })
})

describe('what does not finish', () => {
  it.each([
    ['within shutdown.timeout', 300, async () => {}],
    ['before a second close', HOUR, (world: World) => world.gateway.close()],
  ])('%s is answered 503 and recorded before the last line of the log', async (_name, timeout, hurry) => {
    const world = await worldWith({ timeout })
    const { client, answer } = await busyClient(world)
    const shaking = connectTcp({ host: '127.0.0.1', port: world.port })
    shaking.on('error', () => {})
    const shaken = once(shaking, 'close')
    await expect.poll(() => world.gateway.load.connections, WITHIN).toBe(2)
    const closing = world.gateway.close()
    await hurry(world)
    await closing
    const last = await answer
    expect(last?.status).toBe(503)
    expect(last?.fields.all('retry-after')).toEqual(['5'])
    await client.closed
    await shaken
    expect(ends(world).toSorted()).toEqual(['acknowledged', 'refused DRAINING', 'refused DRAINING'])
    expect(world.logged().trim().split('\n').at(-1)).toContain('"hubgate.ended"')
  })
})
