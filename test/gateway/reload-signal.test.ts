// `hubgate serve` reloads on SIGHUP: hubgate.yaml and all it names, a hundred times under load, good and bad.
import { readdirSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exchange } from '../../src/lab/exchange.ts'
import { type HeldUpstream, startHeldUpstream } from '../support/held-upstream.ts'
import { keptClient } from '../support/kept-client.ts'
import { delivery, dialTo } from '../support/sender.ts'
import { type Served, serve } from '../support/served.ts'
import { startLoad } from '../support/steady-load.ts'

let upstream: HeldUpstream
let served: Served
beforeAll(async () => {
  upstream = await startHeldUpstream()
  served = await serve({ upstream: upstream.url })
})
afterAll(async () => {
  await served.end()
  await upstream.close()
})

let taken = 0
let refused = 0

/** Sends the signal, and waits for what came of it. */
async function reload(expected: 'taken' | 'refused'): Promise<void> {
  served.signal('SIGHUP')
  if (expected === 'taken') await served.says(/"hubgate\.config\.reloaded"/, ++taken)
  else await served.says(/"hubgate\.config\.refused"/, ++refused)
}

async function status(path = '/webhooks/meta'): Promise<number | string> {
  const { answers, ended } = await exchange({ dial: dialTo(served), steps: [delivery({ path })] })
  return answers[0]?.status ?? ended
}

const moved = (yaml: string) => yaml.replace('/webhooks/meta', '/webhooks/moved')

const BAD: readonly (readonly [string, (yaml: string) => string, RegExp])[] = [
  [
    'YAML that is none',
    (yaml) => moved(yaml).replace('shutdown:', 'shutdown: {'),
    /line \d+: a \[ or \{ is not closed/,
  ],
  ['an empty file', () => '', /is empty/],
  ['an unknown key', (yaml) => `${moved(yaml)}upstrm: x\n`, /upstrm is not a setting/],
  [
    'an unset variable',
    (yaml) => moved(yaml).replace('${file:files/token}', '${HUBGATE_NO_SUCH}'),
    /HUBGATE_NO_SUCH is not set/,
  ],
  [
    'a secret too short',
    (yaml) => moved(yaml).replace('${file:files/secret}', 'short'),
    /apps\.shop\.secrets\[0\]/,
  ],
  [
    'a list that is not there',
    (yaml) => moved(yaml).replace('files/list.txt', 'nowhere.txt'),
    /there is no such file/,
  ],
  ['no anchor', (yaml) => moved(yaml).replace(/anchors:\n.*\n/, 'anchors: []\n'), /client\.anchors is empty/],
  ['another address', (yaml) => moved(yaml).replace('127.0.0.1:0', '127.0.0.2:0'), /listen cannot change/],
]

describe('on SIGHUP', () => {
  it('the file is read again, and a kept connection sees what changed', async () => {
    const kept = await keptClient(served)
    served.site.configure(moved)
    await reload('taken')
    expect((await kept.deliver(delivery({ path: '/webhooks/moved' })))?.status).toBe(200)
    expect(await status()).toBe(404)
    served.site.configure((yaml) => yaml)
    await reload('taken')
    expect((await kept.deliver())?.status).toBe(200)
    kept.end()
  })

  it.each(BAD)('%s changes nothing, and it is said why', async (_name, change, why) => {
    served.site.configure(change)
    await reload('refused')
    const said = served
      .stdout()
      .trim()
      .split('\n')
      .findLast((line) => line.includes('"hubgate.config.refused"'))
    expect(said).toMatch(why)
    expect(await status()).toBe(200)
    expect((await served.ask('/metrics')).body).toMatch(/^hubgate_config_last_reload_successful 0$/m)
    expect((await served.ask('/readyz')).status).toBe(200)
    served.site.configure((yaml) => yaml)
    await reload('taken')
    expect((await served.ask('/metrics')).body).toMatch(/^hubgate_config_last_reload_successful 1$/m)
  })

  it(
    'a hundred times under load, good and bad, no delivery is lost and no descriptor kept',
    { timeout: 90_000 },
    async () => {
      const load = startLoad(served, { clients: 2 })
      const good = (i: number) => (yaml: string) =>
        yaml.replace('timeout: 20s }\nshutdown', `timeout: ${10 + i}s }\nshutdown`)
      for (let i = 0; i < 10; i++) await alternate(i)
      const before = descriptors()
      for (let i = 10; i < 50; i++) await alternate(i)
      await load.stop()
      expect(load.others).toEqual([])
      expect(load.acknowledged.size).toBeGreaterThan(50)
      const received = new Set(upstream.received.map(({ sha256 }) => sha256))
      expect([...load.acknowledged].filter((sha256) => !received.has(sha256))).toEqual([])
      // A few more sockets may be open to the upstream by now; a watcher or a server a reload would be dozens.
      if (before !== undefined) expect(descriptors()).toBeLessThan(before + 20)

      async function alternate(i: number): Promise<void> {
        served.site.configure(good(i))
        await reload('taken')
        served.site.configure(BAD[i % BAD.length]?.[1] ?? (() => ''))
        await reload('refused')
      }
    },
  )

  it('and again and again at once: the last word counts', async () => {
    for (let i = 0; i < 50; i++) {
      served.site.configure(i % 2 === 0 ? moved : () => 'garbage: [')
      served.signal('SIGHUP')
    }
    served.site.configure(moved)
    served.signal('SIGHUP')
    await expect.poll(() => status('/webhooks/moved'), { timeout: 15_000 }).toBe(200)
    expect(served.isRunning()).toBe(true)
  })
})

/** How many files, sockets and watchers the process holds; undefined where the system does not tell. */
function descriptors(): number | undefined {
  try {
    return readdirSync(`/proc/${served.pid}/fd`).length
  } catch {
    return undefined
  }
}
