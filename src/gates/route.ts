// Refuses a path that is not byte for byte that of a route: nothing is decoded, resolved, folded or trimmed.
import type { RequestFacts } from '../domain/facts.ts'
import { admit, refuse } from '../domain/verdict.ts'
import type { Gate } from './gate.ts'

export function route(): Gate<Pick<RequestFacts, 'route'>, 'ROUTE_UNKNOWN'> {
  return {
    name: 'route',
    check: ({ route }) =>
      route === undefined ? refuse('ROUTE_UNKNOWN', 'no route has exactly this path') : admit(route.path),
  }
}
