// Benchmark: what keeping the allow-list costs. A refresh against a registry with an answer of the real size, and a list of 20,000
// prefixes, loaded and asked; each in a process of its own, as cron starts it, so that nothing is warm.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadSources } from '../src/config/load.ts'
import { META_PREFIXES, realSize } from '../test/support/registry-objects.ts'
import { type Registry, startRegistry } from '../test/support/registry.ts'
import { type Benchmark, CheckFailed, type Context, type Outcome, type Row } from './benchmark.ts'
import { samplePrefixes, sampleProbes } from './prefix-sample.ts'
import { median, ratios, rounded } from './statistics.ts'
import { WatchedProcess } from './watched-process.ts'

const PREFIXES = 20_000
const FULL = { probes: 1_000, rounds: 7, milliseconds: 100 } as const
const QUICK = { probes: 20, rounds: 1, milliseconds: 1 } as const

/** What each may cost, in its unit; and megabytes that a refresh may add to its process. */
const LIMITS = { refresh: 500_000, load: 300_000, lookUp: 1_000, memory: 100 } as const

export const allowlist: Benchmark = {
  name: 'allowlist',
  title: 'Keeping the allow-list',
  run,
}

/** One process of bench/programs/allowlist.mjs. */
interface Sample {
  /** Microseconds of CPU time. */
  readonly refresh: number
  /** Bytes. */
  readonly memory: number
  readonly load: number
  /** Nanoseconds of CPU time. */
  readonly lookUp: number
}

async function run(context: Context): Promise<Outcome> {
  const { quick, cores, cleanup, say } = context
  const { rounds } = quick ? QUICK : FULL
  const directory = await mkdtemp(join(tmpdir(), 'hubgate-bench-allowlist-'))
  cleanup.add(() => rm(directory, { recursive: true, force: true }))
  const registry = await startRegistry(realSize())
  cleanup.add(() => registry.close())
  const list = join(directory, 'long.txt')
  const prefixes = samplePrefixes(PREFIXES)
  await writeFile(list, `${prefixes.join('\n')}\n`)
  const samples: Sample[] = []
  for (let round = 0; round < rounds; round++) {
    say(`allowlist: round ${round + 1} of ${rounds}`)
    samples.push(await sample(context, { directory, registry, list, prefixes }))
  }
  const many = PREFIXES.toLocaleString('en')
  const memory = Math.max(...samples.map((one) => one.memory)) / 1e6
  return {
    conditions: [
      cores.text.replace(/, all else.*/, ''),
      `${rounds} rounds of a fresh process each, CPU time; a refresh asks over TCP and stores, a load reads and compiles`,
      `a refresh added ${memory.toFixed(1)} MB to its process at most (limit ${LIMITS.memory}): the peak of its resident memory against that before it`,
    ],
    checked: [
      `each refresh makes ${META_PREFIXES.length} prefixes of 1,081 believed objects among ${realSize().length}`,
      'each look-up gives the verdict of a comparison with every prefix',
    ],
    rows: [
      row('refresh, answer of the real size', samples, { of: 'refresh', unit: 'µs' }),
      row(`load ${many} prefixes`, samples, { of: 'load', unit: 'µs' }),
      row(`look-up among ${many}`, samples, { of: 'lookUp', unit: 'ns' }),
    ],
  }
}

interface Surroundings {
  readonly directory: string
  readonly registry: Registry
  readonly list: string
  readonly prefixes: readonly string[]
}

async function sample(
  { quick, cores, cleanup }: Context,
  { directory, registry, list, prefixes }: Surroundings,
): Promise<Sample> {
  const { probes, milliseconds } = quick ? QUICK : FULL
  const { sources } = loadSources({ file: undefined, env: {} })
  const program = new WatchedProcess({
    name: 'allowlist',
    script: ['bench/programs/allowlist.mjs'],
    pin: cores.pin,
  })
  cleanup.add(() => program.end())
  await program.ready
  try {
    // A parse boundary: the program gives these numbers and nothing else.
    const refreshed = (await program.ask('refresh', {
      sources: {
        ...sources,
        allowlist: join(directory, 'as32934.txt'),
        registry: { ...sources.registry, server: { host: registry.host, port: registry.port } },
      },
      prefixes: META_PREFIXES,
    })) as Pick<Sample, 'refresh' | 'memory'>
    const load = (await program.ask('load', { list, size: prefixes.length })) as number
    const lookUp = (await program.ask('lookUp', {
      probes: sampleProbes(prefixes, probes),
      milliseconds,
    })) as number
    return { ...refreshed, load, lookUp }
  } catch (error) {
    throw new CheckFailed(error instanceof Error ? error.message : String(error))
  } finally {
    await program.end()
  }
}

interface Figure {
  readonly of: 'refresh' | 'load' | 'lookUp'
  readonly unit: Row['unit']
}

function row(about: string, samples: readonly Sample[], { of, unit }: Figure): Row {
  const values = samples.map((one) => one[of])
  return {
    case: about,
    contestant: 'hubgate',
    unit,
    median: rounded(median(values)),
    ratio: ratios(values, values),
    more: { highest: rounded(Math.max(...values)), limit: LIMITS[of] },
  }
}
