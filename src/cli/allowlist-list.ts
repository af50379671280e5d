// Which list an allowlist command means, and reading it. Needs no app secrets, and no configuration where there is none.
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { AllowListError, parseAllowList, readListText } from '../allowlist/read-list.ts'
import { type LoadedSources, loadSources } from '../config/load.ts'
import type { Prefix } from '../domain/address.ts'
import { readInput } from './allowlist-input.ts'
import { CliError, EXIT } from './io.ts'
import { type ConfigOption, configFile, withConfig } from './options.ts'

export interface ListOptions extends ConfigOption {
  readonly file?: string
}

/** Adds -c and --file. */
export function withList(command: Command): Command {
  return withConfig(command).option('--file <file>', 'the list; else sources.allowlist of the configuration')
}

export interface Meant extends LoadedSources {
  /** The configuration that was read, if any. */
  readonly configuration: string | undefined
}

/** `state` and `sources` of the configuration that is meant; the defaults where none is named and ./hubgate.yaml is not there. */
export function meantSources(options: ConfigOption): Meant {
  const file = configFile(options)
  const named = options.config ?? process.env['HUBGATE_CONFIG'] ?? ''
  const configuration = named === '' && !existsSync(file) ? undefined : file
  return { ...loadSources({ file: configuration, env: process.env }), configuration }
}

/** The file of the list that is meant. */
export function listFile({ file }: ListOptions, { sources }: Meant): string {
  return file === undefined ? sources.allowlist : resolve(file)
}

export interface ListRead {
  readonly file: string
  readonly text: string
  /** When the file was written; undefined for standard input. */
  readonly updated: Date | undefined
  readonly prefixes: readonly Prefix[]
}

/** Bytes of standard input. */
const LARGEST_LIST = 64 * 1024 * 1024

/** @param file "-" is standard input. @throws CliError: exit 1 where it cannot be read, 3 where it is no list. */
export async function readList(file: string): Promise<ListRead> {
  const shown = file === '-' ? 'standard input' : file
  try {
    const { text, updated } =
      file === '-'
        ? { text: await readInput(file, LARGEST_LIST), updated: undefined }
        : await readListText(file)
    return { file: shown, text, updated, prefixes: parseAllowList(text) }
  } catch (error) {
    if (error instanceof AllowListError)
      throw new CliError(`${shown}: ${error.message}`, { hint: error.hint, exit: EXIT.wanting })
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
      throw new CliError(`there is no list at ${shown}`, {
        hint: 'get one with `hubgate allowlist refresh`, or name it with --file FILE',
      })
    if (error instanceof CliError) throw error
    throw new CliError(`${shown} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** How many of each family, for people. */
export function families({ ipv4, ipv6 }: { readonly ipv4: number; readonly ipv6: number }): string {
  return `${ipv4} IPv4, ${ipv6} IPv6`
}

export function countFamilies(prefixes: readonly Prefix[]): { ipv4: number; ipv6: number } {
  const ipv4 = prefixes.filter(({ address }) => address.family === 4).length
  return { ipv4, ipv6: prefixes.length - ipv4 }
}
