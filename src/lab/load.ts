// Sends signed deliveries at a steady rate over kept connections, for a bounded time, and measures the answers.
// Latency counts from when a delivery was due, so that a slow gateway cannot hide behind its own queue.
import { AnswerReader } from './answer.ts'
import { type Dial, dial } from './dial.ts'

export interface LoadOptions {
  readonly dial: Dial
  /** One whole request; sent again and again. */
  readonly bytes: Uint8Array
  /** Deliveries a second. */
  readonly rate: number
  /** Milliseconds. */
  readonly duration: number
  /** Connections at most. */
  readonly connections: number
  /** Hears of the state about once a second. */
  readonly onProgress?: (progress: LoadProgress) => void
  readonly stop?: AbortSignal
}

export interface LoadProgress {
  readonly sent: number
  readonly ended: number
  readonly failed: number
}

export interface LoadSummary {
  readonly sent: number
  /** How many ended how: a status, or how a connection failed. */
  readonly outcomes: Readonly<Record<string, number>>
  readonly seconds: number
  /** Answers with 200 a second. */
  readonly acknowledgedPerSecond: number
  /** Milliseconds from when it was due to its answer; empty without any answer. */
  readonly latency: Readonly<Record<'p50' | 'p90' | 'p99' | 'max', number>> | undefined
  readonly connections: number
}

const DEADLINE = 10_000
const TICK = 10

/** Runs for `duration`, then waits for what is in flight. */
export async function runLoad(options: LoadOptions): Promise<LoadSummary> {
  const load = new Load(options)
  await load.run()
  return load.summary()
}

class Load {
  readonly #options: LoadOptions
  readonly #idle: Lane[] = []
  readonly #outcomes = new Map<string, number>()
  readonly #latencies: number[] = []
  /** When each delivery that waits for a connection was due. */
  readonly #due: number[] = []
  #lanes = 0
  #mostLanes = 0
  #sent = 0
  #ended = 0
  #seconds = 0

  constructor(options: LoadOptions) {
    this.#options = options
  }

  async run(): Promise<void> {
    const { rate, duration } = this.#options
    const began = performance.now()
    let planned = 0
    let told = began
    for (let now = began; now - began < duration && !this.#stopped(); now = performance.now()) {
      const target = Math.floor(((now - began) / 1000) * rate) + 1
      for (; planned < target; planned++) this.#due.push(began + (planned / rate) * 1000)
      this.#dispatch()
      if (now - told >= 1000) {
        told = now
        this.#tell()
      }
      await pause(TICK)
    }
    const deadline = performance.now() + DEADLINE
    while (this.#ended < this.#sent && performance.now() < deadline && !this.#stopped()) await pause(TICK)
    this.#count('never sent', this.#due.length)
    this.#seconds = (performance.now() - began) / 1000
    for (const lane of this.#idle) lane.close()
  }

  summary(): LoadSummary {
    const acknowledged = this.#outcomes.get('200') ?? 0
    return {
      sent: this.#sent,
      outcomes: Object.fromEntries(this.#outcomes),
      seconds: this.#seconds,
      acknowledgedPerSecond: acknowledged / this.#seconds,
      latency: percentiles(this.#latencies),
      connections: this.#mostLanes,
    }
  }

  #stopped(): boolean {
    return this.#options.stop?.aborted === true
  }

  #dispatch(): void {
    while (this.#due.length > 0) {
      const lane = this.#idle.pop() ?? this.#newLane()
      if (lane === undefined) return
      void this.#send(lane, this.#due.shift() ?? 0)
    }
  }

  #newLane(): Lane | undefined {
    if (this.#lanes >= this.#options.connections) return undefined
    this.#lanes++
    this.#mostLanes = Math.max(this.#mostLanes, this.#lanes)
    return new Lane(this.#options.dial)
  }

  async #send(lane: Lane, due: number): Promise<void> {
    this.#sent++
    const outcome = await lane.send(this.#options.bytes)
    this.#ended++
    this.#count(outcome, 1)
    if (/^\d/.test(outcome)) this.#latencies.push(performance.now() - due)
    if (lane.open) this.#idle.push(lane)
    else this.#lanes--
    this.#dispatch()
  }

  #count(outcome: string, times: number): void {
    if (times > 0) this.#outcomes.set(outcome, (this.#outcomes.get(outcome) ?? 0) + times)
  }

  #tell(): void {
    const failed = this.#ended - (this.#outcomes.get('200') ?? 0)
    this.#options.onProgress?.({ sent: this.#sent, ended: this.#ended, failed })
  }
}

/** One kept connection: one delivery at a time. */
class Lane {
  readonly #dial: Dial
  readonly #reader = new AnswerReader()
  #socket: Awaited<ReturnType<typeof opened>> | undefined
  #settle: (outcome: string) => void = () => {}
  #open = true

  constructor(dial: Dial) {
    this.#dial = dial
  }

  get open(): boolean {
    return this.#open
  }

  /** @returns the status, or how it failed. Never rejects. */
  async send(bytes: Uint8Array): Promise<string> {
    this.#socket ??= await this.#connect()
    const socket = this.#socket
    if (typeof socket === 'string') return socket
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#end('timeout'), DEADLINE)
      this.#settle = (outcome) => {
        clearTimeout(timer)
        resolve(outcome)
      }
      if (socket.writable) socket.write(bytes)
      else this.#end('closed')
    })
  }

  close(): void {
    this.#open = false
    if (typeof this.#socket === 'object') this.#socket.destroy()
  }

  async #connect() {
    const socket = await opened(this.#dial)
    if (typeof socket === 'string') this.#open = false
    else
      socket
        .on('data', (chunk: Buffer) => this.#read(chunk))
        .on('error', () => this.#end('reset'))
        .on('close', () => this.#end('closed'))
    return socket
  }

  #read(chunk: Buffer): void {
    try {
      this.#reader.push(chunk)
      const answer = this.#reader.take()
      if (answer === undefined) return
      if (answer.fields.list('connection').includes('close')) this.close()
      this.#settle(`${answer.status}`)
    } catch {
      this.#end('no HTTP')
    }
  }

  #end(outcome: string): void {
    this.close()
    this.#settle(outcome)
  }
}

async function opened(target: Dial) {
  const result = await dial(target, DEADLINE)
  return result.outcome === 'open' ? result.socket : `not connected (${result.ended})`
}

/** @param values milliseconds, in any order. */
export function percentiles(values: readonly number[]): LoadSummary['latency'] {
  if (values.length === 0) return undefined
  const sorted = Float64Array.from(values).sort()
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? 0
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
