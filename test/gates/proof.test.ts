// The gates that prove what was sent: the challenge's verify token, and the delivery's signature over its exact bytes.
import { describe, expect, it } from 'vitest'
import { BodyDigests, type SigningKey, sign } from '../../src/domain/signature.ts'
import { signature } from '../../src/gates/signature.ts'
import { verifyToken } from '../../src/gates/verify-token.ts'
import { CANARY_OLD_SECRET, CANARY_SECRET, CANARY_VERIFY_TOKEN } from '../canary.ts'
import { outcome } from './facts.ts'

describe('verify-token gate', () => {
  const gate = verifyToken()
  const query = (token: string, challenge = '1158201444') =>
    `hub.mode=subscribe&hub.verify_token=${encodeURIComponent(token)}&hub.challenge=${challenge}`

  it.each([
    ['the right token', query(CANARY_VERIFY_TOKEN), 'admit'],
    ['another', query('wrong'), 'VERIFY_TOKEN_MISMATCH'],
    ['another case', query(CANARY_VERIFY_TOKEN.toUpperCase()), 'VERIFY_TOKEN_MISMATCH'],
    ['one character more', query(`${CANARY_VERIFY_TOKEN}x`), 'VERIFY_TOKEN_MISMATCH'],
    ['one character less', query(CANARY_VERIFY_TOKEN.slice(0, -1)), 'VERIFY_TOKEN_MISMATCH'],
    ['an empty one', query(''), 'CHALLENGE_INVALID'],
    ['no challenge at all', '', 'CHALLENGE_INVALID'],
    ['HTML as the challenge', query(CANARY_VERIFY_TOKEN, '%3Cscript%3E'), 'CHALLENGE_INVALID'],
  ])('%s', (_name, query, expected) =>
    expect(outcome(gate.check({ query, tokens: ['old-token', CANARY_VERIFY_TOKEN] }))).toBe(expected),
  )

  it('no configured token, or an empty one, admits nobody', () => {
    for (const tokens of [[], ['']])
      for (const token of ['', 'x', 'undefined'])
        expect(outcome(gate.check({ query: query(token), tokens }))).not.toBe('admit')
  })

  it('leaves the token to the upstream where it decides, but not the form', () => {
    expect(outcome(gate.check({ query: query('anything'), tokens: undefined }))).toBe('admit')
    expect(outcome(gate.check({ query: 'hub.mode=subscribe', tokens: undefined }))).toBe('CHALLENGE_INVALID')
  })

  it('tells the log neither token', () => {
    const { detail } = gate.check({ query: query('presented-token'), tokens: [CANARY_VERIFY_TOKEN] })
    expect(detail).not.toMatch(/presented-token|canary/)
  })
})

const BODY = Buffer.from('{"object":"page"}')
const KEYS: readonly SigningKey[] = [
  { app: 'shop', index: 0, secret: CANARY_SECRET },
  { app: 'shop', index: 1, secret: CANARY_OLD_SECRET },
  { app: 'ads', index: 0, secret: 'another-app-secret-3390' },
]

function check(signatures: readonly string[], { body = BODY, keys = KEYS } = {}) {
  const digests = new BodyDigests(keys)
  digests.update(body)
  return signature().check({ signatures, digests: digests.digests() })
}

describe('signature gate', () => {
  const good = sign(BODY, CANARY_SECRET)
  const hex = good.slice('sha256='.length)
  const flipped = `${hex.slice(0, -1)}${hex.endsWith('0') ? '1' : '0'}`

  it.each([
    ['a good one', [good], 'admit'],
    ['one under the old secret', [sign(BODY, CANARY_OLD_SECRET)], 'admit'],
    ['one of another app of the route', [sign(BODY, 'another-app-secret-3390')], 'admit'],
    ['none', [], 'SIGNATURE_MISSING'],
    ['an empty one', [''], 'SIGNATURE_MALFORMED'],
    ['one under a foreign secret', [sign(BODY, 'a-foreign-app-secret-1')], 'SIGNATURE_MISMATCH'],
    ['one of another body', [sign(Buffer.from('{}'), CANARY_SECRET)], 'SIGNATURE_MISMATCH'],
    ['one digit off', [`sha256=${flipped}`], 'SIGNATURE_MISMATCH'],
    ['all zeros', [`sha256=${'0'.repeat(64)}`], 'SIGNATURE_MISMATCH'],
    ['upper-case hex', [`sha256=${hex.toUpperCase()}`], 'SIGNATURE_MALFORMED'],
    ['SHA256=', [`SHA256=${hex}`], 'SIGNATURE_MALFORMED'],
    ['sha1', [`sha1=${hex.slice(0, 40)}`], 'SIGNATURE_MALFORMED'],
    ['no algorithm', [hex], 'SIGNATURE_MALFORMED'],
    ['a space before it', [` ${good}`], 'SIGNATURE_MALFORMED'],
    ['a space after it', [`${good} `], 'SIGNATURE_MALFORMED'],
    ['a line end after it', [`${good}\n`], 'SIGNATURE_MALFORMED'],
    ['quotes', [`"${good}"`], 'SIGNATURE_MALFORMED'],
    ['base64', [`sha256=${Buffer.from(hex, 'hex').toString('base64')}`], 'SIGNATURE_MALFORMED'],
    ['63 digits', [`sha256=${hex.slice(1)}`], 'SIGNATURE_MALFORMED'],
    ['65 digits', [`sha256=${hex}0`], 'SIGNATURE_MALFORMED'],
    ['128 digits', [`sha256=${hex}${hex}`], 'SIGNATURE_MALFORMED'],
    ['not hex', [`sha256=${'g'.repeat(64)}`], 'SIGNATURE_MALFORMED'],
    ['two fields, the first good', [good, `sha256=${flipped}`], 'SIGNATURE_MALFORMED'],
    ['two fields, both good', [good, good], 'SIGNATURE_MALFORMED'],
    ['two joined by a comma', [`${good}, ${good}`], 'SIGNATURE_MALFORMED'],
  ])('%s', (_name, signatures, expected) => expect(outcome(check(signatures))).toBe(expected))

  it('no secret fits nothing', () => expect(outcome(check([good], { keys: [] }))).toBe('SIGNATURE_MISMATCH'))

  it('after a rotation the old secret fits no more', () =>
    expect(outcome(check([sign(BODY, CANARY_OLD_SECRET)], { keys: KEYS.slice(0, 1) }))).toBe(
      'SIGNATURE_MISMATCH',
    ))

  it('says which app and which of its secrets it was', () => {
    expect(check([sign(BODY, CANARY_OLD_SECRET)])).toMatchObject({ evidence: { app: 'shop', secret: 1 } })
    expect(check([good])).toMatchObject({ evidence: { app: 'shop', secret: 0 } })
  })

  it.each([
    ['a byte order mark added', Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), BODY])],
    ['re-serialised', Buffer.from(JSON.stringify(JSON.parse(BODY.toString()), undefined, 1))],
    ['a line end added', Buffer.concat([BODY, Buffer.from('\n')])],
    ['one bit flipped', Buffer.from(BODY.map((byte, i) => (i === 3 ? byte ^ 1 : byte)))],
    ['cut off', BODY.subarray(0, -1)],
    ['empty', Buffer.alloc(0)],
  ])('the body with %s does not fit', (_name, body) =>
    expect(outcome(check([good], { body }))).toBe('SIGNATURE_MISMATCH'),
  )

  it.each([
    ['escaped', '{"t":"\\u00e9\\/"}'],
    ['unescaped', '{"t":"é/"}'],
    ['empty', ''],
  ])('signs the bytes as they are: %s', (_name, text) => {
    const body = Buffer.from(text)
    expect(outcome(check([sign(body, CANARY_SECRET)], { body }))).toBe('admit')
  })

  it('signs what is no UTF-8 at all', () => {
    const body = Buffer.from([0xff, 0xfe, 0x00, 0xc0, 0x80, 0xed, 0xa0, 0x80])
    expect(outcome(check([sign(body, CANARY_SECRET)], { body }))).toBe('admit')
    const decoded = Buffer.from(body.toString('utf8'))
    expect(outcome(check([sign(body, CANARY_SECRET)], { body: decoded }))).toBe('SIGNATURE_MISMATCH')
  })

  it('tells the log neither secret nor digest', () => {
    for (const { detail } of [check([good]), check([sign(BODY, 'a-foreign-app-secret-1')])])
      expect(detail).not.toMatch(/canary|[0-9a-f]{32}/)
  })
})
