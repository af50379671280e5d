// The reader of a registry's answer: every form that an object may have, and which objects are believed.
import { describe, expect, it } from 'vitest'
import { believe, dropCounts } from '../../src/allowlist/filter.ts'
import { type RouteObject, readAnswer } from '../../src/allowlist/rpsl.ts'
import { loadSources } from '../../src/config/load.ts'
import { SAMPLE } from './sample-answer.ts'

/** One object of these lines, as a whole answer. */
function answer(...lines: readonly string[]): string {
  return `${lines.join('\n')}\n\n\n`
}

function only(text: string): RouteObject {
  const { routes } = readAnswer(text)
  expect(routes).toHaveLength(1)
  return routes[0] ?? expect.fail('no object')
}

const READ = {
  kind: 'route',
  prefix: '157.240.0.0/16',
  origin: 'AS32934',
  maintainers: ['MAINT-AS32934'],
  source: 'RADB',
  line: 1,
}
const FOUR = ['route: 157.240.0.0/16', 'origin: AS32934', 'mnt-by: MAINT-AS32934', 'source: RADB'] as const
const [ROUTE, ORIGIN, MNT_BY, SOURCE] = FOUR

describe('an object is read the same', () => {
  it.each<[string, string]>([
    [
      'as registries write it',
      answer(
        'route:          157.240.0.0/16',
        'origin:         AS32934',
        'mnt-by:         MAINT-AS32934',
        'source:         RADB',
      ),
    ],
    ['with one blank, or none', answer('route:157.240.0.0/16', 'origin:AS32934', MNT_BY, 'source:RADB')],
    [
      'with tabs',
      answer('route:\t157.240.0.0/16\t', 'origin:\t\tAS32934', 'mnt-by:\t MAINT-AS32934', 'source: \tRADB '),
    ],
    ['in another order', answer(ROUTE, SOURCE, MNT_BY, ORIGIN)],
    ['with its prefix last', answer(SOURCE, MNT_BY, ORIGIN, ROUTE)],
    [
      'below a warning of a whois program',
      answer('Warning: RIPE flags used with a traditional server.', ...FOUR),
    ],
    [
      'in capitals and in small letters',
      answer('ROUTE: 157.240.0.0/16', 'Origin: as32934', 'MNT-BY: maint-as32934', 'SouRce: radb'),
    ],
    ['with line ends of DOS', answer(...FOUR).replaceAll('\n', '\r\n')],
    ['with line ends of both kinds', answer(...FOUR).replace('\n', '\r\n')],
    [
      'with comments behind its values',
      answer(`${ROUTE} # a`, `${ORIGIN}#b`, `${MNT_BY}  # MAINT-B`, `${SOURCE} # RIPE`),
    ],
    [
      'with comments between its lines',
      answer(ROUTE, '# origin: AS1', ORIGIN, '% source: RIPE', MNT_BY, SOURCE),
    ],
    [
      'with junk that looks like it in free text',
      answer(
        ROUTE,
        'descr: origin: AS1',
        'remarks: mnt-by: EVIL',
        'changed: x@example.invalid 20150501',
        ORIGIN,
        'remarks:',
        '',
        MNT_BY,
        SOURCE,
      ).replace('\n\nmnt', '\nmnt'),
    ],
    [
      'with any bytes in free text',
      answer(ROUTE, 'descr: Stra\xdfe \x00\x07\x1b[31m \r \x85\x0b', ORIGIN, MNT_BY, SOURCE),
    ],
    [
      'with free text that goes on with blanks, a tab, a plus',
      answer(
        ROUTE,
        'remarks: one',
        '   source: RIPE',
        '\torigin: AS1',
        '+ mnt-by: EVIL',
        '+',
        ORIGIN,
        MNT_BY,
        SOURCE,
      ),
    ],
    [
      'with values on the next line',
      answer(
        'route:',
        ' 157.240.0.0/16',
        'origin:',
        '\tAS32934',
        'mnt-by:',
        '+MAINT-AS32934',
        'source:',
        '+ RADB',
      ),
    ],
    [
      'with a comment where the value begins',
      answer('route: # here it comes', '  157.240.0.0/16', ORIGIN, MNT_BY, SOURCE),
    ],
    [
      'without a second maintainer that only a comment names',
      answer(ROUTE, ORIGIN, `${MNT_BY}, # MNT-COMMENTED`, SOURCE),
    ],
  ])('%s', (_name, text) => expect(only(text)).toEqual(READ))

  it('though the answer begins with remarks and blank lines', () =>
    expect(only(`% This is the RIPE Database query service.\n%\n\n\n${answer(...FOUR)}`)).toEqual({
      ...READ,
      line: 5,
    }))

  it('though remarks follow it', () =>
    expect(only(`${FOUR.join('\n')}\n\n% This query was served by something\n\n\n`)).toEqual(READ))

  it('as route6', () =>
    expect(only(answer('route6: 2a03:2880::/32', ORIGIN, MNT_BY, SOURCE))).toEqual({
      ...READ,
      kind: 'route6',
      prefix: '2a03:2880::/32',
    }))
})

describe('its maintainers are all of them', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ['in several attributes', ['mnt-by: A', 'descr: x', 'mnt-by: B', 'mnt-by: C'], ['A', 'B', 'C']],
    ['with commas', ['mnt-by: A,B, C ,D'], ['A', 'B', 'C', 'D']],
    ['with commas over several lines', ['mnt-by: A,', '        B,', '\tC,', '+ D'], ['A', 'B', 'C', 'D']],
    [
      'with commas before the line end is over',
      ['mnt-by: A # first', ' , B # second', '+,C'],
      ['A', 'B', 'C'],
    ],
    ['with blanks alone', ['mnt-by: A B'], ['A', 'B']],
    ['with empty places', ['mnt-by: ,,A,,', 'mnt-by:', 'mnt-by: # none'], ['A']],
    [
      'in all of these at once',
      ['mnt-by: A,', ' B', 'mnt-by: C', '+ , D # E', 'mnt-by: F'],
      ['A', 'B', 'C', 'D', 'F'],
    ],
    ['none', [], []],
  ])('%s', (_name, lines, maintainers) =>
    expect(only(answer(ROUTE, ORIGIN, ...lines, SOURCE)).maintainers).toEqual(maintainers),
  )

  it('and not those of mnt-lower, mnt-routes and notify', () =>
    expect(
      only(
        answer(
          ROUTE,
          ORIGIN,
          'mnt-lower: MAINT-AS32934',
          'mnt-routes: MAINT-AS32934',
          'mnt-by: OTHER',
          SOURCE,
        ),
      ).maintainers,
    ).toEqual(['OTHER']))
})

describe('the sample of traps', () => {
  const { routes } = readAnswer(SAMPLE)
  const { believed, dropped } = believe(routes, loadSources({ file: undefined, env: {} }).sources.registry)

  it('is believed where Meta maintains it', () =>
    expect(believed.map(({ prefix }) => prefix)).toEqual([
      '157.240.0.0/16',
      '157.240.1.0/24',
      '57.141.0.0/24',
      '185.60.216.0/22',
      '2a03:2880::/32',
    ]))

  it('is dropped where anybody else does, each with its reason', () => {
    expect(dropped.map(({ object, reason }) => [object.prefix, object.source, reason])).toEqual([
      ['157.240.0.0/16', 'RPKI', 'untrusted registry'],
      ['203.0.113.0/24', 'RIPE', 'untrusted maintainer'],
      ['0.0.0.0/0', 'ALTDB', 'untrusted registry'],
      ['10.0.0.0/8', 'ALTDB', 'untrusted registry'],
      ['2a10:f781:10:cee0::/64', 'RIPE', 'untrusted maintainer'],
    ])
    expect(dropCounts(dropped)).toEqual({ 'untrusted registry': 3, 'untrusted maintainer': 2 })
  })
})
