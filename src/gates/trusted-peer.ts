// Refuses a peer that is none of `listen.trustedPeers`, before a word is read of what it says about others.
import { parsePrefix } from '../domain/address.ts'
import type { PeerFacts } from '../domain/facts.ts'
import { type PrefixTable, prefixTable } from '../domain/prefix-table.ts'
import { admit, refuse } from '../domain/verdict.ts'
import type { Gate } from './gate.ts'

export interface TrustedPeers {
  readonly prefixes: PrefixTable
  /** Peers of a Unix socket: whoever its file lets connect. */
  readonly unix: boolean
}

/** @param listed prefixes, or the word unix. An empty list trusts nobody. */
export function trustedPeers(listed: readonly string[]): TrustedPeers {
  const prefixes = listed.filter((one) => one !== 'unix').map(parsePrefix)
  return { prefixes: prefixTable(prefixes), unix: listed.includes('unix') }
}

export function trustedPeer({
  prefixes,
  unix,
}: TrustedPeers): Gate<Pick<PeerFacts, 'peer'>, 'SOURCE_NOT_ALLOWED'> {
  return {
    name: 'trusted-peer',
    check: ({ peer }) => {
      if (peer === undefined) return refuse('SOURCE_NOT_ALLOWED', 'the peer address could not be read')
      const listed = peer === 'unix' ? unix : prefixes.find(peer) !== undefined
      return listed
        ? admit('in listen.trustedPeers')
        : refuse('SOURCE_NOT_ALLOWED', 'not in listen.trustedPeers: what it says of others is not read')
    },
  }
}
