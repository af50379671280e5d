// Reading Meta's challenge: one spelling only, so that no consumer's framework reads another one than we do.
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readChallenge, tokenMatches } from '../../src/domain/challenge.ts'

const GOOD = 'hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=meatyhamhock'

function problem(query: string): string | undefined {
  const found = readChallenge(query)
  return 'problem' in found ? found.problem : undefined
}

describe('readChallenge', () => {
  it.each([
    ['as Meta sends it', GOOD],
    ['in another order', 'hub.verify_token=meatyhamhock&hub.challenge=1158201444&hub.mode=subscribe'],
    ['among others', `a=b&${GOOD}&utm_source=x&empty=&flag`],
    ['with an empty parameter between', GOOD.replaceAll('&', '&&')],
    ['with another that only looks related', `${GOOD}&hub.topic=x&hubmode=y&mode=z&my_hub.mode=q`],
  ])('reads one %s', (_name, query) =>
    expect(readChallenge(query)).toEqual({ token: 'meatyhamhock', challenge: '1158201444' }),
  )

  it('decodes the token as a form does, once', () => {
    expect(readChallenge(GOOD.replace('meatyhamhock', 'a+b%20c%2Bd%2525'))).toMatchObject({
      token: 'a b c+d%25',
    })
  })

  it('echoes the challenge decoded once and otherwise as it came', () => {
    expect(readChallenge(GOOD.replace('1158201444', 'aZ09._~%2B/=-'))).toMatchObject({
      challenge: 'aZ09._~+/=-',
    })
  })

  it.each([
    ['nothing', ''],
    ['no mode', GOOD.replace('hub.mode=subscribe&', '')],
    ['no token', GOOD.replace(/&hub.verify_token=.*/, '')],
    ['no challenge', GOOD.replace('hub.challenge=1158201444&', '')],
    ['another mode', GOOD.replace('subscribe', 'unsubscribe')],
    ['the mode in another case', GOOD.replace('subscribe', 'Subscribe')],
    ['an empty mode', GOOD.replace('subscribe', '')],
    ['an empty token', GOOD.replace('meatyhamhock', '')],
    ['an empty challenge', GOOD.replace('1158201444', '')],
    ['the mode twice', `${GOOD}&hub.mode=subscribe`],
    ['the token twice', `${GOOD}&hub.verify_token=x`],
    ['the challenge twice', `hub.challenge=1&${GOOD}`],
    ['hub.mode[]', `${GOOD}&hub.mode[]=subscribe`],
    ['hub.mode%5B%5D', `${GOOD}&hub.mode%5B%5D=subscribe`],
    ['hub.mode[0]', `${GOOD}&hub.mode[0]=subscribe`],
    ['hub.verify_token[a]', `${GOOD}&hub.verify_token[a]=x`],
    ['hub[mode]', `${GOOD}&hub[mode]=x`],
    ['hub[mode', `${GOOD}&hub[mode=x`],
    ['hub_mode', `${GOOD}&hub_mode=x`],
    ['hub_verify_token', `${GOOD}&hub_verify_token=x`],
    ['HUB.MODE', `${GOOD}&HUB.MODE=x`],
    ['a space before the name', `${GOOD}&+hub.mode=x`],
    ['NUL behind the name', `${GOOD}&hub.mode%00x=y`],
    ['a name percent-encoded', GOOD.replace('hub.mode', 'hub%2Emode')],
    ['a letter percent-encoded', GOOD.replace('hub.mode', '%68ub.mode')],
    ['a name without its dot only', GOOD.replaceAll('hub.', 'hub_')],
    ['a broken escape in a name', `${GOOD}&%zz=1`],
    ['a broken escape in the token', GOOD.replace('meatyhamhock', '%E0%A4%A')],
    ['bytes that are no UTF-8', GOOD.replace('meatyhamhock', '%ff%fe')],
    ['CR and LF in the challenge', GOOD.replace('1158201444', '1%0d%0aSet-Cookie:%20a=b')],
    ['HTML in the challenge', GOOD.replace('1158201444', '%3Cscript%3Ealert(1)%3C/script%3E')],
    ['a space in the challenge', GOOD.replace('1158201444', '1+2')],
    ['513 characters', GOOD.replace('1158201444', 'x'.repeat(513))],
    ['a megabyte', GOOD.replace('1158201444', 'x'.repeat(1_000_000))],
    ['non-ASCII digits', GOOD.replace('1158201444', '%D9%A3')],
  ])('refuses %s', (_name, query) => expect(problem(query)).toBeDefined())

  it('takes 512 characters', () =>
    expect(problem(GOOD.replace('1158201444', 'x'.repeat(512)))).toBeUndefined())

  it('never echoes anything but harmless characters, and never throws', () => {
    const part = fc.oneof(
      fc.constantFrom('hub.mode=', 'subscribe', 'hub.challenge=', 'hub.verify_token=', '&', '%', '=', '+'),
      fc.string(),
    )
    fc.assert(
      fc.property(fc.array(part, { maxLength: 20 }), (parts) => {
        const found = readChallenge(parts.join(''))
        if ('challenge' in found) expect(found.challenge).toMatch(/^[A-Za-z0-9._~+/=-]{1,512}$/)
        else expect(found.problem).toMatch(/^[\x20-\x7e]+$/)
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('tokenMatches', () => {
  it.each([
    ['the first', 'a', ['a', 'b'], true],
    ['the last', 'b', ['a', 'b'], true],
    ['another', 'c', ['a', 'b'], false],
    ['a prefix', 'a', ['ab'], false],
    ['a longer one', 'abc', ['ab'], false],
    ['no token configured', 'a', [], false],
    ['nothing against nothing', '', [], false],
    ['beyond ASCII', 'é', ['é'], true],
    ['another normal form', 'é'.normalize('NFD'), ['é'], false],
  ] as const)('%s', (...[, presented, tokens, expected]) =>
    expect(tokenMatches(presented, tokens)).toBe(expected),
  )
})
