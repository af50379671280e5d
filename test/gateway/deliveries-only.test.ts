// `client.require: deliveries`: the GET challenge may come without a certificate; nothing else may, and a bad one never.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Consumer, startConsumer } from '../../src/lab/consumer.ts'
import type { ClientIdentity } from '../../src/lab/pki/authorities.ts'
import { challengeBytes } from '../../src/lab/request.ts'
import { CANARY_VERIFY_TOKEN } from '../canary.ts'
import { delivery, dialTo, send } from '../support/sender.ts'
import { type World, startWorld } from '../support/world.ts'

let consumer: Consumer
let world: World

beforeAll(async () => {
  consumer = await startConsumer()
  world = await startWorld({
    upstream: `${consumer.url}/hook`,
    change: (config) => ({
      ...config,
      client: { ...config.client, require: 'deliveries' },
      routes: [...config.routes, ...config.routes.map((route) => Object.assign({}, route, UNSIGNED))],
    }),
  })
})

const UNSIGNED = { path: '/unsigned', mode: 'unsigned', unsafeUnsigned: true, apps: [] } as const

beforeEach(() => {
  world.records.length = 0
})

afterAll(async () => {
  await world.end()
  await consumer.close()
})

const REFUSED = { status: 403, code: 'CERTIFICATE_MISSING' }
const CHALLENGE = challengeBytes({
  authority: 'gateway.example',
  path: '/webhooks/meta',
  token: CANARY_VERIFY_TOKEN,
  challenge: '1158201444',
})
const THROUGH = Buffer.from('GET /unsigned?delete=1 HTTP/1.1\r\nHost: gateway.example\r\n\r\n')

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('without a certificate, %s', (version) => {
  it.each([
    ['the challenge', CHALLENGE, { status: 200 }],
    ['a good delivery', delivery(), REFUSED],
    ['a GET to a route that streams through', THROUGH, REFUSED],
    ['a GET to no route', Buffer.from('GET /x HTTP/1.1\r\nHost: a\r\n\r\n'), REFUSED],
  ])('%s', async (_name, bytes, { status, code }: { status: number; code?: string }) => {
    const before = consumer.received.length
    const exchange = await ask(undefined, bytes, version)
    expect(exchange.answers[0]?.status).toBe(status)
    expect((await world.record(({ kind }) => kind === 'request')).code).toBe(code)
    expect(consumer.received.length).toBe(before)
  })
})

describe('with a certificate', () => {
  it('that is bad, not even the challenge passes', async () => {
    const wrong = world.pki.meta.client({ commonNames: ['client.example'] })
    expect((await ask(wrong, CHALLENGE)).answers).toEqual([])
    expect((await world.record(() => true)).code).toBe('COMMON_NAME_MISMATCH')
  })

  it.each([
    ['the challenge', CHALLENGE],
    ['a delivery', delivery()],
    ['a GET to a route that streams through', THROUGH],
  ])("that is Meta's, %s passes", async (_name, bytes) => {
    expect((await ask(world.pki.client, bytes)).answers[0]?.status).toBe(200)
  })
})

function ask(
  identity: ClientIdentity | undefined,
  bytes: Buffer,
  maxVersion: 'TLSv1.2' | 'TLSv1.3' = 'TLSv1.3',
) {
  const { identity: _own, ...anonymous } = dialTo(world)
  const dial = { ...anonymous, ...(identity === undefined ? {} : { identity }), maxVersion }
  return send(world, [bytes], { dial })
}
