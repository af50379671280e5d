// `sources.mode: observe`: whoever would be refused for the address is let in, recorded, counted, and not vouched for.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { administered } from '../../src/admin/of-gateway.ts'
import { warningsOf } from '../../src/config/warnings.ts'
import { type Consumer, startConsumer } from '../../src/lab/consumer.ts'
import { delivery, send } from '../support/sender.ts'
import { type World, startWorld } from '../support/world.ts'

let consumer: Consumer
let world: World

beforeAll(async () => {
  consumer = await startConsumer()
  world = await startWorld({
    upstream: `${consumer.url}/hook`,
    files: { 'elsewhere.txt': '31.13.64.0/18\n' },
    change: (config) => ({
      ...config,
      sources: { ...config.sources, mode: 'observe', allowlist: `${config.state}/elsewhere.txt` },
    }),
  })
  const exchange = await send(world, [delivery()])
  expect(exchange.answers[0]?.status).toBe(200)
})

afterAll(async () => {
  await world.end()
  await consumer.close()
})

it('records what the gate would have said', async () => {
  const record = await world.record(({ kind }) => kind === 'request')
  expect(record).toMatchObject({
    outcome: 'acknowledged',
    prefix: undefined,
    observed: [{ gate: 'source', code: 'SOURCE_NOT_ALLOWED' }],
  })
})

it('does not tell the consumer that the address was checked', () => {
  expect(consumer.received[0]?.fields['hubgate-verified']).toBe('certificate, signature')
})

it('counts it, and shows that the gate does not refuse', async () => {
  const metrics = await administered(world.gateway).metrics()
  expect(metrics).toContain('hubgate_observed_refusals_total{gate="source",code="SOURCE_NOT_ALLOWED"} 1')
  expect(metrics).toMatch(/^hubgate_gate_enforced\{gate="source"\} 0$/m)
})

it('is shouted at every start', () => {
  expect(warningsOf(world.config)).toMatchObject([{ setting: 'sources.mode' }])
})
