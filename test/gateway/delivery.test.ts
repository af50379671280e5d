// A signed delivery reaches the upstream byte for byte, whatever its bytes are, however they are cut, and whoever sends them.
import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sign } from '../../src/domain/signature.ts'
import { type Consumer, startConsumer } from '../../src/lab/consumer.ts'
import { PAYLOADS } from '../../src/lab/payloads.ts'
import { CANARY_SECRET } from '../canary.ts'
import { Running, itWith } from '../support/programs.ts'
import { expectDelivered } from '../support/refused.ts'
import { BODY, delivery, send } from '../support/sender.ts'
import { type World, startWorld } from '../support/world.ts'

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

let consumer: Consumer
let worlds: Readonly<Record<'status' | 'full', World>>
beforeAll(async () => {
  consumer = await startConsumer({ secret: CANARY_SECRET })
  const upstream = `${consumer.url}/hooks`
  worlds = {
    status: await startWorld({ upstream }),
    full: await startWorld({ upstream, route: { answer: 'full' } }),
  }
})
afterAll(async () => {
  await Promise.all(Object.values(worlds).map((world) => world.end()))
  await consumer.close()
})

/** All 256 bytes, over and over. */
const bytesOf = (size: number) => Buffer.from(Array.from({ length: size }, (_, i) => i % 256))

const SAMPLES: readonly (readonly [string, () => Buffer])[] = [
  ['nothing', () => Buffer.alloc(0)],
  ['one byte', () => Buffer.from('1')],
  ['a NUL', () => Buffer.alloc(1)],
  ['1.5 KB of every byte', () => bytesOf(1_536)],
  ['64 KiB of every byte', () => bytesOf(65_536)],
  ['64 KiB and a byte', () => bytesOf(65_537)],
  ['3 MB of every byte', () => bytesOf(3_000_000)],
  ['what looks like the end of chunks', () => Buffer.from('0\r\n\r\n')],
  ['what looks like a request', () => delivery()],
  ['100,000 brackets', () => Buffer.from('['.repeat(100_000))],
  ['a UTF-16 text', () => Buffer.from('\uFEFF{"object":"page"}', 'utf16le')],
  [
    '\\u escapes of every kind',
    () => Buffer.from(String.raw`{"a":"\u0000\u001f\u0041\u00e4\u2028\ud83d\ude00\ud800\udc00\uDFFF\/"}`),
  ],
  ...PAYLOADS.map(({ title, bytes }) => [title, bytes] as const),
]

describe.each(['status', 'full'] as const)('with answer: %s', (way) => {
  it.each(SAMPLES)('%s arrives byte for byte', async (_name, make) => {
    const body = make()
    const { answers, error } = await send(worlds[way], [delivery({ body })])
    expect(answers[0]?.status, error).toBe(200)
    expect(consumer.received.at(-1)).toMatchObject({
      bytes: body.length,
      sha256: sha256(body),
      signature: 'fits',
    })
    expect(worlds[way].records.at(-1)).toMatchObject({
      outcome: 'acknowledged',
      bodyBytes: body.length,
      app: 'shop',
      secret: 0,
    })
  })
})

describe('the same verdict wherever the bytes are cut', () => {
  const good = delivery()
  const flipped = Buffer.from(good)
  flipped.writeUInt8((flipped.at(-1) ?? 0) ^ 1, flipped.length - 1)
  const bodyFrom = good.length - BODY.length
  const cuts = Array.from({ length: BODY.length + 1 }, (_, i) => bodyFrom + i)

  it.each([
    ['good', good, 200],
    ['one bit flipped', flipped, 403],
  ] as const)('%s: the body cut in two at every byte', async (_name, bytes, status) => {
    for (const cut of cuts) {
      const steps = [bytes.subarray(0, cut), { wait: 1 }, bytes.subarray(cut)]
      const { answers } = await send(worlds.status, steps)
      expect(answers[0]?.status, `cut at ${cut - bodyFrom}`).toBe(status)
    }
  })

  it.each([
    ['good', good, 200],
    ['one bit flipped', flipped, 403],
  ] as const)('%s: every byte alone, head and body', async (_name, bytes, status) => {
    const { answers } = await send(
      worlds.status,
      Array.from(bytes, (byte) => Uint8Array.of(byte)),
    )
    expect(answers[0]?.status).toBe(status)
  })
})

describe('sent by programs that others wrote', () => {
  const body = bytesOf(1_536)
  const file = (name: string) => join(worlds.status.directory, name)
  beforeAll(async () => {
    const { client } = worlds.status.pki
    await writeFile(file('client.pem'), client.certificate)
    await writeFile(file('client.key'), client.key)
    await writeFile(file('body'), body)
  })

  for (const expectation of ['Expect: 100-continue', 'Expect:'])
    itWith('curl')(`curl with ${JSON.stringify(expectation)}`, async () => {
      const signature = `X-Hub-Signature-256: ${sign(body, CANARY_SECRET)}`
      const identity = [
        '--cacert',
        file('server.pem'),
        '--cert',
        file('client.pem'),
        '--key',
        file('client.key'),
      ]
      const fields = ['-H', 'Content-Type: application/json', '-H', signature, '-H', expectation]
      const url = `https://localhost:${worlds.status.port}/webhooks/meta`
      const request = [
        '-sS',
        '-4',
        '-w',
        '%{http_code} %{size_download}',
        '--data-binary',
        `@${file('body')}`,
        url,
      ]
      const curl = await new Running('curl', [...identity, ...fields, ...request]).ended
      expect(curl.stdout, curl.stderr).toBe('200 0')
      expect(consumer.received.at(-1)).toMatchObject({ sha256: sha256(body), signature: 'fits' })
    })

  itWith('openssl')('openssl s_client', async () => {
    const identity = ['-CAfile', file('server.pem'), '-cert', file('client.pem'), '-key', file('client.key')]
    const server = [
      '-connect',
      `127.0.0.1:${worlds.status.port}`,
      '-servername',
      'localhost',
      '-verify_return_error',
    ]
    const openssl = new Running('openssl', ['s_client', '-quiet', ...server, ...identity])
    openssl.write(delivery({ body, connection: 'close' }))
    const { stdout, stderr } = await openssl.ended
    expect(stdout, stderr).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
    expect(consumer.received.at(-1)).toMatchObject({ sha256: sha256(body), signature: 'fits' })
  })
})

describe('in relay', () => {
  it('the same delivery twice is delivered twice: only an inbox remembers', async () => {
    const stage = { world: worlds.status, consumer }
    await expectDelivered(stage)
    await expectDelivered(stage)
  })
})
