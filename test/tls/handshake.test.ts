// Handshakes that must not come to stand, and odd ones that must: old versions, weak ciphers, other protocols, odd names.
import type { ConnectionOptions } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Consumer, startConsumer } from '../../src/lab/consumer.ts'
import { issue } from '../../src/lab/pki/certificate.ts'
import { CANARY_SECRET } from '../canary.ts'
import { sendBare, sendBareAndGo } from '../support/bare.ts'
import { bytewiseRelay } from '../support/bytewise-relay.ts'
import { type Hello, clientHello, firstRecord } from '../support/client-hello.ts'
import { expectClientAdmitted, expectClientRefused, only } from '../support/identity.ts'
import { itWith, run } from '../support/programs.ts'
import { expectDelivered } from '../support/refused.ts'
import { sClientArguments } from '../support/s-client.ts'
import { delivery, dialTo, send } from '../support/sender.ts'
import { type World, startWorld } from '../support/world.ts'

let consumer: Consumer
let world: World
let rsaWorld: World
let strictWorld: World
beforeAll(async () => {
  consumer = await startConsumer({ secret: CANARY_SECRET })
  world = await startWorld({ upstream: consumer.url })
  const rsa = issue({
    subject: [{ type: 'CN', value: 'localhost' }],
    altNames: ['localhost'],
    extendedKeyUsage: ['serverAuth'],
  })
  rsaWorld = await startWorld({
    upstream: consumer.url,
    files: { 'server.pem': rsa.certificate, 'server.key': rsa.key },
  })
  strictWorld = await startWorld({
    upstream: consumer.url,
    change: (config) => ({
      ...config,
      ...(config.tls === undefined ? {} : { tls: { ...config.tls, minVersion: 'TLSv1.3' } }),
    }),
  })
})
afterAll(async () => {
  for (const each of [world, rsaWorld, strictWorld]) await each.end()
  await consumer.close()
})

/** What the gateway says first to a ClientHello. */
const replyTo = async (to: World, hello: Hello) =>
  firstRecord((await sendBareAndGo(to, clientHello(hello))).answer)
const SERVER_HELLO = { kind: 'handshake', message: 2 }

async function expectHelloRefused(to: World, hello: Hello, alert: number): Promise<void> {
  const before = to.records.length
  const { answer, record: ended } = await sendBare(to, clientHello(hello))
  expect(firstRecord(answer)).toEqual({ kind: 'alert', description: alert })
  expect(ended).toMatchObject({
    kind: 'connection',
    outcome: 'refused',
    code: 'TLS_FAILED',
    phase: 'handshake',
    gate: 'tls',
  })
  expect(to.records.slice(before)).toHaveLength(1)
}

const PROTOCOL_VERSION = 70
const HANDSHAKE_FAILURE = 40
const NO_APPLICATION_PROTOCOL = 120

describe('an old version', () => {
  it.each([
    ['SSL 3.0', 0x0300, HANDSHAKE_FAILURE],
    ['TLS 1.0', 0x0301, PROTOCOL_VERSION],
    ['TLS 1.1', 0x0302, PROTOCOL_VERSION],
  ])('%s is refused', async (_name, version, alert) => {
    await expectHelloRefused(world, { version }, alert)
    await expectDelivered({ world, consumer })
  })

  it('TLS 1.2 is taken by default, and refused where the configuration says so', async () => {
    expect(await replyTo(world, {})).toEqual(SERVER_HELLO)
    await expectHelloRefused(strictWorld, {}, PROTOCOL_VERSION)
    await expectDelivered({ world: strictWorld, consumer })
  })

  itWith('openssl').each(['-tls1', '-tls1_1'])('openssl s_client %s is refused', async (version) => {
    const { stdout, code } = await run('openssl', sClientArguments(world, undefined, [version]))
    expect(stdout).toContain('Cipher is (NONE)')
    expect(code).not.toBe(0)
    await expectDelivered({ world, consumer })
  })
})

const WEAK: readonly (readonly [name: string, suite: number])[] = [
  ['RSA with NULL and MD5', 0x0001],
  ['RSA with NULL and SHA-256', 0x003b],
  ['ECDHE-ECDSA with NULL', 0xc006],
  ['ECDHE-RSA with NULL', 0xc010],
  ['RSA with RC4', 0x0005],
  ['ECDHE-ECDSA with RC4', 0xc007],
  ['ECDHE-RSA with RC4', 0xc011],
  ['RSA with 3DES', 0x000a],
  ['ECDHE-ECDSA with 3DES', 0xc008],
  ['ECDHE-RSA with 3DES', 0xc012],
  ['RSA_EXPORT with RC4-40', 0x0003],
  ['anonymous DH', 0x00a6],
  ['anonymous ECDH', 0xc018],
  ['PSK', 0x00a8],
  ['RSA key exchange with GCM', 0x009c],
  ['DHE-RSA with GCM', 0x009e],
  ['ECDHE-ECDSA with CBC and SHA-1', 0xc009],
  ['ECDHE-ECDSA with CBC and SHA-256', 0xc023],
  ['ECDHE-RSA with CBC and SHA-1', 0xc013],
  ['ECDHE-RSA with CBC and SHA-256', 0xc027],
  ['ECDHE-ECDSA with CCM-8', 0xc0ae],
]

describe('a cipher suite of TLS 1.2', () => {
  it.each(WEAK)('%s is refused, whatever key the gateway has', async (_name, suite) => {
    for (const each of [world, rsaWorld])
      await expectHelloRefused(each, { suites: [suite] }, HANDSHAKE_FAILURE)
  })

  it.each([
    ['ECDHE-ECDSA with AES-128-GCM', 0xc02b, () => world],
    ['ECDHE-ECDSA with AES-256-GCM', 0xc02c, () => world],
    ['ECDHE-ECDSA with ChaCha20', 0xcca9, () => world],
    ['ECDHE-RSA with AES-128-GCM', 0xc02f, () => rsaWorld],
    ['ECDHE-RSA with AES-256-GCM', 0xc030, () => rsaWorld],
    ['ECDHE-RSA with ChaCha20', 0xcca8, () => rsaWorld],
  ])('%s is taken, among weak ones', async (_name, suite, to) => {
    const suites = [...WEAK.map(([, weak]) => weak), suite]
    expect(await replyTo(to(), { suites })).toEqual(SERVER_HELLO)
  })
})

describe('ALPN', () => {
  it('h2 alone is refused', async () => {
    await expectHelloRefused(world, { alpn: ['h2'] }, NO_APPLICATION_PROTOCOL)
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const)
      await expectClientRefused({ world, consumer }, 'TLS_FAILED', {
        identity: world.pki.client,
        tls: only(version, { ALPNProtocols: ['h2'] }),
      })
  })

  it.each([
    ['http/1.1 alone', ['http/1.1']],
    ['h2 before http/1.1', ['h2', 'http/1.1']],
    ['none', []],
  ])('%s is taken as HTTP/1.1', async (_name, ALPNProtocols) => {
    const identity = world.pki.client
    await expectClientAdmitted({ world, consumer }, { identity, tls: { ALPNProtocols } })
  })
})

describe('a server name', () => {
  it.each([
    '',
    'x',
    'evil.example',
    'LOCALHOST',
    'localhost.',
    '*',
    'a b',
    '_',
    `${'a'.repeat(63)}.`.repeat(3),
    "';--",
  ])('that is "%s" changes no verdict', async (servername) => {
    const tls: ConnectionOptions = { servername, checkServerIdentity: () => undefined }
    await expectClientAdmitted({ world, consumer }, { identity: world.pki.client, tls })
    await expectClientRefused({ world, consumer }, 'CERTIFICATE_MISSING', { identity: undefined, tls })
  })

  it.each([
    ['holds a NUL', Buffer.from('localhost\0evil')],
    ['is empty', Buffer.alloc(0)],
    ['is a thousand bytes', Buffer.alloc(1000, 'a')],
  ])('that %s is refused, or answered as any other', async (_name, serverName) => {
    expect(['alert', 'handshake']).toContain((await replyTo(world, { serverName })).kind)
    await expectDelivered({ world, consumer })
  })
})

describe('a ClientHello, and all that follows, byte by byte', () => {
  it('is taken as a whole', async () => {
    const relay = await bytewiseRelay(world.port)
    try {
      for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
        const { answers, error } = await send(world, [delivery()], {
          dial: dialTo(world, { port: relay.port, tls: only(version) }),
        })
        expect(
          answers.map(({ status }) => status),
          error,
        ).toEqual([200])
      }
    } finally {
      relay.close()
    }
  })
})
