// Real nginx and real HAProxy, configured by `hubgate front`, end TLS in front of a gateway on a Unix socket: what is good arrives
// byte for byte, and everything else gets the code that it gets from hubgate alone.
import { createHash } from 'node:crypto'
import { TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Fields } from '../../src/domain/fields.ts'
import type { ClientIdentity } from '../../src/lab/pki/authorities.ts'
import type { Exchange } from '../../src/lab/exchange.ts'
import { type FieldLine, challengeBytes } from '../../src/lab/request.ts'
import { CANARY_VERIFY_TOKEN } from '../canary.ts'
import { type Behind, startBehind } from '../support/behind.ts'
import { CLIENT, FRONT_FIELDS, FRONT_NAMES, chainOf } from '../support/front-sender.ts'
import { itWith } from '../support/programs.ts'
import { delivery, dialTo, send } from '../support/sender.ts'
import { type Pki, pki } from '../support/world.ts'
import { type Authorities, LONG_AGO, YESTERDAY, oddAnchors } from '../tls/cases/case.ts'
import { NAMES } from '../tls/cases/names.ts'

const made = await pki()
const authorities: Authorities = { ...made, odd: oddAnchors() }

/** So large that no buffer on the way holds it; Meta sends up to 3 MB. */
const LARGE = Buffer.alloc(3_000_000, '{"entry":"\u00e4"}')

const CERTIFICATES: readonly (readonly [
  name: string,
  present: (pki: Pki) => ClientIdentity | undefined,
  code: string,
])[] = [
  ['no certificate', () => undefined, 'CERTIFICATE_MISSING'],
  [
    'an expired one',
    ({ meta }) => meta.client({ notBefore: LONG_AGO, notAfter: YESTERDAY }),
    'CERTIFICATE_EXPIRED',
  ],
  ['one of another authority', () => stranger(), 'CERTIFICATE_UNTRUSTED'],
  ['one for servers', ({ meta }) => meta.client({ extendedKeyUsage: ['serverAuth'] }), 'CERTIFICATE_PROFILE'],
  ['one for anything', ({ meta }) => meta.client({ extendedKeyUsage: [] }), 'CERTIFICATE_PROFILE'],
  ['one that is an authority', ({ meta }) => meta.client({ authority: {} }), 'CERTIFICATE_PROFILE'],
]

describe.each(['nginx', 'haproxy'] as const)('behind %s', (front) => {
  const itRuns = itWith(front)
  let behind: Behind
  beforeAll(async () => {
    if (itRuns === it) behind = await startBehind(front)
  })
  afterAll(() => behind?.end())

  const as = (identity: ClientIdentity | undefined, bytes = delivery()) => {
    const { identity: _, ...dial } = dialTo(behind.reachable)
    return send(behind.reachable, [bytes], { dial: identity === undefined ? dial : { ...dial, identity } })
  }
  const recordAfter = async (before: number) => {
    await behind.world.record((record) => behind.world.records.indexOf(record) >= before)
    return behind.world.records.slice(before)
  }

  itRuns('a delivery is the client’s, and arrives as it was sent', async () => {
    const { consumer, world } = behind
    const before = world.records.length
    const { answers, error } = await as(made.client)
    expect(answers[0]?.status, error).toBe(200)
    expect(await recordAfter(before)).toMatchObject([
      { outcome: 'acknowledged', front, client: '127.0.0.1', anchor: 'meta-lab' },
    ])
    const received = consumer.received.at(-1)
    expect(received).toMatchObject({ signature: 'fits' })
    const fields = new Fields(received?.rawFields ?? [])
    expect(fields.all('host')).toEqual(['gateway.example'])
    expect(fields.all('x-forwarded-for')).toEqual(['127.0.0.1'])
    expect(fields.all('hubgate-verified')).toEqual(['source, certificate, signature'])
    expect(fields.all('client-cert')).toEqual([`:${chainOf(made.client)[0]?.toString('base64')}:`])
  })

  itRuns('leaves below an intermediate are admitted, too', async () => {
    const { answers, error } = await as(made.digicert.client())
    expect(answers[0]?.status, error).toBe(200)
  })

  itRuns('3 MB arrive byte for byte', async () => {
    const { answers, error } = await as(made.client, delivery({ body: LARGE }))
    expect(answers[0]?.status, error).toBe(200)
    expect(behind.consumer.received.at(-1)).toMatchObject({
      bytes: LARGE.length,
      sha256: createHash('sha256').update(LARGE).digest('hex'),
      signature: 'fits',
    })
  })

  itRuns('many deliveries share a connection', async () => {
    const bytes = Buffer.concat(Array.from({ length: 20 }, () => delivery()))
    const { answers } = await send(behind.reachable, [bytes], { answers: 20 })
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200))
  })

  itRuns('the GET challenge is answered', async () => {
    const asked = { authority: 'gateway.example', path: '/webhooks/meta', challenge: '4711' }
    const { answers } = await send(
      behind.reachable,
      [challengeBytes({ ...asked, token: CANARY_VERIFY_TOKEN })],
      {
        method: 'GET',
      },
    )
    expect(answers[0]?.status).toBe(200)
    expect(answers[0]?.body.toString()).toBe('4711')
    expect(await behind.proxy.said()).not.toContain(CANARY_VERIFY_TOKEN)
  })

  itRuns.each(CERTIFICATES)('%s: hubgate refuses and records it', async (_name, present, code) => {
    await expectRefused(await as(present(made)), code)
  })

  itRuns('a refusal comes through though 3 MB are on their way', async () => {
    for (let i = 0; i < 5; i++)
      await expectRefused(await as(undefined, delivery({ body: LARGE })), 'CERTIFICATE_MISSING')
  })

  // TLS_FAILED: OpenSSL takes no such certificate, wherever.
  itRuns.each(NAMES.filter(({ raw, verdict }) => raw !== true && verdict !== 'admitted'))(
    '$name: $verdict, as without a front',
    async ({ present, verdict }) => {
      await expectRefused(await as(present(authorities)), verdict)
    },
  )

  itRuns('a wrong signature is SIGNATURE_MISMATCH', async () => {
    await expectRefused(
      await as(made.client, delivery({ secret: 'another-secret-entirely' })),
      'SIGNATURE_MISMATCH',
    )
  })

  itRuns('without Content-Length it is 411', async () => {
    const exchange = await as(
      made.client,
      delivery({
        set: { 'content-length': undefined },
        add: [['Transfer-Encoding', 'chunked']],
        body: Buffer.from('0\r\n\r\n'),
      }),
    )
    // nginx would give it a length, so it refuses it itself.
    if (front === 'nginx') expect(exchange.answers[0]?.status).toBe(411)
    else await expectRefused(exchange, 'LENGTH_REQUIRED', 411)
  })

  // nginx refuses some of them by itself, with the status that hubgate would have given.
  itRuns.each([
    ['HTTP/1.0', { version: 'HTTP/1.0' }, 400],
    ['a whole URL', { path: 'http://gateway.example/webhooks/meta' }, 400],
    ['a Connection that names the signature', { add: [['Connection', 'X-Hub-Signature-256']] }, 400],
    ['an unknown Expect', { add: [['Expect', 'something']] }, 417],
    ['two lengths', { add: [['Content-Length', '5']] }, 400],
    ['a length and chunks', { add: [['Transfer-Encoding', 'chunked']] }, 400],
    ['a head of 20 kB', { add: [['X-Large', 'x'.repeat(20_000)]] }, 431],
    ['a byte more than the limit', { set: { 'content-length': '4194305' } }, 413],
    ['another method', { method: 'DELETE' }, 405],
    ['another media type', { set: { 'content-type': 'text/plain' } }, 415],
  ] as const)('%s is refused', async (_name, change, status) => {
    const received = behind.consumer.received.length
    const { answers, error } = await as(made.client, delivery(change))
    expect(answers[0]?.status, error).toBe(status)
    expect(behind.consumer.received).toHaveLength(received)
  })

  itRuns.each(['keep-alive', 'Close'])('Connection: %s is taken', async (value) => {
    const { answers, error } = await as(made.client, delivery({ add: [['Connection', value]] }))
    expect(answers[0]?.status, error).toBe(200)
  })

  itRuns.each([
    '/webhooks/../webhooks/meta',
    '/%77ebhooks/meta',
    '//webhooks/meta',
    '/webhooks/meta/',
    '/webhooks/Meta',
  ])('%s is no route', async (path) => {
    await expectRefused(await as(made.client, delivery({ path })), 'ROUTE_UNKNOWN', 404)
  })

  itRuns('a foreign address gets not a byte, whatever its certificate', async () => {
    const before = behind.world.records.length
    for (const identity of [made.client, undefined, CERTIFICATES[1]?.[1](made)]) {
      const { identity: _, ...dial } = dialTo(behind.reachable, { localAddress: '127.0.0.2' })
      const { answers, ended } = await send(behind.reachable, [delivery()], {
        dial: identity === undefined ? dial : { ...dial, identity },
      })
      expect(answers).toEqual([])
      expect(['closed', 'reset']).toContain(ended)
    }
    expect(behind.world.records).toHaveLength(before)
  })

  itRuns.each(['TLSv1.2', 'TLSv1.3'] as const)('no session of %s is resumed', async (version) => {
    const kept: Buffer[] = []
    const reused: boolean[] = []
    for (let i = 0; i < 3; i++) {
      const session = kept.at(-1)
      const tls = {
        minVersion: version,
        maxVersion: version,
        ...(session === undefined ? {} : { session }),
      }
      const { answers, error } = await send(behind.reachable, [delivery()], {
        dial: dialTo(behind.reachable, { tls }),
        opened: (socket) => {
          if (!(socket instanceof TLSSocket)) return
          socket.on('session', (one: Buffer) => kept.push(one))
          const own = socket.getSession()
          if (own !== undefined) kept.push(own)
          reused.push(socket.isSessionReused())
        },
      })
      expect(answers[0]?.status, error).toBe(200)
    }
    expect(reused).toEqual([false, false, false])
    expect(kept.length).toBeGreaterThan(0)
  })

  describe('identity fields that a client sends', () => {
    // Those of every front, of a good client, in several spellings.
    const forged = FRONT_NAMES.flatMap((name) =>
      FRONT_FIELDS[name]({ identity: made.client, address: CLIENT }),
    )
    const spellings: readonly (readonly [string, (line: FieldLine) => FieldLine[]])[] = [
      ['as they are', (line) => [line]],
      ['twice', (line) => [line, line]],
      ['in upper case', ([name, value]) => [[name.toUpperCase(), value]]],
      ['with underscores', ([name, value]) => [[name.replaceAll('-', '_'), value]]],
      ['empty', ([name]) => [[name, '']]],
    ]

    itRuns.each(spellings)('%s change nothing for one without a certificate', async (_name, spell) => {
      await expectRefused(
        await as(undefined, delivery({ add: forged.flatMap(spell) })),
        'CERTIFICATE_MISSING',
      )
    })

    itRuns.each(spellings)('%s do not reach the consumer', async (_name, spell) => {
      const more: FieldLine[] = [
        ['X-Real-IP', CLIENT],
        ['Forwarded', `for=${CLIENT}`],
        ['Hubgate-Verified', 'everything'],
        ['X-Forwarded-Host', 'evil.example'],
      ]
      const { answers, error } = await as(made.client, delivery({ add: [...forged, ...more].flatMap(spell) }))
      expect(answers[0]?.status, error).toBe(200)
      const raw = behind.consumer.received.at(-1)?.rawFields ?? []
      const fields = new Fields(raw)
      expect(fields.all('x-forwarded-for')).toEqual(['127.0.0.1'])
      expect(fields.all('x-forwarded-host')).toEqual(['gateway.example'])
      expect(fields.all('hubgate-verified')).toEqual(['source, certificate, signature'])
      const own = new Set(['x-forwarded-for', 'x-forwarded-host', 'hubgate-verified', 'client-cert'])
      const names = raw
        .filter((_text, i) => i % 2 === 0)
        .map((name) => name.toLowerCase().replaceAll('_', '-'))
      const sent = new Set([...forged, ...more].map(([name]) => name.toLowerCase()))
      expect(names.filter((name) => sent.has(name) && !own.has(name))).toEqual([])
    })
  })

  async function expectRefused({ answers, error }: Exchange, code: string, status = 403): Promise<void> {
    expect(answers[0]?.status, error).toBe(status)
    const body: unknown = JSON.parse(String(answers[0]?.body))
    expect(body).toMatchObject({ error: { code } })
    const id = answers[0]?.fields.only('x-request-id')
    expect(await behind.world.record((record) => record.id === id)).toMatchObject({
      outcome: 'refused',
      code,
      front,
    })
  }
})

function stranger(): ClientIdentity {
  return made.meta.client({ issuer: authorities.odd.twins[0] })
}
