// Benchmark: CPU time of the gateway for one verified delivery, against a bare https server that only reads and answers.
import { type Benchmark, CheckFailed, type Context, type Outcome, type Row } from '../benchmark.ts'
import { median, ratios, rounded } from '../statistics.ts'
import { WatchedProcess } from '../watched-process.ts'
import { TLS, checkGateway, checkServer } from './checks.ts'
import { type Contestant, type Gateway, startFloor, startGateway } from './contestants.ts'
import { type Delivery, type Material, SIZES, deliveriesOf, makeMaterial } from './material.ts'
import { type Sample, Window } from './window.ts'

const CONNECTIONS = 32
/** Times in milliseconds. */
const FULL = { rounds: 9, warmUp: 2_000, window: 1_000 } as const
const QUICK = { rounds: 2, warmUp: 0, window: 0 } as const

export const deliveries: Benchmark = {
  name: 'deliveries',
  title: 'One verified delivery: CPU time of the server process a request',
  run,
}

/** Everything that is running. */
interface Field {
  readonly material: Material
  readonly load: WatchedProcess
  readonly floor: Contestant
  readonly gateway: Gateway
  /** By the name of their size. */
  readonly deliveries: ReadonlyMap<string, readonly Delivery[]>
}

async function run(context: Context): Promise<Outcome> {
  const { quick, cores, say } = context
  const { rounds, warmUp, window } = quick ? QUICK : FULL
  const field = await start(context)
  say('deliveries: checking floor and gateway')
  const checked = await check(field)
  const records = field.gateway.records()
  const spoken = await connect(field)
  const windows = windowsOf(field)
  for (const one of windows) {
    say(`deliveries: warming up ${one.contestant.name} with ${one.size}`)
    await one.warmUp({ warmUp, window })
  }
  const samples = new Map<Window, Sample[]>(windows.map((one) => [one, []]))
  for (let round = 0; round < rounds; round++) {
    say(`deliveries: round ${round + 1} of ${rounds}`)
    for (const [one, taken] of samples) taken.push(await one.measure())
  }
  const sent = windows.reduce(
    (sum, { contestant, sent }) => sum + (contestant === field.gateway ? sent : 0),
    0,
  )
  await everyOneIsRecorded(field.gateway, records + sent)
  return {
    conditions: [
      `${CONNECTIONS} kept connections, one request at a time on each; ${spoken}, client certificate; ${cores.text}`,
      `${rounds} rounds of floor and gateway in turn, ${quick ? 'a few requests' : `about ${window / 1_000} s`} each after a warm-up; ratios are of the same round`,
      'floor: a bare Node https server with client certificates that reads the body and answers 200; it proxies nothing',
      'gateway: hubgate serve with every gate, audit log into a pipe that is read, metrics and deadlines, before an upstream that reads and answers 200',
    ],
    checked: [
      ...checked,
      'every timed answer was an empty 200; every timed request came through whole and once, behind the gateway with its audit record',
    ],
    rows: windows.map((one) => row(one, samples)),
  }
}

async function start(context: Context): Promise<Field> {
  const { cleanup } = context
  const material = await makeMaterial(cleanup)
  const load = new WatchedProcess({ name: 'load', script: ['bench/programs/load.mjs'] })
  cleanup.add(() => load.end())
  const floor = await startFloor(context, material)
  const gateway = await startGateway(context, material)
  const sizes = Object.entries(SIZES).map(
    ([name, bytes]) => [name, deliveriesOf(bytes, material.secret)] as const,
  )
  return { material, load, floor, gateway, deliveries: new Map(sizes) }
}

async function check({ material, floor, gateway, deliveries }: Field): Promise<string[]> {
  const oneOfEach = [...deliveries.values()].flatMap((some) => some.slice(0, 1))
  return [
    ...(await checkServer({ contestant: floor, material, deliveries: oneOfEach })),
    ...(await checkServer({ contestant: gateway, material, deliveries: oneOfEach })),
    ...(await checkGateway({ contestant: gateway, material, deliveries: oneOfEach })),
  ]
}

/** Opens the kept connections. @returns the protocol and cipher. @throws CheckFailed where they are not the same for both. */
async function connect({ load, material, floor, gateway, deliveries }: Field): Promise<string> {
  const { ca, client } = material
  const spoken = new Set<string>()
  for (const { name, port } of [floor, gateway]) {
    const dial = { host: '127.0.0.1', port, ca, cert: client.certificate, key: client.key, ...TLS }
    const opened = await load.ask('open', { name, dial, connections: CONNECTIONS })
    const { protocol, cipher } = opened as { protocol: string; cipher: string }
    spoken.add(`${protocol} ${cipher}`)
    for (const [size, some] of deliveries)
      await load.ask('prepare', { name, size, requests: some.map(({ bytes }) => bytes.toString('base64')) })
  }
  if (spoken.size !== 1) throw new CheckFailed(`not the same TLS: ${[...spoken].join(', ')}`)
  return [...spoken].join('')
}

function windowsOf({ load, floor, gateway }: Field): Window[] {
  return Object.entries(SIZES).flatMap(([size, bytes]) =>
    [floor, gateway].map((contestant) => new Window({ load, contestant, size, bytes })),
  )
}

/** The log is written in the background, so the last lines may take a moment. @throws CheckFailed */
async function everyOneIsRecorded(gateway: Gateway, expected: number): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if (gateway.records() >= expected) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new CheckFailed(`gateway: ${expected - gateway.records()} deliveries have no audit record`)
}

function row(window: Window, samples: ReadonlyMap<Window, readonly Sample[]>): Row {
  const own = samples.get(window) ?? []
  const [, base = []] = [...samples].find(([other]) => other.size === window.size) ?? []
  const cpu = (taken: readonly Sample[]) => taken.map(({ microseconds }) => microseconds)
  return {
    case: window.size,
    contestant: window.contestant.name,
    unit: 'µs',
    median: rounded(median(cpu(own))),
    ratio: ratios(cpu(own), cpu(base)),
    more: {
      'requests/s': Math.round(median(own.map(({ perSecond }) => perSecond))),
      'core busy': rounded(median(own.map(({ busy }) => busy))),
    },
  }
}
