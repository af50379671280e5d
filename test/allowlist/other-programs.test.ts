// Debian's whois and bgpq4 ask the same registry as we do: the registry that we play is understood by programs that nobody here
// wrote, and what they get is what we get.
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { fetchRoutes } from '../../src/allowlist/fetch-routes.ts'
import { formatPrefix, parsePrefix } from '../../src/domain/address.ts'
import { aggregate } from '../../src/domain/aggregate.ts'
import { forgetLists, keptList, wholeList } from '../support/kept-list.ts'
import { itWith, run } from '../support/programs.ts'
import { META_PREFIXES, metaRoutes, realSize } from '../support/registry-objects.ts'
import { type Registry, startRegistry } from '../support/registry.ts'

let registry: Registry
beforeAll(async () => {
  registry = await startRegistry(realSize())
})
afterAll(async () => {
  await registry.close()
  await forgetLists()
})

async function output(program: string, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run(program, args)
  expect([code, stderr]).toEqual([0, ''])
  return stdout
}

describe('whois', () => {
  const itHere = itWith('whois')
  const at = () => ['-h', registry.host, '-p', `${registry.port}`]

  itHere.each<[string, readonly string[]]>([
    ['with flags of its own', ['-s', 'RADB,RIPE', '-i', 'origin', 'AS32934']],
    ['with flags that it hands on', ['--', '-s RADB,RIPE -i origin AS32934']],
  ])('asked %s, gets what we get: the same objects are believed and dropped', async (_name, question) => {
    const ours = await keptList({ registry: { server: registry } })
    const asked = await ours.refresh()
    const theirs = await keptList()
    const given = await theirs.refresh({ given: await output('whois', [...at(), ...question]) })
    expect(given).toMatchObject({
      outcome: 'stored',
      objects: asked.objects,
      dropCounts: asked.dropCounts,
      prefixes: { ipv4: 23, ipv6: 5 },
    })
    expect(wholeList(await theirs.text())).toEqual(wholeList(await ours.text()))
  })

  itHere('asked as Meta says, in all registries, gives the same list: others are not believed', async () => {
    const list = await keptList()
    const given = await output('whois', [...at(), '--', '-i origin AS32934'])
    expect(await list.refresh({ given })).toMatchObject({
      outcome: 'stored',
      dropCounts: { 'untrusted maintainer': 134, 'untrusted registry': 7 },
    })
    expect(wholeList(await list.text())).toEqual(META_PREFIXES)
  })
})

describe('bgpq4', () => {
  const itHere = itWith('bgpq4')
  const prefixesOf = async (family: '-4' | '-6') => {
    const args = ['-h', registry.server, '-S', 'RADB,RIPE', family, '-F', '%n/%l\\n', 'AS32934']
    return (await output('bgpq4', args)).split('\n').filter((line) => line !== '')
  }
  const sorted = (texts: readonly string[]) => [...new Set(texts)].sort()

  itHere(
    'gets the same prefixes in the short protocol, poison included: neither can tell it apart',
    async () => {
      const { sources } = await keptList()
      const server = { ...sources.registry, host: registry.host, port: registry.port }
      const { routes } = await fetchRoutes(server, { ...sources.registry, protocol: 'irrd' })
      const theirs = [...(await prefixesOf('-4')), ...(await prefixesOf('-6'))]
      expect(sorted(theirs)).toEqual(sorted(routes.map(({ prefix }) => prefix)))
      expect(theirs).toContain('0.0.0.0/0')
    },
  )

  itHere('where only Meta registered anything, gets what becomes our list', async () => {
    registry.answerFrom(metaRoutes())
    const theirs = [...(await prefixesOf('-4')), ...(await prefixesOf('-6'))]
    expect(aggregate(theirs.map(parsePrefix)).map(formatPrefix)).toEqual(META_PREFIXES)
  })
})
