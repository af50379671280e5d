// Who is measured: the floor, and the gateway as `hubgate serve` runs it. Each is a process of its own.
import { request } from 'node:http'
import { join } from 'node:path'
import { CheckFailed, type Context } from '../benchmark.ts'
import { WatchedProcess } from '../watched-process.ts'
import { type Material, writeConfig } from './material.ts'

export interface Contestant {
  readonly name: 'floor' | 'gateway'
  readonly process: WatchedProcess
  readonly port: number
  /** Requests and bytes of bodies that were really received: by the floor itself, or behind the gateway. */
  readonly received: () => Promise<Received>
}

export interface Received {
  readonly requests: number
  readonly bytes: number
}

export interface Gateway extends Contestant {
  readonly upstream: WatchedProcess
  /** Lines of its log so far: each request ended is one. */
  readonly records: () => number
  /** What /metrics says. */
  readonly metrics: () => Promise<string>
}

export async function startFloor({ cores, cleanup }: Context, { directory }: Material): Promise<Contestant> {
  const process = new WatchedProcess({
    name: 'floor',
    script: ['bench/programs/floor.mjs', directory],
    pin: cores.pin,
  })
  cleanup.add(() => process.end())
  return {
    name: 'floor',
    process,
    port: await readyPort(process),
    received: async () => (await process.ask('received')) as Received,
  }
}

/** With its upstream; its log goes into a pipe that is read and counted. */
export async function startGateway({ cores, cleanup }: Context, material: Material): Promise<Gateway> {
  const upstream = new WatchedProcess({ name: 'upstream', script: ['bench/programs/upstream.mjs'] })
  cleanup.add(() => upstream.end())
  const config = await writeConfig(material, await readyPort(upstream))
  const log = new Log()
  const process = new WatchedProcess({
    name: 'gateway',
    script: ['dist/cli/main.js', 'serve', '-c', config],
    pin: cores.pin,
    env: { BENCH_SECRET: material.secret },
    onOutput: (chunk) => log.take(chunk),
  })
  cleanup.add(() => process.end())
  return {
    name: 'gateway',
    process,
    upstream,
    // Whichever comes first: it listens, or it ends with a reason.
    port: await Promise.race([log.port, process.ready.then(() => 0)]),
    received: async () => (await upstream.ask('received')) as Received,
    records: () => log.lines,
    metrics: () => textOf(join(material.directory, 'admin.sock')),
  }
}

async function readyPort(process: WatchedProcess): Promise<number> {
  return ((await process.ready) as { port: number }).port
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

function textOf(socketPath: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path: '/metrics', timeout: 5_000 }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (part: string) => (text += part))
      response.once('end', () => resolve(text))
      response.once('error', reject)
    })
    asked.once('timeout', () => asked.destroy(new CheckFailed('the admin listener does not answer')))
    asked.once('error', reject)
    asked.end()
  })
}
