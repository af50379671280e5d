// A process that is told lines on standard input and answers each with a line of JSON, and a server of somebody else's, which only
// has to start and to end.
import { type ChildProcess, spawn } from 'node:child_process'
import { connect } from 'node:net'
import type { Cleanup } from './cleanup.ts'

/** Milliseconds: for an answer, for a port to accept, and for an end on SIGTERM before SIGKILL. */
const ANSWER_WITHIN = 150_000
const ACCEPTS_WITHIN = 10_000
const END_WITHIN = 3_000

/** Where servers stand, which a PATH of a plain user leaves out. */
const PATH = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`

export interface Command {
  /** For messages. */
  readonly name: string
  /** The program and its arguments. */
  readonly command: readonly string[]
  readonly cleanup: Cleanup
}

export class OtherProcess {
  readonly name: string
  protected readonly child: ChildProcess
  readonly #ended: Promise<void>
  #said = ''
  #over = false

  constructor({ name, command, cleanup }: Command) {
    this.name = name
    const [program = '', ...args] = command
    this.child = spawn(program, args, { env: { ...process.env, PATH }, stdio: ['pipe', 'pipe', 'pipe'] })
    this.child.stdin?.on('error', () => {})
    this.child.stdout?.on('data', (chunk: Buffer) => this.hear(chunk))
    this.child.stderr?.on('data', (chunk: Buffer) => this.#keep(chunk))
    this.#ended = new Promise((resolve) => {
      const end = (why: string) => {
        this.#over = true
        this.#keep(why)
        this.ended()
        resolve()
      }
      this.child.once('error', (error) => end(error.message))
      this.child.once('close', (code, signal) => end(`ended with ${signal ?? code}`))
    })
    cleanup.add(() => this.end())
  }

  get pid(): number {
    return this.child.pid ?? 0
  }

  /** Resolves when the port accepts. @throws Error with what it said where it ends, or does not come to it. */
  async accepts(port: number): Promise<void> {
    const deadline = performance.now() + ACCEPTS_WITHIN
    while (!this.#over && performance.now() < deadline) {
      if (await isAccepting(port)) return
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    throw this.error('does not start')
  }

  async end(): Promise<void> {
    this.child.kill('SIGTERM')
    const timer = setTimeout(() => this.child.kill('SIGKILL'), END_WITHIN)
    await this.#ended
    clearTimeout(timer)
  }

  protected hear(chunk: Buffer): void {
    this.#keep(chunk)
  }

  protected ended(): void {}

  protected error(why: string): Error {
    return new Error(`${this.name}: ${why}\n${this.#said.trim()}`.trim())
  }

  #keep(said: Buffer | string): void {
    this.#said = `${this.#said}${said.toString()}\n`.slice(-4_000)
  }
}

interface Waiting {
  readonly resolve: (told: unknown) => void
  readonly reject: (error: Error) => void
}

export class LineProcess extends OtherProcess {
  #pending = ''
  #waiting: Waiting | undefined

  /** One question at a time. @throws Error */
  ask(line: string): Promise<unknown> {
    this.child.stdin?.write(`${line}\n`)
    return this.next()
  }

  /** What it says next. @throws Error */
  async next(): Promise<unknown> {
    let timer: NodeJS.Timeout | undefined
    try {
      return await new Promise((resolve, reject) => {
        this.#waiting = { resolve, reject }
        timer = setTimeout(() => reject(this.error(`no answer within ${ANSWER_WITHIN} ms`)), ANSWER_WITHIN)
        if (this.child.exitCode !== null || this.child.signalCode !== null) reject(this.error('has ended'))
      })
    } finally {
      clearTimeout(timer)
    }
  }

  protected override hear(chunk: Buffer): void {
    this.#pending += chunk.toString()
    const end = this.#pending.indexOf('\n')
    if (end === -1) return
    const line = this.#pending.slice(0, end)
    this.#pending = this.#pending.slice(end + 1)
    // A parse boundary: the programs of the benchmark say nothing else.
    const told = JSON.parse(line) as { failed?: string }
    const waiting = this.#waiting
    this.#waiting = undefined
    if (told.failed === undefined) waiting?.resolve(told)
    else waiting?.reject(this.error(told.failed))
  }

  protected override ended(): void {
    this.#waiting?.reject(this.error('has ended'))
    this.#waiting = undefined
  }
}

function isAccepting(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port }, () => {
      socket.resetAndDestroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
