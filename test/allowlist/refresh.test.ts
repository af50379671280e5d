// One refresh from question to stored list, against a registry that plays the real one: what is asked, believed, kept and told.
import { mkdirSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { dropCounts } from '../../src/allowlist/filter.ts'
import { readAllowList } from '../../src/allowlist/read-list.ts'
import { summary } from '../../src/allowlist/refresh.ts'
import { readStatus } from '../../src/allowlist/status.ts'
import { NOW, PRESENT, forgetLists, keptList, noListYet, wholeList } from '../support/kept-list.ts'
import {
  META_PREFIXES,
  answerOf,
  metaRoutes,
  poisonedRoutes,
  realSize,
  routeTo,
  thirdPartyRoutes,
} from '../support/registry-objects.ts'
import { type Registry, startRegistry } from '../support/registry.ts'

const registries: Registry[] = []
afterEach(async () => {
  await Promise.all(registries.splice(0).map((registry) => registry.close()))
})
afterAll(forgetLists)

async function real(): Promise<Registry> {
  const registry = await startRegistry(realSize())
  registries.push(registry)
  return registry
}

describe('an answer of the real size', () => {
  it('is asked for in one line and becomes 23 and 5 prefixes; what others registered is dropped, each with its reason', async () => {
    const server = await real()
    const list = await keptList({ registry: { server } })
    const outcome = await list.refresh()
    expect(server.questions).toEqual(['-V hubgate -s RADB,RIPE -i origin AS32934\r\n'])
    expect(outcome).toMatchObject({
      outcome: 'stored',
      file: list.file,
      from: `${server.server} (RADB, RIPE)`,
      objects: { ipv4: 433, ipv6: 648 },
      prefixes: { ipv4: 23, ipv6: 5 },
      added: 0,
      removed: 0,
      accepted: [],
      maintainersChecked: true,
      dropCounts: { 'untrusted maintainer': 134 },
    })
    expect(wholeList(await list.text())).toEqual(META_PREFIXES)
    expect(await readAllowList(list.file)).toMatchObject({ prefixes: { length: 28 } })
  })

  it('says in its header where it came from, when, and how much it is', async () => {
    const server = await real()
    const list = await keptList({ registry: { server } })
    await list.refresh()
    expect((await list.text()).split('\n').slice(0, 6)).toEqual([
      expect.stringMatching(/^# .*AS32934.*hubgate allowlist refresh/),
      `# source: ${server.server} (RADB, RIPE)`,
      '# time: 2026-11-01T12:00:00.000Z',
      '# objects: 433 IPv4, 648 IPv6',
      '# prefixes: 23 IPv4, 5 IPv6',
      expect.stringMatching(/^# sha256: [0-9a-f]{64}$/),
    ])
  })

  it('leaves the list, its status and nothing else; the status is what a gateway shows', async () => {
    const list = await keptList({ registry: { server: await real() } })
    const outcome = await list.refresh()
    expect(await list.names()).toEqual(['as32934.txt', 'as32934.txt.status.json'])
    expect(await readStatus(list.file)).toEqual({ time: NOW, outcome: 'stored', detail: summary(outcome) })
    expect(summary(outcome)).toBe('23 IPv4 and 5 IPv6 prefixes from 1081 objects (0 new, 0 gone)')
  })

  it('is the same list at a first time, in a directory that is not there yet', async () => {
    const list = await noListYet({ registry: { server: await real() } })
    await rm(list.directory, { recursive: true })
    expect(await list.refresh()).toMatchObject({ outcome: 'stored', added: 28, removed: 0 })
    expect(wholeList(await list.text())).toEqual(META_PREFIXES)
  })

  it('given as text is the same, wherever it was fetched', async () => {
    const list = await noListYet()
    expect(await list.refresh({ given: answerOf(realSize()) })).toMatchObject({
      outcome: 'stored',
      from: 'answer.txt',
    })
    expect(wholeList(await list.text())).toEqual(META_PREFIXES)
  })

  it('may be given in several whole answers, one behind the other', async () => {
    const list = await noListYet()
    const routes = metaRoutes()
    const given = answerOf(routes.slice(0, 500)) + answerOf(routes.slice(500))
    await list.refresh({ given })
    expect(wholeList(await list.text())).toEqual(META_PREFIXES)
  })

  it('in the short protocol needs two questions, and tells that nobody checked the maintainers', async () => {
    const server = await real()
    server.answerFrom(metaRoutes())
    const list = await keptList({ registry: { server, protocol: 'irrd' } })
    expect(await list.refresh()).toMatchObject({
      outcome: 'stored',
      objects: { ipv4: 433, ipv6: 648 },
      dropped: [],
      maintainersChecked: false,
    })
    expect(server.questions).toEqual(['!!\n!sradb,ripe\n!gAS32934\n!q\n', '!!\n!sradb,ripe\n!6AS32934\n!q\n'])
    expect(wholeList(await list.text())).toEqual(META_PREFIXES)
  })

  it('in the short protocol holds what anybody registered: the guards refuse it', async () => {
    const list = await keptList({ registry: { server: await real(), protocol: 'irrd' } })
    const outcome = await list.refresh()
    const guards = outcome.outcome === 'refused' ? outcome.failures.map(({ guard }) => guard) : []
    expect(new Set(guards)).toEqual(new Set(['reserved', 'breadth', 'coverage', 'growth']))
    expect(await list.text()).toBe(PRESENT)
  })
})

describe('what is asked and believed', () => {
  it('is as configured: registries, origin, maintainers', async () => {
    const server = await real()
    server.answerFrom([
      { ...routeTo('198.51.1.0/24'), origin: 'AS64511', source: 'ALTDB', maintainers: ['MINE'] },
      { ...routeTo('2a10:1::/48'), origin: 'as64511', source: 'altdb', maintainers: ['OTHER', 'mine'] },
      { ...routeTo('198.51.2.0/24'), origin: 'AS64511', source: 'ALTDB', maintainers: ['NOT-MINE'] },
      { ...routeTo('198.51.3.0/24'), origin: 'AS64511', source: 'RADB', maintainers: ['MINE'] },
    ])
    const list = await noListYet({
      registry: { server, sources: ['ALTDB'], origin: 'AS64511', maintainers: { altdb: ['Mine'] } },
      guards: { minIPv4: 1, minIPv6: 1, minAddresses: 1, wellKnown: [] },
    })
    expect(await list.refresh()).toMatchObject({ dropCounts: { 'untrusted maintainer': 1 } })
    expect(server.questions).toEqual(['-V hubgate -s ALTDB -i origin AS64511\r\n'])
    expect(wholeList(await list.text())).toEqual(['198.51.1.0/24', '2a10:1::/48'])
  })

  it('never is an object of another origin or registry, though the answer holds it', async () => {
    const list = await keptList()
    const outcome = await list.refresh({
      given: answerOf([
        ...metaRoutes(),
        { ...routeTo('8.8.8.0/24'), origin: 'AS15169' },
        { ...routeTo('8.8.4.0/24'), source: 'ALTDB' },
        { ...routeTo('8.8.0.0/24'), origin: 'AS329340' },
      ]),
    })
    expect(outcome.dropCounts).toEqual({ 'other origin': 2, 'untrusted registry': 1 })
    expect(outcome.dropped.map(({ object }) => object.prefix)).toEqual([
      '8.8.8.0/24',
      '8.8.4.0/24',
      '8.8.0.0/24',
    ])
    expect(wholeList(await list.text())).toEqual(META_PREFIXES)
  })

  it('never are third parties and poisoners, in whatever number', async () => {
    const list = await keptList()
    const strangers = [...thirdPartyRoutes(), ...poisonedRoutes()]
    const outcome = await list.refresh({ given: answerOf([...strangers, ...metaRoutes(), ...strangers]) })
    expect(dropCounts(outcome.dropped)).toEqual({ 'untrusted maintainer': 268, 'untrusted registry': 14 })
    expect(wholeList(await list.text())).toEqual(META_PREFIXES)
  })

  it('is counted once, however often and in whatever spelling it is registered', async () => {
    const list = await keptList()
    const twice = metaRoutes().map((route) =>
      Object.assign({ ...route }, { prefix: route.prefix.toUpperCase() }),
    )
    const given = answerOf([...metaRoutes(), ...twice, routeTo('2A03:2880:0:0::/32')])
    expect(await list.refresh({ given })).toMatchObject({ objects: { ipv4: 433, ipv6: 648 + 1 } })
  })
})

describe('a refusal by a guard', () => {
  it('changes nothing but the status, which says the numbers', async () => {
    const list = await keptList()
    const outcome = await list.refresh({ given: answerOf(metaRoutes().slice(0, 100)) })
    expect(outcome.outcome).toBe('refused')
    expect(await list.text()).toBe(PRESENT)
    expect(await list.names()).toEqual(['as32934.txt', 'as32934.txt.status.json'])
    expect(await readStatus(list.file)).toEqual({ time: NOW, outcome: 'refused', detail: summary(outcome) })
    expect(summary(outcome)).toMatch(
      /^guard count: 100 IPv4 objects, at least 200 expected; guard count: 0 IPv6/,
    )
  })

  it('is told in printable words, whatever the answer holds', async () => {
    const list = await keptList()
    const esc = '\x1b[2J\xe4'
    const given = answerOf([
      ...metaRoutes(),
      routeTo('157.240.0.0/33'),
      routeTo('a"<b>'),
      { ...routeTo('8.8.8.0/24'), maintainers: [esc, 'OTHER', 'x'.repeat(300)] },
    ])
    const outcome = await list.refresh({ given })
    expect(summary(outcome)).toMatch(
      /^guard prefix: route 157\.240\.0\.0\/33 \(line \d+\), route a"<b> \(line \d+\)$/,
    )
    expect(outcome.dropped.map(({ object }) => object.maintainers)).toEqual([
      ['?[2J?', 'OTHER', 'X'.repeat(120)],
    ])
    await expect(list.refresh({ given: answerOf([routeTo(esc)]) })).rejects.toThrow(
      /^[ -~]+ without exactly one route$/,
    )
  })
})

describe('beside a present list', () => {
  it('that is damaged, a new one is stored: there is nothing to compare with', async () => {
    const list = await keptList({ present: '31.13.64.0/18\nhalf a li' })
    expect(await list.refresh({ given: answerOf(metaRoutes()) })).toMatchObject({
      outcome: 'stored',
      added: 28,
    })
    // What is no list is not kept as a good one.
    expect(await list.names()).toEqual(['as32934.txt', 'as32934.txt.status.json'])
  })

  it('that differs, what is new and what is gone is counted', async () => {
    const list = await keptList({ present: `${META_PREFIXES.slice(1).join('\n')}\n185.200.0.0/24\n` })
    expect(await list.refresh({ given: answerOf(metaRoutes()) })).toMatchObject({ added: 1, removed: 1 })
  })

  it('where the status cannot be written, what happened has happened all the same', async () => {
    const list = await keptList()
    mkdirSync(`${list.file}.status.json`)
    expect(await list.refresh({ given: answerOf(metaRoutes()) })).toMatchObject({ outcome: 'stored' })
    await expect(list.refresh({ given: 'route: x' })).rejects.toThrow(/cut off/)
  })

  it('the status of a refresh that says nothing sensible is none', async () => {
    const list = await keptList()
    for (const text of [
      '',
      '{}',
      'null',
      '[]',
      '{"time":"x","outcome":"stored","detail":""}',
      '{"time":0,"outcome":"fine","detail":""}',
    ]) {
      await writeFile(`${list.file}.status.json`, text)
      expect(await readStatus(list.file)).toBeUndefined()
    }
  })
})
