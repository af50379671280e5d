// `answer: full`: the sender of a signed request gets the upstream's own status, Content-Type and content, as WhatsApp Flows
// and others need it; nothing else of the answer, and never more than 1 MiB.
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Answer } from '../../src/lab/answer.ts'
import { CANARY_OLD_SECRET } from '../canary.ts'
import { type RawUpstream, startRawUpstream } from '../support/raw-upstream.ts'
import { expectRefusalAnswer } from '../support/refused.ts'
import { expectQuiet, pathOf, startWorldOfWays } from '../support/routes.ts'
import { delivery, send } from '../support/sender.ts'
import type { World } from '../support/world.ts'

let upstream: RawUpstream
let world: World
beforeAll(async () => {
  upstream = await startRawUpstream()
  world = await startWorldOfWays(`${upstream.url}/flows`)
})
afterEach(async () => {
  await expectQuiet(world, upstream)
  await upstream.reset()
})
afterAll(async () => {
  await world.end()
  await upstream.close()
})

const MAX = 1024 * 1024
const path = pathOf('full')

/** The upstream answers with these bytes, and closes. */
function answers(head: string, content: Uint8Array | string = ''): void {
  upstream.behave({
    onRequest: (socket) => {
      socket.write(`${head}\r\n\r\n`)
      socket.end(content)
    },
  })
}

async function ask(bytes: Buffer = delivery({ path })): Promise<Answer> {
  const { answers: got, error } = await send(world, [bytes])
  const [answer] = got
  if (answer === undefined) throw new Error(error ?? 'no answer')
  return answer
}

/** Names of the fields but for those that every answer has. */
const namesOf = ({ fields }: Answer) =>
  fields.raw.filter((name, i) => i % 2 === 0 && !['Date', 'Connection', 'Keep-Alive'].includes(name))

describe('answer: full', () => {
  it('lets a WhatsApp Flow talk to its endpoint: base64 of ciphertext in JSON there, base64 as text back', async () => {
    const encrypted = Buffer.from(
      JSON.stringify({
        encrypted_flow_data: 'q83v',
        encrypted_aes_key: '3q2+7w==',
        initial_vector: 'AAECAw==',
      }),
    )
    answers('HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 8', 'y7Lq9w==')
    const answer = await ask(delivery({ path, body: encrypted }))
    expect(answer.status).toBe(200)
    expect(answer.body.toString()).toBe('y7Lq9w==')
    expect(answer.fields.all('content-type')).toEqual(['text/plain'])
    expect(upstream.requests[0]?.body).toEqual(encrypted)
    expect(world.records.at(-1)).toMatchObject({ outcome: 'acknowledged', status: 200, app: 'shop' })
  })

  it.each([
    [200, 'acknowledged'],
    [201, 'answered'],
    [299, 'answered'],
    [400, 'answered'],
    [421, 'answered'],
    [427, 'answered'],
    [500, 'answered'],
    [599, 'answered'],
  ])('passes status %i with its content, recorded as %s', async (status, outcome) => {
    answers(`HTTP/1.1 ${status} Whatever\r\nContent-Type: application/json\r\nContent-Length: 2`, '{}')
    const answer = await ask()
    expect(answer).toMatchObject({ status, body: Buffer.from('{}') })
    expect(world.records.at(-1)).toMatchObject({ outcome, status, code: undefined })
  })

  it('passes nothing of the answer but Content-Type, Content-Encoding and a length of its own', async () => {
    answers(
      [
        'HTTP/1.1 200 OK',
        'Server: internal/1.2',
        'Set-Cookie: a=b',
        'X-Request-Id: forged',
        'Location: /elsewhere',
        'X-Powered-By: x',
        'Content-Type: text/html; charset=utf-8',
        'Cache-Control: public',
        'Connection: close',
        'X-Content-Type-Options: off',
        'Transfer-Encoding: chunked',
        'Strict-Transport-Security: max-age=1',
      ].join('\r\n'),
      '3\r\nabc\r\n0\r\nX-Trailer: 1\r\n\r\n',
    )
    const answer = await ask()
    expect(namesOf(answer)).toEqual([
      'X-Request-Id',
      'Content-Type',
      'X-Content-Type-Options',
      'Content-Length',
    ])
    expect(answer.fields.only('content-type')).toBe('text/html; charset=utf-8')
    expect(answer.fields.only('x-content-type-options')).toBe('nosniff')
    expect(answer.fields.only('content-length')).toBe('3')
    expect(answer.fields.only('x-request-id')).toBe(world.records.at(-1)?.id)
    expect(answer.body.toString()).toBe('abc')
  })

  it('leaves compressed content as it is, and says so', async () => {
    const content = gzipSync('{"ok":true}')
    answers(
      `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: ${content.length}`,
      content,
    )
    const answer = await ask(delivery({ path, add: [['Accept-Encoding', 'gzip']] }))
    expect(answer.body).toEqual(content)
    expect(answer.fields.all('content-encoding')).toEqual(['gzip'])
  })

  const USUAL = ['X-Request-Id', 'X-Content-Type-Options', 'Content-Length']
  it.each([
    ['no Content-Type', { head: 'HTTP/1.1 200 OK\r\nContent-Length: 2', content: 'ok', names: USUAL }],
    ['no length, until the end', { head: 'HTTP/1.1 200 OK', content: 'ok', names: USUAL }],
    ['HTTP/1.0', { head: 'HTTP/1.0 200 OK', content: 'ok', names: USUAL }],
    ['no content', { head: 'HTTP/1.1 200 OK\r\nContent-Length: 0', content: '', names: USUAL }],
    ['204', { head: 'HTTP/1.1 204 No Content', content: '', names: USUAL.slice(0, 2) }],
  ])('understands an answer with %s', async (_name, { head, content, names }) => {
    answers(head, content)
    const answer = await ask()
    expect(answer.body.toString()).toBe(content)
    expect(namesOf(answer)).toEqual(names)
  })

  it.each([
    ['with a length', (size: number) => `Content-Length: ${size}`],
    ['without', () => 'X-A: b'],
  ])('passes content of 1 MiB %s, and refuses a byte more', async (_name, framing) => {
    answers(`HTTP/1.1 200 OK\r\n${framing(MAX)}`, Buffer.alloc(MAX, 0xff))
    expect((await ask()).body.equals(Buffer.alloc(MAX, 0xff))).toBe(true)
    answers(`HTTP/1.1 200 OK\r\n${framing(MAX + 1)}`, Buffer.alloc(MAX + 1))
    const exchange = await send(world, [delivery({ path })])
    expectRefusalAnswer(exchange, 'UPSTREAM_PROTOCOL')
    expect(world.records.at(-1)).toMatchObject({ outcome: 'refused', code: 'UPSTREAM_PROTOCOL', status: 502 })
  })

  it('answers pipelined requests in their order, though the first takes longer', async () => {
    upstream.behave({
      onRequest: (socket, { body }) => {
        const text = body.toString()
        const reply = () => socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`)
        if (text.includes('slow')) setTimeout(reply, 60)
        else reply()
      },
    })
    const bodies = ['{"a":"slow"}', '{"b":"fast"}']
    const { answers: got } = await send(
      world,
      [Buffer.concat(bodies.map((text) => delivery({ path, body: Buffer.from(text) })))],
      { answers: 2 },
    )
    expect(got.map(({ body }) => body.toString())).toEqual(bodies)
  })

  it('verifies first: a wrong signature never reaches the upstream', async () => {
    const exchange = await send(world, [delivery({ path, secret: CANARY_OLD_SECRET })])
    expectRefusalAnswer(exchange, 'SIGNATURE_MISMATCH')
    expect(upstream.connections).toBe(0)
  })

  it("gives up the upstream's connection when the client goes away", async () => {
    let closed = false
    upstream.behave({ onRequest: (socket) => void socket.once('close', () => (closed = true)) })
    await send(world, [delivery({ path })], { deadline: 150 })
    await expectQuiet(world, upstream)
    expect(closed).toBe(true)
    expect(world.records.at(-1)).toMatchObject({
      outcome: 'aborted',
      code: 'CLIENT_ABORTED',
      phase: 'forward',
    })
  })
})
