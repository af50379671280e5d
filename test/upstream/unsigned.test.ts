// `mode: unsigned`: GET and POST of any media type pass through, and the answer comes back untouched; what is no GET or POST
// of announced length never does. The two ends are bare sockets.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Answer } from '../../src/lab/answer.ts'
import { type RequestParts, requestBytes } from '../../src/lab/request.ts'
import { KeptClient } from '../support/kept-client.ts'
import { OK_KEEP, type RawUpstream, startRawUpstream, valuesOf } from '../support/raw-upstream.ts'
import { expectRefusalAnswer } from '../support/refused.ts'
import { expectQuiet, pathOf, startWorldOfWays } from '../support/routes.ts'
import { open, send } from '../support/sender.ts'
import type { World } from '../support/world.ts'

let upstream: RawUpstream
let world: World
beforeAll(async () => {
  upstream = await startRawUpstream()
  world = await startWorldOfWays(`${upstream.url}/deletion`)
})
afterEach(async () => {
  await upstream.reset()
  await expectQuiet(world, upstream)
})
afterAll(async () => {
  await world.end()
  await upstream.close()
})

const path = pathOf('unsigned')

function request({ method = 'POST', target = path, fields = [], body }: Partial<RequestParts> = {}): Buffer {
  const length = body === undefined ? [] : ([['Content-Length', String(body.length)]] as const)
  return requestBytes({
    method,
    target,
    fields: [['Host', 'gw.example'], ...length, ...fields],
    ...(body === undefined ? {} : { body }),
  })
}

async function ask(bytes: Buffer): Promise<Answer> {
  const { answers, error } = await send(world, [bytes])
  const [answer] = answers
  if (answer === undefined) throw new Error(error ?? 'no answer')
  return answer
}

describe('what passes to the upstream', () => {
  it.each([
    [
      'a form, as data-deletion callbacks are',
      'application/x-www-form-urlencoded',
      Buffer.from('signed_request=abc.def'),
    ],
    ['JSON', 'application/json; charset=utf-8', Buffer.from('{"a":1}')],
    [
      'a multipart form',
      'multipart/form-data; boundary=x',
      Buffer.from('--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--'),
    ],
    ['bytes', 'application/octet-stream', Buffer.from([0, 255, 13, 10, 13, 10, 0])],
    ['no media type at all', undefined, Buffer.from('x')],
    ['no content', 'text/plain', Buffer.alloc(0)],
  ])('POST with %s', async (_name, type, body) => {
    const fields = type === undefined ? [] : ([['Content-Type', type]] as const)
    expect((await ask(request({ fields, body }))).status).toBe(200)
    expect(upstream.requests).toHaveLength(1)
    const [got] = upstream.requests
    expect(got).toMatchObject({ line: 'POST /deletion HTTP/1.1', body })
    expect(got === undefined ? [] : valuesOf(got, 'content-type')).toEqual(type === undefined ? [] : [type])
    expect(world.records.at(-1)).toMatchObject({
      outcome: 'answered',
      status: 200,
      route: path,
      app: undefined,
      bodyBytes: body.length === 0 ? undefined : body.length,
    })
  })

  it.each([
    ['without content', []],
    ['with an empty one', [['Content-Length', '0']] as const],
  ])('GET %s, with its query', async (_name, fields) => {
    expect((await ask(request({ method: 'GET', target: `${path}?id=1&x=%2F//`, fields }))).status).toBe(200)
    expect(upstream.requests[0]?.line).toBe('GET /deletion?id=1&x=%2F// HTTP/1.1')
  })

  it("what looks like a challenge is the upstream's to answer", async () => {
    const target = `${path}?hub.mode=subscribe&hub.challenge=1&hub.verify_token=nobody-checks`
    expect((await ask(request({ method: 'GET', target }))).status).toBe(200)
    expect(upstream.requests[0]?.line).toBe(`GET ${target.replace(path, '/deletion')} HTTP/1.1`)
  })
})

describe('what does not', () => {
  it.each(['HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND'])(
    '%s is answered 405',
    async (method) => {
      const exchange = await send(world, [request({ method, fields: [['Content-Length', '0']] })], { method })
      expectRefusalAnswer(exchange, 'METHOD_NOT_ALLOWED', method)
      expect(exchange.answers[0]?.fields.all('allow')).toEqual(['GET, POST'])
      expect(upstream.connections).toBe(0)
    },
  )

  it.each([
    ['in chunks', 'LENGTH_REQUIRED', [['Transfer-Encoding', 'chunked']]],
    ['without a length', 'LENGTH_REQUIRED', []],
    ['longer than the limit', 'BODY_TOO_LARGE', [['Content-Length', '4194305']]],
  ] as const)('POST %s is %s', async (_name, code, fields) => {
    const exchange = await send(world, [request({ fields }), '0\r\n\r\n'])
    expectRefusalAnswer(exchange, code)
    expect(upstream.connections).toBe(0)
  })
})

describe('what comes back', () => {
  const says = (head: string, content = '') =>
    upstream.behave({ onRequest: (socket) => void socket.end(`${head}\r\n\r\n${content}`) })

  it.each([200, 201, 202, 301, 302, 303, 307, 308, 400, 401, 404, 410, 418, 429, 500, 503])(
    'status %i, untouched',
    async (status) => {
      says(
        `HTTP/1.1 ${status} As It Is\r\nContent-Type: text/html\r\nContent-Length: 4\r\nLocation: //elsewhere.example/?a=1`,
        'here',
      )
      const answer = await ask(request({ method: 'GET' }))
      expect(answer.status).toBe(status)
      expect(answer.fields.only('location')).toBe('//elsewhere.example/?a=1')
      expect(answer.body.toString()).toBe('here')
      expect(upstream.connections).toBe(1)
    },
  )

  it.each([204, 304])('status %i, which has no content', async (status) => {
    says(`HTTP/1.1 ${status} Nothing\r\nETag: "v1"\r\nConnection: close`)
    const answer = await ask(request({ method: 'GET' }))
    expect(answer).toMatchObject({ status, body: Buffer.alloc(0) })
    expect(answer.fields.only('etag')).toBe('"v1"')
  })

  it('every end-to-end field in its order, spelling and repetition', async () => {
    const lines = [
      'Set-Cookie: a=1; Path=/',
      'sErVeR: internal',
      'Date: Thu, 01 Jan 1970 00:00:00 GMT',
      'set-cookie: b=2; Domain=.internal.example; Secure',
      'X-Empty:',
      'Content-Type: text/plain',
      'Vary: a',
      'Vary: b',
      'X-Latin: \u00e9',
      'Cache-Control: no-store',
      'Content-Length: 0',
    ]
    upstream.behave({
      onRequest: (socket) => void socket.end(`HTTP/1.1 200 OK\r\n${lines.join('\r\n')}\r\n\r\n`, 'latin1'),
    })
    const { fields } = await ask(request({ method: 'GET' }))
    const got = fields.raw.flatMap((name, i) =>
      i % 2 === 0 ? [`${name}: ${fields.raw[i + 1] ?? ''}`.trim()] : [],
    )
    expect(got.slice(0, lines.length)).toEqual(lines)
    expect(fields.raw.filter((_text, i) => i % 2 === 0).slice(lines.length)).toEqual([
      'X-Request-Id',
      'Connection',
      'Keep-Alive',
    ])
  })

  it('no hop-by-hop field, and none that Connection names', async () => {
    says(
      'HTTP/1.1 200 OK\r\nConnection: close, X-Drop\r\nX-Drop: 1\r\nKeep-Alive: timeout=9999\r\nProxy-Connection: x\r\nTrailer: X-T\r\nX-Request-Id: theirs\r\nContent-Length: 2',
      'ok',
    )
    const { fields } = await ask(request({ method: 'GET' }))
    expect(fields.raw.join('\n')).not.toMatch(/x-drop|9999|proxy-connection|trailer|theirs/i)
    expect(fields.only('x-request-id')).toBe(world.records.at(-1)?.id)
  })

  it.each([
    ['chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked', '3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n'],
    ['an end without a length', 'HTTP/1.1 200 OK', 'abcde'],
    ['HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 5', 'abcde'],
  ])('content framed by %s', async (_name, head, content) => {
    says(head, content)
    expect((await ask(request({ method: 'GET' }))).body.toString()).toBe('abcde')
  })
})

describe('many requests', () => {
  it('one after another on one connection are each answered once, and leave one record each', async () => {
    upstream.behave({ onRequest: (socket) => void socket.write(OK_KEEP) })
    const before = world.records.length
    const client = new KeptClient(await open(world))
    const bytes = request({ body: Buffer.from('signed_request=x') })
    for (let i = 0; i < 300; i += 1) expect((await client.deliver(bytes))?.status).toBe(200)
    client.end()
    await client.closed
    expect(client.answers).toHaveLength(300)
    expect(world.records.slice(before).map(({ outcome }) => outcome)).toEqual(
      Array.from({ length: 300 }, () => 'answered'),
    )
    expect(upstream.requests).toHaveLength(300)
    expect(upstream.connections).toBe(1)
  })

  it('pipelined are answered in their order', async () => {
    upstream.behave({
      onRequest: (socket, { line }) => {
        const text = line.slice(-10, -9)
        setTimeout(
          () => socket.end(`HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n${text}`),
          text === '1' ? 60 : 0,
        )
      },
    })
    const targets = ['1', '2', '3'].map((id) => request({ method: 'GET', target: `${path}?${id}` }))
    const { answers } = await send(world, [Buffer.concat(targets)], { answers: 3 })
    expect(answers.map(({ body }) => body.toString())).toEqual(['1', '2', '3'])
  })
})
