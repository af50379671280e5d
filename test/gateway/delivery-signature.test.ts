// The signature through the whole gateway: what is refused, which app's which secret signed, and rotation without a gap.
import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AppConfig } from '../../src/config/config.ts'
import { Secret } from '../../src/config/secret.ts'
import type { RefusalCode } from '../../src/domain/refusals.ts'
import { sign } from '../../src/domain/signature.ts'
import { type Consumer, type ConsumerOptions, startConsumer } from '../../src/lab/consumer.ts'
import { CANARY_OLD_SECRET, CANARY_SECRET } from '../canary.ts'
import { expectDelivered, expectRefused } from '../support/refused.ts'
import { BODY, delivery, send } from '../support/sender.ts'
import { type World, startWorld } from '../support/world.ts'

const OTHER_SECRET = `${CANARY_SECRET}-of-another-app`
const UNUSED_SECRET = `${CANARY_SECRET}-of-an-app-without-routes`

let consumer: Consumer
let world: World
beforeAll(async () => {
  const takeAll: ConsumerOptions['answer'] & {} = (_received, response) => response.end()
  consumer = await startConsumer({ secret: CANARY_SECRET, answer: takeAll })
  world = await startWorld({
    upstream: `${consumer.url}/hooks`,
    route: { apps: ['shop', 'ads'] },
    change: (config) => ({
      ...config,
      apps: { ...config.apps, ads: app(OTHER_SECRET), idle: app(UNUSED_SECRET) },
    }),
  })
})
afterAll(async () => {
  await world.end()
  await consumer.close()
})

const app = (...secrets: string[]): AppConfig => ({
  secrets: secrets.map((secret) => new Secret(secret)),
  verifyTokens: [],
})
const right = sign(BODY, CANARY_SECRET)
const digits = right.slice('sha256='.length)
const flip = (at: number) => {
  const hex = digits.split('')
  hex[at] = hex[at] === '0' ? '1' : '0'
  return `sha256=${hex.join('')}`
}
const hmac = (encoding: 'base64' | 'hex', algorithm = 'sha256', secret = CANARY_SECRET) =>
  createHmac(algorithm, secret).update(BODY).digest(encoding)

/** A delivery of BODY that presents this. */
const presenting = (...values: string[]) =>
  delivery({
    secret: undefined,
    add: values.map((value) => ['X-Hub-Signature-256', value] as const),
  })

describe('what is not the signature of the body', () => {
  it.each<[string, Buffer, RefusalCode]>([
    ['no signature', delivery({ secret: undefined }), 'SIGNATURE_MISSING'],
    ['SHA-1 only', delivery({ set: { 'X-Hub-Signature-256': undefined } }), 'SIGNATURE_MISSING'],
    [
      'under another name',
      delivery({ secret: undefined, add: [['X_Hub_Signature_256', right]] }),
      'SIGNATURE_MISSING',
    ],
    ['empty', presenting(''), 'SIGNATURE_MALFORMED'],
    ['no digits', presenting('sha256='), 'SIGNATURE_MALFORMED'],
    ['digits alone', presenting(digits), 'SIGNATURE_MALFORMED'],
    ['SHA-1 in its field', presenting(`sha1=${hmac('hex', 'sha1')}`), 'SIGNATURE_MALFORMED'],
    ['SHA-1 as SHA-256', presenting(`sha256=${hmac('hex', 'sha1')}`), 'SIGNATURE_MALFORMED'],
    ['SHA-512', presenting(`sha512=${hmac('hex', 'sha512')}`), 'SIGNATURE_MALFORMED'],
    ['upper-case digits', presenting(`sha256=${digits.toUpperCase()}`), 'SIGNATURE_MALFORMED'],
    ['upper-case name', presenting(`SHA256=${digits}`), 'SIGNATURE_MALFORMED'],
    ['a space after =', presenting(`sha256= ${digits}`), 'SIGNATURE_MALFORMED'],
    ['a space before =', presenting(`sha256 =${digits}`), 'SIGNATURE_MALFORMED'],
    ['a space within', presenting(`${right.slice(0, 30)} ${right.slice(30)}`), 'SIGNATURE_MALFORMED'],
    ['in quotes', presenting(`"${right}"`), 'SIGNATURE_MALFORMED'],
    ['digits in quotes', presenting(`sha256="${digits}"`), 'SIGNATURE_MALFORMED'],
    ['base64', presenting(`sha256=${hmac('base64')}`), 'SIGNATURE_MALFORMED'],
    ['63 digits', presenting(right.slice(0, -1)), 'SIGNATURE_MALFORMED'],
    ['65 digits', presenting(`${right}0`), 'SIGNATURE_MALFORMED'],
    ['128 digits', presenting(right + digits), 'SIGNATURE_MALFORMED'],
    ['a letter beyond f', presenting(`${right.slice(0, -1)}g`), 'SIGNATURE_MALFORMED'],
    ['twice in one field', presenting(`${right}, ${right}`), 'SIGNATURE_MALFORMED'],
    ['two fields, both right', presenting(right, right), 'SIGNATURE_MALFORMED'],
    ['two fields, the first right', presenting(right, flip(0)), 'SIGNATURE_MALFORMED'],
    ['two fields, the second right', presenting(flip(0), right), 'SIGNATURE_MALFORMED'],
    ['first bit wrong', presenting(flip(0)), 'SIGNATURE_MISMATCH'],
    ['last bit wrong', presenting(flip(63)), 'SIGNATURE_MISMATCH'],
    ['all zeros', presenting(`sha256=${'0'.repeat(64)}`), 'SIGNATURE_MISMATCH'],
    ['a hash without a key', presenting(sign(BODY, '')), 'SIGNATURE_MISMATCH'],
    ["another company's secret", presenting(sign(BODY, 'somebody else altogether')), 'SIGNATURE_MISMATCH'],
    ['an app that the route does not name', presenting(sign(BODY, UNUSED_SECRET)), 'SIGNATURE_MISMATCH'],
    ['the secret and a newline', presenting(sign(BODY, `${CANARY_SECRET}\n`)), 'SIGNATURE_MISMATCH'],
  ])('%s', async (_name, bytes, code) => {
    await expectRefused({ world, consumer }, { code, steps: [bytes] })
  })

  const text = String.raw`{"b":"\u00e4\/","a":1.0,"b":2}`
  const original = Buffer.from(`\uFEFF${text}\r\n`)
  it.each<[string, Buffer]>([
    ['the body re-serialised', Buffer.from(JSON.stringify(JSON.parse(text)))],
    [
      'the body unescaped',
      Buffer.from(`\uFEFF${text.replace(String.raw`\u00e4`, 'ä').replace(String.raw`\/`, '/')}\r\n`),
    ],
    ['the body without its byte order mark', original.subarray(3)],
    ['the body without its last line end', original.subarray(0, -2)],
    ['the body in UTF-16', Buffer.from(original.toString(), 'utf16le')],
    ['the body in Latin-1, read as UTF-8', Buffer.from(original.toString('latin1'))],
    ['the body with one bit flipped', Buffer.concat([original.subarray(0, -1), Buffer.from('\x0b')])],
    ['no body', Buffer.alloc(0)],
  ])('a signature over %s', async (_name, signed) => {
    const bytes = delivery({ body: original, set: { 'X-Hub-Signature-256': sign(signed, CANARY_SECRET) } })
    await expectRefused({ world, consumer }, { code: 'SIGNATURE_MISMATCH', steps: [bytes] })
    await expectDelivered({ world, consumer }, delivery({ body: original }))
  })
})

describe('which secret it was', () => {
  it.each([
    ['shop', CANARY_SECRET],
    ['ads', OTHER_SECRET],
  ])('an app of several on the route is told to the upstream and the record: %s', async (name, secret) => {
    await send(world, [delivery({ secret, set: { 'Hubgate-App': 'forged' } })])
    expect(world.records.at(-1)).toMatchObject({ outcome: 'acknowledged', app: name, secret: 0 })
    expect(consumer.received.at(-1)?.fields['hubgate-app']).toBe(name)
    expect(consumer.received.at(-1)?.fields['hubgate-verified']).toBe('source, certificate, signature')
    expect(consumer.received.at(-1)?.fields['x-hub-signature-256']).toBe(sign(BODY, secret))
  })

  it('while a secret is rotated both fit, newest first, and afterwards the new one alone', async () => {
    const rotated = await startWorld({
      upstream: consumer.url,
      change: (config) => ({ ...config, apps: { shop: app(CANARY_OLD_SECRET) } }),
    })
    const { config, gateway, records } = rotated
    const attempt = async (secret: string) => {
      const { answers } = await send(rotated, [delivery({ secret })])
      return [answers[0]?.status, records.at(-1)?.secret]
    }
    const reload = (...secrets: string[]) => gateway.reload({ ...config, apps: { shop: app(...secrets) } })

    expect([await attempt(CANARY_OLD_SECRET), await attempt(CANARY_SECRET)]).toEqual([
      [200, 0],
      [403, undefined],
    ])
    expect(await reload(CANARY_SECRET, CANARY_OLD_SECRET)).toMatchObject({ outcome: 'reloaded' })
    expect([await attempt(CANARY_OLD_SECRET), await attempt(CANARY_SECRET)]).toEqual([
      [200, 1],
      [200, 0],
    ])
    expect(await reload(CANARY_SECRET)).toMatchObject({ outcome: 'reloaded' })
    expect([await attempt(CANARY_OLD_SECRET), await attempt(CANARY_SECRET)]).toEqual([
      [403, undefined],
      [200, 0],
    ])
    await rotated.end()
  })
})
