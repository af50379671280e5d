// Scenes about memory: fresh processes of every contestant, and what they hold while connections stay open or bodies are under way.
import { type Benchmark, CheckFailed, type Context, type Outcome, type Row } from '../benchmark.ts'
import { Cleanup } from '../cleanup.ts'
import { judge } from '../goals.ts'
import { memoryOf } from '../process-tree.ts'
import { median, ratios, rounded } from '../statistics.ts'
import type { Contestant, Name } from './contestant.ts'
import { type Field, sharedField, startField } from './field.ts'
import { Lane } from './lane.ts'
import { good } from './requests.ts'

export interface MemoryOptions {
  readonly name: string
  readonly title: string
  readonly contestants: readonly Name[]
  readonly connections: number
  /** Bytes of each body. */
  readonly size: number
  /** idle: each connection has had an answer. held: each is in the middle of a delivery, then all come to their end at once. */
  readonly while: 'idle' | 'held'
}

/** Milliseconds: until what is under way has arrived, and between two looks. */
const SETTLE = 400
const LOOK = 15
const FULL_ROUNDS = 2

export function memoryScene(options: MemoryOptions): Benchmark {
  const { name, title } = options
  return { name, title, run: (context) => run(options, context) }
}

/** Megabytes. */
interface Sample {
  readonly before: number
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
      for (const contestant of field.contestants.filter((one) => contestants.includes(one.name))) {
        const samples = taken.get(contestant.name) ?? []
        taken.set(contestant.name, samples)
        samples.push(await sample({ options, field, contestant, cleanup }))
      }
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
        ? `${connections} kept connections, each after one delivery; memory of all its processes`
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
      more: { 'MB before': rounded(median(samples.map(({ before }) => before))) },
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

async function sample({ options, field, contestant, cleanup }: Inputs): Promise<Sample> {
  const { connections, size } = options
  const { pid, received, name } = contestant
  const before = memoryOf(pid)
  const already = (await received()).requests
  const requests = good(size, 1)(field.material)
  const lane = await Lane.open({ field, contestant, cleanup, mode: 'kept', connections, requests })
  let most = 0
  if (options.while === 'idle') {
    await lane.send(connections)
    await settled()
    most = memoryOf(pid)
  } else {
    const looking = setInterval(() => (most = Math.max(most, memoryOf(pid))), LOOK)
    try {
      await lane.hold()
      await settled()
      await lane.release()
    } finally {
      clearInterval(looking)
    }
  }
  if ((await received()).requests - already !== connections)
    throw new CheckFailed(`${name}: not every delivery came through once`)
  await lane.end()
  return { before: before / 1e6, most: most / 1e6 }
}

function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, SETTLE))
}
