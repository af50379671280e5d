// What the played socket of the fuzzing cannot be: a TLS socket, whose handle Node's parser reads by itself, and which is paused
// and put back to when the fast lane passes it on. So some generated streams go over TLS, through a gateway of each lane.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Consumer, startConsumer } from '../../src/lab/consumer.ts'
import { CANARY_SECRET } from '../canary.ts'
import { type Draft, bytesOf, clientOf, delivery, signed } from '../fuzz/good-requests.ts'
import { MUTATIONS } from '../fuzz/mutations.ts'
import { Random, streamSeed } from '../fuzz/random.ts'
import { open, readToEnd } from '../support/sender.ts'
import { type World, startWorld } from '../support/world.ts'

const STREAMS = 150
/** Last on every connection: whatever came before it, its answer says that no other comes. */
const LAST = 'Connection: close'

let consumer: Consumer
const worlds: World[] = []
beforeAll(async () => {
  consumer = await startConsumer({ secret: CANARY_SECRET })
  for (const fastLane of [true, false]) {
    const change = (config: World['config']) => ({ ...config, listen: { ...config.listen, fastLane } })
    worlds.push(await startWorld({ upstream: `${consumer.url}/hooks`, change }))
  }
})
afterAll(async () => {
  for (const world of worlds) await world.end()
  await consumer.close()
})

const plainly = (text: string) =>
  text.replaceAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'ID').replaceAll(/\r\nDate: [^\r]*/g, '')

/** One to three deliveries, some of them spoilt, then one that closes; in pieces. */
function pieces(random: Random): Buffer[] {
  const client = { ...clientOf(random), path: '/webhooks/meta', connection: undefined }
  const requests = Array.from({ length: random.between(1, 3) }, () => {
    const draft = own(delivery(random, client))
    // The last request has to come through whole, so lengths and ends of heads stay what they are here.
    if (random.chance(0.4)) MUTATIONS[random.pick(HARMLESS)]?.(draft, random)
    return bytesOf(draft)
  })
  const last = own(delivery(random, client))
  last.lines.push({ text: LAST, end: '\r\n' })
  const bytes = Buffer.concat([...requests, bytesOf(last)])
  const cuts = Array.from({ length: random.below(6) }, () => random.below(bytes.length)).sort((a, b) => a - b)
  return [...cuts, bytes.length].map((cut, i) => bytes.subarray(cuts[i - 1] ?? 0, cut))
}

const HARMLESS = [
  'field renamed',
  'field twice',
  'space after the colon',
  'space at the end of a value',
  'obs-text in a value',
  'query',
  'odd target',
  'other host',
  'media type',
  'body changed',
  'signature wrong',
  'signature spelled otherwise',
  'identity field',
  'other version',
  'hop-by-hop field',
] as const

function own(draft: Draft): Draft {
  const mine = { ...draft, secret: CANARY_SECRET }
  const line = mine.lines.find(({ text }) => /^x-hub-signature-256: /i.test(text))
  if (line !== undefined) line.text = line.text.replace(/sha256=.*/, signed(mine))
  return mine
}

async function sent(world: World, stream: readonly Buffer[]) {
  const [records, received] = [world.records.length, consumer.received.length]
  const socket = await open(world)
  const said = readToEnd(socket)
  for (const piece of stream) {
    if (!socket.writable) break
    socket.write(piece)
    await new Promise((resolve) => setImmediate(resolve))
  }
  const answers = plainly(await said)
  return {
    answers,
    // Several at once are recorded as they end, on the general lane.
    records: world.records
      .slice(records)
      .map(({ code, outcome, status, detail, bodyBytes }) =>
        [outcome, code, status, detail, bodyBytes].join(' '),
      )
      .sort(),
    received: consumer.received
      .slice(received)
      .map(({ sha256, fields }) => `${sha256} ${plainly(JSON.stringify(fields))}`)
      .sort(),
  }
}

it(`${STREAMS} generated streams over TLS have the same answers, records and deliveries on both lanes`, async () => {
  let taken = 0
  for (let i = 0; i < STREAMS; i++) {
    const stream = pieces(new Random(streamSeed(3, i)))
    const [fast, general] = await Promise.all(worlds.map((world) => sentAlone(world, stream)))
    expect(fast, `stream ${i}`).toEqual(general)
    taken += fast?.received.length ?? 0
  }
  expect(taken).toBeGreaterThan(STREAMS)
}, 120_000)

let turn: Promise<unknown> = Promise.resolve()

/** One after the other: both worlds share the consumer. */
function sentAlone(world: World, stream: readonly Buffer[]): ReturnType<typeof sent> {
  const done = turn.then(() => sent(world, stream))
  turn = done.catch(() => {})
  return done
}
