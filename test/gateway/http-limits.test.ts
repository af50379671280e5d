// How much a request may be: head, fields, target, body; and that a client that is refused while it still sends can read why.
import { createHash } from 'node:crypto'
import type { Socket } from 'node:net'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RefusalCode, refusalRow } from '../../src/domain/refusals.ts'
import { type Consumer, startConsumer } from '../../src/lab/consumer.ts'
import { CANARY_SECRET } from '../canary.ts'
import { Running, itWith } from '../support/programs.ts'
import { rawDelivery } from '../support/raw-delivery.ts'
import { expectDelivered, expectRefused } from '../support/refused.ts'
import { delivery, open } from '../support/sender.ts'
import { tapTo } from '../support/tap.ts'
import { type World, startWorld } from '../support/world.ts'

const KIB = 1024
const MIB = KIB * KIB

let consumer: Consumer
let world: World
beforeAll(async () => {
  consumer = await startConsumer({ secret: CANARY_SECRET })
  world = await startWorld({ upstream: `${consumer.url}/hooks` })
})
afterAll(async () => {
  await world.end()
  await consumer.close()
})

const fields = (count: number) => Array.from({ length: count }, (_, i) => `X-${i}: 1\r\n`).join('')
const padded = (bytes: number) => rawDelivery({ more: `X-Padding: ${'a'.repeat(bytes)}\r\n` })
const targeted = (bytes: number) =>
  rawDelivery({ start: `POST /webhooks/meta?${'a'.repeat(bytes)} HTTP/1.1\r\n` })
const announced = (bytes: number | string) =>
  rawDelivery({ framing: `Content-Length: ${bytes}\r\n`, sent: '' })

// A raw delivery has four fields of its own.
describe('a request that is too much is refused', () => {
  it.each<[string, string, RefusalCode]>([
    ['a head of 17 KiB in one field', padded(17 * KIB), 'HEAD_TOO_LARGE'],
    [
      'a head of 17 KiB in fifty fields',
      rawDelivery({ more: `X: ${'a'.repeat(350)}\r\n`.repeat(50) }),
      'HEAD_TOO_LARGE',
    ],
    ['a field name of 17 KiB', rawDelivery({ more: `${'X'.repeat(17 * KIB)}: 1\r\n` }), 'HEAD_TOO_LARGE'],
    ['a head without end', padded(MIB).slice(0, MIB), 'HEAD_TOO_LARGE'],
    ['a target of 64 KiB', targeted(64 * KIB), 'HEAD_TOO_LARGE'],
    ['101 fields', rawDelivery({ more: fields(97) }), 'HEAD_TOO_LARGE'],
    ['2,000 fields', rawDelivery({ more: 'X:\r\n'.repeat(2000) }), 'HEAD_TOO_LARGE'],
    ['one byte more than the limit announced', announced(4 * MIB + 1), 'BODY_TOO_LARGE'],
    ['10 GB announced', announced(10_737_418_240), 'BODY_TOO_LARGE'],
    ['the largest safe integer announced', announced(Number.MAX_SAFE_INTEGER), 'BODY_TOO_LARGE'],
  ])('%s', async (_name, bytes, code) => {
    await expectRefused({ world, consumer }, { code, steps: [bytes] })
  })

  it('a head of 17 KiB that comes in small pieces', async () => {
    const steps = padded(17 * KIB).match(/[^]{1,700}/g) ?? []
    await expectRefused({ world, consumer }, { code: 'HEAD_TOO_LARGE', steps })
  })
})

describe('a request that is just not too much is delivered', () => {
  it.each([
    ['a head of 15 KiB', padded(15 * KIB)],
    ['a target of 15 KiB', targeted(15 * KIB)],
    ['100 fields', rawDelivery({ more: fields(96) })],
    ['a body of one byte', delivery({ body: Buffer.from('1') })],
    ['a body of nothing', delivery({ body: Buffer.alloc(0) })],
    ['a body of exactly the limit', delivery({ body: Buffer.alloc(4 * MIB, ' ') })],
  ])('%s', async (_name, bytes) => {
    await expectDelivered({ world, consumer }, Buffer.from(bytes as string, 'latin1'))
  })

  it('a compressed body is never inflated: the bytes that were signed are the bytes that arrive', async () => {
    const body = gzipSync(Buffer.alloc(MIB, ' '))
    await expectDelivered({ world, consumer }, delivery({ body, set: { 'Content-Encoding': 'gzip' } }))
    const sha256 = createHash('sha256').update(body).digest('hex')
    expect(consumer.received.at(-1)).toMatchObject({ bytes: body.length, sha256 })
    expect(consumer.received.at(-1)?.fields['content-encoding']).toBe('gzip')
  })
})

describe('a client that goes on sending after it was refused reads the answer, and an orderly end after it', () => {
  it.each<[string, string, RefusalCode]>([
    [
      'a body one byte above the limit, sent whole',
      announced(4 * MIB + 1) + ' '.repeat(4 * MIB + 1),
      'BODY_TOO_LARGE',
    ],
    [
      'a body on an unknown route',
      rawDelivery({ start: 'POST /x HTTP/1.1\r\n', body: ' '.repeat(3 * MIB) }),
      'ROUTE_UNKNOWN',
    ],
    ['a head of a megabyte', padded(MIB), 'HEAD_TOO_LARGE'],
    [
      'a megabyte behind a head that the gate refuses',
      rawDelivery({ host: '', body: ' '.repeat(MIB) }),
      'FRAMING_INVALID',
    ],
    [
      'a megabyte behind a head that the parser refuses',
      rawDelivery({ more: 'X : a\r\n', body: ' '.repeat(MIB) }),
      'FRAMING_INVALID',
    ],
    [
      'a megabyte behind CONNECT',
      `CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n${' '.repeat(MIB)}`,
      'FRAMING_INVALID',
    ],
  ])('%s', async (_name, bytes, code) => {
    const tap = await tapTo(world.port)
    const text = await sendAllThenRead(await open(world, { port: tap.port }), bytes)
    expect(text.split('HTTP/1.1 ')).toHaveLength(2)
    expect(text).toMatch(new RegExp(String.raw`^HTTP/1\.1 ${refusalRow(code).status} `))
    expect(JSON.parse(text.slice(text.indexOf('\r\n\r\n')))).toMatchObject({ error: { code } })
    await expect.poll(() => tap.ends, { timeout: 10_000 }).toEqual(['orderly'])
    await tap.close()
    await expectDelivered({ world, consumer })
  })

  it('who never stops sending is cut off', async () => {
    const socket = await open(world)
    const closed = new Promise<void>((resolve) => {
      socket.once('close', () => resolve())
    })
    socket.resume()
    socket.write(announced(10_737_418_240))
    const megabyte = Buffer.alloc(MIB)
    const more = () => {
      while (socket.writable && socket.write(megabyte));
      socket.once('drain', more)
    }
    more()
    await closed
    await expect.poll(() => world.gateway.load.connections, { timeout: 10_000 }).toBe(0)
  })

  itWith('curl')('curl is told 413 for 5 MB', async () => {
    const file = (name: string) => join(world.directory, name)
    await writeFile(file('large.json'), Buffer.alloc(5 * MIB, ' '))
    await writeFile(file('client.pem'), world.pki.client.certificate)
    await writeFile(file('client.key'), world.pki.client.key)
    const identity = [
      '--cacert',
      file('server.pem'),
      '--cert',
      file('client.pem'),
      '--key',
      file('client.key'),
    ]
    const request = [
      '-H',
      'Content-Type: application/json',
      '-H',
      'Expect:',
      '--data-binary',
      `@${file('large.json')}`,
    ]
    const url = `https://localhost:${world.port}/webhooks/meta`
    const curl = await new Running('curl', [
      '-sS',
      '-4',
      '-w',
      '\n%{http_code}',
      ...identity,
      ...request,
      url,
    ]).ended
    expect(curl.stdout, curl.stderr).toMatch(/"BODY_TOO_LARGE".*\n413$/)
  })
})

/** Writes everything, and reads nothing before it is written or the peer has gone. */
function sendAllThenRead(socket: Socket, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    socket.once('close', () => resolve(Buffer.concat(chunks).toString('latin1')))
    socket.write(Buffer.from(bytes, 'latin1'), () => socket.on('data', (chunk: Buffer) => chunks.push(chunk)))
  })
}
