// The version of this package, read once from its package.json: what --version prints and hubgate_build_info shows.
import { readFileSync } from 'node:fs'

/** Such as 0.1.0; the same file serves src and dist, which lie equally deep. */
export const VERSION = versionOf(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))

function versionOf(text: string): string {
  const parsed: unknown = JSON.parse(text)
  const version = parsed instanceof Object && 'version' in parsed ? parsed.version : undefined
  return typeof version === 'string' ? version : 'unknown'
}
