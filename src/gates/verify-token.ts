// Refuses a GET that is not Meta's challenge with a verify token of the route's apps. No token configured: nobody passes.
import { readChallenge, tokenMatches } from '../domain/challenge.ts'
import type { ChallengeFacts } from '../domain/facts.ts'
import { admit, refuse } from '../domain/verdict.ts'
import type { Gate } from './gate.ts'

export function verifyToken(): Gate<ChallengeFacts, 'CHALLENGE_INVALID' | 'VERIFY_TOKEN_MISMATCH'> {
  return {
    name: 'verify-token',
    check: ({ query, tokens }) => {
      const challenge = readChallenge(query)
      if ('problem' in challenge) return refuse('CHALLENGE_INVALID', challenge.problem)
      if (tokens === undefined) return admit('the upstream decides')
      return tokenMatches(challenge.token, tokens)
        ? admit('token fits')
        : refuse('VERIFY_TOKEN_MISMATCH', `none of ${tokens.length} tokens fits`)
    },
  }
}
