// The command line of the benchmarks: which of them, how long, and what to do with the results.
import { parseArgs } from 'node:util'
import { didYouMean } from '../src/config/suggest.ts'
import type { Benchmark } from './benchmark.ts'

export interface Options {
  readonly benchmarks: readonly Benchmark[]
  readonly list: boolean
  readonly json: boolean
  readonly quick: boolean
  readonly write: boolean
}

/** The command was called in a way it does not understand: exit 2. */
export class WrongUse extends Error {
  readonly hint: string

  constructor(message: string, hint: string) {
    super(message)
    this.hint = hint
  }
}

const FLAGS = ['list', 'json', 'quick', 'write'] as const

/** @throws WrongUse */
export function optionsOf(args: readonly string[], known: readonly Benchmark[]): Options {
  const { tokens } = parseArgs({ args: [...args], strict: false, allowPositionals: true, tokens: true })
  const given = new Set<string>()
  const names: string[] = []
  for (const token of tokens) {
    if (token.kind === 'option') given.add(optionName(token.rawName, token.value))
    else if (token.kind === 'positional') names.push(token.value)
  }
  const usual = known.filter(({ apart = false }) => !apart)
  const benchmarks = names.length === 0 ? usual : names.map((name) => benchmarkNamed(name, known))
  const [list, json, quick, write] = FLAGS.map((flag) => given.has(flag))
  if (write === true && (quick === true || !isWhole(names, known)))
    throw new WrongUse(
      '--write takes a full run',
      `npm run bench -- --write, without names and without --quick; ${apartOnes(known)}`,
    )
  return {
    benchmarks,
    list: list === true,
    json: json === true,
    quick: quick === true,
    write: write === true,
  }
}

/** What has a part of the document for itself. */
function isWhole(names: readonly string[], known: readonly Benchmark[]): boolean {
  const [name, ...others] = names
  return name === undefined || (others.length === 0 && benchmarkNamed(name, known).apart === true)
}

function apartOnes(known: readonly Benchmark[]): string {
  const names = known.filter(({ apart = false }) => apart).map(({ name }) => name)
  return `or one of ${names.join(', ')} alone`
}

function optionName(rawName: string, value: string | undefined): string {
  const name = FLAGS.find((flag) => `--${flag}` === rawName)
  if (name !== undefined && value === undefined) return name
  const all = FLAGS.map((flag) => `--${flag}`)
  throw new WrongUse(`no option ${rawName}`, didYouMean(rawName, all) ?? `there are ${all.join(', ')}`)
}

function benchmarkNamed(name: string, known: readonly Benchmark[]): Benchmark {
  const found = known.find((benchmark) => benchmark.name === name)
  if (found !== undefined) return found
  const names = known.map((benchmark) => benchmark.name)
  throw new WrongUse(`no benchmark "${name}"`, didYouMean(name, names) ?? `there are ${names.join(', ')}`)
}
