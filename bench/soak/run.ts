// A soak from start to end: what the gateway can take is measured, then 70 % of that for as long as was asked for, with everything
// that happens to a gateway meanwhile; then the books are closed.
import type { Cleanup } from '../cleanup.ts'
import { type Cores, claimCores } from '../cores.ts'
import { demandLinux } from '../gateways/field.ts'
import { makeMaterial } from '../gateways/material.ts'
import { startUpstream } from '../gateways/upstream.ts'
import { makePrograms } from '../native.ts'
import { cpuOf, descriptorsOf } from '../process-tree.ts'
import { BadConnections } from './bad-connections.ts'
import { Book } from './book.ts'
import { Bulk } from './bulk.ts'
import { Consumer } from './consumer.ts'
import { Gateway } from './gateway.ts'
import type { SoakOptions } from './options.ts'
import { type Flat, type Judgement, SPARE_DESCRIPTORS, judgeEnd, judgeFlat } from './rules.ts'
import { Sender } from './sender.ts'
import { LOOKS, type Minute, Watch } from './watch.ts'

/** Of what it can take. */
export const LOAD = 0.7
/** A second, of what is tracked and what has connections of its own. The rest is bulk. */
const TRACKED = 300

/** Milliseconds. A short run measures less, and changes things more often. */
interface Times {
  readonly whole: number
  /** Uncounted, then counted. */
  readonly warmUp: number
  readonly calibration: number
  readonly minute: number
  readonly betweenReloads: number
  readonly betweenRestarts: number
  /** How long the consumer is away at most. */
  readonly away: number
}

/** Until everything under way has ended. */
const QUIET_WITHIN = 30_000

/** What is noise is little beside a leak: at 1,000 requests a second 18 bytes of each are 16 MB in a quarter of an hour. */
const FLAT: readonly (Flat & { readonly of: 'resident' | 'heap' | 'descriptors' | 'handles' })[] = [
  { of: 'resident', name: 'resident memory', unit: 'MB', slack: 16 },
  { of: 'heap', name: 'heap in use', unit: 'MB', slack: 6 },
  { of: 'descriptors', name: 'the number of open descriptors', unit: 'descriptors', slack: 10 },
  { of: 'handles', name: "the number of the event loop's handles", unit: 'handles', slack: 10 },
]

export interface Soaked {
  readonly minutes: readonly Minute[]
  /** A second: what it took with all connections busy, on how many cores, and what it was sent. */
  readonly capacity: number
  readonly capacityCores: number
  readonly rate: number
  readonly badConnections: Readonly<Record<string, number>>
  /** What tries of tracked deliveries were answered, by status. */
  readonly answers: Readonly<Record<string, number>>
  readonly rules: readonly Judgement[]
  readonly broken: readonly string[]
}

export interface Surroundings {
  readonly cleanup: Cleanup
  readonly say: (line: string) => void
  readonly onMinute: (minute: Minute) => void
}

export async function soak(options: SoakOptions, { cleanup, say, onMinute }: Surroundings): Promise<Soaked> {
  demandLinux()
  const times = timesOf(options.minutes * 60_000)
  const world = await startWorld(options, { cleanup, say })
  const { gateway, consumer, sender, bulk, bad, book, before } = world
  const { capacity, cores } = await calibrated(world, times)
  const rate = Math.max(TRACKED, capacity * LOAD)
  say(
    `${Math.round(capacity)} requests and bad connections a second keep it busy on ${cores.toFixed(2)} cores; sending ${Math.round(rate)}`,
  )
  // Above nothing, or it would end.
  bulk.pace(Math.max(1, rate - TRACKED))
  const minutes = await during(world, { times, onMinute })
  sender.pace(undefined)
  const difference = await bulk.close()
  await bulk.end()
  const isOver = () => book.open === 0 && sender.isQuiet && bad.open === 0
  await until(() => gateway.died !== undefined || isOver())
  sender.end()
  bad.end()
  const died = gateway.died
  const left = () => descriptorsOf(gateway.pid)
  await until(() => died !== undefined || left() <= before + SPARE_DESCRIPTORS)
  const end = {
    count: book.count,
    open: book.open,
    bulk: { good: bulk.good, failed: bulk.failed, ...difference },
    admitted: sender.admitted + bad.admitted,
    reloads: gateway.reloads,
    descriptors: { before, after: left() },
    died,
  }
  await consumer.stop('killed')
  const flat = FLAT.map(({ of, ...rule }) =>
    judgeFlat(
      minutes.map((minute) => ({ at: minute.at, value: minute[of] })),
      rule,
    ),
  )
  const rules = [...judgeEnd(end), ...flat]
  const broken = rules
    .filter(({ state }) => state === 'broken')
    .map(({ rule, detail }) => `${rule}: ${detail}`)
  const badConnections = Object.fromEntries(bad.made)
  return {
    minutes,
    capacity,
    capacityCores: cores,
    rate,
    badConnections,
    answers: book.answers,
    rules,
    broken,
  }
}

interface World {
  readonly book: Book
  readonly consumer: Consumer
  readonly gateway: Gateway
  readonly bad: BadConnections
  readonly sender: Sender
  readonly bulk: Bulk
  /** Descriptors of the gateway without load. */
  readonly before: number
}

async function startWorld(
  { workers }: SoakOptions,
  { cleanup, say }: Pick<Surroundings, 'cleanup' | 'say'>,
): Promise<World> {
  // Several workers need the cores that there are.
  const cores: Cores = workers === undefined ? claimCores() : { pin: [], text: 'nothing is pinned' }
  const material = await makeMaterial(cleanup)
  const book = new Book()
  const consumer = new Consumer((tag, body) => book.arrived(tag, body))
  await consumer.start()
  cleanup.add(() => consumer.stop('killed'))
  const programs = makePrograms(cleanup, say)
  const upstream = await startUpstream(programs, cleanup)
  const ports = { consumerPort: consumer.port, upstreamPort: upstream.port }
  const gateway = new Gateway({ material, cleanup, cores, workers, ...ports })
  await gateway.start()
  const { port, secrets } = gateway
  const bad = new BadConnections({ port, material, foreign: () => gateway.foreign })
  const sender = new Sender({ port, material, book, secrets, misbehave: () => bad.one() })
  gateway.inUse = (secret) => sender.uses(secret)
  cleanup.add(async () => {
    sender.end()
    bad.end()
  })
  // Without any connection, as at the end.
  const before = descriptorsOf(gateway.pid)
  const bulk = await Bulk.open({ port, pid: gateway.pid, material, programs, upstream, cleanup })
  return { book, consumer, gateway, bad, sender, bulk, before }
}

function timesOf(whole: number): Times {
  const isShort = whole < 60_000
  return {
    whole,
    warmUp: isShort ? 500 : 5_000,
    calibration: isShort ? 500 : 5_000,
    // Thirty at least, so that a line can be fitted; in a short run as many as there is time for.
    minute: Math.min(60_000, Math.max(1_000, whole / 30)),
    betweenReloads: isShort ? 300 : 3_000,
    betweenRestarts: isShort ? 1_000 : 15_000,
    away: isShort ? 200 : 600,
  }
}

async function calibrated(
  { sender, bulk, gateway }: World,
  { warmUp, calibration }: Times,
): Promise<{ capacity: number; cores: number }> {
  sender.pace(TRACKED)
  bulk.pace(Infinity)
  await waited(warmUp)
  const all = () => sender.sent + bulk.sent
  const [sent, cpu, began] = [all(), cpuOf(gateway.pid), performance.now()]
  await waited(calibration)
  const seconds = (performance.now() - began) / 1_000
  return {
    capacity: (all() - sent) / seconds,
    cores: (cpuOf(gateway.pid) - cpu) / 1e6 / seconds,
  }
}

interface During {
  readonly times: Times
  readonly onMinute: (minute: Minute) => void
}

/** Reloads, restarts and looks, side by side, until the time is over or the gateway is gone. */
async function during(world: World, { times, onMinute }: During): Promise<Minute[]> {
  const { gateway, consumer, sender, bulk, book } = world
  const deadline = performance.now() + times.whole
  const isOver = () =>
    performance.now() >= deadline || gateway.died !== undefined || bulk.failed !== undefined
  const watch = new Watch(gateway, () => ({
    sent: sender.sent + bulk.sent,
    bad: sender.bad + bulk.sent - bulk.good,
    acknowledged: book.count.acknowledged + bulk.good,
    count: book.count,
    reloads: gateway.reloads.taken,
    restarts: consumer.restarts,
  }))
  const minutes: Minute[] = []
  const looking = async () => {
    while (!isOver()) {
      for (let look = 0; look < LOOKS && !isOver(); look++) {
        await waited(times.minute / LOOKS)
        await watch.look()
      }
      const minute = watch.minute()
      if (minute === undefined) continue
      minutes.push(minute)
      onMinute(minute)
    }
  }
  const reloading = async () => {
    for (let turn = 0; !isOver(); turn++) {
      await waited(times.betweenReloads)
      await gateway.changes[turn % gateway.changes.length]?.()
    }
  }
  const restarting = async () => {
    while (!isOver()) {
      await waited(times.betweenRestarts)
      await consumer.stop(consumer.restarts % 2 === 0 ? 'killed' : 'stopped')
      await waited(Math.random() * times.away)
      await consumer.start()
      consumer.restarts += 1
    }
  }
  await Promise.all([looking(), reloading(), restarting()])
  return minutes
}

async function until(isDone: () => boolean): Promise<void> {
  const deadline = performance.now() + QUIET_WITHIN
  while (!isDone() && performance.now() < deadline) await waited(50)
}

function waited(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
