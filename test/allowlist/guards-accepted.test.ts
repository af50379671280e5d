// What it takes to override a guard once, and what nobody can override.
import { afterAll, describe, expect, it } from 'vitest'
import { GUARDS, type GuardName, unloadable } from '../../src/allowlist/guards.ts'
import { parsePrefix } from '../../src/domain/address.ts'
import { PRESENT, forgetLists, keptList, noListYet, wholeList } from '../support/kept-list.ts'
import {
  META_PREFIXES,
  type RegisteredRoute,
  answerOf,
  metaRoutes,
  routeTo,
} from '../support/registry-objects.ts'
import { OPEN } from './guard-case.ts'

/** Lists that fail one guard each, seen from outside: as answers of a registry. */
const REFUSED: Readonly<Record<GuardName, readonly RegisteredRoute[]>> = {
  prefix: [...metaRoutes(), routeTo('157.240.0.1/16')],
  reserved: [...metaRoutes(), routeTo('10.0.0.0/16')],
  breadth: [...metaRoutes(), routeTo('2a00::/23')],
  count: metaRoutes({ ipv4: 199 }),
  coverage: [...metaRoutes(), ...[0, 16, 32, 48].map((octet) => routeTo(`12.${octet}.0.0/12`))],
  'well-known': metaRoutes().filter(({ prefix }) => !prefix.startsWith('31.13.')),
  shrink: metaRoutes().filter(({ prefix }) => !prefix.startsWith('57.144.')),
  growth: [...metaRoutes(), routeTo('12.0.0.0/12')],
}

describe('an answer that one guard refuses', () => {
  afterAll(forgetLists)

  it.each(GUARDS)('%s: is stored where that guard is accepted, and only then', async (guard) => {
    const given = answerOf(REFUSED[guard])
    const others = GUARDS.filter((other) => other !== guard)
    const list = await keptList()
    const refused = await list.refresh({ given, accept: others })
    expect(refused).toMatchObject({ outcome: 'refused', failures: [{ guard }] })
    expect(await list.text()).toBe(PRESENT)
    const stored = await list.refresh({ given, accept: [guard, 'growth'] })
    expect(stored).toMatchObject({ outcome: 'stored' })
    expect(stored.outcome === 'stored' ? stored.accepted.map((failure) => failure.guard) : []).toContain(
      guard,
    )
    wholeList(await list.text())
  })

  it('is accepted this once: the next refresh refuses it again', async () => {
    const list = await keptList()
    const given = answerOf(REFUSED.reserved)
    await list.refresh({ given, accept: ['reserved'] })
    expect(await list.refresh({ given })).toMatchObject({ outcome: 'refused' })
  })

  it('without a malformed prefix, where that was accepted', async () => {
    const list = await keptList()
    await list.refresh({ given: answerOf(REFUSED.prefix), accept: ['prefix'] })
    expect(wholeList(await list.text())).toEqual(META_PREFIXES)
  })

  it.each<[string, readonly RegisteredRoute[], RegExp]>([
    [
      'all of IPv4',
      [...metaRoutes(), routeTo('0.0.0.0/0')],
      /no gateway loads 0\.0\.0\.0\/0: such a list cannot be accepted$/,
    ],
    ['all of IPv6', [...metaRoutes(), routeTo('::/0')], /no gateway loads ::\/0:/],
    [
      'all of both in pieces',
      ['0.0.0.0/1', '128.0.0.0/1', '::/1', '8000::/1'].map(routeTo),
      /no gateway loads 0\.0\.0\.0\/0, ::\/0:/,
    ],
    [
      'neighbours that are too broad together',
      ['12.0.0.0/8', '13.0.0.0/8'].map(routeTo),
      /no gateway loads 12\.0\.0\.0\/7:/,
    ],
    [
      'nothing that is believed',
      [{ ...routeTo('157.240.0.0/16'), maintainers: ['OTHER'] }],
      /no prefix is left: such a list cannot be accepted$/,
    ],
    ['nothing that is a prefix', [routeTo('157.240.0.0'), routeTo('1.2.3.4/33')], /no prefix is left/],
  ])('is never stored, whatever is accepted and configured, with %s', async (_name, routes, says) => {
    const list = await keptList({ guards: OPEN })
    const outcome = await list.refresh({ given: answerOf(routes), accept: GUARDS })
    expect(outcome).toMatchObject({
      outcome: 'refused',
      failures: [{ message: expect.stringMatching(says) }],
    })
    expect(await list.text()).toBe(PRESENT)
  })

  it('at a first time leaves no list at all', async () => {
    const list = await noListYet()
    expect(await list.refresh({ given: answerOf(REFUSED.count) })).toMatchObject({ outcome: 'refused' })
    expect(await list.names()).toEqual(['as32934.txt.status.json'])
  })
})

it('a list that may be stored is one that a gateway loads', () => {
  expect(unloadable(META_PREFIXES.map(parsePrefix))).toEqual([])
  expect(unloadable([])).toMatchObject([{ guard: 'count' }])
})
