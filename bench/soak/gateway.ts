// The gateway that is soaked: its process, its configuration, and one change of it after another, each taken over before the next.
import { randomBytes } from 'node:crypto'
import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Cleanup } from '../cleanup.ts'
import type { Cores } from '../cores.ts'
import { type Material, writeConfig } from '../gateways/material.ts'
import { metricsAt } from '../metrics.ts'
import { samplePrefixes } from '../prefix-sample.ts'
import { WatchedProcess } from '../watched-process.ts'
import { TRACKED } from './deliveries.ts'
import type { Secrets } from './sender.ts'

const STATE = 'soak'
const LIST = 'soak.txt'
const PREFIXES = 1_000
/** Milliseconds in which a reload is taken over, and what is under way is answered. */
const TAKEN_WITHIN = 10_000
/** Milliseconds for connections that were begun under the old list to be judged by it. */
const SETTLE = 500

/** Never in the list, and in it at times. */
const STRANGER = '127.0.0.2'
const GUEST = '127.0.0.3'

export interface GatewayOptions {
  readonly material: Material
  readonly cleanup: Cleanup
  readonly cores: Cores
  /** Of what is tracked, and of the bulk. */
  readonly consumerPort: number
  readonly upstreamPort: number
  readonly workers: number | 'auto' | undefined
}

export class Gateway {
  port = 0
  /** What the sender has to know. */
  readonly secrets: Secrets
  foreign: readonly string[] = [STRANGER, GUEST]
  /** Whether something is under way that was signed with a secret. */
  inUse: (secret: string) => boolean = () => false
  readonly reloads = { taken: 0, failed: 0 }
  /** Why it ended; undefined while it runs. */
  died: string | undefined
  readonly #options: GatewayOptions
  readonly #log = new Log()
  #process: WatchedProcess | undefined
  #added: string | undefined

  constructor(options: GatewayOptions) {
    this.#options = options
    this.secrets = { valid: newSecret(), retired: undefined }
  }

  get pid(): number {
    return this.#process?.pid ?? 0
  }

  async start(): Promise<void> {
    const { material, cores, cleanup } = this.#options
    await this.#writeList([])
    const process = new WatchedProcess({
      name: 'hubgate',
      script: ['dist/cli/main.js', 'serve', '-c', await this.#write([this.secrets.valid])],
      pin: cores.pin,
      env: { BENCH_SECRET: material.secret },
      onOutput: (chunk) => this.#log.take(chunk),
    })
    this.#process = process
    cleanup.add(() => process.end())
    const ended = process.ended.then((error) => {
      this.died = error.message
      throw error
    })
    ended.catch(() => {})
    this.port = await Promise.race([this.#log.port, ended])
  }

  metrics(): Promise<string> {
    return metricsAt(join(this.#options.material.directory, `${STATE}.sock`))
  }

  /** The steps of one round: a new secret, a longer list, the old secret gone, the list as it was. */
  readonly changes: readonly (() => Promise<void>)[] = [
    async () => {
      const added = newSecret()
      this.secrets.retired = undefined
      const isTaken = await this.#reload(() => this.#write([added, this.secrets.valid]))
      this.#added = isTaken ? added : undefined
    },
    async () => {
      this.foreign = [STRANGER]
      await new Promise((resolve) => setTimeout(resolve, SETTLE))
      await this.#reload(() => this.#writeList([`${GUEST}/32`]))
    },
    async () => {
      const added = this.#added
      // Where the gateway did not take it, nothing is signed with it: that it failed is counted.
      if (added === undefined) return
      const retired = this.secrets.valid
      // Meta signs with the new one from now on, and the old one goes when nothing signed with it is under way.
      this.secrets.valid = added
      await until(() => !this.inUse(retired))
      if (await this.#reload(() => this.#write([added]))) this.secrets.retired = retired
    },
    async () => {
      if (await this.#reload(() => this.#writeList([]))) this.foreign = [STRANGER, GUEST]
    },
  ]

  async #reload(change: () => Promise<unknown>): Promise<boolean> {
    const { taken, refused } = this.#log
    await change()
    if (this.died === undefined) process.kill(this.pid, 'SIGHUP')
    await until(() => this.#log.taken > taken || this.#log.refused > refused)
    const isTaken = this.#log.taken > taken && this.#log.refused === refused
    this.reloads[isTaken ? 'taken' : 'failed'] += 1
    return isTaken
  }

  #write(secrets: readonly string[]): Promise<string> {
    const { material, consumerPort, upstreamPort, workers } = this.#options
    const more = [{ path: TRACKED, upstreamPort: consumerPort, secrets }]
    const options = { state: STATE, fastLane: true, upstreamPort, more, allowlist: LIST }
    return writeConfig(material, workers === undefined ? options : { ...options, workers })
  }

  /** In one step, as those do who keep such files: it is watched. */
  async #writeList(more: readonly string[]): Promise<void> {
    const file = join(this.#options.material.directory, LIST)
    const prefixes = ['127.0.0.1/32', ...samplePrefixes(PREFIXES), ...more]
    await writeFile(`${file}.new`, prefixes.join('\n'))
    await rename(`${file}.new`, file)
  }
}

/** Reads the gateway's log: for its port, and then for how reloads went. */
class Log {
  readonly port: Promise<number>
  taken = 0
  refused = 0
  #tail = Buffer.alloc(0)
  #found: ((port: number) => void) | undefined

  constructor() {
    this.port = new Promise((resolve) => (this.#found = resolve))
  }

  take(chunk: Buffer): void {
    const lines = Buffer.concat([this.#tail, chunk])
    const end = lines.lastIndexOf(10) + 1
    this.#tail = lines.subarray(end)
    const whole = lines.subarray(0, end)
    this.taken += countOf(whole, '"hubgate.config.reloaded"')
    this.refused += countOf(whole, '"hubgate.config.refused"')
    const port = /"server\.address":\["127\.0\.0\.1:(\d+)"\]/
    const listening = this.#found === undefined ? undefined : port.exec(whole.toString())?.[1]
    if (listening === undefined) return
    this.#found?.(Number(listening))
    this.#found = undefined
  }
}

async function until(isDone: () => boolean): Promise<void> {
  const deadline = performance.now() + TAKEN_WITHIN
  while (!isDone() && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20))
}

function newSecret(): string {
  return randomBytes(16).toString('hex')
}

function countOf(bytes: Buffer, text: string): number {
  let count = 0
  for (let at = bytes.indexOf(text); at !== -1; at = bytes.indexOf(text, at + 1)) count += 1
  return count
}
