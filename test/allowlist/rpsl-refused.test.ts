// The reader of a registry's answer, given what is none or only a part of one: it says why.
import { describe, expect, it } from 'vitest'
import { type RegistryFault, RegistryError } from '../../src/allowlist/registry-error.ts'
import { readAnswer } from '../../src/allowlist/rpsl.ts'
import { answerOf, metaRoutes } from '../support/registry-objects.ts'

/** One object of these lines, as a whole answer. */
function answer(...lines: readonly string[]): string {
  return `${lines.join('\n')}\n\n\n`
}

/** Why it is no answer; or what it holds. */
function faultOf(text: string): RegistryFault | number {
  try {
    return readAnswer(text).routes.length
  } catch (error) {
    if (error instanceof RegistryError) return error.fault
    throw error
  }
}

const FOUR = ['route: 157.240.0.0/16', 'origin: AS32934', 'mnt-by: MAINT-AS32934', 'source: RADB'] as const
const [ROUTE, ORIGIN, MNT_BY, SOURCE] = FOUR

describe('an answer is none', () => {
  it.each<[string, string, RegistryFault, RegExp]>([
    [
      'without an origin',
      answer(ROUTE, MNT_BY, SOURCE),
      'unreadable',
      /line 1 .* without exactly one origin$/,
    ],
    [
      'with two origins',
      answer(ROUTE, ORIGIN, 'origin: AS1', SOURCE),
      'unreadable',
      /without exactly one origin$/,
    ],
    [
      'with the same origin twice',
      answer(ROUTE, ORIGIN, ORIGIN, SOURCE),
      'unreadable',
      /without exactly one origin$/,
    ],
    [
      'with two origins in one value',
      answer(ROUTE, 'origin: AS32934', ' AS1', SOURCE),
      'unreadable',
      /exactly one origin$/,
    ],
    [
      'with an empty origin',
      answer(ROUTE, 'origin: # AS32934', SOURCE),
      'unreadable',
      /without exactly one origin$/,
    ],
    ['without a source', answer(ROUTE, ORIGIN, MNT_BY), 'unreadable', /without exactly one source$/],
    [
      'with two sources',
      answer(ROUTE, ORIGIN, 'source: RIPE', SOURCE),
      'unreadable',
      /without exactly one source$/,
    ],
    [
      'with two sources in one value',
      answer(ROUTE, ORIGIN, 'source: RIPE RADB'),
      'unreadable',
      /exactly one source$/,
    ],
    ['with two prefixes', answer(ROUTE, ROUTE, ORIGIN, SOURCE), 'unreadable', /without exactly one route$/],
    ['without a prefix', answer('route:', ORIGIN, SOURCE), 'unreadable', /without exactly one route$/],
    [
      'with a prefix that is not printable',
      answer('route: 157.240.0.0/1\x1b6', ORIGIN, SOURCE),
      'unreadable',
      /exactly one route$/,
    ],
    [
      'with a prefix of each family',
      answer(ROUTE, 'route6: 2a03:2880::/32', ORIGIN, SOURCE),
      'unreadable',
      /both route and route6$/,
    ],
    [
      'with a line that is no attribute',
      answer(ROUTE, 'origin', ORIGIN, SOURCE),
      'unreadable',
      /line 2 .* no attribute: "origin"$/,
    ],
    [
      'with a line of odd letters',
      answer(ROUTE, 'd\xe9scr: x', ORIGIN, SOURCE),
      'unreadable',
      /line 2 .*"d\?scr: x"$/,
    ],
    [
      'with a value that goes on where none began',
      answer(' 157.240.0.0/16', ...FOUR),
      'unreadable',
      /line 1 .* never began$/,
    ],
    [
      'with a value that goes on behind a blank line',
      answer(...FOUR, '', ' more'),
      'unreadable',
      /line 6 .* never began$/,
    ],
    [
      'with a line longer than any',
      answer(ROUTE, `descr: ${'x'.repeat(65_536)}`, ORIGIN, SOURCE),
      'unreadable',
      /line 2 .* longer than any line/,
    ],
    [
      'with objects of other classes alone',
      answer('as-set: AS-FACEBOOK', 'source: RADB'),
      'empty',
      /no route object/,
    ],
    ['with nothing but blank lines', '\n\n\n', 'empty', /no route object/],
    ['with nothing but remarks', '% hello\n\n\n', 'empty', /no route object/],
    ['with nothing at all', '', 'truncated', /without an answer$/],
    ['with nothing but blanks', ' \r\n ', 'truncated', /without an answer$/],
    ['with one blank line at its end', `${FOUR.join('\n')}\n\n`, 'truncated', /cut off/],
    ['with one blank line of DOS at its end', `${FOUR.join('\r\n')}\r\n\r\n`, 'truncated', /cut off/],
    [
      'with a denial among its objects',
      answer(...FOUR, '', '%% Access denied'),
      'denied',
      /"%% Access denied"$/,
    ],
    [
      'with an error behind its objects',
      `${answer(...FOUR)}%ERROR:306: connections exceeded\n\n\n`,
      'refused',
      /"%ERROR:306: connections exceeded"$/,
    ],
    ['with an error in small letters', '%% error: no\n\n\n', 'refused', /"%% error: no"$/],
    ['with a denial in capitals', '% ACCESS DENIED\n', 'denied', /"% ACCESS DENIED"$/],
    [
      'with a denial longer than a line',
      `%% ${'x'.repeat(300)} denied`,
      'denied',
      /^the registry refuses us: "%% x{117}"$/,
    ],
  ])('%s', (_name, text, ...[fault, says]) => {
    expect(() => readAnswer(text)).toThrow(
      expect.objectContaining({ fault, message: expect.stringMatching(says) }),
    )
  })

  it.each([
    ['in a line of its own', ['descr: %% Access denied']],
    [
      'where a value goes on',
      ['remarks: x', ' %% ERROR: access denied', '+%ERROR:201: access denied', '\t% No entries found'],
    ],
    ['behind a lone carriage return', ['descr: x\r%% Access denied\r%% ERROR: no']],
    ['behind a remark', ['%', 'descr: denied']],
  ])('but free text may speak of denial and errors: %s', (_name, lines) =>
    expect(faultOf(answer(ROUTE, ...lines, ORIGIN, MNT_BY, SOURCE))).toBe(1),
  )

  it('objects of other classes among routes are counted', () => {
    const { routes, others } = readAnswer(
      answer('as-set: AS-X', 'source: RADB', '', ...FOUR, '', 'person: X'),
    )
    expect([routes.length, others]).toEqual([1, 2])
  })
})

describe('an answer that is cut off', () => {
  const whole = answerOf(metaRoutes({ ipv4: 2, ipv6: 1 }))
  it('at any byte is seen to be', () => {
    expect(faultOf(whole)).toBe(3)
    for (let end = 0; end < whole.length; end++)
      expect([end, faultOf(whole.slice(0, end))]).toEqual([end, 'truncated'])
  })

  it('at any byte, with line ends of DOS, too', () => {
    const dos = whole.replaceAll('\n', '\r\n')
    for (let end = 0; end < dos.length - 1; end++)
      expect([end, faultOf(dos.slice(0, end))]).toEqual([end, 'truncated'])
  })

  it('within its remarks, too', () => {
    const remarks = `% This is the RIPE Database query service.\n\n${whole}`
    for (let end = 0; end < 60; end++) expect(faultOf(remarks.slice(0, end))).toBe('truncated')
  })
})
