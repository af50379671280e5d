// A refresh in a process of its own, which a test kills: at a step that it names, or whenever it likes. Says `stored`,
// `refused` or why it failed, and which steps it took.
import { createRequire, syncBuiltinESMExports } from 'node:module'
import { readFileSync, writeSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { Locked } from '../../../src/allowlist/lock.ts'
import { refreshList } from '../../../src/allowlist/refresh.ts'
import type { Config } from '../../../src/config/config.ts'

export interface RefreshProgram {
  readonly sources: Config['sources']
  /** A file with an answer; undefined: the registry is asked. */
  readonly given?: string
  /** Dies before this step of the file system, from 1; at a write, behind half of it. */
  readonly killAt?: number
}

// A parse boundary: the test writes nothing else.
const { sources, given, killAt = Infinity } = JSON.parse(process.argv[2] ?? '') as RefreshProgram
const steps: string[] = []

function step(name: string, onDeath: () => void): void {
  steps.push(name)
  if (steps.length !== killAt) return
  onDeath()
  process.kill(process.pid, 'SIGKILL')
}

type Call = (...args: unknown[]) => unknown

/** Every function of node:fs/promises and of its file handles becomes a step. */
async function countSteps(): Promise<void> {
  const promises = createRequire(import.meta.url)('node:fs/promises') as Record<string, unknown>
  const handle = await (promises['open'] as (path: string) => Promise<FileHandle>)('/dev/null')
  const prototype = Object.getPrototypeOf(handle) as Record<string, unknown>
  await handle.close()
  for (const name of ['mkdir', 'open', 'stat', 'realpath', 'readlink', 'readFile', 'rename', 'rm', 'link'])
    wrap(promises, name)
  for (const name of ['writeFile', 'sync', 'chmod', 'chown', 'stat', 'close', 'utimes']) wrap(prototype, name)
  syncBuiltinESMExports()
}

function wrap(owner: Record<string, unknown>, name: string): void {
  const original = owner[name] as Call
  owner[name] = function (this: unknown, ...args: unknown[]) {
    step(name, () => {
      if (name === 'writeFile') writeHalf(this as FileHandle, args[0])
    })
    return original.apply(this, args)
  }
}

function writeHalf({ fd }: FileHandle, content: unknown): void {
  const bytes = Buffer.from(content as string)
  writeSync(fd, bytes, 0, bytes.length >> 1)
}

async function main(): Promise<string> {
  try {
    const { outcome } = await refreshList({
      sources,
      accept: new Set(),
      ...(given === undefined ? {} : { given: { text: readFileSync(given, 'latin1'), from: given } }),
      now: () => new Date(),
      retry: { sleep: async () => {}, random: () => 0 },
    })
    return outcome
  } catch (error) {
    return error instanceof Locked ? 'locked' : String(error)
  }
}

await countSteps()
const outcome = await main()
process.stdout.write(JSON.stringify({ outcome, steps }))
