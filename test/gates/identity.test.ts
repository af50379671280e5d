// The gate of a client's name: exactly one common name, byte for byte a configured one.
import { describe, expect, it } from 'vitest'
import { commonName, commonNameOnDelivery } from '../../src/gates/common-name.ts'
import { ABSENT, COMMON_NAME, certificateFacts, leaf, outcome, route } from './facts.ts'

const withLeaf = (change: Parameters<typeof leaf>[0]) => certificateFacts({ leaf: leaf(change) })

const NAMES: readonly (readonly [string, readonly string[], string])[] = [
  ['exact match', [COMMON_NAME], 'admit'],
  ['a longer name that ends in it', [`evil.${COMMON_NAME}`], 'COMMON_NAME_MISMATCH'],
  ['a longer name that begins with it', [`${COMMON_NAME}.evil.example`], 'COMMON_NAME_MISMATCH'],
  ['another case', ['Client.Webhooks.FBclientcerts.com'], 'COMMON_NAME_MISMATCH'],
  ['a trailing dot', [`${COMMON_NAME}.`], 'COMMON_NAME_MISMATCH'],
  ['a space after it', [`${COMMON_NAME} `], 'COMMON_NAME_MISMATCH'],
  ['a space before it', [` ${COMMON_NAME}`], 'COMMON_NAME_MISMATCH'],
  ['a NUL after it', [`${COMMON_NAME}\0`], 'COMMON_NAME_MISMATCH'],
  ['a NUL and more', [`${COMMON_NAME}\0.evil.example`], 'COMMON_NAME_MISMATCH'],
  ['a line end after it', [`${COMMON_NAME}\n`], 'COMMON_NAME_MISMATCH'],
  ['a wildcard', ['*'], 'COMMON_NAME_MISMATCH'],
  ['a wildcard label', ['*.webhooks.fbclientcerts.com'], 'COMMON_NAME_MISMATCH'],
  ['X in place of a dot', [COMMON_NAME.replaceAll('.', 'X')], 'COMMON_NAME_MISMATCH'],
  ['a Cyrillic look-alike', [COMMON_NAME.replace('c', '\u0441')], 'COMMON_NAME_MISMATCH'],
  ['an empty one', [''], 'COMMON_NAME_MISMATCH'],
  ['none', [], 'COMMON_NAME_MISMATCH'],
  ['ours twice', [COMMON_NAME, COMMON_NAME], 'COMMON_NAME_MISMATCH'],
  ['ours and another', [COMMON_NAME, 'x'], 'COMMON_NAME_MISMATCH'],
]

describe('common-name gate', () => {
  const gate = commonName([COMMON_NAME], { absentMayWait: false })

  it.each(NAMES)('%s', (_name, commonNames, expected) =>
    expect(outcome(gate.check({ certificate: withLeaf({ commonNames }) }))).toBe(expected),
  )

  it.each([
    ['no certificate', ABSENT],
    ['one that cannot be read', certificateFacts({ leaf: 'unreadable' })],
  ])('%s has no name', (_name, certificate) =>
    expect(outcome(gate.check({ certificate }))).toBe('COMMON_NAME_MISMATCH'),
  )

  it('the name in O, OU, SAN or the subject text is no common name', () => {
    const named = withLeaf({ commonNames: ['x'], subject: `O=Evil\nCN=${COMMON_NAME}` })
    expect(outcome(gate.check({ certificate: named }))).toBe('COMMON_NAME_MISMATCH')
  })

  it('several configured names are each as good', () => {
    const both = commonName(['old.example', COMMON_NAME], { absentMayWait: false })
    expect(outcome(both.check({ certificate: certificateFacts() }))).toBe('admit')
  })

  it('no configured name admits nobody, not even an empty one', () => {
    const none = commonName([], { absentMayWait: false })
    for (const commonNames of [[COMMON_NAME], ['']])
      expect(outcome(none.check({ certificate: withLeaf({ commonNames }) }))).toBe('COMMON_NAME_MISMATCH')
  })

  it('its detail shows what came, on one line', () => {
    const verdict = gate.check({ certificate: withLeaf({ commonNames: ['a\r\nb\u001b[31m'] }) })
    expect(verdict.detail).not.toMatch(/\p{Cc}/u)
  })

  it('a name that a front asserts is judged as one that was read, on a challenge too', () => {
    const asserted = (commonNames: string[]) => ({
      certificate: { ...ABSENT, asserted: { subject: 'x', commonNames } },
    })
    const waiting = commonName([COMMON_NAME], { absentMayWait: true })
    const onDelivery = commonNameOnDelivery([COMMON_NAME])
    for (const [names, expected] of [
      [[COMMON_NAME], 'admit'],
      [['x'], 'COMMON_NAME_MISMATCH'],
      [[], 'COMMON_NAME_MISMATCH'],
      [[COMMON_NAME, COMMON_NAME], 'COMMON_NAME_MISMATCH'],
    ] as const) {
      expect(outcome(waiting.check(asserted([...names])))).toBe(expected)
      expect(outcome(onDelivery.check({ ...asserted([...names]), method: 'GET', route: route() }))).toBe(
        expected,
      )
    }
  })

  it('waits for an absent certificate only where told so, and never for a wrong name', () => {
    const waiting = commonName([COMMON_NAME], { absentMayWait: true })
    expect(outcome(waiting.check({ certificate: ABSENT }))).toBe('admit')
    expect(outcome(waiting.check({ certificate: withLeaf({ commonNames: ['x'] }) }))).toBe(
      'COMMON_NAME_MISMATCH',
    )
  })

  it('on a delivery: a GET may come without, a POST may not, and a wrong name never', () => {
    const gate = commonNameOnDelivery([COMMON_NAME])
    expect(outcome(gate.check({ certificate: ABSENT, method: 'GET', route: route() }))).toBe('admit')
    expect(outcome(gate.check({ certificate: ABSENT, method: 'POST', route: route() }))).toBe(
      'COMMON_NAME_MISMATCH',
    )
    const wrong = withLeaf({ commonNames: ['x'] })
    expect(outcome(gate.check({ certificate: wrong, method: 'GET', route: route() }))).toBe(
      'COMMON_NAME_MISMATCH',
    )
  })
})
