// One scene: the same requests to every contestant in turn, round by round, and what CPU time each took.
import type { Benchmark, Context, Outcome, Row } from '../benchmark.ts'
import { judge } from '../goals.ts'
import { median, ratios, rounded } from '../statistics.ts'
import type { Contestant, Name } from './contestant.ts'
import { type Field, sharedField } from './field.ts'
import { Lane, type Mode, type Request } from './lane.ts'
import type { KeyKind, Material } from './material.ts'
import { type Sample, Window, everyOneIsRecorded } from './window.ts'

/** Times in milliseconds. */
const FULL = { rounds: 7, warmUp: 1_000, window: 400 } as const
/** While the others have their turns a process rests, and V8 takes that for a time to collect garbage and to forget code. */
const STEADY = { rounds: 7, warmUp: 3_000, window: 800 } as const
const QUICK = { rounds: 1, warmUp: 0, window: 0 } as const

export interface Case {
  readonly name: string
  /** Default: 1,000. */
  readonly prefixes?: number
  /** Of the servers. Default: P-256. */
  readonly key?: KeyKind
  readonly requests: (material: Material) => Request[]
}

export interface SceneOptions {
  readonly name: string
  readonly title: string
  readonly contestants: readonly Name[]
  readonly cases: readonly Case[]
  /** refused: from an address outside the list. */
  readonly mode: 'kept' | 'fresh' | 'refused'
  readonly connections: number
  /** Requests of a stretch at least, where no time is given. Default: 64. */
  readonly few?: number
  /** Whether it is compared most closely: it has longer stretches. */
  readonly steady?: boolean
  /** What is judged. Default: cpu. */
  readonly figure?: 'cpu' | 'p50'
}

export function scene(options: SceneOptions): Benchmark {
  const { name, title } = options
  return { name, title, run: (context) => run(options, context) }
}

type Taken = ReadonlyMap<Window, Sample[]>

async function run(options: SceneOptions, context: Context): Promise<Outcome> {
  const outcomes: Outcome[] = []
  for (const one of options.cases) outcomes.push(await runCase(options, one, context))
  const [first] = outcomes
  return {
    conditions: first?.conditions ?? [],
    checked: [...new Set(outcomes.flatMap(({ checked }) => checked))],
    leftOut: [...new Set(outcomes.flatMap(({ leftOut = [] }) => leftOut))],
    rows: outcomes.flatMap(({ rows }) => rows),
    goals: outcomes.flatMap(({ goals = [] }) => goals),
  }
}

async function runCase(options: SceneOptions, one: Case, context: Context): Promise<Outcome> {
  const { name, figure = 'cpu', steady = false } = options
  const { rounds, warmUp, window } = context.quick ? QUICK : steady ? STEADY : FULL
  const field = await sharedField(context, one)
  const windows = await windowsOf({ options, one, field, context })
  const records = new Map(windows.map(({ contestant }) => [contestant, contestant.records?.() ?? 0]))
  for (const each of windows) {
    context.say(`${name}: warming up ${each.contestant.name}`)
    await each.warmUp({ warmUp, window })
  }
  const taken: Taken = new Map(windows.map((each) => [each, []]))
  for (let round = 0; round < rounds; round++) {
    context.say(`${name}: round ${round + 1} of ${rounds}`)
    for (const [each, samples] of taken) samples.push(await each.measure())
  }
  if (options.mode === 'kept')
    for (const { contestant, sent } of windows)
      await everyOneIsRecorded(contestant, (records.get(contestant) ?? 0) + sent)
  for (const each of windows) await each.end()
  const series = new Map(
    [...taken].map(([{ contestant }, samples]) => [contestant.name as string, samples.map((s) => s[figure])]),
  )
  const busiest = Math.max(...[...taken.values()].flat().map(({ loadBusy }) => loadBusy))
  return {
    conditions: [
      `${conditionsOf(options)}; ${context.cores.text}`,
      `${rounds} rounds of all contestants in turn, ${context.quick ? 'a few requests' : `about ${window / 1_000} s`} each after a warm-up; ratios are of the same round`,
      `${field.programs.text}; the load itself was busy for ${rounded(busiest)} of its core at most`,
    ],
    checked: field.checked,
    leftOut: field.leftOut.filter((line) =>
      options.contestants.some((each) => line.startsWith(`${each} is`)),
    ),
    rows: windows.map((each) => row(each, { taken, about: one.name, figure })),
    goals: judge(name, series),
  }
}

function conditionsOf({ mode, connections }: SceneOptions): string {
  const each = connections === 1 ? 'one connection' : `${connections} connections`
  const spoken = 'TLS 1.3 with AES-128-GCM, client certificate'
  if (mode === 'kept') return `${each}, kept, one request at a time on each; ${spoken}`
  if (mode === 'fresh') return `a connection for each request, ${connections} at a time; ${spoken}`
  return `from an address outside the list, ${connections} at a time; who refuses it before TLS never gets a handshake`
}

interface WindowInputs {
  readonly options: SceneOptions
  readonly one: Case
  readonly field: Field
  readonly context: Context
}

async function windowsOf({ options, one, field, context }: WindowInputs): Promise<Window[]> {
  const { mode, connections, few = 64 } = options
  const { cleanup } = context
  const requests = one.requests(field.material)
  const there = field.contestants.filter(({ name }) => options.contestants.includes(name))
  return Promise.all(
    there.map(async (contestant) => {
      const how = { field, contestant, cleanup, connections, requests, mode: modeFor(contestant, mode) }
      return new Window(await Lane.open(mode === 'refused' ? { ...how, source: '127.0.0.2' } : how), few)
    }),
  )
}

function modeFor({ refusesAddresses }: Contestant, mode: SceneOptions['mode']): Mode {
  if (mode !== 'refused') return mode
  return refusesAddresses === 'before TLS' ? 'raw' : 'fresh'
}

interface RowInputs {
  readonly taken: Taken
  readonly about: string
  readonly figure: 'cpu' | 'p50'
}

function row(window: Window, { taken, about, figure }: RowInputs): Row {
  const own = taken.get(window) ?? []
  const [base = []] = taken.values()
  const of = (samples: readonly Sample[], name: keyof Sample) => samples.map((sample) => sample[name])
  const middle = (name: keyof Sample) => rounded(median(of(own, name)))
  return {
    case: about,
    contestant: window.contestant.name,
    unit: 'µs',
    median: middle(figure),
    ratio: ratios(of(own, figure), of(base, figure)),
    more: {
      ...(figure === 'cpu' ? {} : { 'CPU µs': middle('cpu') }),
      'requests/s': Math.round(middle('perSecond')),
      'p50 µs': middle('p50'),
      'p99 µs': middle('p99'),
      'core busy': middle('busy'),
    },
  }
}
