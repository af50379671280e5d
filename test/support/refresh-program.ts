// Runs test/allowlist/programs/refresh.ts as a process that may be killed. It is bundled once, so that a start takes little.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import type { RefreshProgram } from '../allowlist/programs/refresh.ts'

const SOURCE = fileURLToPath(new URL('../allowlist/programs/refresh.ts', import.meta.url))

export interface Told {
  /** Undefined: it was killed. */
  readonly outcome: string | undefined
  /** Functions of node:fs/promises and its file handles, as they were called. */
  readonly steps: readonly string[]
}

export class RefreshPrograms {
  readonly #directory: string
  readonly #running = new Set<ChildProcess>()

  private constructor(directory: string) {
    this.#directory = directory
  }

  static async bundled(): Promise<RefreshPrograms> {
    const directory = await mkdtemp(join(tmpdir(), 'hubgate-refresh-program-'))
    await build({
      configFile: false,
      logLevel: 'error',
      build: {
        ssr: SOURCE,
        outDir: directory,
        target: 'node20',
        rollupOptions: { output: { entryFileNames: 'refresh.mjs' } },
      },
      ssr: { noExternal: true },
    })
    return new RefreshPrograms(directory)
  }

  /** @returns how it ended. */
  run(program: RefreshProgram): Promise<Told> {
    return this.start(program).ended
  }

  start(program: RefreshProgram): { readonly ended: Promise<Told>; readonly kill: () => void } {
    const child = spawn(process.execPath, [join(this.#directory, 'refresh.mjs'), JSON.stringify(program)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#running.add(child)
    return { ended: this.#told(child), kill: () => child.kill('SIGKILL') }
  }

  async #told(child: ChildProcess): Promise<Told> {
    let said = ''
    child.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()))
    const [code, signal]: unknown[] = await once(child, 'close')
    this.#running.delete(child)
    if (signal === 'SIGKILL') return { outcome: undefined, steps: [] }
    if (code !== 0) throw new Error(`it ended with ${String(code)}: ${said}`)
    // A parse boundary: the program says nothing else.
    return JSON.parse(said) as Told
  }

  async end(): Promise<void> {
    for (const child of this.#running) child.kill('SIGKILL')
    await rm(this.#directory, { recursive: true, force: true })
  }
}
