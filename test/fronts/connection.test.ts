// The way from a front to us: a Unix socket, TLS between the two, connections kept ready, and who else may not come.
import { X509Certificate } from 'node:crypto'
import { connect } from 'node:net'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Config } from '../../src/config/config.ts'
import { type Consumer, startConsumer } from '../../src/lab/consumer.ts'
import { CANARY_SECRET } from '../canary.ts'
import { issueCrl } from '../../src/lab/pki/crl.ts'
import type { FieldLine } from '../../src/lab/request.ts'
import { CLIENT, FRONT_FIELDS, chainOf, sendFronted, startFronted } from '../support/front-sender.ts'
import { delivery, readToEnd } from '../support/sender.ts'
import { type Pki, type World, pki } from '../support/world.ts'

let consumer: Consumer
let made: Pki
beforeAll(async () => {
  made = await pki()
  consumer = await startConsumer({ secret: CANARY_SECRET })
})
afterAll(() => consumer.close())

const good = () => FRONT_FIELDS.nginx({ identity: made.client })
const goodBytes = () => delivery({ add: good(), connection: 'close' })

function withPeers(trustedPeers: readonly string[]) {
  return (config: Config): Config => ({
    ...config,
    listen: {
      ...config.listen,
      address: [...config.listen.address, { kind: 'unix', path: join(config.state, 'front.sock') }],
      trustedPeers,
    },
  })
}

describe('over a Unix socket', () => {
  it('`unix` trusts whoever its file lets in', async () => {
    const world = await startFronted('nginx', { upstream: consumer.url, change: withPeers(['unix']) })
    const socket = connect({ path: join(world.directory, 'front.sock') })
    socket.write(goodBytes())
    expect(await readToEnd(socket)).toMatch(/^HTTP\/1\.1 200 /)
    expect(world.records.at(-1)).toMatchObject({ outcome: 'acknowledged', client: CLIENT, peer: undefined })
    // And nobody else.
    expect(await sendFronted(world, good())).toMatchObject({ ended: 'reset', answers: [] })
    await world.end()
  })

  it('prefixes do not: it is closed without a word', async () => {
    const world = await startFronted('nginx', { upstream: consumer.url, change: withPeers(['127.0.0.1/32']) })
    const socket = connect({ path: join(world.directory, 'front.sock') })
    socket.on('error', () => {})
    socket.write(goodBytes())
    expect(await readToEnd(socket)).toBe('')
    await world.record(({ code }) => code === 'SOURCE_NOT_ALLOWED')
    expect((await sendFronted(world, good())).answers[0]?.status).toBe(200)
    await world.end()
  })
})

describe('with TLS between the front and us', () => {
  let world: World
  beforeAll(async () => {
    world = await startFronted('nginx', {
      upstream: consumer.url,
      change: (config) => ({
        ...config,
        tls: {
          certificate: `${config.state}/server.pem`,
          key: `${config.state}/server.key`,
          others: [],
          minVersion: 'TLSv1.2',
        },
      }),
    })
  })
  afterAll(() => world.end())

  it.each([
    ['without a certificate of its own', () => ({})],
    [
      'and a certificate of the front counts for nothing',
      () => ({ cert: made.client.certificate, key: made.client.key }),
    ],
  ])('%s', async (_name, identity) => {
    const options = { port: world.port, host: '127.0.0.1', ca: made.server.certificate, ...identity() }
    const talk = async (bytes: Buffer) => {
      const socket = connectTls({ ...options, checkServerIdentity: () => undefined })
      socket.on('error', () => {})
      socket.write(bytes)
      return readToEnd(socket)
    }
    expect(await talk(goodBytes())).toMatch(/^HTTP\/1\.1 200 /)
    expect(world.records.at(-1)).toMatchObject({ client: CLIENT, leaf: { fingerprint: digestOf(made) } })
    const none = FRONT_FIELDS.nginx({ identity: undefined })
    expect(await talk(delivery({ add: none, connection: 'close' }))).toMatch(/CERTIFICATE_MISSING/)
    expect(world.records.at(-1)).toMatchObject({ code: 'CERTIFICATE_MISSING', leaf: undefined })
  })

  it('plain HTTP is refused', async () => {
    expect((await sendFronted(world, good())).answers).toEqual([])
    await world.record(({ code }) => code === 'TLS_FAILED')
  })
})

describe('a front’s connections', () => {
  let world: World
  beforeAll(async () => {
    world = await startFronted('nginx', {
      upstream: consumer.url,
      change: (config) => ({ ...config, limits: { ...config.limits, connectionsPerAddress: 1 } }),
    })
  })
  afterAll(() => world.end())

  it('that it opens and closes, to see whether we listen, leave no record', async () => {
    const before = world.records.length
    const socket = connect({ port: world.port, host: '127.0.0.1' })
    await new Promise((resolve) => socket.once('connect', resolve))
    socket.end()
    await readToEnd(socket)
    await expect.poll(() => world.gateway.load.connections).toBe(0)
    expect(world.records).toHaveLength(before)
  })

  it('are not counted by address', async () => {
    const held = Array.from({ length: 5 }, () => connect({ port: world.port, host: '127.0.0.1' }))
    await Promise.all(held.map((socket) => new Promise((resolve) => socket.once('connect', resolve))))
    expect((await sendFronted(world, good())).answers[0]?.status).toBe(200)
    for (const socket of held) socket.destroy()
  })

  it('are closed where bytes come that are no request', async () => {
    const socket = connect({ port: world.port, host: '127.0.0.1' })
    socket.on('error', () => {})
    socket.write('\x16\x03\x01\x02\x00\x01\x00')
    expect(await readToEnd(socket)).toMatch(/^HTTP\/1\.1 400 /)
    await world.record(({ code }) => code === 'FRAMING_INVALID')
  })

  it('a whole request before anything else is served, however it is split', async () => {
    const socket = connect({ port: world.port, host: '127.0.0.1', noDelay: true })
    const bytes = goodBytes()
    for (let i = 0; i < bytes.length; i += 97) socket.write(bytes.subarray(i, i + 97))
    expect(await readToEnd(socket)).toMatch(/^HTTP\/1\.1 200 /)
  })

  it('a reload that takes an anchor away is seen by the next request of the same connection', async () => {
    const { config } = world.gateway
    const socket = connect({ port: world.port, host: '127.0.0.1' })
    const talk = delivery({ add: good() })
    const answer = () =>
      new Promise<string>((resolve) => socket.once('data', (chunk: Buffer) => resolve(String(chunk))))
    socket.write(talk)
    expect(await answer()).toMatch(/^HTTP\/1\.1 200 /)
    const anchors = config.client.anchors.filter(({ name }) => name !== 'meta-lab')
    expect(await world.gateway.reload({ ...config, client: { ...config.client, anchors } })).toMatchObject({
      outcome: 'reloaded',
    })
    socket.write(talk)
    expect(await answer()).toMatch(/CERTIFICATE_UNTRUSTED/)
    socket.destroy()
    await world.gateway.reload(config)
  })
})

describe('revocation lists', () => {
  let world: World
  beforeAll(async () => {
    const [leaf] = chainOf(made.client)
    const { serialNumber } = new X509Certificate(leaf ?? '')
    const { der } = issueCrl({ issuer: made.meta.root, revoked: [{ serial: serialNumber }] })
    world = await startFronted('envoy', {
      upstream: consumer.url,
      files: { 'meta.crl': der },
      change: (config) => ({
        ...config,
        client: {
          ...config.client,
          revocation: { ...config.client.revocation, mode: 'hard', files: [`${config.state}/meta.crl`] },
        },
      }),
    })
  })
  afterAll(() => world.end())
  const code = async (fields: readonly FieldLine[]) => {
    const { answers } = await sendFronted(world, fields)
    return answers[0]?.status === 200 ? 'admitted' : /"code":"(\w+)"/.exec(String(answers[0]?.body))?.[1]
  }

  it('of ours refuse what the front has verified', async () => {
    expect(await code(FRONT_FIELDS.envoy({ identity: made.client }))).toBe('CERTIFICATE_REVOKED')
    expect(await code(FRONT_FIELDS.envoy({ identity: made.meta.client() }))).toBe('admitted')
  })

  it('cannot tell of a mere subject: `hard` refuses', async () => {
    const subject = 'Subject="CN=client.webhooks.fbclientcerts.com"'
    expect(
      await code([
        ['X-Forwarded-Client-Cert', subject],
        ['X-Forwarded-For', CLIENT],
      ]),
    ).toBe('CERTIFICATE_REVOKED')
  })
})

describe('a front’s own verdict', () => {
  let world: World
  beforeAll(async () => {
    world = await startFronted('nginx', { upstream: consumer.url })
  })
  afterAll(() => world.end())

  it.each([
    ['FAILED:certificate revoked', 'CERTIFICATE_REVOKED'],
    ['FAILED:certificate has expired', 'CERTIFICATE_EXPIRED'],
    ['FAILED:something new', 'CERTIFICATE_UNTRUSTED'],
  ] as const)('%s refuses what we find nothing wrong with', async (verify, code) => {
    const fields = good().map(
      ([name, value]) => [name, name === 'X-SSL-Client-Verify' ? verify : value] as const,
    )
    const { answers } = await sendFronted(world, fields)
    expect(String(answers[0]?.body)).toContain(code)
  })

  it('never admits what we refuse', async () => {
    const identity = made.meta.client({ issuer: made.client.leaf })
    const { answers } = await sendFronted(world, FRONT_FIELDS.nginx({ identity }))
    expect(String(answers[0]?.body)).toContain('CERTIFICATE_UNTRUSTED')
  })
})

function digestOf({ client }: Pki): string {
  return new X509Certificate(client.certificate).fingerprint256.replaceAll(':', '').toLowerCase()
}
