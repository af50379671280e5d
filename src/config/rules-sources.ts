// Rules about how the allow-list is kept: an answer that nobody would believe, and limits that no list could fulfil.
import type { Problem } from './problem.ts'
import type { Draft } from './schema.ts'

export function sourceRules({ sources }: Pick<Draft, 'sources'>): Problem[] {
  if (sources === undefined) return []
  const { registry, guards } = sources
  const believed = new Set(
    Object.entries(registry.maintainers).flatMap(([name, names]) =>
      names.length > 0 ? [name.toUpperCase()] : [],
    ),
  )
  const unbelieved = registry.sources.filter((name) => !believed.has(name.toUpperCase()))
  return [
    ...(registry.sources.length > 0
      ? []
      : [
          {
            setting: 'sources.registry.sources',
            message: 'is empty: no registry would be asked',
            hint: 'name one at least, such as RADB',
          },
        ]),
    ...unbelieved.map((name) => ({
      setting: 'sources.registry.maintainers',
      message: `names nobody for ${name}: all that it holds would be dropped`,
      hint: `name who is believed there, or take ${name} out of sources.registry.sources`,
    })),
    ...(guards.minAddresses <= guards.maxAddresses
      ? []
      : [
          {
            setting: 'sources.guards.minAddresses',
            message: 'is more than sources.guards.maxAddresses: no list could fulfil both',
          },
        ]),
  ]
}
