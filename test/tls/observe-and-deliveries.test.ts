// `client.require: observe` lets every certificate in, records its verdict and vouches for none; under `deliveries` an
// absent certificate may pass on the challenge, a bad one never, and no resumed session makes one of the other.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Config } from '../../src/config/config.ts'
import type { RefusalCode } from '../../src/domain/refusals.ts'
import { type Consumer, type Received, startConsumer } from '../../src/lab/consumer.ts'
import { type ClientIdentity, selfSigned } from '../../src/lab/pki/authorities.ts'
import { challengeBytes } from '../../src/lab/request.ts'
import { CANARY_SECRET, CANARY_VERIFY_TOKEN } from '../canary.ts'
import { expectClientAdmitted, expectClientRefused, only, sendAs } from '../support/identity.ts'
import { delivery, dialTo, send } from '../support/sender.ts'
import { visit, weaken } from '../support/sessions.ts'
import { type Pki, type World, pki, startWorld } from '../support/world.ts'
import { YESTERDAY } from './cases/case.ts'

let consumer: Consumer
let made: Pki
let observing: World
let waiting: World
beforeAll(async () => {
  consumer = await startConsumer({ secret: CANARY_SECRET })
  made = await pki()
  observing = await startWorld({
    upstream: consumer.url,
    change: requiring('observe'),
    route: { clientCert: true },
  })
  waiting = await startWorld({
    upstream: consumer.url,
    change: requiring('deliveries'),
    route: { clientCert: true },
  })
})
afterAll(async () => {
  await observing.end()
  await waiting.end()
  await consumer.close()
})

const requiring =
  (require: Config['client']['require']) =>
  (config: Config): Config => ({ ...config, client: { ...config.client, require } })

interface Shown {
  readonly name: string
  readonly identity: () => ClientIdentity | undefined
  readonly code: RefusalCode
}

const NONE: Shown = { name: 'none', identity: () => undefined, code: 'CERTIFICATE_MISSING' }
const BAD: readonly Shown[] = [
  { name: 'a self-signed one', identity: () => selfSigned(), code: 'CERTIFICATE_UNTRUSTED' },
  {
    name: 'one without its intermediate',
    identity: () => made.digicert.client({ chain: [] }),
    code: 'CERTIFICATE_UNTRUSTED',
  },
  {
    name: 'an expired one',
    identity: () => made.meta.client({ notAfter: YESTERDAY }),
    code: 'CERTIFICATE_EXPIRED',
  },
  {
    name: 'one for servers',
    identity: () => made.meta.client({ extendedKeyUsage: ['serverAuth'] }),
    code: 'CERTIFICATE_PROFILE',
  },
  {
    name: 'one with a weak key',
    identity: () => made.meta.client({ key: 'rsa-1024' }),
    code: 'CERTIFICATE_PROFILE',
  },
  {
    name: 'one of two names',
    identity: () => made.meta.client({ commonNames: ['a', 'b'] }),
    code: 'CERTIFICATE_PROFILE',
  },
  {
    name: 'one of another name',
    identity: () => made.meta.client({ commonNames: ['evil.example'] }),
    code: 'COMMON_NAME_MISMATCH',
  },
]
const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const

const challenge = (path = '/webhooks/meta') =>
  challengeBytes({ authority: 'gateway.example', path, token: CANARY_VERIFY_TOKEN, challenge: '1158201444' })

function lastReceived(): Received['fields'] {
  return consumer.received.at(-1)?.fields ?? {}
}

/** The log line of a record. */
function lineOf(world: World, id: string): Record<string, unknown> {
  const line = world
    .logged()
    .split('\n')
    .find((text) => text.includes(`"${id}"`) && text.includes('hubgate.outcome'))
  return JSON.parse(line ?? '{}') as Record<string, unknown>
}

describe.each(VERSIONS)('under observe, with %s', (version) => {
  it.each([NONE, ...BAD])('$name is let in, recorded, and not vouched for', async ({ identity, code }) => {
    const presented = { identity: identity(), tls: only(version) }
    const { observed } = await expectClientAdmitted({ world: observing, consumer }, presented)
    expect(observed.map((each) => each.code)).toContain(code)
    expect(lastReceived()['hubgate-verified']).toBe('source, signature')
    expect(lastReceived()).not.toHaveProperty('client-cert')
  })

  it('a good one leaves nothing to record, and is not vouched for either', async () => {
    const { observed, leaf, anchor } = await expectClientAdmitted(
      { world: observing, consumer },
      { identity: made.client, tls: only(version) },
    )
    expect(observed).toEqual([])
    expect([leaf?.commonNames, anchor]).toEqual([['client.webhooks.fbclientcerts.com'], 'meta-lab'])
    expect(lastReceived()['hubgate-verified']).toBe('source, signature')
    expect(lastReceived()).not.toHaveProperty('client-cert')
  })

  it('a resumed session is let in, recorded, and not vouched for', async () => {
    weaken(observing, { tickets: true })
    const { session } = await visit(observing, { version, identity: made.client })
    const { resumed, exchange } = await visit(observing, { version, identity: undefined, session })
    expect([resumed, exchange.answers[0]?.status]).toEqual([true, 200])
    const record = await observing.record(({ peerPort }) => peerPort === exchange.localPort)
    expect(record.observed[0]).toMatchObject({
      gate: 'certificate',
      code: 'CERTIFICATE_UNTRUSTED',
      detail: 'the TLS session was resumed',
    })
    expect(lastReceived()['hubgate-verified']).toBe('source, signature')
  })
})

describe.each(VERSIONS)('under deliveries, with %s', (version) => {
  const tls = only(version)
  const code = 'CERTIFICATE_MISSING'

  it('the challenge passes without a certificate', async () => {
    const { answers, localPort } = await sendAs(waiting, { identity: undefined, tls }, challenge())
    expect(answers.map(({ status, body }) => [status, body.toString()])).toEqual([[200, '1158201444']])
    const record = await waiting.record(({ peerPort }) => peerPort === localPort)
    expect(record).toMatchObject({ outcome: 'answered', code: undefined, leaf: undefined, anchor: undefined })
  })

  it('a delivery without one is refused, also behind a challenge on the same connection', async () => {
    const before = consumer.received.length
    const { identity: _shown, ...anonymous } = dialTo(waiting, { tls })
    const both = Buffer.concat([challenge(), delivery()])
    for (const [bytes, statuses] of [
      [delivery(), [403]],
      [both, [200, 403]],
    ] as const) {
      const { answers, closedAfter } = await send(waiting, [bytes], {
        dial: anonymous,
        answers: statuses.length,
      })
      expect(answers.map(({ status }) => status)).toEqual(statuses)
      expect(answers.at(-1)?.body.toString()).toContain(code)
      expect(closedAfter).toBe(true)
    }
    expect(consumer.received).toHaveLength(before)
  })

  it('a delivery with one is vouched for, and it goes along', async () => {
    await expectClientAdmitted({ world: waiting, consumer }, { identity: made.client, tls })
    expect(lastReceived()['hubgate-verified']).toBe('source, certificate, signature')
    expect(lastReceived()['client-cert']).toBe(`:${made.client.leaf.der.toString('base64')}:`)
  })

  it.each(BAD)('$name is refused before any HTTP, even for the challenge', async ({ identity, code }) => {
    const presented = { identity: identity(), tls }
    const { answers, localPort } = await sendAs(waiting, presented, challenge())
    expect(answers).toEqual([])
    expect(await waiting.record(({ peerPort }) => peerPort === localPort)).toMatchObject({
      kind: 'connection',
      code,
    })
    await expectClientRefused({ world: waiting, consumer }, code, presented)
  })

  it.each([
    ['of a client with a certificate', () => made.client],
    ['of a client without', () => undefined],
  ])(
    'a session %s is not resumed, and where it were, not even the challenge passes',
    async (_name, before) => {
      const ask = async () => {
        const { session } = await visit(waiting, { version, identity: before(), request: challenge() })
        return visit(waiting, { version, identity: undefined, session, request: challenge() })
      }
      // A new generation has all its protections.
      await waiting.gateway.reload(waiting.config)
      const fresh = await ask()
      expect([fresh.resumed, fresh.exchange.answers[0]?.status]).toEqual([false, 200])
      weaken(waiting, { tickets: true })
      const again = await ask()
      expect([again.resumed, again.exchange.answers]).toEqual([true, []])
      const record = await waiting.record(({ peerPort }) => peerPort === again.exchange.localPort)
      expect(record).toMatchObject({
        kind: 'connection',
        code: 'CERTIFICATE_UNTRUSTED',
        detail: 'the TLS session was resumed',
      })
    },
  )
})

describe('a certificate that is missing from an allow-listed address', () => {
  const HINT = /switch on mutual TLS for the app in Meta's dashboard, or set client\.require: deliveries/

  it('is logged with what to do about it, whether refused, refused later, or observed', async () => {
    const always = await startWorld({ upstream: consumer.url })
    try {
      for (const world of [always, waiting, observing]) {
        const { localPort } = await sendAs(world, { identity: undefined })
        const { id, prefix } = await world.record(({ peerPort }) => peerPort === localPort)
        expect(prefix).toBe('127.0.0.1/32')
        expect(lineOf(world, id)['hubgate.hint']).toMatch(HINT)
      }
      const { localPort } = await sendAs(always, {
        identity: made.meta.client({ commonNames: ['evil.example'] }),
      })
      const { id } = await always.record(({ peerPort }) => peerPort === localPort)
      expect(lineOf(always, id)).toMatchObject({ 'error.type': 'COMMON_NAME_MISMATCH' })
      expect(lineOf(always, id)).not.toHaveProperty('hubgate.hint')
    } finally {
      await always.end()
    }
  })

  it('from elsewhere, is logged without', async () => {
    const world = await startWorld({
      upstream: consumer.url,
      change: (config) => ({ ...config, sources: { ...config.sources, mode: 'none' } }),
    })
    try {
      const { localPort } = await sendAs(world, { identity: undefined })
      const { id } = await world.record(({ peerPort }) => peerPort === localPort)
      expect(lineOf(world, id)).toMatchObject({ 'error.type': 'CERTIFICATE_MISSING' })
      expect(lineOf(world, id)).not.toHaveProperty('hubgate.hint')
    } finally {
      await world.end()
    }
  })
})
