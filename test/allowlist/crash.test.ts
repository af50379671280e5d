// Wherever a refresh is killed, whoever reads the list finds a whole one, and the next refresh goes through.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lockOf } from '../../src/allowlist/lock.ts'
import { readAllowList } from '../../src/allowlist/read-list.ts'
import { lastGoodOf, listText } from '../../src/allowlist/store.ts'
import { parsePrefix } from '../../src/domain/address.ts'
import { type KeptList, forgetLists, keptList, noListYet, wholeList } from '../support/kept-list.ts'
import { RefreshPrograms } from '../support/refresh-program.ts'
import { FAULTS } from '../support/registry-faults.ts'
import { META_PREFIXES, answerOf, metaRoutes } from '../support/registry-objects.ts'
import { startRegistry } from '../support/registry.ts'

const GIVEN = answerOf(metaRoutes())
const OLDER = listText(META_PREFIXES.slice(1).map(parsePrefix), {
  source: 'x',
  time: new Date(0),
  objects: { ipv4: 1, ipv6: 1 },
})

/** Milliseconds for some forty processes one after the other. */
const MANY = 120_000

let programs: RefreshPrograms
beforeAll(async () => {
  programs = await RefreshPrograms.bundled()
})
afterAll(async () => {
  await programs.end()
  await forgetLists()
})

/** A file with the answer, out of the way of the list. */
async function answerBeside(): Promise<string> {
  const elsewhere = await noListYet()
  const file = join(elsewhere.directory, 'answer.txt')
  await writeFile(file, GIVEN)
  return file
}

async function goesThrough(list: KeptList): Promise<void> {
  expect(await list.refresh({ given: GIVEN })).toMatchObject({ outcome: 'stored' })
  expect(wholeList(await list.text())).toEqual(META_PREFIXES)
  expect(existsSync(lockOf(list.file))).toBe(false)
}

describe('killed before each step of a refresh, and in the middle of each write,', () => {
  it('it leaves the old list or the new one, and the last good one whole', { timeout: MANY }, async () => {
    const given = await answerBeside()
    const list = await keptList()
    const seen: string[] = []
    for (let killAt = 1; ; killAt++) {
      writeFileSync(list.file, OLDER)
      await rm(lastGoodOf(list.file), { force: true })
      const { outcome, steps } = await programs.run({ sources: list.sources, given, killAt })
      const prefixes = wholeList(readFileSync(list.file, 'latin1'))
      expect([META_PREFIXES.slice(1), META_PREFIXES]).toContainEqual(prefixes)
      if (existsSync(lastGoodOf(list.file))) expect(readFileSync(lastGoodOf(list.file), 'latin1')).toBe(OLDER)
      await expect(readAllowList(list.file)).resolves.toMatchObject({ prefixes: { length: prefixes.length } })
      await goesThrough(list)
      seen.push(prefixes.length === META_PREFIXES.length ? 'new' : 'old')
      if (outcome === undefined) continue
      // It has come to its end: every step had its death.
      expect([outcome, steps.length]).toEqual(['stored', killAt - 1])
      break
    }
    // First old, then new, and never back.
    expect(seen.join(' ')).toMatch(/^(?:old ){15,}(?:new ?){3,}$/)
  })

  it('what takes the name of the list is on the disk before it does', async () => {
    const list = await keptList({ present: OLDER })
    const { steps } = await programs.run({ sources: list.sources, given: await answerBeside() })
    const renames = steps.flatMap((step, i) => (step === 'rename' ? [i] : []))
    // The last good list, the list, its status.
    expect(renames).toHaveLength(3)
    for (const at of renames) {
      const written = steps.slice(0, at).lastIndexOf('writeFile')
      expect(steps.slice(written, at)).toContain('sync')
    }
  })

  it('at a first time, it leaves no list or the new one', { timeout: MANY }, async () => {
    const given = await answerBeside()
    const list = await noListYet()
    const seen: string[] = []
    for (let killAt = 1; ; killAt++) {
      await rm(list.file, { force: true })
      const { outcome } = await programs.run({ sources: list.sources, given, killAt })
      const there = existsSync(list.file)
      if (there) expect(wholeList(readFileSync(list.file, 'latin1'))).toEqual(META_PREFIXES)
      seen.push(there ? 'new' : 'none')
      await goesThrough(list)
      if (outcome !== undefined) break
    }
    expect(seen.join(' ')).toMatch(/^(?:none ){10,}(?:new ?){3,}$/)
  })
})

describe('killed while it waits for the registry,', () => {
  it.each(['never answers', 'drips'] as const)(
    'which %s, it leaves a lock that stops nobody',
    async (fault) => {
      const registry = await startRegistry(metaRoutes(), FAULTS[fault])
      try {
        const list = await keptList({ present: OLDER, registry: { server: registry } })
        const refresh = programs.start({ sources: list.sources })
        await expect.poll(() => registry.questions.length, { timeout: 10_000 }).toBe(1)
        expect(existsSync(lockOf(list.file))).toBe(true)
        await expect(list.refresh({ given: GIVEN })).rejects.toThrow(
          /another refresh is running \(process \d+ on/,
        )
        refresh.kill()
        expect(await refresh.ended).toMatchObject({ outcome: undefined })
        expect(readFileSync(list.file, 'latin1')).toBe(OLDER)
        await goesThrough(list)
      } finally {
        await registry.close()
      }
    },
  )
})

describe('refreshers that all come at once,', () => {
  it('where a killed one left its lock: one of them does the work', async () => {
    const registry = await startRegistry(metaRoutes(), FAULTS['never answers'])
    try {
      const list = await keptList({ present: OLDER, registry: { server: registry, tries: 1 } })
      const killed = programs.start({ sources: list.sources })
      await expect.poll(() => registry.questions.length, { timeout: 10_000 }).toBe(1)
      killed.kill()
      await killed.ended
      const outcomes: (string | undefined)[] = []
      for (let i = 0; i < 6; i++)
        void (async () => {
          const { ended } = programs.start({ sources: list.sources })
          outcomes.push((await ended).outcome)
        })()
      // One asks and waits; the others have seen its lock and ended.
      await expect.poll(() => outcomes.length, { timeout: 15_000 }).toBe(5)
      expect(outcomes).toEqual(Array.from({ length: 5 }, () => 'locked'))
      expect(registry.connections()).toBe(2)
    } finally {
      await registry.close()
    }
  })
})

describe('whoever reads while it is refreshed again and again', () => {
  it('finds a whole list each time, of either kind', async () => {
    const list = await keptList({ present: OLDER })
    const fewer = answerOf(metaRoutes().filter(({ prefix }) => !prefix.startsWith('204.15.')))
    const writing = (async () => {
      for (let i = 0; i < 40; i++) await list.refresh({ given: i % 2 === 0 ? GIVEN : fewer })
      return true
    })()
    const sizes = new Set<number>()
    do {
      sizes.add(wholeList(await list.text()).length)
      sizes.add((await readAllowList(list.file)).prefixes.length)
    } while (!(await Promise.race([writing, setImmediate(false)])))
    expect(sizes).toEqual(new Set([META_PREFIXES.length - 1, META_PREFIXES.length]))
  })
})
