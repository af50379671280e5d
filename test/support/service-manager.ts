// A service manager for tests: holds the sockets, starts `hubgate serve` on them again and again, hears what it notifies.
// What it does is in play-systemd.pl.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { keepOutput } from '../canary.ts'
import { HUBGATE } from './hubgate.ts'
import { type Site, WORKERS, makeSite } from './site.ts'

const PROGRAM = fileURLToPath(new URL('play-systemd.pl', import.meta.url))

export interface ManagedOptions {
  readonly upstream: string
  /** Name and place of each socket: `tcp` for any free port of 127.0.0.1, or a path. Default: one public, one for admin. */
  readonly sockets?: (directory: string) => readonly (readonly [name: string, place: string])[]
  readonly change?: (yaml: string) => string
  readonly env?: NodeJS.ProcessEnv
}

export interface Managed {
  readonly site: Site
  readonly port: number
  /** Starts the service once more, whatever runs. @returns its process id. */
  readonly start: () => Promise<number>
  /** Resolves with its exit code; -1 where a signal ended it. */
  readonly ended: (pid: number) => Promise<number>
  /** Each message as `A=1|B=2`. */
  readonly notified: () => readonly string[]
  /** All that the services printed. */
  readonly said: () => string
  /** Resolves when that fits. */
  readonly says: (pattern: RegExp, times?: number) => Promise<void>
  readonly end: () => Promise<void>
}

const PATIENCE_MS = 30_000

export async function manage({
  upstream,
  sockets = usual,
  change,
  env = {},
}: ManagedOptions): Promise<Managed> {
  const site = await makeSite({ upstream, workers: WORKERS, ...(change === undefined ? {} : { change }) })
  const places = sockets(site.directory).map(([name, place]) => `${name}=${place}`)
  const service = [...HUBGATE, 'serve', '-c', site.file]
  const args = [PROGRAM, join(site.directory, 'notify.sock'), ...places, '--', ...service]
  const player = new Player(spawn('perl', args, { cwd: site.directory, env: { ...process.env, ...env } }))
  const port = places.some((place) => place.endsWith('=tcp'))
    ? Number((await player.line(/^port \S+ (\d+)$/m))[1])
    : 0
  site.configure((yaml) => {
    const bound = yaml.replace('127.0.0.1:0', `127.0.0.1:${port}`)
    return change?.(bound) ?? bound
  })
  return {
    site,
    port,
    start: () => player.start(),
    ended: async (pid) => {
      const status = Number((await player.line(new RegExp(`^ended ${pid} (\\d+)$`, 'm')))[1])
      return status % 256 === 0 ? status / 256 : -1
    },
    notified: () => [...player.told.matchAll(/^notify (.*)$/gm)].map(([, text = '']) => text),
    said: () => player.said,
    says: (pattern, times = 1) =>
      player.until(() => (player.said.match(new RegExp(pattern, 'g')) ?? []).length >= times),
    end: async () => {
      await player.end()
      keepOutput('managed', player.said)
      site.remove()
    },
  }
}

function usual(directory: string): readonly (readonly [string, string])[] {
  return [
    ['hubgate', 'tcp'],
    ['hubgate-admin', join(directory, 'admin.sock')],
  ]
}

class Player {
  told = ''
  said = ''
  readonly #child: ChildProcessWithoutNullStreams
  readonly #looks = new Set<() => void>()
  #starts = 0

  constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child
    child.stdin.on('error', () => {})
    child.stdout.on('data', (chunk: Buffer) => this.#heard(() => (this.told += chunk.toString())))
    child.stderr.on('data', (chunk: Buffer) => this.#heard(() => (this.said += chunk.toString())))
  }

  async start(): Promise<number> {
    this.#starts += 1
    const wanted = this.#starts
    this.#child.stdin.write('start\n')
    const pids = () => [...this.told.matchAll(/^started (\d+)$/gm)].map(([, pid]) => Number(pid))
    await this.until(() => pids().length >= wanted)
    return pids()[wanted - 1] ?? 0
  }

  async line(pattern: RegExp): Promise<RegExpExecArray> {
    await this.until(() => pattern.test(this.told))
    const found = pattern.exec(this.told)
    if (found === null) throw new Error(`never told ${pattern}`)
    return found
  }

  /** @throws after a long while. */
  until(holds: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = (settle: () => void) => {
        clearTimeout(timer)
        this.#looks.delete(look)
        settle()
      }
      const look = () => {
        if (holds()) done(resolve)
      }
      const timer = setTimeout(
        () => done(() => reject(new Error(`waited in vain: ${this.told}${this.said}`))),
        PATIENCE_MS,
      )
      this.#looks.add(look)
      look()
    })
  }

  /** Kills what it started and still runs. */
  async end(): Promise<void> {
    const over = new Set([...this.told.matchAll(/^ended (\d+) /gm)].map(([, pid]) => pid))
    for (const [, pid] of this.told.matchAll(/^started (\d+)$/gm)) if (!over.has(pid)) kill(Number(pid))
    const closed = new Promise((resolve) => {
      this.#child.once('close', resolve)
    })
    this.#child.stdin.end()
    await closed
  }

  #heard(keep: () => void): void {
    keep()
    for (const look of this.#looks) look()
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}
