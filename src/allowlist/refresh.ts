// One refresh from question to stored list: ask, read, filter, guard, aggregate, store. What fails changes nothing.
// When to refresh, and who is told, is the caller's matter.
import type { Config } from '../config/config.ts'
import { type Prefix, formatPrefix, parsePrefix } from '../domain/address.ts'
import { aggregate } from '../domain/aggregate.ts'
import { fetchRoutes } from './fetch-routes.ts'
import { type Dropped, believe, dropCounts } from './filter.ts'
import { type GuardFailure, type GuardName, failedGuards, unloadable } from './guards.ts'
import { withLock } from './lock.ts'
import { AllowListError } from './read-list.ts'
import { type Retrying, retrying } from './registry-client.ts'
import { printable } from './registry-error.ts'
import { type Answer, type RouteObject, readAnswer } from './rpsl.ts'
import { type RefreshStatus, writeStatus } from './status.ts'
import { listText, presentList, storeList } from './store.ts'

export interface RefreshInputs {
  readonly sources: Config['sources']
  /** Guards that may fail this once. */
  readonly accept: ReadonlySet<GuardName>
  /** An answer that somebody else fetched; undefined: the registry is asked. */
  readonly given?: { readonly text: string; readonly from: string }
  readonly now: () => Date
  readonly retry: Omit<Retrying, 'tries'>
}

interface Counted {
  readonly ipv4: number
  readonly ipv6: number
}

interface Found {
  /** Where it came from, for people. */
  readonly from: string
  /** Believed objects with distinct prefixes. */
  readonly objects: Counted
  readonly dropped: readonly Dropped[]
  readonly dropCounts: Readonly<Record<string, number>>
  /** False where the protocol does not tell who registered an object. */
  readonly maintainersChecked: boolean
}

export interface Stored extends Found {
  readonly outcome: 'stored'
  readonly file: string
  readonly prefixes: Counted
  readonly added: number
  readonly removed: number
  /** Guards that failed and were accepted. */
  readonly accepted: readonly GuardFailure[]
}

export interface GuardRefusal extends Found {
  readonly outcome: 'refused'
  readonly failures: readonly GuardFailure[]
}

/**
 * Refreshes the list at sources.allowlist, unless a guard refuses.
 * @throws RegistryError where the registry could not be asked or its answer not be read, Locked where another refresh
 * runs, the system's error where the list could not be written. The list is then as it was.
 */
export function refreshList(inputs: RefreshInputs): Promise<Stored | GuardRefusal> {
  const { allowlist: file } = inputs.sources
  return withLock(file, async () => {
    try {
      const outcome = await refreshLocked(inputs)
      await note(inputs, outcome.outcome, summary(outcome))
      return outcome
    } catch (error) {
      await note(inputs, 'failed', error instanceof Error ? error.message : 'the refresh failed')
      throw error
    }
  })
}

// What happened has happened, whether or not it can be noted beside the list.
async function note(
  { sources, now }: RefreshInputs,
  outcome: RefreshStatus['outcome'],
  detail: string,
): Promise<void> {
  await writeStatus(sources.allowlist, { time: now(), outcome, detail }).catch(() => {})
}

async function refreshLocked({
  sources,
  accept,
  given,
  now,
  retry,
}: RefreshInputs): Promise<Stored | GuardRefusal> {
  const { registry, guards, allowlist: file } = sources
  const answer = given === undefined ? await asked(sources, retry) : readAnswer(given.text)
  const { host, port } = registry.server
  const from = given?.from ?? `${host}:${port} (${registry.sources.join(', ')})`
  const maintainersChecked = given !== undefined || registry.protocol === 'whois'
  const { believed, dropped } = maintainersChecked
    ? believe(answer.routes, registry)
    : { believed: answer.routes, dropped: [] }
  const { registered, malformed } = distinctPrefixes(believed)
  const found = {
    from,
    objects: counted(registered),
    dropped,
    dropCounts: dropCounts(dropped),
    maintainersChecked,
  }
  const list = aggregate(registered)
  const present = await comparable(file)
  const failures = failedGuards({ registered, malformed, list, present }, guards)
  const refusing = [...failures.filter(({ guard }) => !accept.has(guard)), ...unloadable(list)]
  if (refusing.length > 0) return { outcome: 'refused', ...found, failures: refusing }
  await storeList(file, listText(list, { source: from, time: now(), objects: found.objects }))
  return {
    outcome: 'stored',
    ...found,
    file,
    prefixes: counted(list),
    ...difference(present ?? [], list),
    accepted: failures,
  }
}

function asked({ registry }: Config['sources'], retry: Omit<Retrying, 'tries'>): Promise<Answer> {
  const server = { ...registry, ...registry.server }
  return retrying(() => fetchRoutes(server, registry), { ...retry, tries: registry.tries })
}

function distinctPrefixes(objects: readonly RouteObject[]): { registered: Prefix[]; malformed: string[] } {
  const registered = new Map<string, Prefix>()
  const malformed: string[] = []
  for (const { kind, prefix: text, line } of objects) {
    const prefix = prefixOf(text)
    if (prefix === undefined || prefix.address.family !== (kind === 'route' ? 4 : 6))
      malformed.push(`${kind} ${printable(text).slice(0, 60)} (line ${line})`)
    else registered.set(formatPrefix(prefix), prefix)
  }
  return { registered: [...registered.values()], malformed }
}

function prefixOf(text: string): Prefix | undefined {
  try {
    return parsePrefix(text)
  } catch {
    return undefined
  }
}

// What is there and is no list (edited by hand, from another program) cannot be compared with; the other guards hold.
async function comparable(file: string): Promise<readonly Prefix[] | undefined> {
  try {
    const present = await presentList(file)
    return present === undefined ? undefined : aggregate(present)
  } catch (error) {
    if (error instanceof AllowListError) return undefined
    throw error
  }
}

function counted(prefixes: readonly Prefix[]): Counted {
  const ipv4 = prefixes.filter(({ address }) => address.family === 4).length
  return { ipv4, ipv6: prefixes.length - ipv4 }
}

/** Prefixes that are in one list and not in the other, as they stand. */
export function difference(
  before: readonly Prefix[],
  now: readonly Prefix[],
): { added: number; removed: number } {
  const key = ({ address, length }: Prefix) => `${address.words.join('.')}/${length}`
  const old = new Set(before.map(key))
  const fresh = new Set(now.map(key))
  return {
    added: [...fresh].filter((one) => !old.has(one)).length,
    removed: [...old].filter((one) => !fresh.has(one)).length,
  }
}

/** One line: what a refresh did, or which guard refused. */
export function summary(outcome: Stored | GuardRefusal): string {
  if (outcome.outcome === 'refused')
    return outcome.failures.map(({ guard, message }) => `guard ${guard}: ${message}`).join('; ')
  const { prefixes, objects, added, removed } = outcome
  return `${prefixes.ipv4} IPv4 and ${prefixes.ipv6} IPv6 prefixes from ${objects.ipv4 + objects.ipv6} objects (${added} new, ${removed} gone)`
}
