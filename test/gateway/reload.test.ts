// Reloads are all or nothing: what does not hold changes nothing and says why. They come one after another.
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Config } from '../../src/config/config.ts'
import type { ConfigSource } from '../../src/gateway/reload.ts'
import { type HeldUpstream, startHeldUpstream } from '../support/held-upstream.ts'
import { keptClient } from '../support/kept-client.ts'
import { delivery, send } from '../support/sender.ts'
import { type World, pki, startWorld } from '../support/world.ts'

// Only what is asked for is reloaded here: what changes by itself is the matter of reload-files.test.ts.
vi.mock('../../src/gateway/watch.ts', async (original) => ({
  ...(await original<object>()),
  watchFiles: () => ({ close: () => {} }),
}))

let upstream: HeldUpstream
let world: World
beforeAll(async () => {
  upstream = await startHeldUpstream()
  world = await startWorld({ upstream: upstream.url })
})
afterAll(async () => {
  await world.end()
  await upstream.close()
})

async function status(bytes = delivery()): Promise<number | string> {
  const { answers, ended } = await send(world, [bytes])
  return answers[0]?.status ?? ended
}

async function gauge(): Promise<string | undefined> {
  const text = await world.gateway.observer.metrics.expose()
  return /^hubgate_config_last_reload_successful (\d)$/m.exec(text)?.[1]
}

const write = (name: string, content: string) => writeFileSync(join(world.directory, name), content)

describe('a file that does not hold changes nothing, and it is said why', () => {
  interface Row {
    readonly what: string
    readonly file: string
    /** undefined: the file is removed. */
    readonly content: () => Promise<string | undefined>
    readonly setting: string
    readonly why: RegExp
  }
  const made = async () => pki()
  const rows: readonly Row[] = [
    {
      what: 'an empty list',
      file: 'list.txt',
      content: async () => '',
      setting: 'sources.allowlist',
      why: /no prefix: everybody would be refused/,
    },
    {
      what: 'a list of comments',
      file: 'list.txt',
      content: async () => '# none\n',
      setting: 'sources.allowlist',
      why: /no prefix/,
    },
    {
      what: 'a list with everybody in it',
      file: 'list.txt',
      content: async () => '127.0.0.1/32\n0.0.0.0/0\n',
      setting: 'sources.allowlist',
      why: /line 2: .*too broad/,
    },
    {
      what: 'no list',
      file: 'list.txt',
      content: async () => undefined,
      setting: 'sources.allowlist',
      why: /there is no such file/,
    },
    {
      what: 'an empty anchor',
      file: 'meta.pem',
      content: async () => '',
      setting: 'client.anchors[0].file',
      why: /the file is empty/,
    },
    {
      what: 'an anchor of garbage',
      file: 'meta.pem',
      content: async () => 'garbage\n',
      setting: 'client.anchors[0].file',
      why: /no PEM block/,
    },
    {
      what: 'an anchor cut off',
      file: 'meta.pem',
      content: async () => (await made()).meta.root.certificate.slice(0, -40),
      setting: 'client.anchors[0].file',
      why: /cut off/,
    },
    {
      what: 'a leaf for an anchor',
      file: 'meta.pem',
      content: async () => (await made()).client.leaf.certificate,
      setting: 'client.anchors[0].file',
      why: /is not a CA certificate/,
    },
    {
      what: 'no anchor',
      file: 'meta.pem',
      content: async () => undefined,
      setting: 'client.anchors[0].file',
      why: /there is no such file/,
    },
    {
      what: 'a certificate of garbage',
      file: 'server.pem',
      content: async () => 'garbage\n',
      setting: 'tls.certificate',
      why: /holds no PEM certificate/,
    },
    {
      what: 'a key of garbage',
      file: 'server.key',
      content: async () => 'garbage\n',
      setting: 'tls.key',
      why: /holds no PEM private key/,
    },
    {
      what: 'a key of another certificate',
      file: 'server.key',
      content: async () => (await made()).client.key,
      setting: 'tls.key',
      why: /does not fit tls\.certificate/,
    },
    {
      what: 'no key',
      file: 'server.key',
      content: async () => undefined,
      setting: 'tls.key',
      why: /there is no such file/,
    },
  ]

  it.each(rows)('$what', async ({ file, content, setting, why }) => {
    const kept = await keptClient(world)
    const before = world.gateway.generation
    const text = await content()
    if (text === undefined) rmSync(join(world.directory, file))
    else write(file, text)
    expect(await world.gateway.reload()).toMatchObject({
      outcome: 'refused',
      problems: [{ setting, message: expect.stringMatching(why) }],
    })
    expect(world.gateway.generation).toBe(before)
    expect(await gauge()).toBe('0')
    expect(world.logged()).toMatch(
      /hubgate\.config\.refused.*the new configuration was refused, the old one stays/,
    )
    // The old state serves: who was there, and who comes.
    expect((await kept.deliver())?.status).toBe(200)
    expect(await status()).toBe(200)
    kept.end()
  })

  it('several at once are all told, and of a good and a bad one neither is taken', async () => {
    write('list.txt', '31.13.64.0/18\n')
    write('meta.pem', 'garbage\n')
    write('server.key', 'garbage\n')
    const outcome = await world.gateway.reload()
    expect(outcome).toMatchObject({
      problems: [{ setting: 'client.anchors[0].file' }, { setting: 'tls.key' }],
    })
    // The list alone would have shut us out.
    expect(await status()).toBe(200)
  })

  afterEach(async () => {
    const { meta, server } = await made()
    write('meta.pem', meta.root.certificate)
    write('server.pem', server.certificate)
    write('server.key', server.key)
    write('list.txt', '127.0.0.1/32\n')
    expect(await world.gateway.reload()).toMatchObject({ outcome: 'reloaded' })
    expect(await gauge()).toBe('1')
  })
})

describe('reloads come one after another', () => {
  it('whoever asks, and however many ask at once', async () => {
    const { id } = world.gateway.generation
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => world.gateway.reload(world.config)))
    const generations = outcomes.map((outcome) => (outcome.outcome === 'reloaded' ? outcome.generation : 0))
    expect(generations).toEqual(Array.from({ length: 20 }, (_, i) => id + 1 + i))
  })

  it('and a defect in one is told as one, and neither ends the process nor the next', async () => {
    let broken = true
    const reread = (): ConfigSource & { config: Config } => {
      if (broken) throw new TypeError('a defect')
      return { config: world.config, files: [], reread, again: reread }
    }
    const other = await startWorld({ upstream: upstream.url, source: { files: [], reread, again: reread } })
    expect(await other.gateway.reload()).toMatchObject({
      outcome: 'refused',
      problems: [{ message: expect.stringContaining('the log says why') }],
    })
    expect(other.logged()).toContain('TypeError: a defect')
    broken = false
    // A world of its own has files of its own: only that it is read again matters here.
    expect(await other.gateway.reload()).toMatchObject({ problems: [{ setting: 'state' }] })
    await other.end()
  })

  it('and none after the end', async () => {
    const other = await startWorld({ upstream: upstream.url })
    await other.end()
    expect(await other.gateway.reload()).toMatchObject({
      outcome: 'refused',
      problems: [{ message: 'hubgate is ending' }],
    })
  })
})
