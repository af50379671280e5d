// `hubgate config check`: everything that is wrong with a configuration and the files it names, at once.
import type { Command } from 'commander'
import { type LoadedConfig, placed } from '../config/load.ts'
import { ConfigError, type Problem, describeProblems } from '../config/problem.ts'
import { warningsOf } from '../config/warnings.ts'
import { prepare } from '../gateway/generation.ts'
import { EXIT, exitWith, print, printJson, report } from './io.ts'
import { type ConfigOption, type JsonOption, configFile, loadMeant, withConfig, withJson } from './options.ts'

interface Findings {
  readonly problems: readonly Problem[]
  readonly warnings: readonly Problem[]
}

export function registerConfigCheck(config: Command): void {
  withJson(withConfig(config.command('check')))
    .description('say everything that is wrong, with line, column and advice')
    .action(async (options: ConfigOption & JsonOption) => {
      const file = configFile(options)
      const findings = await check(options)
      if (options.json === true) printJson({ file, valid: findings.problems.length === 0, ...findings })
      else say(findings, file)
      if (findings.problems.length > 0) exitWith(EXIT.wanting)
    })
}

async function check(options: ConfigOption): Promise<Findings> {
  try {
    return await checkFiles(loadMeant(options))
  } catch (error) {
    if (error instanceof ConfigError) return { problems: error.problems, warnings: [] }
    throw error
  }
}

// The same preparation that serve does, so that what passes here starts there.
async function checkFiles({ config, locate }: LoadedConfig): Promise<Findings> {
  const prepared = await prepare(config)
  const problems = 'problems' in prepared ? prepared.problems : []
  const later = 'warnings' in prepared ? prepared.warnings : []
  return { problems: placed(problems, locate), warnings: placed([...warningsOf(config), ...later], locate) }
}

function say({ problems, warnings }: Findings, file: string): void {
  if (warnings.length > 0) print(describeProblems(warnings, file).replace('problem', 'warning'))
  if (problems.length > 0) report(new ConfigError(problems, file))
  else print(`${file}: ${warnings.length > 0 ? 'valid, with warnings' : 'valid'}`)
}
