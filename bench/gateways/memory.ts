// Scenes about memory: fresh processes of every contestant, and what they hold while connections stay open or bodies are under way.
import { type Benchmark, CheckFailed, type Context, type Outcome, type Row } from '../benchmark.ts'
import { Cleanup } from '../cleanup.ts'
import { judge } from '../goals.ts'
import { memoryOf } from '../process-tree.ts'
import { median, ratios, rounded } from '../statistics.ts'
import type { Contestant, Name } from './contestant.ts'
import { type Field, sharedField, startField } from './field.ts'
import { Lane, type Sent } from './lane.ts'
import { good } from './requests.ts'

export interface MemoryOptions {
  readonly name: string
  readonly title: string
  readonly contestants: readonly Name[]
  readonly connections: number
  /** Bytes of each body. */
  readonly size: number
  /** idle: each connection has had an answer, and has been quiet since. held: each is in the middle of a delivery, then all come to their end at once. */
  readonly while: 'idle' | 'held'
}

/** Milliseconds: until what is under way has arrived, and between two looks. */
const SETTLE = 400
const LOOK = 15
/** Milliseconds that idle connections have been quiet: what the burst before left is gone by then where it goes at all. */
const QUIET = 20_000
const FULL_ROUNDS = 2

export function memoryScene(options: MemoryOptions): Benchmark {
  const { name, title } = options
  return { name, title, run: (context) => run(options, context) }
}

/** Megabytes. */
interface Sample {
  readonly before: number
  /** Right after the last answer; of idle ones only. */
  readonly atOnce?: number
  readonly most: number
}

async function run(given: MemoryOptions, context: Context): Promise<Outcome> {
  const options = quickened(given, context)
  const { name, contestants, connections } = options
  const rounds = context.quick ? 1 : FULL_ROUNDS
  const taken = new Map<Name, Sample[]>()
  let last: Field | undefined
  for (let round = 0; round < rounds; round++) {
    // Fresh processes: memory that an earlier round took is not given back.
    const cleanup = new Cleanup()
    try {
      const field = context.quick
        ? await sharedField(context, {})
        : await startField({ ...context, cleanup }, { key: 'p-256', prefixes: 1_000, contestants })
      context.say(`${name}: round ${round + 1} of ${rounds}`)
      const there = field.contestants.filter((one) => contestants.includes(one.name))
      const loaded = []
      for (const contestant of there) {
        const inputs = { options, field, contestant, cleanup }
        loaded.push([
          contestant.name,
          await (options.while === 'idle' ? idle(inputs) : held(inputs)),
        ] as const)
      }
      if (options.while === 'idle') await pause(context.quick ? SETTLE : QUIET)
      for (const [one, told] of loaded) taken.set(one, [...(taken.get(one) ?? []), await told()])
      last = field
    } finally {
      await cleanup.run()
    }
  }
  const most = (samples: readonly Sample[]) => samples.map((one) => one.most)
  const [base = []] = taken.values()
  return {
    conditions: [
      options.while === 'idle'
        ? `${connections} kept connections, each after one delivery and ${QUIET / 1_000} s of quiet; memory of all its processes`
        : `${connections} deliveries at once, all but their ends sent, then those, too; the most memory of all its processes, looked at every ${LOOK} ms`,
      `${rounds} rounds of fresh processes, which the check before has sent up to 3 MB; what processes share counts once; ${context.cores.text}`,
    ],
    checked: last?.checked ?? [],
    leftOut: last?.leftOut ?? [],
    rows: [...taken].map(([contestant, samples]): Row => ({
      case: options.while === 'idle' ? `${connections} idle` : `${connections} × ${options.size / 1e6} MB`,
      contestant,
      unit: 'MB',
      median: rounded(median(most(samples))),
      ratio: ratios(most(samples), most(base)),
      more: {
        'MB before': rounded(median(samples.map(({ before }) => before))),
        ...(options.while === 'idle'
          ? { 'MB at once': rounded(median(samples.map(({ atOnce = 0 }) => atOnce))) }
          : {}),
      },
    })),
    goals: judge(name, new Map([...taken].map(([contestant, samples]) => [contestant, most(samples)]))),
  }
}

function quickened(options: MemoryOptions, { quick }: Context): MemoryOptions {
  return quick ? { ...options, connections: 8 } : options
}

interface Inputs {
  readonly options: MemoryOptions
  readonly field: Field
  readonly contestant: Contestant
  readonly cleanup: Cleanup
}

/** All of them are quiet at the same time. @returns what tells in the end. */
async function idle(inputs: Inputs): Promise<() => Promise<Sample>> {
  const { contestant } = inputs
  const { before, lane } = await open(inputs)
  await allCome(inputs, () => lane.send(inputs.options.connections))
  await pause(SETTLE)
  const atOnce = memoryOf(contestant.pid)
  return async () => {
    const most = memoryOf(contestant.pid)
    const { opened } = await allCome(inputs, () => lane.send(inputs.options.connections))
    if (opened > 0) throw new CheckFailed(`${contestant.name}: ${opened} idle connections did not stay`)
    await lane.end()
    return { before: before / 1e6, atOnce: atOnce / 1e6, most: most / 1e6 }
  }
}

async function held(inputs: Inputs): Promise<() => Promise<Sample>> {
  const { before, lane } = await open(inputs)
  let most = 0
  const look = () => (most = Math.max(most, memoryOf(inputs.contestant.pid)))
  const looking = setInterval(look, LOOK)
  try {
    await allCome(inputs, async () => {
      await lane.hold()
      await pause(SETTLE)
      return lane.release()
    })
  } finally {
    clearInterval(looking)
  }
  await lane.end()
  return () => Promise.resolve({ before: before / 1e6, most: most / 1e6 })
}

async function open({ options, field, contestant, cleanup }: Inputs) {
  const { connections, size } = options
  const before = memoryOf(contestant.pid)
  const requests = good(size, 1)(field.material)
  const lane = await Lane.open({ field, contestant, cleanup, mode: 'kept', connections, requests })
  return { before, lane }
}

/** One delivery on each connection. @throws CheckFailed where not each of them came through once. */
async function allCome({ contestant, options }: Inputs, send: () => Promise<Sent>): Promise<Sent> {
  const { name, received } = contestant
  const before = (await received()).requests
  const sent = await send()
  if ((await received()).requests - before !== options.connections)
    throw new CheckFailed(`${name}: not every delivery came through once`)
  return sent
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
