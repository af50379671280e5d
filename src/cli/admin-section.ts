// Where the admin listener is, and its token, for commands that ask the running gateway. Reads the admin section alone:
// an operator's shell often lacks the app secrets that the service has, and a broken configuration has to be askable about.
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Config } from '../config/config.ts'
import { digest } from '../config/digest.ts'
import { ConfigError } from '../config/problem.ts'
import { schema } from '../config/schema.ts'
import { readYaml } from '../config/yaml-file.ts'
import { type ConfigOption, configFile, loadMeant } from './options.ts'

export type AdminSection = Config['admin']

/** @throws ConfigError where not even the admin section can be read. */
export function adminSection(options: ConfigOption): AdminSection {
  try {
    return loadMeant(options).config.admin
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    const alone = readAlone(resolve(configFile(options)))
    if (alone === undefined) throw error
    return alone
  }
}

function readAlone(file: string): AdminSection | undefined {
  const text = contents(file)
  if (text === undefined) return undefined
  const yaml = readYaml(text)
  if (yaml.problems.length > 0) return undefined
  const baseDir = dirname(file)
  const { value, problems } = digest(yaml.value, { env: process.env, baseDir })
  const isOurs = (setting: string) => setting === 'admin' || setting.startsWith('admin.')
  if (problems.some(({ setting }) => isOurs(setting))) return undefined
  const raw: unknown = value instanceof Object && 'admin' in value ? value.admin : undefined
  const read = schema.shape.admin.safeParse(raw)
  if (!read.success) return undefined
  const { address, token } = read.data
  return {
    address: address.kind === 'unix' ? { ...address, path: resolve(baseDir, address.path) } : address,
    token,
  }
}

function contents(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
