// Trust while a gateway runs: anchors come and go at their dates, and what was seen is kept over restarts.
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { administered } from '../../src/admin/of-gateway.ts'
import { createGateway } from '../../src/gateway/create.ts'
import { ClientBook, clientBookFile } from '../../src/tls/client-book.ts'
import {
  WITHIN,
  anotherLook,
  atEnd,
  inDays,
  startDated,
  status,
  timesLogged,
} from '../support/dated-world.ts'
import { keptClient } from '../support/kept-client.ts'
import { type World, pki } from '../support/world.ts'

const states = ({ gateway }: World) =>
  Object.fromEntries(gateway.anchors.map(({ name, state }) => [name, state]))

describe('an anchor with dates', () => {
  it('admits from its day on, without a restart', async () => {
    const { world, to } = await startDated({ digicert: { from: inDays(1) } })
    expect(states(world)).toEqual({ 'meta-lab': 'active', 'digicert-lab': 'staged' })
    expect(await status(world, 'digicert')).toBeUndefined()
    to(2)
    await expect.poll(() => states(world), WITHIN).toMatchObject({ 'digicert-lab': 'active' })
    expect(await status(world, 'digicert')).toBe(200)
    expect(world.logged()).toContain('reloaded: anchors: meta-lab to meta-lab, digicert-lab')
  })

  it('admits no more from its last day on, and who hangs under it has to go, busy or not', async () => {
    const { world, upstream, to } = await startDated({
      meta: { until: inDays(1) },
      change: (config) => ({ ...config, client: { ...config.client, trustGrace: 300 } }),
    })
    const { digicert } = await pki()
    const idle = await keptClient(world)
    const busy = await keptClient(world)
    const other = await keptClient(world, { identity: digicert.client() })
    upstream.hold()
    const waiting = busy.deliver()
    await expect.poll(() => upstream.waiting, WITHIN).toBe(1)
    to(2)
    await idle.closed
    await waiting
    await busy.closed
    upstream.release()
    expect(states(world)).toEqual({ 'meta-lab': 'retired', 'digicert-lab': 'active' })
    // Which anchor it hangs under is seen where Node shows its intermediate, else known by elimination.
    expect((await other.deliver())?.status).toBe(200)
    other.end()
    expect(await status(world, 'digicert')).toBe(200)
    expect(await status(world, 'meta')).toBeUndefined()
    expect(world.records.at(-1)?.detail).toContain('retired anchor "meta-lab" would have admitted it')
    const metrics = await administered(world.gateway).metrics()
    expect(metrics).toMatch(/^hubgate_anchor_state\{anchor="meta-lab",state="retired"\} 1$/m)
    expect(metrics).toMatch(/^hubgate_anchor_state\{anchor="meta-lab",state="active"\} 0$/m)
  })

  it('stays where no other would be left, and that is shouted, once', async () => {
    const until = { until: inDays(1) }
    const { world, to } = await startDated({ meta: until, digicert: until })
    to(2)
    const shout = 'the old one stays: client.anchors holds none that is active today'
    await expect.poll(() => timesLogged(world, shout), WITHIN).toBe(1)
    await anotherLook()
    expect(timesLogged(world, shout)).toBe(1)
    expect(await status(world, 'meta')).toBe(200)
    expect(await administered(world.gateway).metrics()).toMatch(/^hubgate_config_last_reload_successful 0$/m)
  })
})

describe('what was seen', () => {
  it('is kept over restarts, for nobody else, and shown', async () => {
    const { world } = await startDated({ digicert: { state: 'staged' } })
    expect(await status(world, 'meta')).toBe(200)
    expect(await status(world, 'meta')).toBe(200)
    expect(await status(world, 'digicert')).toBeUndefined()
    const before = world.gateway.anchors
    expect(before).toMatchObject([
      { name: 'meta-lab', uses: 2, wouldAdmit: 0 },
      { name: 'digicert-lab', uses: 0, firstUsed: undefined, lastUsed: undefined },
    ])
    await world.gateway.close()
    for (const file of ['trust.json', 'clients.json'])
      expect((await stat(join(world.directory, file))).mode & 0o777, file).toBe(0o600)
    const { clients } = ClientBook.from(await readFile(clientBookFile(world.directory), 'utf8'))
    expect(clients.map(({ verdict, code, anchors }) => [verdict, code, anchors[0]?.name])).toEqual([
      ['refused', 'CERTIFICATE_UNTRUSTED', undefined],
      ['admitted', undefined, 'meta-lab'],
      ['admitted', undefined, 'meta-lab'],
    ])
    const next = await restarted(world)
    expect(next.anchors.map(({ name, uses, lastUsed }) => [name, uses, lastUsed])).toEqual(
      before.map(({ name, uses, lastUsed }) => [name, uses, lastUsed]),
    )
    const seconds = (before[0]?.lastUsed?.getTime() ?? 0) / 1_000
    await expect
      .poll(() => administered(next).metrics(), WITHIN)
      .toContain(`hubgate_anchor_last_use_timestamp_seconds{anchor="meta-lab"} ${seconds}\n`)
  })

  it.each(['', '{', '{"version":9}', '{"version":1,"anchors":[{}]}'])(
    'is begun anew where its files are damaged: %j',
    async (text) => {
      const { world } = await startDated({ files: { 'trust.json': text, 'clients.json': text } })
      expect(await status(world, 'meta')).toBe(200)
      expect(timesLogged(world, 'is begun anew: it is damaged')).toBe(text === '' ? 0 : 2)
      await world.gateway.close()
      const kept = await readFile(clientBookFile(world.directory), 'utf8')
      expect(ClientBook.from(kept).clients).toHaveLength(1)
    },
  )

  it('is not kept where that cannot be, which is said once and stops nothing', async () => {
    const { world } = await startDated({
      files: { blocked: '' },
      change: (config) => ({ ...config, state: join(config.state, 'blocked/below') }),
    })
    expect(await status(world, 'meta')).toBe(200)
    await world.gateway.close()
    expect(timesLogged(world, 'what was seen of anchors and clients cannot be kept')).toBe(1)
  })

  it('stays as it is where a gateway never listened', async () => {
    const { world } = await startDated()
    expect(await status(world, 'meta')).toBe(200)
    await world.gateway.close()
    const before = await readFile(join(world.directory, 'trust.json'), 'utf8')
    const gateway = await createGateway(world.config, { log: () => {} })
    await gateway.close()
    expect(await readFile(join(world.directory, 'trust.json'), 'utf8')).toBe(before)
  })

  it('under observe a stranger is kept as refused, with what would have been said', async () => {
    const { world } = await startDated({
      digicert: { state: 'staged' },
      change: (config) => ({ ...config, client: { ...config.client, require: 'observe' } }),
    })
    expect(await status(world, 'digicert')).toBe(200)
    await world.gateway.close()
    const { clients } = ClientBook.from(await readFile(clientBookFile(world.directory), 'utf8'))
    expect(clients).toMatchObject([{ verdict: 'refused', code: 'CERTIFICATE_UNTRUSTED', anchors: [] }])
    expect(world.gateway.anchors.map(({ uses }) => uses)).toEqual([0, 0])
  })
})

async function restarted(world: World) {
  const gateway = await createGateway(world.config, { log: () => {} })
  atEnd(() => gateway.close())
  await gateway.listen()
  return gateway
}
