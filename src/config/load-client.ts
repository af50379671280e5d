// Reads the client section alone, for commands about trust: an operator's shell often lacks the app secrets that the
// service has, and whom the gateway believes has to be readable and changeable without them.
import { dirname, resolve } from 'node:path'
import type { AnchorConfig } from './config.ts'
import { digest } from './digest.ts'
import { effectiveAnchor } from './effective.ts'
import { fileText, placed } from './load.ts'
import { parseSettings } from './parse.ts'
import { ConfigError } from './problem.ts'
import { schema } from './schema.ts'
import { locateIn } from './setting-path.ts'
import { readYaml } from './yaml-file.ts'
import type { Surroundings } from './interpolate.ts'

export interface ClientOptions {
  /** The configuration that the text is, or would be, of. */
  readonly file: string
  readonly env: Surroundings['env']
}

/** @returns the anchors, their files absolute. @throws ConfigError with all problems of the section. */
export function anchorsIn(text: string, { file, env }: ClientOptions): readonly AnchorConfig[] {
  const { value, problems, positions } = readYaml(text)
  if (problems.length > 0) throw new ConfigError(problems, file)
  const baseDir = dirname(resolve(file))
  const whole = parseSettings(value, { env, baseDir })
  const own = whole.problems.filter(({ setting }) => /^client(?:[.[]|$)/.test(setting))
  if (own.length > 0)
    throw new ConfigError(
      placed(own, (setting) => locateIn(positions, setting)),
      file,
    )
  const { value: digested } = digest(value, { env, baseDir })
  const client: unknown = digested instanceof Object && 'client' in digested ? digested.client : undefined
  const { anchors } = schema.shape.client.parse(client)
  return anchors.map((anchor) => effectiveAnchor(anchor, (path) => resolve(baseDir, path)))
}

/** The same, from the file. @throws ConfigError where it cannot be read, too. */
export function loadAnchorConfigs(options: ClientOptions): readonly AnchorConfig[] {
  return anchorsIn(fileText(options.file), options)
}
