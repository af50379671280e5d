// Attacks on the GET challenge: wrong tokens, and spellings that some framework would read differently than we do.
import type { RefusalCode } from '../../domain/refusals.ts'
import { type Attack, type AttackContext, answered, challengeOf, say } from './attack.ts'

export const challengeAttacks: readonly Attack[] = [
  token('wrong-token', 'a wrong verify token', 'not-the-token-at-all'),
  token('token-prefix', 'the verify token without its last character', ({ verifyToken }) =>
    verifyToken.slice(0, -1),
  ),
  query('empty-token', 'an empty verify token', () => 'hub.mode=subscribe&hub.challenge=1&hub.verify_token='),
  query('mode-twice', 'hub.mode, twice', (good) => `${good}&hub.mode=subscribe`),
  query('mode-array', 'hub.mode[]', (good) => good.replace('hub.mode', 'hub.mode[]')),
  query('mode-underscore', 'hub_mode', (good) => good.replace('hub.mode', 'hub_mode')),
  query('token-twice', 'two tokens, the right one last', (good) => `hub.verify_token=x&${good}`),
  query('encoded-name', 'hub%2Emode', (good) => good.replace('hub.mode', 'hub%2Emode')),
  query('unsubscribe', 'hub.mode=unsubscribe', (good) => good.replace('subscribe', 'unsubscribe')),
  query('no-query', 'a GET without a query', () => ''),
  query('script-challenge', 'a challenge that is HTML', (good) => good.replace('1158201444', '%3Cscript%3E')),
  query('crlf-challenge', 'a challenge with CR and LF', (good) =>
    good.replace('1158201444', 'a%0d%0aSet-Cookie:b'),
  ),
  query('long-challenge', 'a challenge of 513 characters', (good) =>
    good.replace('1158201444', '7'.repeat(513)),
  ),
]

function row(id: string, title: string, code: RefusalCode) {
  const status = code === 'VERIFY_TOKEN_MISMATCH' ? 403 : 400
  return { id, title, chapter: 'challenge', gate: 'verify-token', expect: answered(code, status) } as const
}

function token(id: string, title: string, value: string | ((context: AttackContext) => string)): Attack {
  return {
    ...row(id, title, 'VERIFY_TOKEN_MISMATCH'),
    send: (context) =>
      say(context, [challengeOf(context, { token: typeof value === 'string' ? value : value(context) })]),
  }
}

function query(id: string, title: string, change: (good: string) => string): Attack {
  return {
    ...row(id, title, 'CHALLENGE_INVALID'),
    send: (context) => {
      const { path, verifyToken } = context
      const good = `hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=${encodeURIComponent(verifyToken)}`
      return say(context, [challengeOf(context, { target: `${path}?${change(good)}` })])
    },
  }
}
