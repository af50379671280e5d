// The lab: a gateway with every gate on, its own authorities, a sample consumer, and a sender that plays Meta. All of it
// on loopback and in one process; what it writes goes away with it.
import { loadConfig } from '../config/load.ts'
import { type CreateOptions, type RunningGateway, createGateway } from '../gateway/create.ts'
import { prettyLine } from '../observe/pretty.ts'
import type { Attack } from './attacks.ts'
import { type Consumer, startConsumer } from './consumer.ts'
import { handCommands } from './hand-commands.ts'
import { type Machine, freePort, inspectMachine } from './machine.ts'
import { LAB_LIMITS, LAB_PATH, type SetUp, setUp } from './set-up.ts'
import { Table, paint } from './table.ts'
import { type CaseResult, runTour } from './tour.ts'

export interface LabOptions {
  /** 0: any free one. */
  readonly port: number
  /** Take another port where this one is taken, and say so. */
  readonly portMayChange?: boolean
  /** Another consumer than the sample one: http://… */
  readonly upstream?: string
  /** End after the tour. */
  readonly once: boolean
  readonly out: (text: string) => void
  readonly width?: number
  readonly colours?: boolean
  /** How this program is called, for commands to paste. */
  readonly self?: string
  /** Ends the lab. */
  readonly stop?: AbortSignal
  /** For tests of the tour itself: other gates, or only some attacks. */
  readonly unsafePolicy?: NonNullable<CreateOptions['unsafePolicy']>
  readonly attacks?: readonly Attack[]
}

export interface LabOutcome {
  /** Every case that was played had its expected outcome. */
  readonly passed: boolean
  readonly results: readonly CaseResult[]
}

/** The port is taken. */
export class PortTaken extends Error {
  override readonly name = 'PortTaken'
}

/** Runs the lab until its tour is over (`once`) or until `stop`. @throws PortTaken, ConfigError. */
export async function runLab(options: LabOptions): Promise<LabOutcome> {
  const machine = await inspectMachine()
  const hosts = machine.ipv6 ? ['127.0.0.1', '::1'] : ['127.0.0.1']
  const port = await choosePort(options, hosts)
  const ends: (() => Promise<unknown>)[] = []
  try {
    return await withEverything({ ...options, port }, { machine, hosts, ends })
  } finally {
    for (const end of ends.toReversed()) await end()
  }
}

interface Around {
  readonly machine: Machine
  readonly hosts: readonly string[]
  /** What has to be ended, in the order it began. */
  readonly ends: (() => Promise<unknown>)[]
}

async function withEverything(options: LabOptions, { machine, hosts, ends }: Around): Promise<LabOutcome> {
  const { port, out, once, stop } = options
  const consumer = options.upstream === undefined ? await startConsumer() : undefined
  if (consumer !== undefined) ends.push(consumer.close)
  const upstream = options.upstream ?? `${consumer?.url ?? ''}/webhooks`
  const lab = await setUp({ upstream, listen: hosts.map((host) => addressText(host, port)) })
  ends.push(lab.remove)
  let live = false
  const gateway = await startGateway(lab, options, (line) => {
    if (live) out(prettyLine(line, { coloured: options.colours === true }))
  })
  ends.push(() => gateway.close())
  out(introduction(lab, options, upstream))
  const outcome = await tour({ options, lab, gateway, consumer, machine })
  if (once || stop?.aborted === true) return outcome
  live = true
  out(handCommands(lab, { port, self: options.self ?? 'hubgate', colours: options.colours === true }))
  await stopped(stop)
  out('\nThe lab ends; its directory is gone.\n')
  return outcome
}

async function startGateway(
  lab: SetUp,
  { unsafePolicy }: LabOptions,
  write: (line: string) => void,
): Promise<RunningGateway> {
  const loaded = loadConfig({ file: lab.config, env: {} })
  const gateway = await createGateway(loaded.config, {
    source: loaded,
    log: write,
    ...(unsafePolicy === undefined ? {} : { unsafePolicy }),
  })
  await gateway.listen()
  return gateway
}

interface TourInputs {
  readonly options: LabOptions
  readonly lab: SetUp
  readonly gateway: RunningGateway
  readonly consumer: Consumer | undefined
  readonly machine: Machine
}

async function tour({ options, lab, gateway, consumer, machine }: TourInputs): Promise<LabOutcome> {
  const { port, out, width = 120, colours = false, attacks, stop } = options
  const { authorities, client, ca, secret, previousSecret, verifyToken } = lab
  const table = new Table({ width, colours })
  const began = performance.now()
  const results = await runTour({
    gateway,
    consumer,
    machine,
    context: {
      dial: { host: '127.0.0.1', port, ca },
      authority: `localhost:${port}`,
      path: LAB_PATH,
      limits: LAB_LIMITS,
      client,
      authorities,
      secret,
      previousSecret,
      verifyToken,
    },
    onResult: (result) => out(table.add(result)),
    ...(attacks === undefined ? {} : { attacks }),
    ...(stop === undefined ? {} : { stop }),
  })
  out(table.summary(results, performance.now() - began))
  return { passed: results.every(({ verdict }) => verdict !== 'otherwise'), results }
}

async function choosePort(options: LabOptions, hosts: readonly string[]): Promise<number> {
  const { port, portMayChange = false, out } = options
  const wanted = await freePort(hosts, port)
  if (wanted !== undefined) return wanted
  const other = portMayChange ? await freePort(hosts, 0) : undefined
  if (other === undefined) throw new PortTaken(`port ${port} is taken`)
  out(`Port ${port} is taken; the lab takes ${other}.\n`)
  return other
}

function introduction(lab: SetUp, options: LabOptions, upstream: string): string {
  const { port, colours = false } = options
  const lines = [
    paint('hubgate lab', 'bold', colours),
    `  gateway   https://localhost:${port}${LAB_PATH}, every gate on`,
    ...(options.upstream === undefined
      ? [`  upstream  ${upstream} (a sample consumer)`]
      : [
          `  upstream  ${upstream} (yours)`,
          `  secret    ${lab.secret} (for your consumer to check signatures with)`,
        ]),
    `  files     ${lab.directory} (hubgate.yaml, certificates, keys; removed at the end)`,
  ]
  return `${lines.join('\n')}\n`
}

function addressText(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

function stopped(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) resolve()
    else signal?.addEventListener('abort', () => resolve(), { once: true })
  })
}
