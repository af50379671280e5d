// Behind each front, over a plain connection: a good request is delivered as from its client, and whatever is wrong with
// address, certificate or fields gets its code.
import { X509Certificate } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Consumer, startConsumer } from '../../src/lab/consumer.ts'
import { Fields } from '../../src/domain/fields.ts'
import { type FieldLine, challengeBytes } from '../../src/lab/request.ts'
import { CANARY_SECRET, CANARY_VERIFY_TOKEN } from '../canary.ts'
import {
  CLIENT,
  FRONT_FIELDS,
  FRONT_NAMES,
  type FrontName,
  type Fronted,
  WITH_CHAIN,
  chainOf,
  sendFronted,
  startFronted,
} from '../support/front-sender.ts'
import { BODY, delivery } from '../support/sender.ts'
import { type Pki, type World, fileAnchor, pki } from '../support/world.ts'

let consumer: Consumer
let made: Pki
beforeAll(async () => {
  made = await pki()
  consumer = await startConsumer({ secret: CANARY_SECRET })
})
afterAll(() => consumer.close())

interface Row {
  readonly name: string
  readonly present: (pki: Pki) => Partial<Fronted>
  readonly code: string
}

const REFUSED: readonly Row[] = [
  { name: 'no certificate', present: () => ({ identity: undefined }), code: 'CERTIFICATE_MISSING' },
  {
    name: 'an address that is not in the list',
    present: () => ({ address: '8.8.8.8' }),
    code: 'SOURCE_NOT_ALLOWED',
  },
  {
    name: 'an IPv6 address that is not in the list',
    present: () => ({ address: '2001:db8::1' }),
    code: 'SOURCE_NOT_ALLOWED',
  },
  { name: 'an address that is none', present: () => ({ address: 'unknown' }), code: 'FRONT_FIELDS_INVALID' },
  { name: 'an octal address', present: () => ({ address: '031.13.64.7' }), code: 'FRONT_FIELDS_INVALID' },
  {
    name: 'an address with a port',
    present: () => ({ address: '31.13.64.7:443' }),
    code: 'FRONT_FIELDS_INVALID',
  },
  {
    name: 'another name',
    present: ({ meta }) => ({ identity: meta.client({ commonNames: ['evil.example'] }) }),
    code: 'COMMON_NAME_MISMATCH',
  },
  {
    name: 'an expired certificate',
    present: ({ meta }) => ({
      identity: meta.client({ notBefore: new Date('2020-01-01'), notAfter: new Date('2021-01-01') }),
    }),
    code: 'CERTIFICATE_EXPIRED',
  },
  {
    name: 'a certificate of another authority',
    present: ({ meta }) => ({ identity: meta.client({ issuer: meta.client().leaf }) }),
    code: 'CERTIFICATE_UNTRUSTED',
  },
  {
    name: 'a certificate for servers',
    present: ({ meta }) => ({ identity: meta.client({ extendedKeyUsage: ['serverAuth'] }) }),
    code: 'CERTIFICATE_PROFILE',
  },
]

describe.each(FRONT_NAMES)('behind %s', (front) => {
  let world: World
  beforeAll(async () => {
    world = await startFronted(front, { upstream: consumer.url, route: { clientCert: true } })
  })
  afterAll(() => world.end())

  it('a delivery is the client’s, not the front’s', async () => {
    const before = consumer.received.length
    const { answers, error, localPort } = await sendFronted(world, fieldsOf(front, {}))
    expect(answers[0]?.status, error).toBe(200)
    const record = await world.record(({ peerPort }) => peerPort === localPort)
    expect(record).toMatchObject({
      kind: 'request',
      outcome: 'acknowledged',
      front,
      peer: '127.0.0.1',
      client: CLIENT,
      prefix: '31.13.64.0/18',
      anchor: 'meta-lab',
      leaf: { commonNames: ['client.webhooks.fbclientcerts.com'] },
    })
    const [received] = consumer.received.slice(before)
    expect(received).toMatchObject({ bytes: BODY.length, signature: 'fits' })
    expect(sent(received, 'x-forwarded-for')).toEqual([CLIENT])
    expect(sent(received, 'hubgate-verified')).toEqual(['source, certificate, signature'])
    expect(sent(received, 'client-cert')).toEqual([`:${chainOf(made.client)[0]?.toString('base64')}:`])
  })

  it.each(REFUSED)('$name: $code', async ({ present, code }) => {
    const before = consumer.received.length
    const { answers, error, localPort, closedAfter } = await sendFronted(
      world,
      fieldsOf(front, present(made)),
    )
    expect(answers[0]?.status, error).toBe(403)
    expect(JSON.parse(String(answers[0]?.body))).toMatchObject({ error: { code } })
    expect(closedAfter).toBe(true)
    const record = await world.record(({ peerPort }) => peerPort === localPort)
    expect(record).toMatchObject({ kind: 'request', outcome: 'refused', code, front, status: 403 })
    // As on a direct front: who is refused for the address has made nobody look at a certificate.
    if (code === 'SOURCE_NOT_ALLOWED') expect(record.leaf).toBeUndefined()
    if (/^CERTIFICATE_[EUP]|COMMON/.test(code)) expect(record.leaf).toBeDefined()
    expect(consumer.received).toHaveLength(before)
  })

  it(
    WITH_CHAIN.includes(front) ? 'an intermediate comes along' : 'an intermediate has to be an anchor',
    async () => {
      const identity = made.digicert.client()
      const { answers } = await sendFronted(world, fieldsOf(front, { identity }))
      expect(answers[0]?.status).toBe(WITH_CHAIN.includes(front) ? 200 : 403)
    },
  )

  it('two clients share a connection, and each request is its own', async () => {
    const good = fieldsOf(front, {})
    const evil = fieldsOf(front, { identity: made.meta.client({ commonNames: ['evil.example'] }) })
    const bytes = Buffer.concat([good, good, evil].map((fields) => delivery({ add: fields })))
    const { answers } = await sendFronted(world, [], { bytes, answers: 3 })
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 403])
  })

  it('from a peer that is not trusted nothing is read: reset', async () => {
    const { ended, answers } = await sendFronted(world, fieldsOf(front, {}), { localAddress: '127.0.0.2' })
    expect({ ended, answers }).toEqual({ ended: 'reset', answers: [] })
    await world.record(({ peer, code }) => peer === '127.0.0.2' && code === 'SOURCE_NOT_ALLOWED')
  })
})

describe('the settings keep their meaning behind a front', () => {
  it('`client.require: deliveries` lets the GET challenge come without, and never with a bad one', async () => {
    const world = await startFronted('nginx', {
      upstream: consumer.url,
      change: (config) => ({ ...config, client: { ...config.client, require: 'deliveries' } }),
    })
    try {
      expect(await statusOf(world, { identity: undefined }, 'GET')).toBe(200)
      expect(await statusOf(world, { identity: undefined })).toBe(403)
      expect(
        await statusOf(world, { identity: made.meta.client({ commonNames: ['evil.example'] }) }, 'GET'),
      ).toBe(403)
    } finally {
      await world.end()
    }
  })

  it('`observe` audits, and does not say that it was verified', async () => {
    const world = await startFronted('nginx', {
      upstream: consumer.url,
      change: (config) => ({ ...config, client: { ...config.client, require: 'observe' } }),
    })
    try {
      const before = consumer.received.length
      expect(await statusOf(world, { identity: made.meta.client({ commonNames: ['evil.example'] }) })).toBe(
        200,
      )
      expect(world.records.at(-1)?.observed).toMatchObject([{ code: 'COMMON_NAME_MISMATCH' }])
      expect(sent(consumer.received[before], 'hubgate-verified')).toEqual(['source, signature'])
    } finally {
      await world.end()
    }
  })

  it('pins are compared with what the front passes on', async () => {
    const pinned = (pin: string) =>
      startFronted('nginx', {
        upstream: consumer.url,
        change: (config) => ({ ...config, client: { ...config.client, pins: [pin] } }),
      })
    const [leaf = Buffer.alloc(0)] = chainOf(made.client)
    const own = new X509Certificate(leaf).fingerprint256.replaceAll(':', '').toLowerCase()
    for (const [pin, status] of [
      [own, 200],
      ['0'.repeat(64), 403],
    ] as const) {
      const world = await pinned(pin)
      expect(await statusOf(world, {})).toBe(status)
      await world.end()
    }
  })

  it('the intermediate as an anchor admits what a front without chains passes on', async () => {
    const [intermediate] = made.digicert.intermediates
    const world = await startFronted('nginx', {
      upstream: consumer.url,
      files: { 'intermediate.pem': intermediate?.certificate ?? '' },
      change: (config) => ({
        ...config,
        client: {
          ...config.client,
          anchors: [...config.client.anchors, fileAnchor('intermediate', `${config.state}/intermediate.pem`)],
        },
      }),
    })
    try {
      expect(await statusOf(world, { identity: made.digicert.client() })).toBe(200)
      expect(world.records.at(-1)?.anchor).toBe('intermediate')
    } finally {
      await world.end()
    }
  })
})

describe('a front that passes a subject alone', () => {
  let world: World
  beforeAll(async () => {
    world = await startFronted('envoy', { upstream: consumer.url, route: { clientCert: true } })
  })
  afterAll(() => world.end())
  const subject = (text: string): FieldLine[] => [
    ['X-Forwarded-Client-Cert', `Subject="${text}"`],
    ['X-Forwarded-For', CLIENT],
  ]

  it('is believed, and that is said to the upstream and in the log', async () => {
    const before = consumer.received.length
    const { answers, localPort } = await sendFronted(
      world,
      subject('CN=client.webhooks.fbclientcerts.com,O=Lab'),
    )
    expect(answers[0]?.status).toBe(200)
    const [received] = consumer.received.slice(before)
    expect(sent(received, 'hubgate-verified')).toEqual(['source, certificate-subject, signature'])
    expect(sent(received, 'client-cert')).toEqual([])
    const record = await world.record(({ peerPort }) => peerPort === localPort)
    expect(record).toMatchObject({ leaf: undefined, asserted: 'CN=client.webhooks.fbclientcerts.com,O=Lab' })
    expect(world.logged()).toContain('"hubgate.front.subject":"CN=client.webhooks.fbclientcerts.com,O=Lab"')
  })

  it.each([
    ['CN=evil.example', 'COMMON_NAME_MISMATCH'],
    ['CN=client.webhooks.fbclientcerts.com.evil.example', 'COMMON_NAME_MISMATCH'],
    ['CN=client.webhooks.fbclientcerts.com,CN=evil.example', 'COMMON_NAME_MISMATCH'],
    ['O=CN\\\\=client.webhooks.fbclientcerts.com', 'COMMON_NAME_MISMATCH'],
    ['', 'COMMON_NAME_MISMATCH'],
    ['/O=x/CN=client.webhooks.fbclientcerts.com', 'FRONT_FIELDS_INVALID'],
  ])('%j: %s', async (text, code) => {
    const { answers } = await sendFronted(world, subject(text))
    expect(JSON.parse(String(answers[0]?.body))).toMatchObject({ error: { code } })
  })

  it('cannot be compared with a pin', async () => {
    const pinned = await startFronted('envoy', {
      upstream: consumer.url,
      change: (config) => ({ ...config, client: { ...config.client, pins: ['0'.repeat(64)] } }),
    })
    const { answers } = await sendFronted(pinned, subject('CN=client.webhooks.fbclientcerts.com'))
    expect(JSON.parse(String(answers[0]?.body))).toMatchObject({ error: { code: 'CERTIFICATE_UNTRUSTED' } })
    await pinned.end()
  })
})

function fieldsOf(front: FrontName, change: Partial<Fronted>): FieldLine[] {
  return FRONT_FIELDS[front]({ identity: made.client, ...change })
}

async function statusOf(world: World, change: Partial<Fronted>, method: 'GET' | 'POST' = 'POST') {
  const fields = fieldsOf('nginx', change)
  const bytes = method === 'GET' ? challenge(fields) : delivery({ add: fields })
  const { answers } = await sendFronted(world, [], { bytes, method })
  return answers[0]?.status
}

function sent(received: Consumer['received'][number] | undefined, name: string): readonly string[] {
  return received === undefined ? [] : new Fields(received.rawFields).all(name)
}

function challenge(add: readonly FieldLine[]): Buffer {
  const asked = { authority: 'gateway.example', path: '/webhooks/meta', challenge: '42' }
  return challengeBytes({ ...asked, token: CANARY_VERIFY_TOKEN, add })
}
