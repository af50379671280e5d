// A directory of somebody who runs `hubgate allowlist …` in it, with nothing of this process's configuration around.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { keepOutput } from '../canary.ts'
import { HUBGATE } from '../support/hubgate.ts'
import { PATH } from '../support/programs.ts'

export interface Ran {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  /** For standard input, which then ends. */
  readonly input?: string
}

export class Place {
  readonly directory = mkdtempSync(join(tmpdir(), 'hubgate-place-'))
  /** Where the list stands that a refresh without any configuration makes. */
  readonly list = this.path('data/as32934.txt')

  path(name: string): string {
    return join(this.directory, name)
  }

  write(name: string, content: string): string {
    writeFileSync(this.path(name), content, 'latin1')
    return this.path(name)
  }

  read(name = 'data/as32934.txt'): string {
    return readFileSync(this.path(name), 'latin1')
  }

  /** Names of everything below it, in order. */
  get files(): string[] {
    return readdirSync(this.directory, { recursive: true, encoding: 'utf8' }).sort()
  }

  /** `hubgate allowlist` with these arguments. */
  allowlist(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
    return this.run([...HUBGATE, 'allowlist', ...args], options)
  }

  /** Any program, here. */
  async run([program = '', ...args]: readonly string[], options: RunOptions = {}): Promise<Ran> {
    const { env = {}, input = '' } = options
    const child = spawn(program, args, { cwd: this.directory, env: { PATH, ...env }, timeout: 60_000 })
    // Whoever has ended reads no more.
    child.stdin.on('error', () => {})
    child.stdin.end(input, 'latin1')
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
    if (child.exitCode === null && child.signalCode === null) await once(child, 'close')
    keepOutput('cli-allowlist', out + err)
    return { code: child.exitCode, out, err }
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true })
  }
}
