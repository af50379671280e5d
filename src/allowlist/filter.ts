// Which route objects are believed: those of the origin, from a trusted registry, kept by a maintainer of Meta's there.
// Anyone may register an object with Meta's origin in some registries; what is dropped is counted with its reason.
import { type RouteObject } from './rpsl.ts'

export interface Belief {
  /** Such as AS32934. */
  readonly origin: string
  /** Registry to maintainers believed there, any of which an object may name. */
  readonly maintainers: Readonly<Record<string, readonly string[]>>
}

export type DropReason = 'other origin' | 'untrusted registry' | 'untrusted maintainer'

export interface Dropped {
  readonly object: RouteObject
  readonly reason: DropReason
}

export interface Filtered {
  readonly believed: readonly RouteObject[]
  readonly dropped: readonly Dropped[]
}

export function believe(objects: readonly RouteObject[], belief: Belief): Filtered {
  const believed: RouteObject[] = []
  const dropped: Dropped[] = []
  const trusted = new Map(
    Object.entries(belief.maintainers).map(([source, names]) => [
      source.toUpperCase(),
      new Set(names.map((name) => name.toUpperCase())),
    ]),
  )
  for (const object of objects) {
    const reason = dropReason(object, belief.origin.toUpperCase(), trusted)
    if (reason === undefined) believed.push(object)
    else dropped.push({ object, reason })
  }
  return { believed, dropped }
}

function dropReason(
  { origin, source, maintainers }: RouteObject,
  wanted: string,
  trusted: ReadonlyMap<string, ReadonlySet<string>>,
): DropReason | undefined {
  if (origin !== wanted) return 'other origin'
  const names = trusted.get(source)
  if (names === undefined) return 'untrusted registry'
  return maintainers.some((maintainer) => names.has(maintainer)) ? undefined : 'untrusted maintainer'
}

/** How many were dropped for each reason. */
export function dropCounts(dropped: readonly Dropped[]): Readonly<Record<string, number>> {
  const counts = new Map<string, number>()
  for (const { reason } of dropped) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  return Object.fromEntries(counts)
}
