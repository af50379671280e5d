// What differs between two states: what may not, and what did, in words for the log.
import { isDeepStrictEqual } from 'node:util'
import type { Config } from '../config/config.ts'
import type { Problem } from '../config/problem.ts'
import type { Generation, Prepared } from './generation.ts'

/** Settings that cannot change while sockets are open. */
export function fixedSettings(before: Config, now: Config): Problem[] {
  const fixed = {
    listen: ({ listen }: Config) => listen,
    'admin.address': ({ admin }: Config) => admin.address,
    state: ({ state }: Config) => state,
    'log.format': ({ log }: Config) => log.format,
  }
  return Object.entries(fixed)
    .filter(([, read]) => !isDeepStrictEqual(read(before), read(now)))
    .map(([setting]) => ({
      setting,
      message: 'cannot change while hubgate runs',
      hint: 'restart it, or set it back',
    }))
}

/** Whether the HTTP server of one fits the other, so that connections may stay on it. */
export function sameHttpSettings(before: Config['limits'], now: Config['limits']): boolean {
  return (
    before.head === now.head &&
    before.headTimeout === now.headTimeout &&
    before.idleTimeout === now.idleTimeout
  )
}

/** One phrase for each part that changed; empty where nothing did. Secrets are compared, never shown. */
export function changesBetween(before: Generation, now: Generation): string[] {
  const { config: old } = before
  const { config } = now
  const changed = (part: (generation: Generation) => unknown) => !isDeepStrictEqual(part(before), part(now))
  const anchors = ({ anchors }: Generation) => anchors.map(({ name, fingerprint }) => [name, fingerprint])
  const lists = ({ revocation }: Generation) => revocation.lists.map(({ fingerprint }) => fingerprint)
  const sections = (['client', 'sources', 'routes', 'limits', 'shutdown', 'log'] as const).filter(
    (section) => !isDeepStrictEqual(old[section], config[section]),
  )
  return [
    ...(changed(({ prefixes, listUpdated }) => [prefixes.size, listUpdated])
      ? [`allow-list: ${before.prefixes.size} to ${now.prefixes.size} prefixes`]
      : []),
    ...(changed(anchors) ? [`anchors: ${namesOf(before)} to ${namesOf(now)}`] : []),
    ...(changed(lists) ? ['revocation lists'] : []),
    ...(changed(({ terms }) => terms?.identities.map(({ certificate }) => certificate))
      ? ['server certificate']
      : []),
    ...(changed(({ config }) => secretsOf(config)) ? ['secrets'] : []),
    ...sections,
  ]
}

function namesOf({ anchors }: Generation): string {
  return anchors.map(({ name }) => name).join(', ')
}

function secretsOf({ apps, admin }: Config): unknown {
  const own = Object.entries(apps).map(([name, { secrets, verifyTokens }]) => [
    name,
    secrets.map((secret) => secret.reveal()),
    verifyTokens.map((token) => token.reveal()),
  ])
  return [own, admin.token?.reveal()]
}

/** At a first start the list may be still to come; one that was there and is gone must not refuse everybody. */
export function lostList(before: Prepared, { config, listUpdated }: Prepared): Problem[] {
  const { mode, allowlist } = config.sources
  if (before.listUpdated === undefined || listUpdated !== undefined || mode === 'none') return []
  return [
    { setting: 'sources.allowlist', message: `${allowlist} is gone`, hint: 'the list in memory serves on' },
  ]
}
