// Whom a request is for: target, Host, method and protocol, as raw bytes through the whole gateway. Each row is a good,
// signed delivery but for one of these, and is followed on its connection by a good one that nobody may look at.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RefusalCode } from '../../src/domain/refusals.ts'
import { type Consumer, startConsumer } from '../../src/lab/consumer.ts'
import { CANARY_SECRET } from '../canary.ts'
import { rawDelivery } from '../support/raw-delivery.ts'
import { expectDelivered, expectRefused } from '../support/refused.ts'
import { delivery } from '../support/sender.ts'
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

const SMUGGLED = delivery().toString('latin1')

type Row = readonly [id: string, bytes: string, code: RefusalCode]

const to = (target: string, code: RefusalCode = 'FRAMING_INVALID'): Row => [
  `RFC9112-3.2/${target}`,
  rawDelivery({ start: `POST ${target} HTTP/1.1\r\n` }),
  code,
]
const host = (id: string, lines: string): Row => [
  `RFC9112-3.2/Host-${id}`,
  rawDelivery({ host: lines }),
  'FRAMING_INVALID',
]
const start = (id: string, line: string, code: RefusalCode = 'FRAMING_INVALID'): Row => [
  id,
  rawDelivery({ start: line }),
  code,
]
const bare = (method: string, target = '/webhooks/meta') =>
  `${method} ${target} HTTP/1.1\r\nHost: gateway.example\r\n\r\n`
const asks = (id: string, lines: string): Row => [id, rawDelivery({ more: lines }), 'FRAMING_INVALID']

const TARGETS: readonly Row[] = [
  to('http://gateway.example/webhooks/meta'),
  to('https://gateway.example/webhooks/meta'),
  to('HTTPS://gateway.example/webhooks/meta'),
  to('gateway.example:443'),
  to('gateway.example/webhooks/meta'),
  to('webhooks/meta'),
  to('*'),
  to('?hub.mode=subscribe'),
  to('/webhooks/meta#fragment'),
  to('/webhooks/meta?a#b'),
  to('/webhooks/m\xe4ta'),
  to('/webhooks/meta\0'),
  to('/webhooks/meta\x7f'),
  to('/webhooks/me ta'),
  to('//gateway.example/webhooks/meta', 'ROUTE_UNKNOWN'),
  to('//webhooks/meta', 'ROUTE_UNKNOWN'),
  to('/webhooks//meta', 'ROUTE_UNKNOWN'),
  to('/webhooks/meta/', 'ROUTE_UNKNOWN'),
  to('/webhooks/meta/.', 'ROUTE_UNKNOWN'),
  to('/webhooks/./meta', 'ROUTE_UNKNOWN'),
  to('/webhooks/../webhooks/meta', 'ROUTE_UNKNOWN'),
  to('/webhooks/%2e%2e/webhooks/meta', 'ROUTE_UNKNOWN'),
  to('/webhooks%2fmeta', 'ROUTE_UNKNOWN'),
  to('/webhooks/%6deta', 'ROUTE_UNKNOWN'),
  to('/webhooks/meta%00', 'ROUTE_UNKNOWN'),
  to('/webhooks/meta%3fa', 'ROUTE_UNKNOWN'),
  to('/webhooks/meta;x', 'ROUTE_UNKNOWN'),
  to('/webhooks/meta;x?a', 'ROUTE_UNKNOWN'),
  to('/webhooks\\meta', 'ROUTE_UNKNOWN'),
  to('\\webhooks\\meta'),
  to('/Webhooks/Meta', 'ROUTE_UNKNOWN'),
  to('/webhooks/met', 'ROUTE_UNKNOWN'),
  to('/webhooks/metas', 'ROUTE_UNKNOWN'),
  to('/__proto__', 'ROUTE_UNKNOWN'),
  to('/', 'ROUTE_UNKNOWN'),
]

const HOSTS: readonly Row[] = [
  host('missing', ''),
  host('twice-the-same', 'Host: gateway.example\r\nHost: gateway.example\r\n'),
  host('twice', 'Host: gateway.example\r\nhost: other.example\r\n'),
  host('empty', 'Host:\r\n'),
  host('with-user', 'Host: user@gateway.example\r\n'),
  host('with-user-and-password', 'Host: user:word@gateway.example:443\r\n'),
  host('with-path', 'Host: gateway.example/webhooks\r\n'),
  host('with-query', 'Host: gateway.example?a\r\n'),
  host('with-fragment', 'Host: gateway.example#a\r\n'),
  host('with-scheme', 'Host: https://gateway.example\r\n'),
  host('list', 'Host: gateway.example, other.example\r\n'),
  host('space', 'Host: gateway.example other.example\r\n'),
  host('port-not-a-number', 'Host: gateway.example:443x\r\n'),
  host('two-ports', 'Host: gateway.example:443:443\r\n'),
  host('open-bracket', 'Host: [::1\r\n'),
  host('backslash', 'Host: gateway.example\\a\r\n'),
  host('non-ASCII', 'Host: g\xe4teway.example\r\n'),
]

const METHODS: readonly Row[] = [
  start('RFC9110-9.3.2/HEAD', 'HEAD /webhooks/meta HTTP/1.1\r\n'),
  ['RFC9110-9.3.7/OPTIONS', bare('OPTIONS'), 'METHOD_NOT_ALLOWED'],
  ['RFC9110-9.3.7/OPTIONS-*', bare('OPTIONS', '*'), 'FRAMING_INVALID'],
  ['RFC9110-9.3.8/TRACE', bare('TRACE'), 'METHOD_NOT_ALLOWED'],
  ['RFC9110-9.3.4/PUT', bare('PUT'), 'METHOD_NOT_ALLOWED'],
  ['RFC9110-9.3.5/DELETE', bare('DELETE'), 'METHOD_NOT_ALLOWED'],
  ['RFC5789/PATCH', bare('PATCH'), 'METHOD_NOT_ALLOWED'],
  ['RFC4918/PROPFIND', bare('PROPFIND'), 'METHOD_NOT_ALLOWED'],
  ['RFC9110-9.3.6/CONNECT', bare('CONNECT', 'gateway.example:443'), 'FRAMING_INVALID'],
  ['RFC9110-9.3.6/CONNECT-to-a-path', bare('CONNECT'), 'FRAMING_INVALID'],
  start('RFC9110-9.3.4/PUT-with-content', 'PUT /webhooks/meta HTTP/1.1\r\n', 'METHOD_NOT_ALLOWED'),
  start('RFC9110-9.1/lower-case', 'post /webhooks/meta HTTP/1.1\r\n'),
  start('RFC9110-9.1/unknown', 'FOO /webhooks/meta HTTP/1.1\r\n'),
  start('RFC9110-9.1/no-token', 'PO(ST /webhooks/meta HTTP/1.1\r\n'),
]

const PROTOCOLS: readonly Row[] = [
  start('RFC9112-2.3/HTTP-1.0', 'POST /webhooks/meta HTTP/1.0\r\n'),
  start('RFC9112-2.3/HTTP-1.2', 'POST /webhooks/meta HTTP/1.2\r\n'),
  start('RFC9112-2.3/HTTP-2.0', 'POST /webhooks/meta HTTP/2.0\r\n'),
  start('RFC9112-2.3/HTTP-11', 'POST /webhooks/meta HTTP/11\r\n'),
  start('RFC9112-2.3/http-lower-case', 'POST /webhooks/meta http/1.1\r\n'),
  start('RFC9112-2.3/HTTP-0.9', 'GET /webhooks/meta\r\n'),
  start('RFC9112-3/space-at-the-end', 'POST /webhooks/meta HTTP/1.1 \r\n'),
  start('RFC9112-3/tab', 'POST\t/webhooks/meta HTTP/1.1\r\n'),
  start('RFC9112-3/space-at-the-start', ' POST /webhooks/meta HTTP/1.1\r\n'),
  ['RFC9113-3.4/HTTP-2-preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0', 'FRAMING_INVALID'],
  ['not-HTTP/SSH', 'SSH-2.0-OpenSSH_9.6\r\n', 'FRAMING_INVALID'],
  ['not-HTTP/ClientHello-within-TLS', '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03', 'FRAMING_INVALID'],
  ['not-HTTP/an-answer', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', 'FRAMING_INVALID'],
  asks('RFC9110-7.8/Upgrade-websocket', 'Connection: Upgrade\r\nUpgrade: websocket\r\n'),
  asks(
    'RFC9110-7.8/Upgrade-h2c',
    'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n',
  ),
  asks('RFC9110-7.8/Upgrade-without-Connection', 'Upgrade: h2c\r\n'),
]

describe.each([
  ['the request target is exactly the path of a route', TARGETS],
  ['Host is one name with an optional port', HOSTS],
  ['the method is one that the route answers', METHODS],
  ['the protocol is HTTP/1.1', PROTOCOLS],
])('%s', (_title, rows) => {
  it.each(rows)(
    '%j is refused, and what follows on the connection is not looked at',
    async (id, bytes, code) => {
      const method = id.includes('HEAD') ? 'HEAD' : 'POST'
      const { answer } = await expectRefused({ world, consumer }, { code, steps: [bytes + SMUGGLED], method })
      expect(answer.answers[0]?.fields.all('allow')).toEqual(
        code === 'METHOD_NOT_ALLOWED' ? ['GET, POST'] : [],
      )
    },
  )
})

describe('what is no ambiguity is delivered', () => {
  it.each([
    ['a query, even an odd one', rawDelivery({ start: 'POST /webhooks/meta?a=b&&%zz"<> HTTP/1.1\r\n' })],
    ['an empty query', rawDelivery({ start: 'POST /webhooks/meta? HTTP/1.1\r\n' })],
    ['Host with a port', rawDelivery({ host: 'Host: gateway.example:8443\r\n' })],
    ['Host as an IPv4 address', rawDelivery({ host: 'Host: 192.0.2.1\r\n' })],
    ['Host as an IPv6 address with a port', rawDelivery({ host: 'Host: [2001:db8::1]:443\r\n' })],
  ])('%s', async (_name, bytes) => {
    await expectDelivered({ world, consumer }, Buffer.from(bytes, 'latin1'))
  })

  // Node's parser forgives these and does not tell; the upstream gets a request line that we wrote.
  it.each([
    ['two spaces before the target (RFC 9112 §3)', 'POST  /webhooks/meta HTTP/1.1\r\n'],
    ["RTSP's name for the protocol", 'POST /webhooks/meta RTSP/1.1\r\n'],
  ])('%s', async (_name, line) => {
    await expectDelivered({ world, consumer }, Buffer.from(rawDelivery({ start: line }), 'latin1'))
    expect(consumer.received.at(-1)).toMatchObject({ method: 'POST', target: '/hooks' })
  })

  it('the query reaches the upstream as it came, behind its own path', () => {
    const targets = consumer.received.map(({ target }) => target)
    expect(targets).toContain('/hooks?a=b&&%zz"<>')
  })
})
