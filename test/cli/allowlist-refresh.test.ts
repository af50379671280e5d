// `hubgate allowlist refresh` as a program, against a registry of this process: what it asks, stores and says.
// Where it does not store is in allowlist-refresh-refusals.test.ts.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { parseAllowList } from '../../src/allowlist/read-list.ts'
import { formatPrefix } from '../../src/domain/address.ts'
import { META_PREFIXES, answerOf, metaRoutes, realSize, routeTo } from '../support/registry-objects.ts'
import { type Registry, startRegistry } from '../support/registry.ts'
import { Place } from './allowlist-place.ts'

let registry: Registry
let place: Place
beforeAll(async () => {
  registry = await startRegistry(realSize())
})
afterAll(() => registry.close())
beforeEach(() => {
  registry.answerFrom(realSize())
  registry.misbehave(undefined)
  place = new Place()
})
afterEach(() => place.remove())

const refresh = (...more: string[]) => place.allowlist(['refresh', '--server', registry.server, ...more])
const stored = (text: string) => parseAllowList(text).map(formatPrefix)

describe('on an empty machine', () => {
  it('stores the list and says what it did, line by line', async () => {
    const { code, out, err } = await refresh()
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toBe(
      `stored 28 prefixes (23 IPv4, 5 IPv6) in ${place.list}
  from      ${registry.server} (RADB, RIPE)
  objects   433 IPv4, 648 IPv6 believed
  dropped   134: 134 untrusted maintainer
  changed   28 prefixes new, 0 gone
`,
    )
    expect(stored(place.read())).toEqual(META_PREFIXES)
    expect(place.files).toEqual(['data', 'data/as32934.txt', 'data/as32934.txt.status.json'])
  })

  it('--json says the same to programs', async () => {
    const { out } = await refresh('--json')
    expect(JSON.parse(out)).toEqual({
      outcome: 'stored',
      file: place.list,
      from: `${registry.server} (RADB, RIPE)`,
      objects: { ipv4: 433, ipv6: 648 },
      dropped: { 'untrusted maintainer': 134 },
      maintainersChecked: true,
      prefixes: { ipv4: 23, ipv6: 5 },
      added: 28,
      removed: 0,
      accepted: [],
    })
  })

  it('--verbose lists each object that was dropped, and why', async () => {
    const { out } = await refresh('--verbose')
    const lines = out.split('\n').filter((line) => line.endsWith('(untrusted maintainer)'))
    expect(lines).toHaveLength(134)
    expect(lines[0]).toBe(
      '    route  185.200.0.0/24  AS32934  RADB  FB-NETENG,MAINT-AS32934-CACHE,CACHE-0-MNT  (untrusted maintainer)',
    )
    const { droppedObjects } = JSON.parse((await refresh('--verbose', '--json')).out) as {
      droppedObjects: unknown[]
    }
    expect(droppedObjects).toHaveLength(134)
  })

  it('--out names another place for it', async () => {
    const { code } = await refresh('--out', 'elsewhere/list.txt')
    expect(code).toBe(0)
    expect(stored(place.read('elsewhere/list.txt'))).toEqual(META_PREFIXES)
  })

  it('what a registry says acts on no terminal', async () => {
    const evil = { ...routeTo('185.1.2.0/24'), maintainers: ['\u001b[2J\u009b31m'] }
    registry.answerFrom([...realSize(), evil])
    const { out } = await refresh('--verbose')
    expect(out).toContain('  185.1.2.0/24  ')
    expect(out).not.toMatch(/[^\n\x20-\x7e]/)
  })
})

describe('an answer that somebody else fetched', () => {
  const answer = answerOf(realSize())

  it.each([
    ['from a file', ['--from', 'answer.txt'], 'answer.txt'],
    ['from standard input', ['--from', '-'], 'standard input'],
  ])('%s', async (_name, args, from) => {
    place.write('answer.txt', answer)
    const { code, out } = await place.allowlist(['refresh', ...args], { input: answer })
    expect(code).toBe(0)
    expect(out).toContain(`  from      ${from}\n  objects   433 IPv4, 648 IPv6 believed\n`)
    expect(place.read()).toContain(`# source: ${from}\n`)
    expect(stored(place.read())).toEqual(META_PREFIXES)
  })

  it('has a name that adds no line to the list', async () => {
    place.write('x\n0.0.0.0%0', answer)
    const { code } = await place.allowlist(['refresh', '--from', 'x\n0.0.0.0%0'])
    expect(code).toBe(0)
    expect(place.read()).toMatch(/^# source: x\S*0\.0\.0\.0%0$/m)
    expect(stored(place.read())).toEqual(META_PREFIXES)
  })

  it('is an error where its end is missing', async () => {
    const input = answer.slice(0, answer.length / 2)
    const { code, err } = await place.allowlist(['refresh', '--from', '-'], { input })
    expect(code).toBe(1)
    expect(err).toMatch(
      /^hubgate: error: the answer is cut off[^\n]*as32934\.txt is still not there\nhubgate: hint: /,
    )
  })

  it('is an error where it is not there, or larger than sources.registry.maxAnswer', async () => {
    expect(await place.allowlist(['refresh', '--from', 'absent.txt'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('absent.txt cannot be read: ENOENT'),
    })
    place.write('hubgate.yaml', 'sources: { registry: { maxAnswer: 4KiB } }')
    expect(await place.allowlist(['refresh', '--from', '-'], { input: answer })).toMatchObject({
      code: 1,
      err: expect.stringContaining('standard input holds more than 4096 bytes'),
    })
  })
})

describe('the configuration', () => {
  const yaml = (server: string) => `
state: state
sources: { registry: { server: "${server}" } }
apps: { shop: { secrets: ["\${HUBGATE_TEST_UNSET}"] } }
`

  it.each<[string, string, { args?: string[]; env?: Record<string, string> }]>([
    ['is ./hubgate.yaml where that is there', 'hubgate.yaml', {}],
    ['is what HUBGATE_CONFIG names', 'own.yaml', { env: { HUBGATE_CONFIG: 'own.yaml' } }],
    ['is what -c names', 'own.yaml', { args: ['-c', 'own.yaml'], env: { HUBGATE_CONFIG: 'absent.yaml' } }],
  ])('%s, and needs no app secrets', async (_name, file, { args = [], env = {} }) => {
    place.write(file, yaml(registry.server))
    const { code, err } = await place.allowlist(['refresh', ...args], { env })
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(stored(place.read('state/as32934.txt'))).toEqual(META_PREFIXES)
  })

  it('that is named has to be there', async () => {
    const { code, err } = await refresh('-c', 'absent.yaml')
    expect(code).toBe(3)
    expect(err).toMatch(/^hubgate: error: 1 problem in absent\.yaml:\n/)
    expect(place.files).toEqual([])
  })

  it('is told where it is wrong', async () => {
    place.write('hubgate.yaml', 'sources: { registry: { server: "radb:99999" }, guards: { shrnk: 3 } }')
    const { code, err } = await place.allowlist(['refresh'])
    expect(code).toBe(3)
    expect(err).toMatch(/sources\.registry\.server .*is not `HOST` or `HOST:PORT`/)
    expect(err).toContain('did you mean "shrink"')
  })

  it('STATE_DIRECTORY is where the list goes, as systemd gives it', async () => {
    const args = ['refresh', '--server', registry.server]
    const { code } = await place.allowlist(args, { env: { STATE_DIRECTORY: place.path('var') } })
    expect(code).toBe(0)
    expect(stored(place.read('var/as32934.txt'))).toEqual(META_PREFIXES)
  })
})

describe("IRRd's short protocol", () => {
  it('is noted for what it cannot check', async () => {
    registry.answerFrom(metaRoutes())
    const { code, out, err } = await refresh('--protocol', 'irrd')
    expect(code).toBe(0)
    expect(err).toMatch(/^hubgate: note: .*neither maintainers nor registries are checked/)
    expect(out).toContain('  dropped   none: whose objects they are was not told\n')
    expect(stored(place.read())).toEqual(META_PREFIXES)
    expect(JSON.parse((await refresh('--protocol', 'irrd', '--json')).out)).toMatchObject({
      maintainersChecked: false,
    })
  })
})
