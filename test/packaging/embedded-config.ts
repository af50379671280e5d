// A hubgate.yaml that stands inside another file, loaded as hubgate would load it: the files it names are put beside it first.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { loadConfig } from '../../src/config/load.ts'
import type { Config } from '../../src/config/config.ts'
import { ConfigError, describeProblems } from '../../src/config/problem.ts'

/** @param files by their path in the container. @returns the configuration, or what is wrong with it. */
export function loadEmbedded(yaml: string, files: Readonly<Record<string, string>>): Config | string {
  const directory = mkdtempSync(join(tmpdir(), 'hubgate-embedded-'))
  try {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(directory, path)), { recursive: true })
      writeFileSync(join(directory, path), content)
    }
    const file = join(directory, 'hubgate.yaml')
    writeFileSync(file, yaml.replaceAll('${file:/', `\${file:${directory}/`))
    return loadConfig({ file, env: { STATE_DIRECTORY: '/var/lib/hubgate' }, terminal: false }).config
  } catch (error) {
    if (error instanceof ConfigError) return describeProblems(error.problems, error.file)
    throw error
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** @throws where it does not hold. */
export function heldConfig(yaml: string, files: Readonly<Record<string, string>>): Config {
  const loaded = loadEmbedded(yaml, files)
  if (typeof loaded === 'string') throw new Error(loaded)
  return loaded
}
