// Refuses a connection beyond the configured number, in all or from one address.
import type { ConnectionFacts } from '../domain/facts.ts'
import { admit, refuse } from '../domain/verdict.ts'
import type { Gate } from './gate.ts'

export interface ConnectionLimits {
  readonly connections: number
  readonly connectionsPerAddress: number
}

export function connectionLimit(
  limits: ConnectionLimits,
): Gate<Pick<ConnectionFacts, 'open' | 'openFromAddress'>, 'CONNECTION_LIMIT'> {
  return {
    name: 'connection-limit',
    check: ({ open, openFromAddress }) => {
      // Written so that what is not a number is refused, too.
      if (!(open <= limits.connections))
        return refuse('CONNECTION_LIMIT', `more than ${limits.connections} connections are open`)
      if (!(openFromAddress <= limits.connectionsPerAddress))
        return refuse(
          'CONNECTION_LIMIT',
          `more than ${limits.connectionsPerAddress} from this address are open`,
        )
      return admit('within the limits')
    },
  }
}
