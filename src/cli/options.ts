// Options that several commands share, so that they are spelled and understood alike everywhere.
import { type Command, Option } from 'commander'
import { type LoadedConfig, loadConfig } from '../config/load.ts'

const DEFAULT_FILE = 'hubgate.yaml'

/** Adds -c, --config FILE. */
export function withConfig(command: Command): Command {
  return command.addOption(
    new Option('-c, --config <file>', `configuration; else HUBGATE_CONFIG, else ./${DEFAULT_FILE}`),
  )
}

/** Adds --json. */
export function withJson(command: Command): Command {
  return command.option('--json', 'print JSON, for programs')
}

export interface ConfigOption {
  readonly config?: string
}

export interface JsonOption {
  readonly json?: boolean
}

/** The file that is meant: the option, else HUBGATE_CONFIG, else ./hubgate.yaml. */
export function configFile({ config }: ConfigOption): string {
  const named = config ?? process.env['HUBGATE_CONFIG']
  return named === undefined || named === '' ? DEFAULT_FILE : named
}

/** Loads the configuration that is meant. @throws ConfigError with all its problems: exit 3. */
export function loadMeant(options: ConfigOption): LoadedConfig {
  return loadConfig({ file: configFile(options), env: process.env, terminal: process.stdout.isTTY })
}
