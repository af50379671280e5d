// `npm run bench`: measures, and prints what it found. Progress goes to standard error, results to standard output.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { allowlist } from './allowlist.ts'
import { CheckFailed } from './benchmark.ts'
import { claimCores } from './cores.ts'
import { writeGrowth, writeProfile, writeResults } from './document.ts'
import { scenes } from './gateways/scenes.ts'
import { growth } from './growth/growth.ts'
import { WrongUse, optionsOf } from './options.ts'
import { prefixes } from './prefixes.ts'
import { profile } from './profile/profile.ts'
import { reportJson, reportText } from './report.ts'
import { runBenchmarks } from './run.ts'
import { ROOT } from './watched-process.ts'

const BENCHMARKS = [...scenes, prefixes, allowlist, growth, profile]
/** What has a part of the document for itself. */
const WRITERS = new Map([
  [growth, writeGrowth],
  [profile, writeProfile],
])

try {
  await main(process.argv.slice(2))
} catch (error) {
  if (error instanceof WrongUse) {
    say(`error: ${error.message}`)
    say(`hint: ${error.hint}`)
    process.exitCode = 2
  } else {
    const message = error instanceof Error ? error.message : String(error)
    say(error instanceof CheckFailed ? `error: the run is void: ${message}` : `error: ${message}`)
    process.exitCode = 1
  }
}

async function main(args: readonly string[]): Promise<void> {
  const { benchmarks, list, json, quick, write } = optionsOf(args, BENCHMARKS)
  if (list) {
    const listed = BENCHMARKS.map(({ name, title }) => ({ name, title }))
    print(
      json
        ? JSON.stringify(listed, undefined, 2)
        : listed.map(({ name, title }) => `${name}  ${title}`).join('\n'),
    )
    return
  }
  if (!existsSync(join(ROOT, 'dist/cli/main.js'))) throw new WrongUse('there is no dist', 'npm run build')
  const report = await runBenchmarks(benchmarks, { quick, cores: claimCores(), say })
  print(json ? reportJson(report) : reportText(report))
  if (!write) return
  const [first] = benchmarks
  await ((first && WRITERS.get(first)) ?? writeResults)(report)
}

function print(text: string): void {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`)
}

function say(line: string): void {
  process.stderr.write(`hubgate: ${line}\n`)
}
