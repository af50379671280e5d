// Real HAProxy with haproxy/passthrough.cfg: it passes TLS through behind a PROXY header, and hubgate judges as it does alone.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Behind, startBehind } from '../support/behind.ts'
import { itWith } from '../support/programs.ts'
import { delivery, dialTo, send } from '../support/sender.ts'
import { pki } from '../support/world.ts'

const itRuns = itWith('haproxy')
const made = await pki()

let behind: Behind
beforeAll(async () => {
  if (itRuns === it) behind = await startBehind('haproxy-pass')
})
afterAll(() => behind?.end())

/** Without that of whoever looked whether HAProxy has started. */
function records() {
  return behind.world.records.filter(({ code }) => code !== 'CLIENT_ABORTED')
}

itRuns('a delivery is the client’s, of 3 MB, too', async () => {
  const before = records().length
  for (const body of [Buffer.from('{}'), Buffer.alloc(3_000_000, ' ')]) {
    const { answers, error } = await send(behind.reachable, [delivery({ body })])
    expect(answers[0]?.status, error).toBe(200)
    expect(behind.consumer.received.at(-1)).toMatchObject({ signature: 'fits', bytes: body.length })
  }
  expect(records().slice(before)).toMatchObject([
    { outcome: 'acknowledged', client: '127.0.0.1', anchor: 'meta-lab' },
    { outcome: 'acknowledged', client: '127.0.0.1', anchor: 'meta-lab' },
  ])
})

itRuns.each([
  ['another name', 'COMMON_NAME_MISMATCH', { identity: made.meta.client({ commonNames: ['evil.example'] }) }],
  ['a foreign address', 'SOURCE_NOT_ALLOWED', { localAddress: '127.0.0.2' }],
] as const)('%s: not a byte, and a record: %s', async (_name, code, change) => {
  const { world, consumer, reachable } = behind
  const old = new Set(world.records)
  const received = consumer.received.length
  const { answers } = await send(reachable, [delivery()], { dial: dialTo(reachable, change) })
  expect(answers).toEqual([])
  const record = await world.record((one) => !old.has(one) && one.code !== 'CLIENT_ABORTED')
  expect(record).toMatchObject({ kind: 'connection', outcome: 'refused', code })
  expect(record.client).toBe(code === 'SOURCE_NOT_ALLOWED' ? '127.0.0.2' : '127.0.0.1')
  expect(consumer.received).toHaveLength(received)
})
