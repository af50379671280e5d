// As somebody new would do it: in an empty directory, one command for the list, then a gateway with it; one address is
// admitted, another is refused.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Consumer, startConsumer } from '../../src/lab/consumer.ts'
import { CANARY_SECRET } from '../canary.ts'
import { realSize, routeTo } from '../support/registry-objects.ts'
import { type Registry, startRegistry } from '../support/registry.ts'
import { delivery, dialTo, send } from '../support/sender.ts'
import { type Served, serve } from '../support/served.ts'
import { Place } from './allowlist-place.ts'

/** One of this machine's own addresses plays Meta's, another one somebody else's. */
const METAS = '127.0.0.2'
const ANOTHER = '127.0.0.3'

let registry: Registry
let consumer: Consumer
let place: Place
let served: Served | undefined
beforeAll(async () => {
  registry = await startRegistry([...realSize(), routeTo(`${METAS}/32`)])
  consumer = await startConsumer({ secret: CANARY_SECRET })
  place = new Place()
})
afterAll(async () => {
  await served?.end()
  await consumer.close()
  await registry.close()
  place.remove()
})

it('from an empty directory to a gateway that tells Meta from others', async () => {
  // No registry names loopback addresses, and a guard says so; on this machine it is what is wanted.
  const refused = await place.allowlist(['refresh', '--server', registry.server])
  expect(refused.code).toBe(3)
  expect(refused.err).toMatch(/^hubgate: error: guard reserved: [^\n]*: 127\.0\.0\.2\/32\n/)
  const override = /to override it this once: (.*)$/m.exec(refused.err)?.[1] ?? ''
  expect(await place.run(['sh', '-c', override])).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^stored 29 prefixes \(24 IPv4, 5 IPv6\) in /),
  })

  // The gateway looks where the command put it, with nothing said about either.
  served = await serve({
    upstream: consumer.url,
    change: (yaml) =>
      yaml.replace('state: state', `state: "${place.path('data')}"`).replace(/^sources: .*\n/m, ''),
  })
  const gateway = served
  const deliver = (localAddress: string) =>
    send(gateway, [delivery()], { dial: dialTo(gateway, { localAddress }) })
  const admitted = await deliver(METAS)
  expect(admitted.answers.map(({ status }) => status)).toEqual([200])
  expect(consumer.received.map(({ signature }) => signature)).toEqual(['fits'])
  const stranger = await deliver(ANOTHER)
  // A reset, which a client that was just about to write may see as an end.
  expect({ answers: stranger.answers, handshaken: stranger.handshaken }).toEqual({
    answers: [],
    handshaken: false,
  })
  expect(['reset', 'closed']).toContain(stranger.ended)
  expect(consumer.received).toHaveLength(1)
  await gateway.says(/"error\.type":"SOURCE_NOT_ALLOWED"/)

  const ask = async (address: string) => (await place.allowlist(['check', address])).code
  expect([await ask(METAS), await ask(ANOTHER)]).toEqual([0, 3])
})
