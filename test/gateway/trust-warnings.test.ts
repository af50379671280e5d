// Warnings of a running gateway about its certificates: as an end comes near, and of an anchor that nobody uses any more.
// Each is said once, not at every look.
import { describe, expect, it } from 'vitest'
import { Countdown } from '../../src/gateway/countdown.ts'
import { idleAnchors } from '../../src/gateway/idle-anchors.ts'
import { ANCHOR_DAYS } from '../../src/gateway/prepare-anchors.ts'
import { IDENTITY_DAYS } from '../../src/gateway/prepare-identity.ts'
import { AnchorUses } from '../../src/tls/anchor-uses.ts'
import { WITHIN, anotherLook, startDated, status, timesLogged } from '../support/dated-world.ts'

const daysFrom = (most: number) => Array.from({ length: most + 6 }, (_, i) => most - i)

describe('a countdown', () => {
  it.each([
    ['anchors', ANCHOR_DAYS, [60, 30, 14, 7, -1]],
    ['our own certificates', IDENTITY_DAYS, [30, 14, 7, 3, 1, -1]],
  ] as const)('of %s tells of each threshold once, looked at once a day or five times', (_of, days, told) => {
    for (const looks of [1, 5]) {
      const countdown = new Countdown(days)
      const passed = daysFrom(100).flatMap((daysLeft) =>
        Array.from({ length: looks }, () => countdown.passed([{ id: 'a', daysLeft }])).flat(),
      )
      expect(passed.map(({ daysLeft }) => daysLeft)).toEqual(told)
    }
  })

  it('tells once where several were passed since the last look', () => {
    const countdown = new Countdown(ANCHOR_DAYS)
    countdown.passed([{ id: 'a', daysLeft: 90 }])
    expect(countdown.passed([{ id: 'a', daysLeft: 10 }])).toHaveLength(1)
    expect(countdown.passed([{ id: 'a', daysLeft: 10 }])).toEqual([])
  })

  it('is silent about what is new, and begins anew with what came back', () => {
    const countdown = new Countdown(ANCHOR_DAYS)
    expect(countdown.passed([{ id: 'a', daysLeft: 20 }])).toEqual([])
    expect(countdown.passed([{ id: 'b', daysLeft: -5 }])).toEqual([])
    expect(countdown.passed([{ id: 'a', daysLeft: 5 }])).toEqual([])
    expect(countdown.passed([{ id: 'a', daysLeft: -1 }])).toHaveLength(1)
  })
})

describe('an unused anchor', () => {
  const DAY = 86_400_000
  const NOW = new Date('2026-11-21T00:00:00Z')
  const ago = (days: number) => new Date(NOW.getTime() - days * DAY)

  /** Days ago: since when it has been active, and when it was used last. */
  type Life = readonly [active: number, used?: number]

  it.each<[name: string, lives: { x: Life; y: Life }, idle: boolean]>([
    ['not used for 15 days while another was', { x: [90, 15], y: [90, 0] }, true],
    ['never used for 15 days while another was', { x: [15], y: [90, 1] }, true],
    ['used yesterday', { x: [90, 1], y: [90, 0] }, false],
    ['used 13 days ago', { x: [90, 13], y: [90, 0] }, false],
    ['active for a week only', { x: [7], y: [90, 0] }, false],
    ['active again for a week, and used before that', { x: [7, 200], y: [90, 0] }, false],
    ['while no other was used either', { x: [90, 20], y: [90, 15] }, false],
    ['while the other never was used', { x: [90, 20], y: [90] }, false],
  ])('%s', (_name, { x, y }, idle) => {
    const uses = new AnchorUses()
    const named = (name: string) => ({ name, fingerprint: `of ${name}` })
    for (const [anchor, [active, used]] of [
      [named('x'), x],
      [named('y'), y],
    ] as const) {
      if (used !== undefined) uses.used(anchor, ago(used))
      uses.activeNow([...(anchor.name === 'y' ? [named('x')] : []), anchor], ago(active))
    }
    const kept = AnchorUses.from(uses.toText())
    const found = idleAnchors([kept.of(named('x')), kept.of(named('y'))], NOW)
    expect(found.map(({ fingerprint }) => fingerprint)).toEqual(idle ? ['of x'] : [])
  })
})

describe('warnings while it runs', () => {
  it('come once as an end comes near, of our own certificate and of an anchor', async () => {
    const { world, to } = await startDated({ digicert: { state: 'staged' } })
    const [anchor] = world.gateway.anchors
    const own = () => timesLogged(world, '"event.name":"hubgate.certificate.ends"')
    const anchors = () => timesLogged(world, '"event.name":"hubgate.anchor.ends"')
    await anotherLook()
    expect([own(), anchors()]).toEqual([0, 0])
    to(63.5)
    await expect.poll(own, WITHIN).toBe(1)
    expect(world.logged()).toContain('tls.certificate expires in 26 days')
    to((anchor?.daysLeft ?? 0) - 59)
    await expect.poll(anchors, WITHIN).toBe(1)
    expect(world.logged()).toMatch(/anchor \\"meta-lab\\" expires in (?:58|59|60) days/)
    expect(world.logged()).toContain('tls.certificate is expired')
    await anotherLook()
    expect([own(), anchors()]).toEqual([2, 1])
  })

  it('come once of an active anchor that nobody used for 14 days while another was used', async () => {
    const { world, to } = await startDated()
    const idle = () => timesLogged(world, '"event.name":"hubgate.anchor.idle"')
    expect(await status(world, 'digicert')).toBe(200)
    to(13)
    expect(await status(world, 'meta')).toBe(200)
    await anotherLook()
    expect(idle()).toBe(0)
    to(15)
    await expect.poll(idle, WITHIN).toBe(1)
    expect(world.logged()).toContain(
      'anchor \\"digicert-lab\\" admitted nobody for 14 days while \\"meta-lab\\" did',
    )
    await anotherLook()
    expect(idle()).toBe(1)
    expect(await status(world, 'digicert')).toBe(200)
    await anotherLook()
    expect(await status(world, 'meta')).toBe(200)
    to(30)
    await anotherLook()
    // Nobody was used: that is for other alarms.
    expect(idle()).toBe(1)
    expect(await status(world, 'meta')).toBe(200)
    await expect.poll(idle, WITHIN).toBe(2)
  })
})
