// The reader of a registry's answer, given whatever an attacker may write: it never believes more than it should, and
// refuses what it cannot read with a reason, at once.
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { believe } from '../../src/allowlist/filter.ts'
import { RegistryError } from '../../src/allowlist/registry-error.ts'
import { readAnswer } from '../../src/allowlist/rpsl.ts'
import { loadSources } from '../../src/config/load.ts'

/** One object of these lines, as a whole answer. */
function answer(...lines: readonly string[]): string {
  return `${lines.join('\n')}\n\n\n`
}

const FOUR = ['route: 157.240.0.0/16', 'origin: AS32934', 'mnt-by: MAINT-AS32934', 'source: RADB'] as const
const [, ORIGIN] = FOUR

describe('whatever a stranger writes', () => {
  const { registry } = loadSources({ file: undefined, env: {} }).sources
  const pieces = fc.oneof(
    fc.constantFrom(
      'route:',
      'origin:',
      'source:',
      'mnt-by:',
      'RADB',
      'AS32934',
      'MAINT-AS32934',
      '\r',
      '\n ',
      '\n\t',
      '\n+',
      '#',
      '%',
      ',',
      ':',
    ),
    fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\n', '')),
  )
  const freeText = fc.array(pieces, { maxLength: 30 }).map((all) => all.join(''))

  it.each(['descr', 'remarks', 'notify', 'mnt-routes', 'changed'])(
    'as %s does not make his object believed',
    (attribute) => {
      fc.assert(
        fc.property(freeText, (text) => {
          const his = [
            'route: 8.8.8.0/24',
            `${attribute}: ${text}`,
            ORIGIN,
            'mnt-by: HIS',
            'source: RADB',
            '',
          ]
          const { routes } = readAnswer(`${his.join('\n')}\n${answer(...FOUR)}`)
          expect(believe(routes, registry).believed.map(({ prefix }) => prefix)).toEqual(['157.240.0.0/16'])
        }),
        { numRuns: 500 },
      )
    },
  )
})

describe('any bytes', () => {
  const pieces = fc.oneof(
    fc.constantFrom(
      'route:',
      'route6:',
      'origin:',
      'source:',
      'mnt-by:',
      'RADB',
      'AS32934',
      '157.240.0.0/16',
      '\n',
      '\r\n',
      '\n\n',
      '\n\n\n',
      ' ',
      '\t',
      '+',
      '#',
      '%',
      '%% ERROR:',
      ',',
      ':',
    ),
    fc.string({ unit: 'binary' }),
  )
  it.each([
    [
      'thrown together from pieces of answers',
      fc.array(pieces, { maxLength: 60 }).map((all) => all.join('')),
    ],
    ['at random', fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes).toString('latin1'))],
  ])('%s are read, or refused with a reason in printable words', (_name, texts) => {
    fc.assert(
      fc.property(texts, (text) => {
        for (const whole of [text, `${text}\n\n\n`]) {
          try {
            readAnswer(whole)
          } catch (error) {
            if (!(error instanceof RegistryError)) throw error
            expect(error.message).toMatch(/^[ -~]+$/)
          }
        }
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('hostile text', () => {
  it.each<[string, string]>([
    ['a line of percent signs', '%'.repeat(2_000_000)],
    ['blank lines', '\n'.repeat(2_000_000)],
    ['blanks behind a percent sign', `%${' '.repeat(2_000_000)}x`],
    ['carriage returns', '\r'.repeat(2_000_000)],
    ['pluses', '+\n'.repeat(1_000_000)],
    ['an endless value', `route: x\n${'+\n'.repeat(1_000_000)}`],
    ['commas', `route: 157.240.0.0/16\norigin: AS32934\nsource: RADB\nmnt-by: ${','.repeat(60_000)}\n\n\n`],
  ])('of %s is judged at once', (_name, text) => {
    try {
      readAnswer(text)
    } catch (error) {
      expect(error).toBeInstanceOf(RegistryError)
    }
  })
})
