// Loads a configuration, from its file or from an object, and reports all that is wrong with it at once.
// Reads hubgate.yaml and the files of ${file:…}; every other file that it names is left to whoever uses it.
import { dirname, resolve } from 'node:path'
import type { Config } from './config.ts'
import { effectiveClient, effectiveConfig, effectiveSources, stateDirectory } from './effective.ts'
import { keepFile } from './file-view.ts'
import type { Surroundings } from './interpolate.ts'
import { parseKeeping, parseSettings, parseTrust } from './parse.ts'
import { ConfigError, type Problem } from './problem.ts'
import { Unreadable, readText } from './read-text.ts'
import { type Position, locateIn } from './setting-path.ts'
import { LARGEST_TEXT, readYaml } from './yaml-file.ts'

export interface LoadedConfig {
  readonly config: Config
  /** Files that ${file:…} named, absolute, each once: to be watched. */
  readonly files: readonly string[]
  /** Reads all of it again, hubgate.yaml included. @throws ConfigError */
  readonly reread: () => LoadedConfig
  /** Resolves the same text anew: after a file that ${file:…} names has changed, but not hubgate.yaml. @throws ConfigError */
  readonly again: () => LoadedConfig
  /** Where a setting such as client.anchors[1].file stands, or the nearest one around it; undefined for objects. */
  readonly locate: (setting: string) => Position | undefined
}

export interface LoadOptions {
  readonly file: string
  readonly env: Surroundings['env']
  /** Whether a person watches the log: log.format is then pretty by default. */
  readonly terminal?: boolean | undefined
}

/** @throws ConfigError with all problems, in the order of the file. */
export function loadConfig(options: LoadOptions): LoadedConfig {
  return loadText(fileText(options.file), options)
}

function loadText(text: string, options: LoadOptions): LoadedConfig {
  const { file, env, terminal = false } = options
  const absolute = resolve(file)
  // Also where the disk has another text by now.
  keepFile(absolute, () => ({ bytes: Buffer.from(text), updated: new Date() }))
  const yaml = readYaml(text)
  if (yaml.problems.length > 0) throw new ConfigError(yaml.problems, file)
  const surroundings = { env, baseDir: dirname(absolute) }
  const { settings, problems, files } = parseSettings(yaml.value, surroundings)
  const locate = (setting: string) => locateIn(yaml.positions, setting)
  if (settings === undefined) throw new ConfigError(inOrder(placed(problems, locate)), file)
  const config = effectiveConfig(settings, { ...surroundings, file: absolute, terminal })
  return {
    config,
    files: [...new Set(files)],
    locate,
    reread: () => loadConfig(options),
    again: () => loadText(text, options),
  }
}

export interface ParseOptions extends Surroundings {
  readonly terminal?: boolean | undefined
}

/** The same for a configuration given as an object. @throws ConfigError with all problems. */
export function parseConfig(raw: unknown, options: ParseOptions): LoadedConfig {
  const { env, baseDir, terminal = false } = options
  const surroundings = { env, baseDir: resolve(baseDir) }
  const { settings, problems, files } = parseSettings(raw, surroundings)
  if (settings === undefined) throw new ConfigError(problems)
  const config = effectiveConfig(settings, { ...surroundings, file: undefined, terminal })
  const again = () => parseConfig(raw, options)
  return { config, files: [...new Set(files)], locate: () => undefined, reread: again, again }
}

/** Gives problems that were found later (a file that cannot be read) their lines. */
export function placed(problems: readonly Problem[], locate: LoadedConfig['locate']): Problem[] {
  return problems.map((problem) =>
    problem.line === undefined ? { ...problem, ...locate(problem.setting) } : problem,
  )
}

function inOrder(problems: readonly Problem[]): Problem[] {
  return problems.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0))
}

/** The text of a configuration, without a byte order mark. @throws ConfigError where it cannot be read. */
export function fileText(file: string): string {
  try {
    return readText(resolve(file), LARGEST_TEXT)
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error
    const hint = 'write one with `hubgate init`, or name it with -c FILE or HUBGATE_CONFIG'
    throw new ConfigError([{ setting: '', message: `cannot be read: ${error.message}`, hint }], file)
  }
}

/** What `hubgate allowlist` needs: cron has no app secrets, and a machine without a gateway has no configuration at all. */
export interface LoadedSources {
  readonly state: string
  readonly sources: Config['sources']
}

interface PartOptions {
  readonly file: string | undefined
  readonly env: Surroundings['env']
}

/**
 * Reads `state` and `sources` alone; the other sections may hold whatever they like.
 * @param options file undefined: the defaults. @throws ConfigError with all problems of the two.
 */
export function loadSources(options: PartOptions): LoadedSources {
  const { file } = options
  const text = file === undefined ? undefined : fileText(file)
  const { settings, state, absolute } = readPart(parseKeeping, text, options)
  return { state, sources: effectiveSources(settings.sources, state, absolute) }
}

/** What `hubgate anchor crl refresh` needs, from cron, too. */
export interface LoadedTrust {
  readonly state: string
  readonly client: Config['client']
}

/** Reads `state` and `client` alone. @throws ConfigError with all problems of the two. */
export function loadTrust({ file, env }: { file: string; env: Surroundings['env'] }): LoadedTrust {
  return trustIn(fileText(file), { file, env })
}

/** The same for a text that is, or would be, that of `file`. */
export function trustIn(text: string, options: { file: string; env: Surroundings['env'] }): LoadedTrust {
  const { settings, state, absolute } = readPart(parseTrust, text, options)
  return { state, client: effectiveClient(settings.client, absolute) }
}

interface Part<Read> {
  readonly settings: Read | undefined
  readonly problems: readonly Problem[]
}

function readPart<Read extends { readonly state?: string | undefined }>(
  parse: (raw: unknown, surroundings: Surroundings) => Part<Read>,
  text: string | undefined,
  { file, env }: PartOptions,
) {
  const baseDir = file === undefined ? process.cwd() : dirname(resolve(file))
  const yaml = text === undefined ? undefined : readYaml(text)
  if (yaml !== undefined && yaml.problems.length > 0) throw new ConfigError(yaml.problems, file)
  const { settings, problems } = parse(yaml?.value, { env, baseDir })
  if (settings === undefined) {
    const found =
      yaml === undefined ? problems : placed(problems, (setting) => locateIn(yaml.positions, setting))
    throw new ConfigError(inOrder(found), file)
  }
  const absolute = (path: string) => resolve(baseDir, path)
  return { settings, state: stateDirectory(settings.state, { env, baseDir }), absolute }
}
