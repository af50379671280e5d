// The load's way to one contestant: one process with its connections, which sends the requests of one scene.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CheckFailed } from '../benchmark.ts'
import type { Cleanup } from '../cleanup.ts'
import { LineProcess } from '../line-process.ts'
import type { Contestant } from './contestant.ts'
import type { Field } from './field.ts'

/** kept: connections stay. fresh: each request has a new one. raw: TCP only, and the server ends it. */
export type Mode = 'kept' | 'fresh' | 'raw'

export interface Request {
  /** 0: anything but a 200. */
  readonly status: 200 | 0
  readonly bytes: Buffer
  /** Bytes of its body that have to come through; undefined where it is to be refused. */
  readonly body: number | undefined
}

export interface LaneOptions {
  readonly field: Pick<Field, 'material' | 'programs'>
  readonly contestant: Contestant
  readonly cleanup: Cleanup
  readonly mode: Mode
  readonly connections: number
  readonly requests: readonly Request[]
  /** To come from: an address, or ADDRESS/COUNT for so many in turn from there on. */
  readonly source?: string
  /** Connections that are busy at a time; all take their turn. Default: all. */
  readonly atOnce?: number
}

export interface Sent {
  /** Milliseconds until every answer was in, and of the load's own CPU time. */
  readonly ms: number
  readonly cpu: number
  /** Connections that had to be opened. */
  readonly opened: number
  /** Milliseconds from the first byte of a request, or the first packet of its connection, to its answer. */
  readonly p50: number
  readonly p99: number
}

let lanes = 0

export class Lane {
  readonly contestant: Contestant
  readonly #process: LineProcess
  readonly #requests: readonly Request[]
  readonly #atOnce: number | undefined

  private constructor({ contestant, requests, atOnce }: LaneOptions, process: LineProcess) {
    this.contestant = contestant
    this.#requests = requests
    this.#atOnce = atOnce
    this.#process = process
  }

  static async open(options: LaneOptions): Promise<Lane> {
    const { field, contestant, cleanup, mode, connections, requests, source = '-' } = options
    const { directory } = field.material
    const number = ++lanes
    const files = await Promise.all(
      requests.map(async ({ status, bytes }, index) => {
        const file = join(directory, `${number}-${index}.request`)
        await writeFile(file, bytes)
        return [`${status}`, file]
      }),
    )
    const place = [mode, `${contestant.port}`, `${connections}`, source]
    const identity = [join(directory, 'client.pem'), join(directory, 'client.key')]
    const command = [...field.programs.load, ...place, ...identity, ...files.flat()]
    const process = new LineProcess({ name: `load on ${contestant.name}`, command, cleanup })
    const lane = new Lane(options, process)
    await lane.#ask('open')
    return lane
  }

  /** @throws CheckFailed where an answer is not what it has to be. */
  async send(count: number): Promise<Sent> {
    return (await this.#ask(
      this.#atOnce === undefined ? `send ${count}` : `send ${count} ${this.#atOnce}`,
    )) as Sent
  }

  /** Sends all but the end of one request on each connection. */
  async hold(): Promise<void> {
    await this.#ask('hold')
  }

  async release(): Promise<Sent> {
    return (await this.#ask('release')) as Sent
  }

  end(): Promise<void> {
    return this.#process.end()
  }

  /** What has to come through when so many are sent: they are sent in turn, from the first on. */
  expected(count: number): { requests: number; bytes: number } {
    const all = { requests: 0, bytes: 0 }
    for (const [index, { body }] of this.#requests.entries()) {
      const times = Math.ceil(Math.max(0, count - index) / this.#requests.length)
      if (body === undefined) continue
      all.requests += times
      all.bytes += times * body
    }
    return all
  }

  async #ask(line: string): Promise<unknown> {
    try {
      return await this.#process.ask(line)
    } catch (error) {
      throw new CheckFailed(error instanceof Error ? error.message : String(error))
    }
  }
}
