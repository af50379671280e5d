// What comes to the TLS port and never becomes TLS: other protocols, silence, halves, and floods of them. Each connection
// has one record, which names its own peer, and nothing of it is left.
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RefusalCode } from '../../src/domain/refusals.ts'
import { type Consumer, startConsumer } from '../../src/lab/consumer.ts'
import { selfSigned } from '../../src/lab/pki/authorities.ts'
import { CANARY_SECRET } from '../canary.ts'
import { recordOf, sendBare } from '../support/bare.ts'
import { clientHello, record } from '../support/client-hello.ts'
import { sendAs } from '../support/identity.ts'
import { expectDelivered } from '../support/refused.ts'
import { delivery, open, readToEnd } from '../support/sender.ts'
import { type World, startWorld } from '../support/world.ts'

let consumer: Consumer
let world: World
let impatient: World
beforeAll(async () => {
  consumer = await startConsumer({ secret: CANARY_SECRET })
  world = await startWorld({ upstream: consumer.url })
  impatient = await startWorld({
    upstream: consumer.url,
    change: (config) => ({ ...config, limits: { ...config.limits, handshakeTimeout: 3_000 } }),
  })
})
afterAll(async () => {
  await world.end()
  await impatient.end()
  await consumer.close()
})

const HELLO = clientHello()
const HALF = HELLO.subarray(0, HELLO.length / 2)
const NOTHING = Buffer.alloc(0)

const text = (characters: string) => Buffer.from(characters, 'latin1')
const hex = (digits: string) => Buffer.from(digits, 'hex')

const NO_TLS: readonly (readonly [name: string, bytes: Buffer])[] = [
  ['a plain HTTP request', text('GET / HTTP/1.1\r\nHost: gateway.example\r\n\r\n')],
  ['a plain delivery', delivery()],
  ['an HTTP/2 preface', text('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')],
  ['a request to a forward proxy', text('CONNECT gateway.example:443 HTTP/1.1\r\n\r\n')],
  ['an SSH banner', text('SSH-2.0-OpenSSH_9.9\r\n')],
  ['an SMTP greeting', text('EHLO gateway.example\r\n')],
  [
    'a PROXY header and a ClientHello',
    Buffer.concat([text('PROXY TCP4 31.13.64.1 127.0.0.1 1 2\r\n'), HELLO]),
  ],
  ['zeros', Buffer.alloc(1000)],
  [
    'a ClientHello of SSL 2.0',
    Buffer.concat([hex('802e0100020015000000100100800200800300800400800500800600400700c0'), randomBytes(16)]),
  ],
  ['a record of 65,535 bytes', Buffer.concat([hex('160301ffff'), Buffer.alloc(66_000, 1)])],
  ['application data', record(0x17, randomBytes(100))],
  ['an alert', record(0x15, Buffer.of(2, 40))],
  ['a handshake that begins with a ServerHello', record(0x16, hex('02000000'))],
  ['a ClientHello of random bytes', record(0x16, Buffer.concat([hex('010003e4'), randomBytes(996)]))],
  ['a ClientHello twice', Buffer.concat([HELLO, HELLO])],
  // Never 0x16 or 0x80, which might begin a long record that is waited for.
  ...Array.from(
    { length: 10 },
    (_, i) => [`random bytes, ${i}`, Buffer.concat([Buffer.of(i), randomBytes(999)])] as const,
  ),
]

describe('bytes that are no TLS', () => {
  it.each(NO_TLS)('%s: refused and closed, without a byte of HTTP', async (_name, bytes) => {
    const before = world.records.length
    const { answer, record: ended } = await sendBare(world, bytes)
    expect(answer.toString('latin1')).not.toMatch(/HTTP|html|error/i)
    expect(ended).toMatchObject({
      kind: 'connection',
      outcome: 'refused',
      code: 'TLS_FAILED',
      phase: 'handshake',
      gate: 'tls',
    })
    expect(ended.detail).toMatch(/^OpenSSL: [\w ]+$/)
    await expectDelivered({ world, consumer })
    expect(world.records.slice(before)).toHaveLength(2)
  })
})

describe('a peer that goes away', () => {
  it.each([
    ['at once, by FIN', NOTHING, 'end'],
    ['at once, by RST', NOTHING, 'reset'],
    ['within its ClientHello, by FIN', HALF, 'end'],
    ['within its ClientHello, by RST', HALF, 'reset'],
    ['after its ClientHello, by FIN', HELLO, 'end'],
    ['after its ClientHello, by RST', HELLO, 'reset'],
  ] as const)('%s: one record says that it went', async (_name, bytes, how) => {
    const before = world.records.length
    const socket = await open(world, { tls: false })
    const { localPort } = socket
    socket.write(bytes)
    await expect.poll(() => world.gateway.load.connections).toBe(1)
    if (how === 'end') socket.end()
    else socket.resetAndDestroy()
    expect(await recordOf(world, localPort)).toMatchObject({
      kind: 'connection',
      outcome: 'aborted',
      code: 'CLIENT_ABORTED',
    })
    socket.destroy()
    await expect.poll(() => world.gateway.load.connections).toBe(0)
    await expectDelivered({ world, consumer })
    expect(world.records.slice(before)).toHaveLength(2)
  })
})

describe('a handshake that does not go on', () => {
  it('two hundred of them, silent or stuck, time out and leave nothing', async () => {
    const before = impatient.records.length
    const beginnings = [NOTHING, HALF, HELLO]
    const sockets = await Promise.all(Array.from({ length: 200 }, () => open(impatient, { tls: false })))
    const ends = sockets.map((socket, i) => {
      socket.write(beginnings[i % 3] ?? NOTHING)
      return readToEnd(socket)
    })
    const ports = new Set(sockets.map(({ localPort }) => localPort))
    await Promise.all(ends)
    const records = impatient.records.slice(before)
    expect(new Set(records.map(({ code, outcome }) => `${outcome} ${code}`))).toEqual(
      new Set(['refused HANDSHAKE_TIMEOUT']),
    )
    expect(records).toHaveLength(200)
    expect(new Set(records.map(({ peerPort }) => peerPort))).toEqual(ports)
    await expect.poll(() => impatient.gateway.load).toEqual({ connections: 0, requests: 0, bodyBytes: 0 })
    await expectDelivered({ world: impatient, consumer })
  })

  it('a ClientHello that drips in does not gain time', async () => {
    const socket = await open(impatient, { tls: false })
    const { localPort } = socket
    const end = readToEnd(socket)
    let at = 0
    const drip = setInterval(() => socket.write(HELLO.subarray(at, ++at)), 50)
    await end
    clearInterval(drip)
    expect(await recordOf(impatient, localPort)).toMatchObject({
      outcome: 'refused',
      code: 'HANDSHAKE_TIMEOUT',
    })
    expect(at).toBeLessThan(HELLO.length)
  })
})

describe('many peers at once', () => {
  it('each has the record of its own connection', async () => {
    const bare = (bytes: Uint8Array) => async (to: World) => {
      const socket = await open(to, { tls: false })
      const { localPort } = socket
      const end = readToEnd(socket)
      socket.write(bytes)
      await end
      return localPort
    }
    // In the middle of the handshake: the gateway has answered its ClientHello.
    const gone = async (to: World) => {
      const socket = await open(to, { tls: false })
      const { localPort } = socket
      const answered = new Promise((resolve) => socket.once('data', resolve))
      socket.write(HELLO)
      await answered
      socket.resetAndDestroy()
      return localPort
    }
    const as = (identity: Parameters<typeof sendAs>[1]['identity']) => async (to: World) =>
      (await sendAs(to, { identity })).localPort
    const KINDS: readonly (readonly [RefusalCode, (to: World) => Promise<number | undefined>])[] = [
      ['TLS_FAILED', bare(text('GET / HTTP/1.1\r\n\r\n'))],
      ['TLS_FAILED', bare(clientHello({ alpn: ['h2'] }))],
      ['HANDSHAKE_TIMEOUT', bare(HELLO)],
      ['CERTIFICATE_MISSING', as(undefined)],
      ['CERTIFICATE_UNTRUSTED', as(selfSigned())],
      ['COMMON_NAME_MISMATCH', as(impatient.pki.meta.client({ commonNames: ['evil.example'] }))],
      ['CLIENT_ABORTED', gone],
    ]
    const before = impatient.records.length
    const expected = await Promise.all(
      Array.from({ length: 10 }, () => KINDS)
        .flat()
        .map(async ([code, send]) => ({ code, peerPort: await send(impatient) })),
    )
    await expect.poll(() => impatient.gateway.load.connections).toBe(0)
    const found = impatient.records.slice(before).map(({ code, peerPort }) => ({ code, peerPort }))
    const byPort = (list: readonly { peerPort: number | undefined }[]) =>
      list.toSorted((a, b) => Number(a.peerPort) - Number(b.peerPort))
    expect(byPort(found)).toEqual(byPort(expected))
    await expectDelivered({ world: impatient, consumer })
  })
})
