// The reader of IRRd's short answers: the answer to `!s`, then a length, so many bytes, and the end; nothing more, nothing less.
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readShort } from '../../src/allowlist/fetch-routes.ts'
import { type RegistryFault, RegistryError } from '../../src/allowlist/registry-error.ts'

const WHOLE = 'C\nA44\n157.240.0.0/16 157.240.1.0/24 31.13.64.0/18\nC\n'

describe('a short answer holds', () => {
  it.each([
    ['prefixes', WHOLE, ['157.240.0.0/16', '157.240.1.0/24', '31.13.64.0/18']],
    [
      'prefixes over several lines',
      'C\nA32\n157.240.0.0/16\n157.240.1.0/24  \nC\n',
      ['157.240.0.0/16', '157.240.1.0/24'],
    ],
    ['none, since the key is not known', 'C\nD\n', []],
    ['none, though the key is known', 'C\nC\n', []],
    ['none, in no bytes', 'C\nA0\nC\n', []],
    ['what looks like an end within its bytes', 'C\nA4\nC\nC\nC\n', ['C', 'C']],
  ])('%s', (_name, text, prefixes) => expect(readShort(text, '!gAS32934')).toEqual(prefixes))
})

describe('a short answer is refused', () => {
  it.each<[string, string, RegistryFault, RegExp]>([
    ['that is an error', 'C\nF no such thing\n', 'refused', /!gAS32934 with an error: "F no such thing"$/],
    [
      'whose registries are unknown',
      'F Unknown source RAD\n',
      'refused',
      /!s with an error: "F Unknown source RAD"$/,
    ],
    ['that is a denial', '%% Access denied', 'denied', /"%% Access denied"$/],
    ['that is a denial in the middle', 'C\n%% Access denied', 'denied', /"%% Access denied"$/],
    [
      'that is shorter than it says',
      'C\nA60\n157.240.0.0/16 157.240.1.0/24 31.13.64.0/18\nC\n',
      'truncated',
      /cut off$/,
    ],
    [
      'that is longer than it says',
      'C\nA43\n157.240.0.0/16 157.240.1.0/24 31.13.64.0/18\nC\n',
      'unreadable',
      /none of IRRd's/,
    ],
    ['that goes on', `${WHOLE}C\n`, 'unreadable', /none of IRRd's: "C"$/],
    ['that comes twice', WHOLE + WHOLE, 'unreadable', /none of IRRd's: "C"$/],
    ['without the answer to !s', WHOLE.slice(2), 'unreadable', /none of IRRd's: "A44"$/],
    ['with a negative length', 'C\nA-1\nC\n', 'unreadable', /none of IRRd's: "A-1"$/],
    ['with a length of too many digits', `C\nA${'9'.repeat(10)}\nx\nC\n`, 'unreadable', /"A9999999999"$/],
    ['with a length in hexadecimal', 'C\nA0x2\nab\nC\n', 'unreadable', /"A0x2"$/],
    ['of another protocol', 'route: 157.240.0.0/16\n', 'unreadable', /!s is none of IRRd's: "route: 157/],
    ['with line ends of DOS', WHOLE.replaceAll('\n', '\r\n'), 'unreadable', /none of IRRd's/],
    ['that never came', '', 'truncated', /!s is cut off$/],
  ])('%s', (_name, text, ...[fault, says]) =>
    expect(() => readShort(text, '!gAS32934')).toThrow(
      expect.objectContaining({ fault, message: expect.stringMatching(says) }),
    ),
  )

  it('that is cut off at any byte', () => {
    for (const whole of [WHOLE, 'C\nC\n', 'C\nD\n', 'C\nA0\nC\n'])
      for (let end = 0; end < whole.length; end++)
        expect(() => readShort(whole.slice(0, end), '!g')).toThrow(
          expect.objectContaining({ fault: 'truncated' }),
        )
  })

  it('with a reason, whatever its bytes are', () => {
    const pieces = fc.oneof(
      fc.constantFrom('C\n', 'D\n', 'A', 'A4\n', '\n', 'F', '%', '157.240.0.0/16 '),
      fc.string({ unit: 'binary' }),
    )
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (all) => {
        try {
          readShort(all.join(''), '!g')
        } catch (error) {
          if (!(error instanceof RegistryError)) throw error
          expect(error.message).toMatch(/^[ -~]+$/)
        }
      }),
      { numRuns: 2_000 },
    )
  })
})
