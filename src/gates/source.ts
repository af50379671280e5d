// Refuses a peer whose address is in no prefix of the allow-list. An empty list admits nobody.
import type { ConnectionFacts } from '../domain/facts.ts'
import type { PrefixTable } from '../domain/prefix-table.ts'
import { admit, refuse } from '../domain/verdict.ts'
import type { Gate } from './gate.ts'

export function source(prefixes: PrefixTable): Gate<Pick<ConnectionFacts, 'address'>, 'SOURCE_NOT_ALLOWED'> {
  return {
    name: 'source',
    check: ({ address }) => {
      // A peer that reset at once has no address any more; what cannot be checked has failed.
      if (address === undefined) return refuse('SOURCE_NOT_ALLOWED', 'the peer address could not be read')
      const prefix = prefixes.find(address)
      if (prefix === undefined)
        return refuse('SOURCE_NOT_ALLOWED', `in none of the ${prefixes.size} prefixes of the allow-list`)
      return admit(`in ${prefix}`, { prefix })
    },
  }
}
