// An allow-list on disk, kept by src/allowlist/refresh.ts from a registry that we play: what a test of the keeper starts with.
import { createHash } from 'node:crypto'
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect } from 'vitest'
import type { GuardName } from '../../src/allowlist/guards.ts'
import { type GuardRefusal, type Stored, refreshList } from '../../src/allowlist/refresh.ts'
import type { RegistryError } from '../../src/allowlist/registry-error.ts'
import { listText } from '../../src/allowlist/store.ts'
import type { Config, GuardsConfig, RegistryConfig } from '../../src/config/config.ts'
import { loadSources } from '../../src/config/load.ts'
import { parsePrefix } from '../../src/domain/address.ts'
import { META_PREFIXES } from './registry-objects.ts'

type Sources = Config['sources']

/** What is there before a refresh: Meta's prefixes as they were last year. */
export const PRESENT: string = listText(META_PREFIXES.map(parsePrefix), {
  source: 'whois.radb.net:43 (RADB, RIPE)',
  time: new Date('2025-11-01T00:00:00Z'),
  objects: { ipv4: 433, ipv6: 648 },
})

/** When every refresh of a test takes place. */
export const NOW = new Date('2026-11-01T12:00:00Z')

export interface ListOptions {
  readonly registry?: Partial<RegistryConfig>
  readonly guards?: Partial<GuardsConfig>
  /** What the list holds; undefined: there is none. */
  readonly present?: string | undefined
}

export interface RefreshOptions {
  readonly accept?: readonly GuardName[]
  /** An answer that somebody else fetched. */
  readonly given?: string
  readonly random?: () => number
  /** Instead of waiting before another try. */
  readonly sleep?: (milliseconds: number) => Promise<void>
}

export class KeptList {
  readonly directory: string
  readonly sources: Sources
  /** What each try that failed and was repeated had waited for, in milliseconds. */
  readonly waits: number[] = []
  readonly retried: RegistryError[] = []

  constructor(directory: string, sources: Sources) {
    this.directory = directory
    this.sources = sources
  }

  get file(): string {
    return this.sources.allowlist
  }

  refresh({ accept = [], given, random = () => 0.5, sleep }: RefreshOptions = {}): Promise<
    Stored | GuardRefusal
  > {
    return refreshList({
      sources: this.sources,
      accept: new Set(accept),
      ...(given === undefined ? {} : { given: { text: given, from: 'answer.txt' } }),
      now: () => NOW,
      retry: {
        sleep: async (milliseconds) => {
          this.waits.push(milliseconds)
          await sleep?.(milliseconds)
        },
        random,
        onRetry: (error) => this.retried.push(error),
      },
    })
  }

  /** The same for a list at another place. */
  movedTo(file: string): KeptList {
    return new KeptList(dirname(file), { ...this.sources, allowlist: file })
  }

  text(): Promise<string> {
    return readFile(this.file, 'latin1')
  }

  /** Names of all that is in the directory. */
  async names(): Promise<string[]> {
    return (await readdir(this.directory)).sort()
  }

  async status(): Promise<unknown> {
    return JSON.parse(await readFile(`${this.file}.status.json`, 'utf8'))
  }
}

/** What a test throws away in its end. */
const directories: string[] = []

export async function keptList({ registry, guards, present = PRESENT }: ListOptions = {}): Promise<KeptList> {
  return listOf({ registry, guards, present })
}

/** A first time: nothing is there. */
export async function noListYet(options: Omit<ListOptions, 'present'> = {}): Promise<KeptList> {
  return listOf({ ...options, present: undefined })
}

async function listOf({
  registry = {},
  guards = {},
  present,
}: { [Key in keyof ListOptions]: ListOptions[Key] | undefined }): Promise<KeptList> {
  const directory = await mkdtemp(join(tmpdir(), 'hubgate-keeper-'))
  directories.push(directory)
  const { sources } = loadSources({ file: undefined, env: {} })
  const allowlist = join(directory, 'as32934.txt')
  if (present !== undefined) await writeFile(allowlist, present)
  return new KeptList(directory, {
    ...sources,
    allowlist,
    registry: { ...sources.registry, ...registry },
    guards: { ...sources.guards, ...guards },
  })
}

/** Removes all that keptList made. */
export async function forgetLists(): Promise<void> {
  await Promise.all(directories.splice(0).map((directory) => rm(directory, { recursive: true, force: true })))
}

/** Fails unless a text is a whole list: the digest in its header is that of its lines. @returns them. */
export function wholeList(text: string): string[] {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  const digest = createHash('sha256')
    .update(lines.map((line) => `${line}\n`).join(''))
    .digest('hex')
  expect(text).toContain(`\n# sha256: ${digest}\n`)
  expect(text.endsWith('\n')).toBe(true)
  return lines
}
