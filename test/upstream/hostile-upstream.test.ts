// A broken or hostile upstream (bare sockets), for every way of forwarding: bounded time and memory, the right code, one
// record, nothing left over, never 200 for what was not done, and the next delivery passes.
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type RefusalCode, refusalRow } from '../../src/domain/refusals.ts'
import type { Exchange } from '../../src/lab/exchange.ts'
import { type RawUpstream, closedPort, startRawUpstream } from '../support/raw-upstream.ts'
import { expectRefusalAnswer } from '../support/refused.ts'
import { type Way, WAYS, expectQuiet, pathOf, startWorldOfWays } from '../support/routes.ts'
import { delivery, send } from '../support/sender.ts'
import type { World } from '../support/world.ts'
import {
  BROKEN_OFF,
  NOT_HTTP,
  NO_VERDICT,
  PUMPED,
  type Row,
  SILENT,
  type Streamed,
} from './hostile-answers.ts'

let upstream: RawUpstream
let world: World
beforeAll(async () => {
  upstream = await startRawUpstream()
  world = await startWorldOfWays(`${upstream.url}/hooks`)
})
afterEach(async () => {
  await expectQuiet(world, upstream)
  await upstream.reset()
  await expectDelivered(world)
  await upstream.reset()
})
afterAll(async () => {
  await world.end()
  await upstream.close()
})

async function expectDelivered(to: World): Promise<void> {
  for (const way of WAYS) {
    const { answers, error } = await send(to, [delivery({ path: pathOf(way) })])
    expect(answers[0]?.status, error).toBe(200)
  }
}

interface Sent {
  readonly exchange: Exchange
  /** The codes of the records it made. */
  readonly codes: readonly (RefusalCode | undefined)[]
}

/** Sends a delivery that way, and waits until all is quiet. */
async function deliver(way: Way, patience: 'long' | 'short' = 'long', to: World = world): Promise<Sent> {
  const before = to.records.length
  const exchange = await send(to, [delivery({ path: pathOf(way, patience) })])
  await expectQuiet(to, upstream)
  return { exchange, codes: to.records.slice(before).map(({ code }) => code) }
}

function expectOutcome({ exchange, codes }: Sent, expected: Streamed): void {
  if (typeof expected === 'string') {
    expect(codes).toEqual([expected])
    expectRefusalAnswer(exchange, expected)
    expect(refusalRow(expected).status).toBe(expected === 'UPSTREAM_TIMEOUT' ? 504 : 502)
  } else if ('passes' in expected) {
    expect(codes).toEqual([undefined])
    expect(exchange.answers.map(({ status }) => status)).toEqual([expected.passes])
  } else {
    // Half an answer is no answer: the connection ends in the middle of it.
    expect(codes).toEqual([expected.cut])
    expect(exchange.answers).toEqual([])
    expect(['closed', 'reset'], exchange.error).toContain(exchange.ended)
    expect(world.records.at(-1)).toMatchObject({ outcome: 'refused', gate: 'upstream', status: 200 })
  }
}

describe.each(WAYS)('%s: an upstream that', (way) => {
  const rows = [...SILENT, ...BROKEN_OFF, ...NOT_HTTP, ...NO_VERDICT].map((row): [string, Row] => [
    row.name,
    row,
  ])

  it.each(rows)('%s', async (_name, { behaviour, code, streamed = code, patience }) => {
    upstream.behave(behaviour)
    expectOutcome(await deliver(way, patience), way === 'unsigned' ? streamed : code)
    expect(upstream.connections).toBe(1)
  })

  it('refuses the connection', async () => {
    const refusing = await startWorldOfWays(`http://127.0.0.1:${await closedPort()}/`)
    try {
      expectOutcome(await deliver(way, 'long', refusing), 'UPSTREAM_UNREACHABLE')
    } finally {
      await refusing.end()
    }
  })
})

describe.each(WAYS)('%s: an upstream that sends', (way) => {
  // Streamed content has no bound of ours; test/upstream/unsigned.test.ts has that.
  const rows = PUMPED.filter(({ begins }) => way !== 'unsigned' || !begins).map(
    (row) => [row.name, row] as const,
  )

  it.each(rows)('%s is cut off', async (_name, { behaviour }) => {
    let written = 0
    upstream.behave({
      ...behaviour,
      onConnection: (socket) => socket.once('close', () => (written = socket.bytesWritten)),
    })
    expectOutcome(await deliver(way), 'UPSTREAM_PROTOCOL')
    // What both kernels buffer, and a little more.
    expect(written).toBeLessThan(64 * 1024 * 1024)
  })
})

// On a Unix socket: 3 MB are more than its buffers hold, where those of TCP may take them all.
describe('an upstream that answers before it read a delivery of 3 MB', () => {
  const body = Buffer.alloc(3 * 1024 * 1024, 0x20)
  let local: RawUpstream
  let behind: World
  let answered: Socket | undefined
  beforeAll(async () => {
    const path = join(world.directory, 'early.sock')
    local = await startRawUpstream({ path })
    behind = await startWorldOfWays(`${local.url}:/hooks`)
  })
  afterEach(async () => {
    await local.reset()
    await expectDelivered(behind)
    await local.reset()
  })
  afterAll(async () => {
    await behind.end()
    await local.close()
  })

  /** Answers as soon as the head is there, and reads no more for now. */
  const early = (answer: string) =>
    local.behave({
      onHead: (socket) => {
        answered = socket.pause()
        socket.write(answer)
      },
    })

  async function deliverMuch(way: Way): Promise<Sent> {
    const before = behind.records.length
    const exchange = await send(behind, [delivery({ path: pathOf(way), body })])
    // It reads on, and finds that the rest never comes.
    answered?.resume()
    await expectQuiet(behind, local)
    expect(local.connections).toBe(1)
    expect(local.requests.length).toBe(0)
    return { exchange, codes: behind.records.slice(before).map(({ code }) => code) }
  }

  it.each(['status', 'full'] as const)('%s: 200 acknowledges nothing', async (way) => {
    early('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
    expectOutcome(await deliverMuch(way), 'UPSTREAM_PROTOCOL')
  })

  it.each(['status', 'full'] as const)('%s: a refusal is passed on, the rest not sent', async (way) => {
    early('HTTP/1.1 413 Too Much\r\nContent-Length: 0\r\n\r\n')
    expectOutcome(await deliverMuch(way), { passes: 413 })
  })

  it.each([200, 413])(
    'unsigned: %i is passed on, the rest dropped, the connection closed',
    async (status) => {
      early(`HTTP/1.1 ${status} Early\r\nContent-Length: 2\r\n\r\nok`)
      const sent = await deliverMuch('unsigned')
      expectOutcome(sent, { passes: status })
      expect(sent.exchange.answers[0]?.body.toString()).toBe('ok')
      expect(sent.exchange.answers[0]?.fields.list('connection')).toEqual(['close'])
      expect(sent.exchange.closedAfter).toBe(true)
    },
  )
})
