// Reads the allow-list for a generation, with what is wrong or worth a warning about it.
import { stat } from 'node:fs/promises'
import { lastGoodOf } from '../allowlist/store.ts'
import { type AllowList, listedPrefix, notPublic, readAllowList } from '../allowlist/read-list.ts'
import type { Config } from '../config/config.ts'
import { shownFile } from '../config/file-view.ts'
import type { Problem } from '../config/problem.ts'
import type { Prefix } from '../domain/address.ts'
import { attempt } from './prepare-files.ts'

export interface PreparedSources {
  readonly prefixes: readonly Prefix[]
  /** When the list was written; undefined where there is none. */
  readonly updated: Date | undefined
}

/** Adds to `problems` what stops a start, and to `warnings` what does not. */
export async function prepareSources(
  { sources }: Config,
  problems: Problem[],
  warnings: Problem[],
): Promise<PreparedSources> {
  if (sources.mode === 'none') return { prefixes: [], updated: undefined }
  const list = await prepareList(sources, problems, warnings)
  const extra: Prefix[] = []
  for (const [i, text] of sources.extra.entries()) {
    const where = { setting: `sources.extra[${i}]`, where: '', hint: 'write ADDRESS/LENGTH' }
    const prefix = await attempt(async () => listedPrefix(text), problems, where)
    if (prefix !== undefined) extra.push(prefix)
  }
  const prefixes = [...(list?.prefixes ?? []), ...extra]
  warnings.push(...listWarnings(sources, list), ...oddWarnings(prefixes))
  return { prefixes, updated: list?.updated }
}

// Whoever has the gateway refresh its list may start without one: nobody is admitted until there is one.
async function prepareList(
  { allowlist, refresh }: Config['sources'],
  problems: Problem[],
  warnings: Problem[],
): Promise<AllowList | undefined> {
  const setting = 'sources.allowlist'
  const hint = 'get one with `hubgate allowlist refresh`'
  if (refresh === undefined || (await exists(allowlist)))
    return attempt(() => readAllowList(allowlist), problems, { setting, where: `${allowlist}: `, hint })
  const lastGood = lastGoodOf(allowlist)
  const where = { setting, where: `${lastGood}: `, hint }
  const list = (await exists(lastGood))
    ? await attempt(() => readAllowList(lastGood), problems, where)
    : undefined
  const message =
    list === undefined
      ? `${allowlist} is not there yet: everybody is refused until the first refresh succeeds`
      : `${allowlist} is gone: ${lastGood} serves until the next refresh succeeds`
  warnings.push({ setting, message })
  return list
}

async function exists(file: string): Promise<boolean> {
  const shown = shownFile(file)
  if (shown !== undefined) return shown !== 'absent'
  return stat(file).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
  )
}

function listWarnings({ allowlist, maxAge }: Config['sources'], list: AllowList | undefined): Problem[] {
  const age = list === undefined ? 0 : Date.now() - list.updated.getTime()
  return age > maxAge ? [oldList(allowlist, age)] : []
}

/** @param age milliseconds. */
export function oldList(allowlist: string, age: number): Problem {
  const days = Math.floor(age / 86_400_000)
  return {
    setting: 'sources.allowlist',
    message: `${allowlist} is ${days} days old: new addresses of Meta would be refused`,
    hint: 'run `hubgate allowlist refresh` and look at its answer; the old list serves until then',
  }
}

function oddWarnings(prefixes: readonly Prefix[]): Problem[] {
  const odd = notPublic(prefixes)
  if (odd.length === 0) return []
  const shown = `${odd.slice(0, 5).join(', ')}${odd.length > 5 ? ', …' : ''}`
  return [{ setting: 'sources', message: `admits private or reserved addresses: ${shown}` }]
}
