// What may be over soon is tried again, after waits that grow and are never quite the same; what was refused is not.
import * as fc from 'fast-check'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { retrying } from '../../src/allowlist/registry-client.ts'
import { RegistryError } from '../../src/allowlist/registry-error.ts'
import type { RegistryConfig } from '../../src/config/config.ts'
import { type KeptList, PRESENT, forgetLists, keptList } from '../support/kept-list.ts'
import { FAULTS, type FaultName } from '../support/registry-faults.ts'
import { metaRoutes } from '../support/registry-objects.ts'
import { type Registry, startRegistry } from '../support/registry.ts'

const registries: Registry[] = []
afterEach(async () => {
  await Promise.all(registries.splice(0).map((registry) => registry.close()))
})
afterAll(forgetLists)

async function started(fault: FaultName | undefined): Promise<Registry> {
  const registry = await startRegistry(metaRoutes(), fault && FAULTS[fault])
  registries.push(registry)
  return registry
}

function listFrom(server: Registry, registry: Partial<RegistryConfig> = {}): Promise<KeptList> {
  return keptList({ registry: { server, tries: 3, readTimeout: 100, totalTimeout: 300, ...registry } })
}

const PASSING: readonly FaultName[] = [
  'resets each connection',
  'closes each connection at once',
  'answers nothing',
  'never answers',
  'drips',
]
const LASTING: readonly FaultName[] = [
  'denies access, without a line end',
  'denies access before it is asked',
  'denies access, then resets',
  'denies access as RIPE does',
  'answers with an error',
  'answers with an error, without a line end',
  'knows no entries',
  'knows no entries, as RIPE says it',
  'is a captive portal',
  'is a captive portal of one line',
  'is an SSH server',
  'answers in binary',
  'answers with objects of another class',
  'answers twice',
  'sends a line without end',
]

describe.each(['whois', 'irrd'] as const)('asked in %s', (protocol) => {
  it.each(PASSING)('a registry that %s is asked three times', async (fault) => {
    const registry = await started(fault)
    const list = await listFrom(registry, { protocol })
    await expect(list.refresh()).rejects.toThrow(RegistryError)
    expect([registry.connections(), list.waits.length]).toEqual([3, 2])
    expect(await list.text()).toBe(PRESENT)
  })

  it.each(PASSING)('one that %s and then thinks better of it gives the list', async (fault) => {
    const registry = await started(fault)
    const list = await listFrom(registry, { protocol, readTimeout: 5_000, totalTimeout: 500 })
    const sleep = async () => {
      if (list.waits.length === 2) registry.misbehave(undefined)
    }
    expect(await list.refresh({ sleep })).toMatchObject({ outcome: 'stored' })
    expect(list.waits).toEqual([3_000, 6_000])
    expect(list.retried.map(({ passing }) => passing)).toEqual([true, true])
  })

  it.each(LASTING)('one that %s is left alone', async (fault) => {
    const registry = await started(fault)
    const list = await listFrom(registry, { protocol, readTimeout: 10_000, totalTimeout: 10_000 })
    await expect(list.refresh()).rejects.toThrow(RegistryError)
    expect([registry.connections(), list.waits]).toEqual([1, []])
  })
})

describe('further tries', () => {
  it('are none where one try is allowed', async () => {
    const registry = await started('resets each connection')
    await expect((await listFrom(registry, { tries: 1 })).refresh()).rejects.toThrow(/was reset/)
    expect(registry.connections()).toBe(1)
  })

  it('end at the first lasting fault', async () => {
    const registry = await started('resets each connection')
    const list = await listFrom(registry)
    const sleep = async () => registry.misbehave(FAULTS['denies access, without a line end'])
    await expect(list.refresh({ sleep })).rejects.toThrow(/refuses us/)
    expect(registry.connections()).toBe(2)
  })

  it('are none for an answer that somebody else fetched', async () => {
    const list = await keptList()
    await expect(list.refresh({ given: 'route: 157.240.0.0/16\n' })).rejects.toThrow(/cut off/)
    expect(list.waits).toEqual([])
  })

  it('are none for what is no fault of a registry', async () => {
    const waits: number[] = []
    const broken = retrying(() => Promise.reject(new TypeError('a mistake of ours')), {
      tries: 5,
      sleep: async (wait) => void waits.push(wait),
      random: () => 0,
    })
    await expect(broken).rejects.toThrow(TypeError)
    expect(waits).toEqual([])
  })

  it('wait longer each time, between a base and its double, as luck has it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.float({ min: 0, max: Math.fround(0.999), noNaN: true }), { minLength: 6, maxLength: 6 }),
        async (luck) => {
          const waits: number[] = []
          const random = () => luck[waits.length] ?? 0
          const failing = retrying(() => Promise.reject(new RegistryError('timeout', 'late')), {
            tries: 7,
            sleep: async (wait) => void waits.push(wait),
            random,
          })
          await expect(failing).rejects.toThrow('late')
          expect(waits).toEqual(luck.map((part, i) => Math.round(2_000 * 2 ** i * (1 + part))))
          expect(waits).toEqual([...waits].sort((a, b) => a - b))
        },
      ),
    )
  })
})
