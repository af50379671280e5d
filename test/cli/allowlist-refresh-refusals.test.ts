// `hubgate allowlist refresh` where it does not store: guards, registries that cannot be asked, what is in the way, wrong
// use. Each leaves the old list as it was, says why and what to do, and ends with the right code.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { parseAllowList } from '../../src/allowlist/read-list.ts'
import { withLock } from '../../src/allowlist/lock.ts'
import { formatPrefix } from '../../src/domain/address.ts'
import { FAULTS } from '../support/registry-faults.ts'
import { META_PREFIXES, metaRoutes, realSize } from '../support/registry-objects.ts'
import { type Registry, closedPort, startRegistry } from '../support/registry.ts'
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

/** Half of the IPv4 addresses gone, and no other guard concerned. */
const SHRUNK = realSize().filter(({ prefix }) => !/^57\.14[4-7]\./.test(prefix))

describe('a guard that refuses', () => {
  it('changes nothing, ends with 3, and says which, the numbers, and the command that overrides it once', async () => {
    await refresh()
    const before = place.read()
    registry.answerFrom(SHRUNK)
    const refused = await refresh()
    expect(refused.code).toBe(3)
    expect(refused.out).toMatch(/^refused: nothing was stored\n {2}from /)
    expect(refused.err).toMatch(
      /^hubgate: error: guard shrink: 49\.3 % of the present IPv4 addresses would go \(531968 now, 269824 then\), at most 30 %\n/,
    )
    expect(refused.err).toContain(`  ${place.list} stays as it is\n`)
    expect(place.read()).toBe(before)

    const command = /to override it this once: (.*)$/m.exec(refused.err)?.[1] ?? ''
    const accepted = await place.run(['sh', '-c', command])
    expect(accepted).toMatchObject({ code: 0, err: '' })
    expect(accepted.out).toContain('  changed   0 prefixes new, 1 gone\n  accepted  shrink: 49.3 % of ')
    expect(stored(place.read())).toEqual(META_PREFIXES.filter((prefix) => prefix !== '57.144.0.0/14'))
    expect(stored(place.read('data/as32934.txt.last-good'))).toEqual(META_PREFIXES)
  })

  it('prints a command that a shell takes, whatever the names', async () => {
    registry.answerFrom(metaRoutes({ ipv4: 433, ipv6: 20 }))
    const { err } = await refresh('--out', "it's a/list $HOME.txt")
    const command = /to override it this once: (.*)$/m.exec(err)?.[1] ?? ''
    expect(await place.run(['sh', '-c', command])).toMatchObject({ code: 0, err: '' })
    expect(stored(place.read("it's a/list $HOME.txt"))).toContain('157.240.0.0/16')
  })

  it('is told to programs as well', async () => {
    registry.answerFrom(metaRoutes({ ipv4: 433, ipv6: 20 }))
    const { code, out } = await refresh('--json')
    expect(code).toBe(3)
    expect(JSON.parse(out)).toMatchObject({
      outcome: 'refused',
      failures: [{ guard: 'count', message: '20 IPv6 objects, at least 300 expected' }],
    })
    expect(place.files).not.toContain('data/as32934.txt')
  })

  it('several are told at once, and each has to be accepted', async () => {
    registry.answerFrom(metaRoutes({ ipv4: 30, ipv6: 10 }).slice(2))
    const { code, err } = await refresh('--accept', 'count')
    expect(code).toBe(3)
    expect(err).toMatch(/^hubgate: error: guard well-known: no longer inside: /)
    expect(err).toMatch(/--accept count --accept well-known$/m)
  })

  it('where nothing is left, nothing overrides it', async () => {
    registry.answerFrom(metaRoutes().map((route) => Object.assign(route, { maintainers: ['MAINT-OTHER'] })))
    const guards = ['count', 'coverage', 'well-known'].flatMap((guard) => ['--accept', guard])
    const { code, err } = await refresh(...guards)
    expect(code).toBe(3)
    expect(err).toMatch(/no prefix is left.*\n[^]*hubgate: hint: nothing overrides that/)
    expect(place.files).not.toContain('data/as32934.txt')
  })
})

describe('a registry that cannot be asked', () => {
  beforeEach(() => place.write('hubgate.yaml', 'sources: { registry: { tries: 1, readTimeout: 1s } }'))

  it.each([
    ['denies access, without a line end', /the registry refuses us/],
    ['resets each connection', /the connection was reset/],
    ['never answers', /silent for 1000 ms/],
    ['is a captive portal', /./],
  ] as const)('%s: 1, and the old list stays', async (fault, message) => {
    await refresh()
    const before = place.read()
    registry.misbehave(FAULTS[fault])
    const { code, out, err } = await refresh()
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toMatch(/^hubgate: error: [^\n]*as32934\.txt stays as it is\n(?:hubgate: hint: [^\n]+\n)?$/)
    expect(err).toMatch(message)
    expect(place.read()).toBe(before)
  })

  it('is asked again, and that is told', async () => {
    place.write('hubgate.yaml', 'sources: { registry: { tries: 2 } }')
    const server = `127.0.0.1:${await closedPort()}`
    const { code, err } = await place.allowlist(['refresh', '--server', server])
    expect(code).toBe(1)
    expect(err.match(/^hubgate: note: .*ECONNREFUSED\); asking again in [1-3]\.\d s$/gm)).toHaveLength(1)
    expect(err).toMatch(/^hubgate: error: .*ECONNREFUSED/m)
  })
})

describe('what is in the way', () => {
  it('another refresh: 1', async () => {
    await refresh()
    const { code, err } = await withLock(place.list, () => refresh())
    expect(code).toBe(1)
    expect(err).toMatch(/^hubgate: error: another refresh is running/)
  })

  it('a directory that cannot be: 1', async () => {
    place.write('file', '')
    const { code, err } = await refresh('--out', 'file/list.txt')
    expect(code).toBe(1)
    expect(err).toMatch(/^hubgate: error: [^\n]*file\/list\.txt cannot be replaced: E[A-Z]+/)
  })
})

describe('wrong use', () => {
  it.each([
    ['an unknown guard', ['--accept', 'shrnk'], 'did you mean "shrink"?'],
    ['a server that is none', ['--server', 'a b'], 'expected HOST'],
    ['a port that is none', ['--server', 'radb:70000'], 'expected HOST'],
    ['a protocol that is none', ['--protocol', 'http'], 'whois, irrd'],
    ['--from beside --server', ['--from', '-', '--server', 'x'], 'cannot be used with'],
    ['an option that is none', ['--acept', 'shrink'], '--accept'],
  ])('%s: 2, and nothing happens', async (_name, args, said) => {
    const { code, err } = await place.allowlist(['refresh', ...args])
    expect(code).toBe(2)
    expect(err).toContain(said)
    expect(place.files).toEqual([])
  })
})
