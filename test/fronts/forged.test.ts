// Fields that assert whose request it is, from whoever has no say in it: under `front: direct`, from another front's world,
// beside the front's own. Never believed, and never sent on.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FRONTS } from '../../src/fronts/fronts.ts'
import { pairs } from '../../src/domain/fields.ts'
import { type Consumer, startConsumer } from '../../src/lab/consumer.ts'
import type { FieldLine } from '../../src/lab/request.ts'
import { CANARY_SECRET } from '../canary.ts'
import {
  CLIENT,
  FRONT_FIELDS,
  FRONT_NAMES,
  type FrontName,
  sendFronted,
  startFronted,
} from '../support/front-sender.ts'
import { delivery, dialTo, send } from '../support/sender.ts'
import { type Pki, type World, pki, startWorld } from '../support/world.ts'

let consumer: Consumer
let made: Pki
beforeAll(async () => {
  made = await pki()
  consumer = await startConsumer({ secret: CANARY_SECRET })
})
afterAll(() => consumer.close())

/** How a name may be spelt so that somebody takes it for the same. */
const SPELLINGS: readonly (readonly [how: string, spell: (name: string) => string])[] = [
  ['as it is', (name) => name],
  ['in lower case', (name) => name.toLowerCase()],
  ['in upper case', (name) => name.toUpperCase()],
  ['with one underscore', (name) => name.replace('-', '_')],
  ['with underscores', (name) => name.replaceAll('-', '_')],
]

/** Somebody else's certificate and address, as this front would tell of them. */
const forgedBy = (front: FrontName): FieldLine[] =>
  FRONT_FIELDS[front]({ identity: made.meta.client(), address: '31.13.65.99' })

const OURS = new Set([
  'X-Forwarded-For',
  'X-Forwarded-Proto',
  'X-Forwarded-Host',
  'X-Request-Id',
  'Hubgate-Verified',
  'Hubgate-App',
])

/** What reached the upstream under a name of any front, but for what is ours and stands once. */
function leaked(received: Consumer['received'][number] | undefined): string[] {
  const names = new Set(
    Object.values(FRONTS).flatMap(({ fields }) => fields.map(({ name }) => name.toLowerCase())),
  )
  const seen = new Set<string>()
  return [...pairs(received?.rawFields ?? [])].flatMap(([name]) => {
    const own = OURS.has(name) && !seen.has(name)
    seen.add(name)
    return !own && names.has(name.toLowerCase().replaceAll('_', '-')) ? [name] : []
  })
}

describe('under `front: direct`', () => {
  let world: World
  beforeAll(async () => {
    world = await startWorld({ upstream: consumer.url })
  })
  afterAll(() => world.end())

  describe.each(FRONT_NAMES)('fields of %s', (front) => {
    it.each(SPELLINGS)('%s are deleted, once and doubled', async (_how, spell) => {
      const forged = forgedBy(front).map(([name, value]): FieldLine => [spell(name), value])
      const before = consumer.received.length
      const { answers, error } = await send(world, [delivery({ add: [...forged, ...forged] })])
      expect(answers[0]?.status, error).toBe(200)
      const [received] = consumer.received.slice(before)
      expect(leaked(received)).toEqual([])
      expect(received?.fields['x-forwarded-for']).toBe('127.0.0.1')
      expect(world.records.at(-1)).toMatchObject({ peer: '127.0.0.1', client: undefined, front: 'direct' })
    })

    it('stand for no certificate', async () => {
      const { ca, host, port } = dialTo(world)
      const { answers, localPort } = await send(world, [delivery({ add: forgedBy(front) })], {
        dial: { host, port, ...(ca === undefined ? {} : { ca }) },
      })
      expect(answers).toEqual([])
      const record = await world.record(({ peerPort }) => peerPort === localPort)
      expect(record.code).toBe('CERTIFICATE_MISSING')
    })
  })
})

describe.each(FRONT_NAMES)('behind %s', (front) => {
  let world: World
  beforeAll(async () => {
    world = await startFronted(front, { upstream: consumer.url })
  })
  afterAll(() => world.end())
  const own = new Set(FRONTS[front].fields.map(({ name }) => name.toLowerCase()))
  const others = () =>
    FRONT_NAMES.filter((name) => name !== front)
      .flatMap(forgedBy)
      .filter(([name]) => !own.has(name.toLowerCase()))

  it.each(SPELLINGS)('the fields of all others, %s, are deleted', async (_how, spell) => {
    // HAProxy's and nginx's share a name; spelt otherwise, the front's own reader refuses it.
    const forged = others().map(([name, value]): FieldLine => [spell(name), value])
    const before = consumer.received.length
    const { answers, error } = await sendFronted(world, [
      ...FRONT_FIELDS[front]({ identity: made.client }),
      ...forged,
    ])
    expect(answers[0]?.status, error).toBe(200)
    const [received] = consumer.received.slice(before)
    expect(leaked(received)).toEqual([])
    expect(received?.fields['x-forwarded-for']).toBe(CLIENT)
    expect(world.records.at(-1)).toMatchObject({ client: CLIENT, outcome: 'acknowledged' })
  })

  it('the fields of all others stand for nothing', async () => {
    const { answers } = await sendFronted(world, others())
    expect(JSON.parse(String(answers[0]?.body))).toMatchObject({ error: { code: 'FRONT_FIELDS_INVALID' } })
  })

  it('the front’s own, beside its own, are refused: it would have to have deleted them', async () => {
    const genuine = FRONT_FIELDS[front]({ identity: made.client })
    for (const [, spell] of SPELLINGS)
      for (const [name, value] of forgedBy(front)) {
        // Two lines of X-Forwarded-For are one list; the right-most is the front's.
        if (spell(name).toLowerCase() === 'x-forwarded-for') continue
        const { answers } = await sendFronted(world, [[spell(name), value], ...genuine])
        expect(answers[0]?.status, spell(name)).toBe(403)
        expect(world.records.at(-1)?.code).toBe('FRONT_FIELDS_INVALID')
      }
  })

  it('a forged address to the left of the front’s own counts for nothing', async () => {
    if (front === 'cloudflare') return
    const before = consumer.received.length
    await sendFronted(world, [
      ['X-Forwarded-For', '31.13.65.99'],
      ...FRONT_FIELDS[front]({ identity: made.client, address: '8.8.8.8' }),
    ])
    expect(world.records.at(-1)?.code).toBe('SOURCE_NOT_ALLOWED')
    expect(consumer.received).toHaveLength(before)
  })
})
