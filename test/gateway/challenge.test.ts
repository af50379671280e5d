// Meta's GET challenge through the whole gateway: answered by us, or by an upstream that keeps its own verify tokens.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Secret } from '../../src/config/secret.ts'
import type { RefusalCode } from '../../src/domain/refusals.ts'
import { type Consumer, startConsumer } from '../../src/lab/consumer.ts'
import { requestBytes } from '../../src/lab/request.ts'
import { CANARY_OLD_SECRET, CANARY_SECRET, CANARY_VERIFY_TOKEN } from '../canary.ts'
import { expectRefusalAnswer, expectRefused } from '../support/refused.ts'
import { delivery, send } from '../support/sender.ts'
import { type World, startWorld } from '../support/world.ts'

const OTHER_TOKEN = `${CANARY_VERIFY_TOKEN}+of another/app=`
const mode = 'hub.mode=subscribe'
const token = `hub.verify_token=${CANARY_VERIFY_TOKEN}`
const challenge = 'hub.challenge=1158201444'
const right = `${mode}&${challenge}&${token}`

const get = (query: string, path = '/webhooks/meta') =>
  requestBytes({
    method: 'GET',
    target: `${path}?${query}`,
    fields: [
      ['Host', 'gateway.example'],
      ['Accept', '*/*'],
    ],
  })

let consumer: Consumer
beforeAll(async () => {
  // With its own opinion of the token, taken from the query.
  consumer = await startConsumer({
    secret: CANARY_SECRET,
    answer: ({ method, target }, response) => {
      const query = new URL(target, 'http://consumer').searchParams
      if (method === 'POST') return response.end()
      const echo = query.get('hub.challenge') ?? ''
      const said: Record<string, [number, string]> = {
        right: [200, echo],
        newline: [200, `${echo}\n`],
        html: [200, `<p>${echo}</p>`],
        ok: [200, 'OK'],
        empty: [200, ''],
        other: [200, `${echo}0`],
        long: [200, echo + ' '.repeat(2_000_000)],
        created: [201, echo],
        unknown: [403, 'who are you'],
        broken: [500, 'stack trace'],
        moved: [302, echo],
      }
      const [status, body] = said[query.get('hub.verify_token') ?? ''] ?? [404, '']
      return response.writeHead(status, { 'Content-Type': 'text/html' }).end(body)
    },
  })
})
afterAll(() => consumer.close())

describe('challenge: answer', () => {
  let world: World
  beforeAll(async () => {
    world = await startWorld({
      upstream: consumer.url,
      route: { apps: ['shop', 'ads'] },
      change: (config) => ({
        ...config,
        apps: {
          ...config.apps,
          ads: {
            secrets: [new Secret(CANARY_OLD_SECRET)],
            verifyTokens: [new Secret('an older token'), new Secret(OTHER_TOKEN)],
          },
        },
      }),
    })
  })
  afterAll(() => world.end())

  it.each([
    ["Meta's order", right, '1158201444'],
    ['another order', `${token}&${mode}&${challenge}`, '1158201444'],
    ['further parameters', `a=b&${right}&hub.topic=page&&x`, '1158201444'],
    ['any harmless characters', `${mode}&${token}&hub.challenge=AZaz09._~%2B/%3D=-`, 'AZaz09._~+/==-'],
    ['512 characters', `${mode}&${token}&hub.challenge=${'a'.repeat(512)}`, 'a'.repeat(512)],
    [
      "another app's token, form-encoded",
      `${mode}&${challenge}&hub.verify_token=${encodeURIComponent(OTHER_TOKEN)}`,
      '1158201444',
    ],
    ['a token with + for a space', `${mode}&${challenge}&hub.verify_token=an+older+token`, '1158201444'],
  ])('%s: the challenge comes back, and nothing reaches the upstream', async (_name, query, expected) => {
    const recordsBefore = world.records.length
    const receivedBefore = consumer.received.length
    const { answers } = await send(world, [Buffer.concat([get(query), delivery()])], { answers: 2 })
    const [answer, next] = answers
    expect(answer?.status).toBe(200)
    expect(answer?.body.toString()).toBe(expected)
    expect(answer?.fields.all('content-type')).toEqual(['text/plain'])
    expect(answer?.fields.all('x-content-type-options')).toEqual(['nosniff'])
    expect(answer?.fields.all('cache-control')).toEqual(['no-store'])
    expect(next?.status).toBe(200)
    const records = world.records.slice(recordsBefore).map(({ outcome, code, id }) => ({ outcome, code, id }))
    expect(records).toContainEqual({
      outcome: 'answered',
      code: undefined,
      id: answer?.fields.only('x-request-id'),
    })
    expect(records).toHaveLength(2)
    expect(consumer.received.slice(receivedBefore).map(({ method }) => method)).toEqual(['POST'])
  })

  it.each<[string, string, RefusalCode]>([
    ['a wrong token', `${mode}&${challenge}&hub.verify_token=wrong`, 'VERIFY_TOKEN_MISMATCH'],
    [
      'a token in other case',
      `${mode}&${challenge}&hub.verify_token=${CANARY_VERIFY_TOKEN.toUpperCase()}`,
      'VERIFY_TOKEN_MISMATCH',
    ],
    ['a token and more', `${mode}&${challenge}&${token}x`, 'VERIFY_TOKEN_MISMATCH'],
    ['the start of a token', `${mode}&${challenge}&${token.slice(0, -1)}`, 'VERIFY_TOKEN_MISMATCH'],
    [
      'a token encoded twice',
      `${mode}&${challenge}&hub.verify_token=${encodeURIComponent(encodeURIComponent(OTHER_TOKEN))}`,
      'VERIFY_TOKEN_MISMATCH',
    ],
    ['an empty token', `${mode}&${challenge}&hub.verify_token=`, 'CHALLENGE_INVALID'],
    ['no token', `${mode}&${challenge}`, 'CHALLENGE_INVALID'],
    ['no query', '', 'CHALLENGE_INVALID'],
    ['no mode', `${challenge}&${token}`, 'CHALLENGE_INVALID'],
    ['no challenge', `${mode}&${token}`, 'CHALLENGE_INVALID'],
    ['an empty challenge', `${mode}&${token}&hub.challenge=`, 'CHALLENGE_INVALID'],
    ['mode unsubscribe', `hub.mode=unsubscribe&${challenge}&${token}`, 'CHALLENGE_INVALID'],
    ['mode Subscribe', `hub.mode=Subscribe&${challenge}&${token}`, 'CHALLENGE_INVALID'],
    ['mode twice', `${mode}&${right}`, 'CHALLENGE_INVALID'],
    ['token twice, one wrong', `${right}&hub.verify_token=wrong`, 'CHALLENGE_INVALID'],
    ['challenge twice', `${right}&${challenge}`, 'CHALLENGE_INVALID'],
    ['hub.mode[]', `hub.mode[]=subscribe&${challenge}&${token}`, 'CHALLENGE_INVALID'],
    ['hub.mode and hub.mode[]', `${right}&hub.mode[]=x`, 'CHALLENGE_INVALID'],
    ['hub_mode', `hub_mode=subscribe&${challenge}&${token}`, 'CHALLENGE_INVALID'],
    ['hub.challenge and hub_challenge', `${right}&hub_challenge=x`, 'CHALLENGE_INVALID'],
    ['HUB.MODE', `HUB.MODE=subscribe&${challenge}&${token}`, 'CHALLENGE_INVALID'],
    ['a name percent-encoded', `hub%2emode=subscribe&${challenge}&${token}`, 'CHALLENGE_INVALID'],
    ['a broken percent-encoding', `${mode}&${token}&hub.challenge=%zz`, 'CHALLENGE_INVALID'],
    ['a challenge of no UTF-8', `${mode}&${token}&hub.challenge=%ff`, 'CHALLENGE_INVALID'],
    ['a challenge with CR LF', `${mode}&${token}&hub.challenge=a%0d%0aSet-Cookie:%20a`, 'CHALLENGE_INVALID'],
    [
      'a challenge of HTML',
      `${mode}&${token}&hub.challenge=%3Cscript%3Ealert(1)%3C/script%3E`,
      'CHALLENGE_INVALID',
    ],
    ['a challenge with a space', `${mode}&${token}&hub.challenge=a+b`, 'CHALLENGE_INVALID'],
    ['a challenge beyond ASCII', `${mode}&${token}&hub.challenge=%C3%A4`, 'CHALLENGE_INVALID'],
    [
      'a challenge of 513 characters',
      `${mode}&${token}&hub.challenge=${'a'.repeat(513)}`,
      'CHALLENGE_INVALID',
    ],
    ['a challenge of 1 MB', `${mode}&${token}&hub.challenge=${'a'.repeat(1_000_000)}`, 'HEAD_TOO_LARGE'],
    ['semicolons for &', `${mode};${challenge};${token}`, 'CHALLENGE_INVALID'],
    ['a second question mark', `?${right}`, 'CHALLENGE_INVALID'],
  ])('%s', async (_name, query, code) => {
    await expectRefused({ world, consumer }, { code, steps: [get(query)], method: 'GET' })
  })
})

describe('challenge: forward', () => {
  let world: World
  beforeAll(async () => {
    world = await startWorld({
      upstream: `${consumer.url}/own/verify`,
      route: { challenge: 'forward' },
      change: (config) => ({
        ...config,
        apps: { shop: { secrets: [new Secret(CANARY_SECRET)], verifyTokens: [] } },
      }),
    })
  })
  afterAll(() => world.end())
  const asking = (word: string) => `${mode}&hub.challenge=a%2Bb&hub.verify_token=${word}&x=%20y`

  it.each([
    ['the challenge', 'right'],
    ['the challenge and a line end', 'newline'],
  ])('200 with %s is the challenge answered', async (_name, word) => {
    const { answers } = await send(world, [get(asking(word))])
    expect(answers[0]?.status).toBe(200)
    expect(answers[0]?.body.toString()).toBe('a+b')
    expect(answers[0]?.fields.all('content-type')).toEqual(['text/plain'])
    expect(world.records.at(-1)).toMatchObject({ outcome: 'answered', status: 200, method: 'GET' })
    expect(consumer.received.at(-1)).toMatchObject({
      method: 'GET',
      target: `/own/verify?${asking(word)}`,
      bytes: 0,
    })
    expect(consumer.received.at(-1)?.fields['hubgate-verified']).toBe('source, certificate')
  })

  it.each(['html', 'ok', 'empty', 'other', 'long', 'moved'])(
    '200 or 302 with something else is UPSTREAM_PROTOCOL: %s',
    async (word) => {
      expectRefusalAnswer(await send(world, [get(asking(word))]), 'UPSTREAM_PROTOCOL')
      expect(world.records.at(-1)).toMatchObject({ outcome: 'refused', code: 'UPSTREAM_PROTOCOL' })
    },
  )

  it.each([
    ['unknown', 403],
    ['broken', 500],
    ['created', 201],
    ['nobody', 404],
  ] as const)("another status is the upstream's own, without its body: %s", async (word, status) => {
    const { answers } = await send(world, [get(asking(word))])
    expect(answers[0]?.status).toBe(status)
    expect(answers[0]?.body).toHaveLength(0)
    expect(world.records.at(-1)).toMatchObject({ outcome: 'answered', status })
  })

  it('what is no challenge does not reach the upstream', async () => {
    const stage = { world, consumer }
    await expectRefused(stage, {
      code: 'CHALLENGE_INVALID',
      steps: [get(`${right}&hub_mode=x`)],
      method: 'GET',
    })
    await expectRefused(stage, {
      code: 'CHALLENGE_INVALID',
      steps: [get(`${mode}&${challenge}&hub.verify_token=`)],
      method: 'GET',
    })
  })
})

describe('a route without verify tokens', () => {
  it('answers a GET with 405 and Allow: POST, whatever it asks', async () => {
    const world = await startWorld({
      upstream: consumer.url,
      change: (config) => ({
        ...config,
        apps: { shop: { secrets: [new Secret(CANARY_SECRET)], verifyTokens: [] } },
      }),
    })
    for (const query of [right, `${mode}&${challenge}&hub.verify_token=`, '']) {
      const { answer } = await expectRefused(
        { world, consumer },
        { code: 'METHOD_NOT_ALLOWED', steps: [get(query)], method: 'GET' },
      )
      expect(answer.answers[0]?.fields.all('allow')).toEqual(['POST'])
    }
    await world.end()
  })
})
