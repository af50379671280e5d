// What is valid and dangerous: said at every start and by `config check`. Refuses nothing.
import type { Config } from './config.ts'
import type { Problem } from './problem.ts'

/** One entry for every gate that is switched off or only watches; empty for a configuration that enforces all. */
export function warningsOf({ client, sources, routes }: Config): Problem[] {
  const warnings: Problem[] = []
  if (client.require === 'observe')
    warnings.push({
      setting: 'client.require',
      message: 'observe: a missing or wrong client certificate is recorded and refused to nobody',
      hint: 'set it to always once the records look right',
    })
  if (sources.mode === 'observe')
    warnings.push({
      setting: 'sources.mode',
      message: 'observe: addresses outside the allow-list are recorded and let in',
      hint: 'set it to enforce once the records look right',
    })
  if (sources.mode === 'none')
    warnings.push({
      setting: 'sources.mode',
      message: 'none: the source gate is off, every address is let in',
      hint: 'set it to enforce with an allow-list',
    })
  for (const [index, route] of routes.entries())
    if (route.mode === 'unsigned')
      warnings.push({
        setting: `routes[${index}].unsafeUnsigned`,
        message: 'deliveries on this route go through without a signature check',
        hint: 'only for callbacks that check signed_request themselves',
      })
  return warnings
}
