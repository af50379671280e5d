// Every ambiguity about where a message ends and what its fields are, as raw bytes through the whole gateway. Each row is
// a good, signed delivery with one thing spoilt, and is followed on its connection by a good one that nobody may look at.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RefusalCode } from '../../src/domain/refusals.ts'
import { type Consumer, startConsumer } from '../../src/lab/consumer.ts'
import { CANARY_SECRET } from '../canary.ts'
import { chunked, rawDelivery } from '../support/raw-delivery.ts'
import { expectDelivered, expectRefused } from '../support/refused.ts'
import { delivery, send } from '../support/sender.ts'
import { type World, startWorld } from '../support/world.ts'

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

const LENGTH = 'Content-Length: 28\r\n'
const CHUNKED = 'Transfer-Encoding: chunked\r\n'
const SMUGGLED = delivery().toString('latin1')

const coding = (value: string) => rawDelivery({ framing: `Transfer-Encoding: ${value}\r\n`, sent: chunked() })
const length = (value: string) => rawDelivery({ framing: `Content-Length: ${value}\r\n` })
const line = (text: string) => rawDelivery({ more: text })
const get = (lines: string) => `GET /webhooks/meta HTTP/1.1\r\nHost: gateway.example\r\n${lines}`

const TABLE: readonly (readonly [id: string, bytes: string, code?: RefusalCode])[] = [
  ['RFC9112-6.3/CL-TE', rawDelivery({ framing: LENGTH + CHUNKED, sent: chunked() })],
  ['RFC9112-6.3/TE-CL', rawDelivery({ framing: CHUNKED + LENGTH, sent: chunked() })],
  ['RFC9112-6.3/CL.0-TE', rawDelivery({ framing: `Content-Length: 0\r\n${CHUNKED}`, sent: chunked() })],
  ['RFC9112-6.3/two-CL-different', rawDelivery({ framing: `${LENGTH}Content-Length: 5\r\n` })],
  ['RFC9112-6.3/two-CL-same', rawDelivery({ framing: LENGTH + LENGTH })],
  ['RFC9110-8.6/CL-plus', length('+28')],
  ['RFC9110-8.6/CL-list', length('28, 28')],
  ['RFC9110-8.6/CL-list-different', length('28, 5')],
  ['RFC9110-8.6/CL-hex', length('0x1c')],
  ['RFC9110-8.6/CL-negative', length('-1')],
  ['RFC9110-8.6/CL-2-to-the-64', length('18446744073709551616')],
  ['RFC9110-8.6/CL-2-to-the-64-and-28', length('18446744073709551644')],
  ['RFC9110-8.6/CL-beyond-2-to-the-53', length('9007199254740993')],
  ['RFC9110-8.6/CL-leading-zero', length('028')],
  ['RFC9110-8.6/CL-empty', length('')],
  ['RFC9110-8.6/CL-inner-space', length('2 8')],
  ['RFC9110-8.6/CL-decimal', length('28.0')],
  ['RFC9110-8.6/CL-exponent', length('2e1')],
  ['RFC9112-6.1/TE-identity', coding('identity')],
  ['RFC9112-6.1/TE-gzip-chunked', coding('gzip, chunked')],
  ['RFC9112-6.1/TE-chunked-identity', coding('chunked, identity')],
  ['RFC9112-6.1/TE-chunked-twice-in-a-list', coding('chunked, chunked')],
  ['RFC9112-6.1/TE-xchunked', coding('xchunked')],
  ['RFC9112-6.1/TE-quoted', coding('"chunked"')],
  ['RFC9112-6.1/TE-parameter', coding('chunked;q=1')],
  ['RFC9112-6.1/TE-empty', coding('')],
  ['RFC9112-6.1/TE-comma', coding(',chunked')],
  ['RFC9112-6.1/TE-vertical-tab', coding('\x0bchunked')],
  ['RFC9112-6.1/TE-twice', rawDelivery({ framing: CHUNKED + CHUNKED, sent: chunked() })],
  [
    'RFC9112-6.1/TE-twice-second-unknown',
    rawDelivery({ framing: `${CHUNKED}Transfer-Encoding: x\r\n`, sent: chunked() }),
  ],
  ['RFC9112-5.1/TE-space-before-colon', rawDelivery({ framing: `${LENGTH}Transfer-Encoding : chunked\r\n` })],
  ['RFC9110-9.3.1/GET-with-content', `${get(LENGTH)}\r\n{"object":"page","entry":[]}`],
  ['RFC9110-9.3.1/GET-chunked', `${get(CHUNKED)}\r\n${chunked()}`],
  ['RFC9112-2.2/LF-everywhere', rawDelivery().replaceAll('\r\n', '\n')],
  ['RFC9112-2.2/LF-after-request-line', rawDelivery({ start: 'POST /webhooks/meta HTTP/1.1\n' })],
  ['RFC9112-2.2/LF-after-a-field', line('X: a\n')],
  ['RFC9112-2.2/LF-as-empty-line', rawDelivery({ end: '\n' })],
  ['RFC9112-2.2/CR-in-a-value', line('X: a\rb\r\n')],
  ['RFC9112-2.2/CR-for-CRLF', line('X: a\r')],
  ['RFC9112-2.2/CR-CR-LF', line('X: a\r\r\n')],
  ['RFC9112-2.2/CR-in-the-request-line', rawDelivery({ start: 'POST /webhooks/meta\r HTTP/1.1\r\n' })],
  ['RFC9112-5.2/obs-fold-space', line('X: a\r\n b\r\n')],
  ['RFC9112-5.2/obs-fold-tab', line('X: a\r\n\tb\r\n')],
  ['RFC9112-5.2/obs-fold-of-the-length', rawDelivery({ framing: 'Content-Length:\r\n 28\r\n' })],
  ['RFC9112-2.2/space-before-the-first-field', rawDelivery({ host: ' Host: gateway.example\r\n' })],
  ['RFC9110-5.5/NUL-in-a-value', line('X: a\0b\r\n')],
  ['RFC9110-5.5/control-in-a-value', line('X: a\x01b\r\n')],
  ['RFC9110-5.5/DEL-in-a-value', line('X: a\x7fb\r\n')],
  ['RFC9112-5.1/space-before-colon', line('X : a\r\n')],
  ['RFC9112-5.1/tab-before-colon', line('X\t: a\r\n')],
  ['RFC9110-5.1/empty-name', line(': a\r\n')],
  ['RFC9110-5.1/non-ASCII-name', line('X\xe4: a\r\n')],
  ['RFC9110-5.1/NUL-in-a-name', line('X\0: a\r\n')],
  ['RFC9110-5.1/bracket-in-a-name', line('X[]: a\r\n')],
  ['RFC9112-5/no-colon', line('X\r\n')],
  ['RFC9110-7.6.1/Connection-names-the-length', line('Connection: content-length\r\n')],
  ['RFC9110-7.6.1/Connection-names-the-signature', line('Connection: close, X-HUB-Signature-256\r\n')],
  ['RFC9110-7.6.1/Connection-names-the-old-signature', line('Connection: x-hub-signature\r\n')],
  ['RFC9110-7.6.1/Connection-names-Host', line('Connection: Host\r\n')],
  ['RFC9110-7.6.1/Connection-names-the-type', line('Connection: content-type\r\nConnection: close\r\n')],
  ['RFC9110-8.3/two-types', line('Content-Type: text/plain\r\n')],
  ['RFC9112-6/chunked-POST', rawDelivery({ framing: CHUNKED, sent: chunked() }), 'LENGTH_REQUIRED'],
  ['RFC9112-6/CHUNKED-POST', coding('CHUNKED'), 'LENGTH_REQUIRED'],
  [
    'RFC9112-7.1/chunk-size-beyond-2-to-the-64',
    rawDelivery({ framing: CHUNKED, sent: '1ffffffffffffffff\r\n' }),
    'LENGTH_REQUIRED',
  ],
  [
    'RFC9112-7.1.1/chunk-extension',
    rawDelivery({ framing: CHUNKED, sent: '1c;a="\n"\r\n{"object":"page","entry":[]}\r\n0\r\n\r\n' }),
    'LENGTH_REQUIRED',
  ],
  [
    'RFC9112-7.1.2/trailers',
    rawDelivery({ framing: `${CHUNKED}Trailer: Host\r\n`, sent: '0\r\nHost: b\r\n\r\n' }),
    'LENGTH_REQUIRED',
  ],
  ['RFC9112-6.3/POST-without-length', rawDelivery({ framing: '', sent: '' }), 'LENGTH_REQUIRED'],
]

const ROWS = TABLE.map(([id, bytes, code = 'FRAMING_INVALID']) => [id, bytes, code] as const)

describe('a message that two readers might take apart differently', () => {
  it.each(ROWS)(
    '%s is refused, and what follows on the connection is not looked at',
    async (_id, bytes, code) => {
      await expectRefused({ world, consumer }, { code, steps: [bytes + SMUGGLED] })
    },
  )

  it.each(ROWS)('%s is refused alike where it comes a byte at a time', async (_id, bytes, code) => {
    const steps = Array.from(bytes + SMUGGLED, (byte) => byte)
    await expectRefused({ world, consumer }, { code, steps })
  })
})

describe('a message that has one reading only', () => {
  it.each([
    ['a field named __proto__', line('__proto__: polluted\r\nconstructor: x\r\n')],
    ['a field value in UTF-8', line('X-Name: Gr\xc3\xbc\xc3\x9fe\r\n')],
    ['an empty field value and white space around one', line('X-Empty:\r\nX-Space: \t a b \t\r\n')],
    ['an empty line before the request (RFC 9112 §2.2)', `\r\n${rawDelivery()}`],
    [
      'field names in other case',
      rawDelivery({ host: 'hOST: gateway.example\r\n', framing: 'CONTENT-length: 28\r\n' }),
    ],
    ['Content-Encoding, which is passed on and never undone', line('Content-Encoding: gzip\r\n')],
    ['a TE field, meant for the next hop only', line('TE: trailers\r\nConnection: TE\r\n')],
    ['a Trailer field without trailers', line('Trailer: X\r\n')],
  ])('%s is delivered', async (_name, bytes) => {
    await expectDelivered({ world, consumer }, Buffer.from(bytes, 'latin1'))
  })

  it('keeps __proto__ from becoming anything, and Content-Encoding as it came', async () => {
    await send(world, [line('__proto__: polluted\r\nContent-Encoding: br\r\n')])
    const { rawFields = [] } = consumer.received.at(-1) ?? {}
    expect(rawFields.join('|')).not.toContain('__proto__')
    expect(rawFields.join('|')).toContain('Content-Encoding|br')
    expect(Reflect.get({}, 'polluted')).toBeUndefined()
  })
})
