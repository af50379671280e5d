// Benchmark: one look-up among 1,000 prefixes, in the prefix table, in net.BlockList and with ip-cidr's contains.
import { type Benchmark, CheckFailed, type Context, type Outcome, type Row } from './benchmark.ts'
import { samplePrefixes, sampleProbes } from './prefix-sample.ts'
import { median, ratios, rounded } from './statistics.ts'
import { WatchedProcess } from './watched-process.ts'

const PREFIXES = 1_000
const FULL = { probes: 2_000, rounds: 9, milliseconds: 60 } as const
const QUICK = { probes: 40, rounds: 2, milliseconds: 1 } as const

const CASES: Readonly<Record<string, string>> = {
  text: 'the address is text',
  read: 'the address was read before',
}

export const prefixes: Benchmark = {
  name: 'prefixes',
  title: `One look-up among ${PREFIXES.toLocaleString('en')} prefixes`,
  run,
}

async function run({ quick, cores, cleanup, say }: Context): Promise<Outcome> {
  const { probes, rounds, milliseconds } = quick ? QUICK : FULL
  const program = new WatchedProcess({
    name: 'prefixes',
    script: ['bench/programs/prefixes.mjs'],
    pin: cores.pin,
  })
  cleanup.add(() => program.end())
  await program.ready
  const list = samplePrefixes(PREFIXES)
  // A parse boundary, as below: the program names its ways, then gives one number for each.
  const names = (await checked(program, list, probes)) as string[]
  await program.ask('round', { milliseconds })
  const samples: number[][] = []
  for (let round = 0; round < rounds; round++) {
    say(`prefixes: round ${round + 1} of ${rounds}`)
    samples.push((await program.ask('round', { milliseconds })) as number[])
  }
  return {
    conditions: [
      cores.text.replace(/, all else.*/, ''),
      `${rounds} rounds, CPU time; ratios are of the same round; ${probes} addresses, half of them in the list`,
      'ip-cidr is asked a list for each family, since its contains() mixes them, and at most 100 of the addresses, since it takes so long',
    ],
    checked: [
      'each way gives the verdict of a comparison with every prefix, for every address it is timed with',
    ],
    rows: names.map((_name, way) => row(names, samples, way)),
  }
}

/** @param way which of the names, `case: contestant`; the first of a case is what the others are compared with. */
function row(names: readonly string[], samples: readonly (readonly number[])[], way: number): Row {
  const [about = '', contestant = ''] = (names[way] ?? '').split(': ')
  const base = names.findIndex((name) => name.startsWith(`${about}: `))
  const of = (index: number) => samples.map((round) => round[index] ?? NaN)
  return {
    case: CASES[about] ?? about,
    contestant,
    unit: 'ns',
    median: rounded(median(of(way))),
    ratio: ratios(of(way), of(base)),
    more: {},
  }
}

async function checked(
  program: WatchedProcess,
  prefixes: readonly string[],
  probes: number,
): Promise<unknown> {
  try {
    return await program.ask('prepare', { prefixes, probes: sampleProbes(prefixes, probes) })
  } catch (error) {
    throw new CheckFailed(error instanceof Error ? error.message : String(error))
  }
}
