// A process under a benchmark: started with plain node and bench/programs/watched.mjs, asked over its channel, ended surely.
import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('..', import.meta.url))
const WATCHED = new URL('programs/watched.mjs', import.meta.url).href

/** Milliseconds: for an answer, and for an end on SIGTERM before SIGKILL. */
const ANSWER_WITHIN = 60_000
const END_WITHIN = 5_000

export interface Start {
  /** For messages. */
  readonly name: string
  /** The script and its arguments. */
  readonly script: readonly string[]
  /** What stands before `node`, such as taskset and its arguments. */
  readonly pin?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Takes standard output, which is drained in any case. */
  readonly onOutput?: (chunk: Buffer) => void
}

interface Told {
  readonly id: number
  readonly told?: unknown
  readonly failed?: string
}

interface Waiting {
  readonly resolve: (told: unknown) => void
  readonly reject: (error: Error) => void
}

export class WatchedProcess {
  readonly #name: string
  readonly #child: ChildProcess
  /** Resolves with how it ended. */
  readonly ended: Promise<Error>
  readonly #waiting = new Map<number, Waiting>()
  #questions = 0
  #complaints = ''
  /** What the program says when it is ready; a program of the product says nothing. */
  readonly ready: Promise<unknown>

  constructor({ name, script, pin = [], env = {}, onOutput }: Start) {
    this.#name = name
    const [program = '', ...args] = [...pin, process.execPath, '--import', WATCHED, ...script]
    this.#child = spawn(program, args, {
      cwd: ROOT,
      env: { ...process.env, NODE_OPTIONS: '', ...env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    this.ready = this.#answer(0)
    // Who does not wait for it must not fall over its failure.
    this.ready.catch(() => {})
    this.#child.stdout?.on('data', onOutput ?? (() => {}))
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#complaints = (this.#complaints + chunk.toString()).slice(-4_000)
    })
    // A parse boundary: bench/programs/watched.mjs says nothing else.
    this.#child.on('message', (message) => this.#hear(message as Told))
    this.ended = new Promise((resolve) => {
      const end = (why: string) => {
        for (const { reject } of this.#waiting.values()) reject(this.#error(why))
        this.#waiting.clear()
        resolve(this.#error(why))
      }
      this.#child.once('error', (error) => end(error.message))
      this.#child.once('close', (code, signal) => end(`ended with ${signal ?? code}`))
    })
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  async ask(question: string, given?: unknown): Promise<unknown> {
    const id = ++this.#questions
    const answer = this.#answer(id)
    this.#child.send({ id, question, given }, (error) => {
      if (error !== null) this.#hear({ id, failed: error.message })
    })
    return answer
  }

  async end(): Promise<void> {
    this.#child.kill('SIGTERM')
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), END_WITHIN)
    await this.ended
    clearTimeout(timer)
  }

  #answer(id: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => this.#hear({ id, failed: `no answer within ${ANSWER_WITHIN} ms` }),
        ANSWER_WITHIN,
      )
      timer.unref()
      const settle =
        <T>(end: (value: T) => void) =>
        (value: T) => {
          clearTimeout(timer)
          end(value)
        }
      this.#waiting.set(id, { resolve: settle(resolve), reject: settle(reject) })
    })
  }

  #hear({ id, told, failed }: Told): void {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (failed === undefined) waiting?.resolve(told)
    else waiting?.reject(this.#error(failed))
  }

  #error(why: string): Error {
    const said = this.#complaints.trim()
    return new Error(`${this.#name}: ${why}${said === '' ? '' : `\n${said}`}`)
  }
}
