// `hubgate allowlist refresh`: fetches, checks and stores the list, or says which guard refuses and how to override it once.
import { randomInt } from 'node:crypto'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { GUARDS, type GuardName } from '../allowlist/guards.ts'
import { Locked } from '../allowlist/lock.ts'
import { AllowListError } from '../allowlist/read-list.ts'
import { type GuardRefusal, refreshList } from '../allowlist/refresh.ts'
import { RegistryError } from '../allowlist/registry-error.ts'
import type { Config } from '../config/config.ts'
import { type RegistryAddress, parseRegistryServer } from '../config/registry-server.ts'
import { didYouMean } from '../config/suggest.ts'
import { visible } from '../observe/text.ts'
import { readInput } from './allowlist-input.ts'
import { meantSources } from './allowlist-list.ts'
import { refreshJson, refreshText, refusalText } from './allowlist-refresh-text.ts'
import { CliError, EXIT, print, printJson, printNote } from './io.ts'
import { type ConfigOption, type JsonOption, withConfig, withJson } from './options.ts'
import { thisCommandWith } from './self.ts'

interface RefreshOptions extends ConfigOption, JsonOption {
  readonly server?: RegistryAddress
  readonly protocol?: 'whois' | 'irrd'
  readonly out?: string
  readonly from?: string
  readonly accept: readonly GuardName[]
  readonly verbose?: boolean
}

export function registerAllowlistRefresh(allowlist: Command): void {
  const refresh = allowlist.command('refresh').description('fetch, check and store the AS32934 list')
  withJson(withConfig(refresh))
    .option('--server <host[:port]>', 'the routing registry; else sources.registry.server', serverAddress)
    .addOption(
      new Option('--protocol <protocol>', 'how to ask it; irrd cannot tell who registered what').choices([
        'whois',
        'irrd',
      ]),
    )
    .option('--out <file>', 'the list; else sources.allowlist')
    .addOption(
      new Option('--from <file>', 'a whole whois answer that you fetched, - for standard input').conflicts([
        'server',
        'protocol',
      ]),
    )
    .addOption(
      new Option('--accept <guard>', `let it pass this once (repeatable): ${GUARDS.join(', ')}`)
        .argParser(guardName)
        .default([], 'none'),
    )
    .option('--verbose', 'list each object that was dropped')
    .action(run)
}

async function run(options: RefreshOptions): Promise<void> {
  const sources = withOptions(meantSources(options).sources, options)
  const { allowlist: file, registry } = sources
  const given = await givenAnswer(options, registry.maxAnswer)
  if (given === undefined && registry.protocol === 'irrd') printNote(IRRD_NOTE)
  progress(
    given === undefined ? `asking ${place(registry.server)} for ${registry.origin}` : `reading ${given.from}`,
  )
  const outcome = await refreshList({
    sources,
    accept: new Set(options.accept),
    ...(given === undefined ? {} : { given }),
    now: () => new Date(),
    retry: { sleep, random, onRetry },
  }).catch((error: unknown) => {
    throw failure(error, file)
  })
  const { json = false, verbose = false } = options
  if (json) printJson(refreshJson(outcome, { file, verbose }))
  else print(refreshText(outcome, { file, verbose }))
  if (outcome.outcome === 'refused') throw refusal(outcome, file)
}

const IRRD_NOTE =
  "IRRd's short protocol does not tell who registered an object: neither maintainers nor registries are checked, and anyone's object with this origin gets in. Use whois where you can."

function withOptions(
  sources: Config['sources'],
  { server, protocol, out }: RefreshOptions,
): Config['sources'] {
  const { registry } = sources
  return {
    ...sources,
    allowlist: out === undefined ? sources.allowlist : resolve(out),
    registry: {
      ...registry,
      server: server ?? registry.server,
      protocol: protocol ?? registry.protocol,
    },
  }
}

async function givenAnswer(
  { from }: RefreshOptions,
  most: number,
): Promise<{ text: string; from: string } | undefined> {
  if (from === undefined) return undefined
  // It is named in the list's header: a line of its own is all it may have there.
  const shown = from === '-' ? 'standard input' : visible(from)
  return { text: await readInput(from, most), from: shown }
}

// A person at a terminal wants to know what it waits for; cron wants to hear of failures only.
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`hubgate: ${text} …\n`)
}

function onRetry({ message }: RegistryError, waitMs: number): void {
  printNote(`${message}; asking again in ${(waitMs / 1_000).toFixed(1)} s`)
}

// 0 to 1; Math.random is banned in src.
function random(): number {
  return randomInt(2 ** 32) / 2 ** 32
}

function refusal(outcome: GuardRefusal, file: string): CliError {
  const { failures } = outcome
  const guards = new Set(failures.map(({ guard }) => guard))
  const override = thisCommandWith(...[...guards].flatMap((guard) => ['--accept', guard]))
  const hint = failures.some(({ final }) => final === true)
    ? 'nothing overrides that; see what was dropped with --verbose'
    : `docs/allowlist.md says what each guard protects from; to override it this once: ${override}`
  return new CliError(`${refusalText(failures)}\n  ${unchanged(file)}`, {
    hint,
    exit: EXIT.wanting,
  })
}

/** What ended it before there was an outcome: all of them leave the list as it is. */
function failure(error: unknown, file: string): unknown {
  if (error instanceof RegistryError)
    return new CliError(`${error.message}; ${unchanged(file)}`, { hint: error.hint })
  if (error instanceof Locked)
    return new CliError(error.message, { hint: 'wait for it, then look at the list' })
  if (error instanceof AllowListError)
    return new CliError(`what came is no list: ${error.message}; ${unchanged(file)}`, {
      hint: error.hint,
      exit: EXIT.wanting,
    })
  if (error instanceof Error && 'code' in error)
    return new CliError(`${file} cannot be replaced: ${error.message}`, {
      hint: 'its directory has to be writable: the new list is written beside it and renamed',
    })
  return error
}

function unchanged(file: string): string {
  return `${visible(file)} ${existsSync(file) ? 'stays as it is' : 'is still not there'}`
}

function place({ host, port }: RegistryAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

function serverAddress(text: string): RegistryAddress {
  const address = parseRegistryServer(text)
  if (address === undefined)
    throw new InvalidArgumentError('expected HOST, HOST:PORT, [IPV6] or [IPV6]:PORT.')
  return address
}

function guardName(text: string, before: readonly GuardName[]): GuardName[] {
  const guard = GUARDS.find((known) => known === text)
  if (guard === undefined)
    throw new InvalidArgumentError(didYouMean(text, GUARDS) ?? `expected one of ${GUARDS.join(', ')}.`)
  return [...before, guard]
}
