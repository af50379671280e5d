// Programs that nobody here wrote, as second opinions. Where one is missing its tests are skipped with a
// line that says so; where CI is set they fail instead.
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process'
import { it } from 'vitest'

export type Program = keyof typeof VERSION

const VERSION = {
  openssl: ['version'],
  curl: ['--version'],
  nginx: ['-v'],
  haproxy: ['-v'],
  whois: ['--version'],
  bgpq4: ['-v'],
  'systemd-socket-activate': ['--version'],
  'systemd-notify': ['--version'],
  'systemd-analyze': ['--version'],
  zip: ['-v'],
} as const

/** Where servers stand, which a PATH of a plain user leaves out. */
export const PATH = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`

/** `it`, or a skipped one where the program is missing. @throws where it is missing and CI is set. */
export function itWith(program: Program): typeof it | typeof it.skip {
  if (spawnSync(program, VERSION[program], { env: { ...process.env, PATH } }).status === 0) return it
  if (process.env['CI'] !== undefined) throw new Error(`${program} is missing, and CI is set`)
  console.warn(`${program} is missing: its tests are skipped`)
  return it.skip
}

export interface Run {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A program under way, with what it said so far. */
export class Running {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #waiting = new Set<() => void>()
  #stdout = ''
  #stderr = ''
  /** Resolves when it has ended; it is killed after a minute. */
  readonly ended: Promise<Run>

  constructor(program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.#child = spawn(program, args, {
      timeout: 60_000,
      killSignal: 'SIGKILL',
      env: { ...process.env, PATH, ...env },
    })
    // Whoever has ended reads no more.
    this.#child.stdin.on('error', () => {})
    this.#child.stdout.on('data', (chunk: Buffer) =>
      this.#heard(() => (this.#stdout += chunk.toString('latin1'))),
    )
    this.#child.stderr.on('data', (chunk: Buffer) =>
      this.#heard(() => (this.#stderr += chunk.toString('latin1'))),
    )
    this.ended = new Promise((resolve, reject) => {
      this.#child.once('error', reject)
      this.#child.once('close', (code) => {
        for (const look of this.#waiting) look()
        resolve({ code, stdout: this.#stdout, stderr: this.#stderr })
      })
    })
  }

  get said(): string {
    return this.#stdout + this.#stderr
  }

  write(bytes: string | Uint8Array): void {
    this.#child.stdin.write(bytes)
  }

  /** Ends its standard input. */
  done(): void {
    this.#child.stdin.end()
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  /** Resolves when it has said something that fits, or has ended. @returns whether it did. */
  async saysOrEnds(pattern: RegExp): Promise<boolean> {
    const running = this.#child
    while (!pattern.test(this.said) && running.exitCode === null && running.signalCode === null)
      await new Promise<void>((resolve) => {
        this.#waiting.add(resolve)
      })
    return pattern.test(this.said)
  }

  #heard(keep: () => void): void {
    keep()
    for (const look of this.#waiting) look()
    this.#waiting.clear()
  }
}

/** Runs a program to its end, with `input` on its standard input, which then ends. */
export function run(program: string, args: readonly string[], input: string | Uint8Array = ''): Promise<Run> {
  const running = new Running(program, args)
  running.write(input)
  running.done()
  return running.ended
}
