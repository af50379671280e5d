// hubgate as a contestant: as `hubgate serve` runs it, with its audit log into a pipe that is read, metrics and deadlines.
import { join } from 'node:path'
import { CheckFailed } from '../benchmark.ts'
import { metricsAt } from '../metrics.ts'
import { WatchedProcess } from '../watched-process.ts'
import { type Contestant, type Entry, type Surroundings, WHOLE_JOB } from './contestant.ts'
import { type ConfigOptions, writeConfig } from './material.ts'

type OwnName = 'hubgate' | 'hubgate, general lane'

export const hubgate: Entry = entry('hubgate', true)
export const generalLane: Entry = entry('hubgate, general lane', false)

function entry(name: OwnName, fastLane: boolean): Entry {
  return {
    name,
    missing: () => undefined,
    start: (surroundings) =>
      startHubgate(surroundings, { name, state: fastLane ? 'fast' : 'general', fastLane }),
  }
}

export interface HubgateOptions extends Omit<ConfigOptions, 'upstreamPort'> {
  readonly name: OwnName
}

export interface Hubgate extends Contestant {
  /** What its preload answers. */
  readonly ask: (question: string, given?: unknown) => Promise<unknown>
}

export async function startHubgate(
  { cores, cleanup, material, upstream }: Surroundings,
  { name, ...options }: HubgateOptions,
): Promise<Hubgate> {
  const { state } = options
  const config = await writeConfig(material, { ...options, upstreamPort: upstream.port })
  const log = new Log()
  const process = new WatchedProcess({
    name,
    script: ['dist/cli/main.js', 'serve', '-c', config],
    pin: cores.pin,
    env: { BENCH_SECRET: material.secret },
    onOutput: (chunk) => log.take(chunk),
  })
  cleanup.add(() => process.end())
  return {
    name,
    // Whichever comes first: it listens, or it ends with a reason.
    port: await Promise.race([log.port, process.ready.then(() => 0)]),
    pid: process.pid,
    ask: (question, given) => process.ask(question, given),
    duties: WHOLE_JOB,
    refusesAddresses: 'before TLS',
    received: upstream.received,
    records: () => log.lines,
    check: async () => {
      const { head } = await upstream.last()
      if (!/^hubgate-verified: source, certificate, signature\r?$/im.test(head))
        throw new CheckFailed(
          'the upstream was not told that source, certificate and signature were verified',
        )
      return [everyGateIsOn(await metricsAt(join(material.directory, `${state}.sock`)), name)]
    },
  }
}

function everyGateIsOn(metrics: string, name: string): string {
  const gates = [...metrics.matchAll(/^hubgate_gate_enforced\{gate="([^"]+)"\} (\d)$/gm)]
  const off = gates.filter(([, , enforced]) => enforced !== '1').map(([, gate]) => gate)
  if (gates.length === 0 || off.length > 0)
    throw new CheckFailed(`gates that are off: ${off.join(', ') || 'nothing is known of any'}`)
  return `${name}: its metrics say that all ${gates.length} gates are enforced`
}

/** Reads the gateway's log as its reader would: for the first line, and then only to count. */
class Log {
  readonly port: Promise<number>
  lines = 0
  #head = ''
  #found: ((port: number) => void) | undefined

  constructor() {
    this.port = new Promise((resolve) => {
      this.#found = resolve
    })
  }

  take(chunk: Buffer): void {
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) this.lines += 1
    if (this.#found === undefined) return
    this.#head += chunk.toString()
    const port = /"server\.address":\["127\.0\.0\.1:(\d+)"\]/.exec(this.#head)?.[1]
    if (port === undefined) return
    this.#found(Number(port))
    this.#found = undefined
  }
}
