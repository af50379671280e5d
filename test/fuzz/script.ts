// What happens to one connection, step by step, and what came of it on one lane.
import type { Connection } from '../../src/gateway/connection.ts'
import { FastExchange } from '../../src/gateway/fast-exchange.ts'
import type { Kept, LaneWorld } from './lane-world.ts'
import type { Plan } from './played-upstream.ts'
import type { Kind, Reload } from './settings.ts'
import type { Wire } from './wire.ts'

export type Step =
  /** `breathe`: all that follows from it happens before the next step; otherwise that step's bytes come in the same turn. */
  | { readonly do: 'send'; readonly bytes: Buffer; readonly breathe: boolean }
  | { readonly do: 'answer' }
  | { readonly do: 'reload'; readonly to: Reload }
  /** `last`: also the call that ends who is idle still (gateway/create.ts). */
  | { readonly do: 'drain'; readonly last: boolean }
  /** The time for bodies under way passes. */
  | { readonly do: 'late' }
  | { readonly do: 'end' }
  | { readonly do: 'reset' }

export interface Script {
  readonly kind: Kind
  readonly steps: readonly Step[]
  readonly plans: readonly Plan[]
  /** Whether the upstream answers at once, or only when told. */
  readonly atOnce: boolean
  /** Bytes of bodies that fit in memory, where that is to be met. */
  readonly room: number | undefined
}

/** What can be seen from outside at one moment. */
export interface Seen {
  readonly said: string
  readonly over: boolean
  readonly upstream: readonly string[]
  readonly records: readonly Kept[]
}

export interface Outcome {
  readonly seen: Seen
  /** What was seen before each step that treats requests under way differently from requests yet to be read. */
  readonly before: ReadonlyMap<Step, Seen>
  /** The first of these steps with several requests under way at once, or with the client held back. */
  readonly turned: Step | undefined
  /** Whether several requests were ever under way at once. */
  readonly overlapped: boolean
  /** Deliveries at the upstream, and those of them that the fast lane took. */
  readonly sent: number
  readonly taken: number
  /** What must not be, in words. */
  readonly broken: readonly string[]
}

/** Moments at which it matters which requests have begun. */
const TURNING: ReadonlySet<Step['do']> = new Set(['reload', 'drain', 'late', 'end', 'reset'])

export async function play(world: LaneWorld, script: Script): Promise<Outcome> {
  world.reset(script.room)
  world.upstream.reset(script.plans, script.atOnce)
  const { connection, wire } = world.open()
  let overlapped = false
  const quick: FastExchange[] = []
  const add = connection.exchanges.add.bind(connection.exchanges)
  connection.exchanges.add = (exchange) => {
    overlapped ||= connection.exchanges.size > 0
    if (exchange instanceof FastExchange) quick.push(exchange)
    return add(exchange)
  }
  // Bytes that are no request count as one.
  let strayed = false
  world.onRecord = ({ gate }) => {
    strayed ||= gate === 'parser' && connection.exchanges.size > 0
    overlapped ||= strayed
  }
  await turn()
  const before = new Map<Step, Seen>()
  let turned: Step | undefined
  for (const step of script.steps) {
    if (TURNING.has(step.do)) {
      await turn()
      before.set(step, seenOf(world, wire))
      const several = connection.exchanges.size > (strayed ? 0 : 1)
      // Nor does a lane see an end while it has the client wait.
      if (several || wire.isPaused()) turned ??= step
    }
    await take(step, { world, connection, wire })
  }
  await turn()
  if (script.steps.at(-1)?.do !== 'reset') await answerAll(world)
  const seen = seenOf(world, wire)
  wire.finish()
  await turn()
  const broken = await brokenBy(world, connection, wire)
  // The general lane may have such an answer wait behind another that is not there yet.
  const unheard = ({ ending: { outcome, id } }: Kept) =>
    outcome === 'acknowledged' && quick.some((one) => one.id === id) && !wire.said.includes(id)
  if (world.records.some(unheard)) broken.push('a delivery is on record as acknowledged, and nobody was told')
  const taken = quick.filter(({ upstreamMs }) => upstreamMs !== undefined).length
  return { seen, before, turned, overlapped, sent: world.upstream.sent, taken, broken }
}

interface Stage {
  readonly world: LaneWorld
  readonly connection: Connection
  readonly wire: Wire
}

async function take(step: Step, { world, connection, wire }: Stage): Promise<void> {
  if (step.do === 'send') {
    wire.receive(step.bytes)
    if (step.breathe) await turn()
    return
  }
  await turn()
  if (step.do === 'answer') await answerAll(world)
  else if (step.do === 'reload') world.reload(step.to)
  else if (step.do === 'drain') drain({ world, connection, wire }, step.last)
  else if (step.do === 'end') wire.finish()
  else if (step.do === 'reset') wire.resetByClient()
  else for (const { deadline } of connection.exchanges) deadline.check(performance.now() + LATER)
  await turn()
}

/** Beyond limits.bodyTimeout. */
const LATER = 31_000

function drain({ world, connection }: Stage, last: boolean): void {
  world.draining = true
  if (last || !connection.invitesMore) connection.retire()
}

// An answer may let the next delivery go out, which waits then.
async function answerAll({ upstream }: LaneWorld): Promise<void> {
  while (upstream.waiting > 0) {
    upstream.answer()
    await turn()
  }
}

function seenOf(world: LaneWorld, wire: Wire): Seen {
  return {
    said: wire.said,
    over: wire.over || /\r\nConnection: close\r\n/.test(wire.said),
    upstream: [...world.upstream.log],
    records: [...world.records],
  }
}

async function brokenBy(world: LaneWorld, connection: Connection, wire: Wire): Promise<string[]> {
  if (!wire.destroyed) {
    wire.destroy()
    await turn()
  }
  const broken = world.faults.map(
    (error) => `a defect: ${error instanceof Error ? error.stack : String(error)}`,
  )
  if (world.budget.taken !== 0) broken.push(`${world.budget.taken} bytes of bodies stay in memory`)
  if (connection.exchanges.size > 0) broken.push(`${connection.exchanges.size} requests never end`)
  if (world.connections.size > 0) broken.push('the connection stays')
  if (world.takenDead > 0) broken.push('a dead connection was handed to the HTTP server, which keeps it')
  if (world.upstream.waiting > 0) broken.push('a delivery is under way that nobody waits for')
  if (world.upstream.spoilt > 0) broken.push('the memory of a delivery under way was used again')
  return broken
}

/** All that is due happens: nothing in a stream waits for a timer or a socket. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
