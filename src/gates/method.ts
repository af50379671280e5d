// Refuses every method but POST, and GET where the route answers challenges.
import type { RequestFacts } from '../domain/facts.ts'
import { methodsOf } from '../domain/route.ts'
import { admit, refuse } from '../domain/verdict.ts'
import type { Gate } from './gate.ts'

export function method(): Gate<Pick<RequestFacts, 'route' | 'method'>, 'METHOD_NOT_ALLOWED'> {
  return {
    name: 'method',
    check: ({ route, method }) => {
      const allowed = route === undefined ? [] : methodsOf(route)
      return allowed.includes(method)
        ? admit(method)
        : refuse('METHOD_NOT_ALLOWED', `${method}, not ${allowed.join(' or ')}`)
    },
  }
}
