// The reader of answers against Node's own client, over generated answers, whole, mutated and cut anywhere: whatever ours takes
// for an answer, Node takes for the same one. It may refuse more.
import http from 'node:http'
import { Duplex } from 'node:stream'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AnswerReader } from '../../src/upstream/answer-reader.ts'
import { UpstreamFailure } from '../../src/upstream/failure.ts'
import { KnownAnswer } from '../../src/upstream/known-answer.ts'
import { WHOLE, WRONG } from './answer-samples.ts'

interface Understood {
  readonly status: number
  readonly body: string
  readonly contentFields: readonly string[]
}

/** What ours makes of a connection on which these bytes come, and nothing after them. */
function ours(bytes: Buffer, cutsAt: readonly number[]): Understood | string {
  const reader = new AnswerReader(true)
  const places = [0, ...cutsAt.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  try {
    for (let i = 0; i + 1 < places.length; i += 1) reader.push(bytes.subarray(places[i], places[i + 1]))
    reader.end()
  } catch (error) {
    if (!(error instanceof UpstreamFailure)) throw error
    return error.message
  }
  if (!reader.done) return 'not begun'
  const { status, body, contentFields } = reader.answer
  return { status, body: Buffer.from(body).toString('latin1'), contentFields }
}

/** What Node's client makes of them. */
function theirs(bytes: Buffer): Promise<Understood | string> {
  return new Promise((resolve) => {
    const socket = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() })
    const request = http.request({
      createConnection: () => socket,
      method: 'POST',
      headers: ['Host', 'x', 'Content-Length', '2'],
      maxHeaderSize: 32 * 1024,
    })
    request.on('error', ({ message }) => resolve(message))
    request.once('upgrade', () => resolve('upgrade'))
    request.once('response', (answer) => {
      let body = ''
      answer.setEncoding('latin1')
      answer.on('data', (text: string) => (body += text))
      answer.on('error', ({ message }) => resolve(message))
      answer.once('close', () => {
        if (!answer.complete) return resolve('broken off')
        resolve({ status: answer.statusCode ?? 0, body, contentFields: contentFields(answer.rawHeaders) })
      })
    })
    request.end('{}')
    setImmediate(() => {
      socket.push(bytes)
      socket.push(null)
    })
  })
}

function contentFields(raw: readonly string[]): string[] {
  const found: string[] = []
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i]?.toLowerCase()
    if (name === 'content-type') found.push('Content-Type', raw[i + 1] ?? '')
    if (name === 'content-encoding') found.push('Content-Encoding', raw[i + 1] ?? '')
  }
  return found
}

const cuts = fc.array(fc.nat(), { maxLength: 6 })
const eol = fc.constantFrom('\r\n', '\r\n', '\r\n', '\r\n', '\r\n', '\r\n', '\n', '\r', '\r\r\n')
const field = fc.constantFrom(
  'Content-Length: 5',
  'content-length:0',
  'Content-Length: 5, 5',
  'Content-Length: +5',
  'Transfer-Encoding: chunked',
  'transfer-encoding:\tChunked ',
  'Transfer-Encoding: gzip, chunked',
  'Transfer-Encoding: identity',
  'Connection: close',
  'Connection: keep-alive, x',
  'Content-Type: text/plain',
  'Content-Encoding: br',
  'X-A: b',
  'X-A:',
  'X-A : b',
  ' folded',
  'nonsense',
  'X-A: a\u0000b',
  'X-\u00e9: b',
  'X-A: \u00e9',
  'Upgrade: h2c',
  'Trailer: X-A',
)
const status = fc.constantFrom(
  '200 OK',
  '200',
  '201 ',
  '204 No',
  '205 Reset',
  '304 Not',
  '404 No',
  '99 Odd',
  '600 Odd',
  '100 Go',
  '101 Up',
  '103 Early',
  ' 200 OK',
  '20 OK',
  '2000 OK',
)
const version = fc.constantFrom(
  'HTTP/1.1',
  'HTTP/1.1',
  'HTTP/1.1',
  'HTTP/1.0',
  'HTTP/0.9',
  'HTTP/2.0',
  'http/1.1',
  'ICY',
  '\r\nHTTP/1.1',
)
const chunk = fc.constantFrom(
  '5\r\nabcde\r\n',
  '1;a=b\r\nx\r\n',
  '0\r\n\r\n',
  '0\r\nX-A: b\r\n\r\n',
  '00\r\n\r\n',
  '5 \r\nabcde\r\n',
  '5\nabcde\n',
  '5\r\nabcd\r\n',
  'A\r\n0123456789\r\n',
  '-1\r\n',
  '1; \r\nx\r\n',
  '1;"a"\r\nx\r\n',
  '1;=a\r\nx\r\n',
  '1;a=b=c;d\r\nx\r\n',
  '1;a=;b\r\nx\r\n',
  '1;\r\nx\r\n',
)
const content = fc.oneof(
  fc.constantFrom('', 'abcde', 'abc', 'abcdefgh'),
  fc.array(chunk, { maxLength: 4 }).map((all) => all.join('')),
)
const message = fc
  .tuple(version, status, eol, fc.array(fc.tuple(field, eol), { maxLength: 5 }), eol, content)
  .map(
    ([v, s, e, fields, end, c]) => `${v} ${s}${e}${fields.map((each) => each.join('')).join('')}${end}${c}`,
  )
const stream = fc
  .array(message, { minLength: 1, maxLength: 3 })
  .map((all) => Buffer.from(all.join(''), 'latin1'))

const samples = [...WHOLE, ...WRONG].map(([, text]) => text).filter((text) => text.length < 1_000)
const mutated = fc
  .tuple(
    fc.constantFrom(...samples),
    fc.array(
      fc.tuple(
        fc.nat(),
        fc.nat(2),
        fc.constantFrom('\r', '\n', ' ', '\t', ':', ';', ',', '0', '5', 'a', '\u0000', '\u00ff'),
      ),
      { maxLength: 3 },
    ),
  )
  .map(([text, changes]) => Buffer.from(changes.reduce(changed, text), 'latin1'))

function changed(text: string, [where, how, by]: readonly [number, number, string]): string {
  const at = where % (text.length + 1)
  return text.slice(0, at) + (how === 0 ? '' : by) + text.slice(how === 1 ? at : at + 1)
}

/** What a reader that need not keep content tells of the bytes that come on one connection, in pieces. */
function told(reader: AnswerReader, bytes: Buffer, cutsAt: readonly number[]): unknown {
  const places = [0, ...cutsAt.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  let taken = 0
  try {
    for (let i = 0; i + 1 < places.length; i += 1)
      taken += reader.push(bytes.subarray(places[i], places[i + 1]))
    reader.end()
  } catch (error) {
    if (!(error instanceof UpstreamFailure)) throw error
    return error.message
  }
  const { done, begun, final, status, keeps, answer } = reader
  return { taken, done, begun, final, status, keeps, answer }
}

/** The usual answer, after this one was it. */
function knowing(bytes: Buffer): KnownAnswer {
  const known = new KnownAnswer()
  told(new AnswerReader(false, known), bytes, [])
  return known
}

const usual = fc.oneof(
  fc.constantFrom(...WHOLE.map(([, text]) => text).filter((text) => text.length < 500)),
  fc.constantFrom(
    'HTTP/1.1 200 OK\r\nDate: Sat, 21 Nov 2026 10:58:57 GMT\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nX-A: b\r\nX-B: c:d\r\nKeep-Alive: timeout=5\r\nContent-Length: 2\r\n\r\nok',
    'HTTP/1.1 200 OK\r\nX-A: bcdefg\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-B: c\r\n\r\n',
  ),
)
/** Some bytes of it are others. */
const nearlyUsual = usual.chain((text) =>
  fc.tuple(
    fc.constant(Buffer.from(text, 'latin1')),
    fc.array(
      fc.tuple(
        fc.noBias(fc.nat(9_999)),
        fc.constantFrom(...Array.from('\r\n :;,\t05aC\u0000\u007f\u00ff', (char) => char.charCodeAt(0))),
      ),
      { maxLength: 3 },
    ),
  ),
)

it('that is nearly the usual one is the same to a reader that knows that one, however it is cut', () => {
  let quick = 0
  fc.assert(
    fc.property(nearlyUsual, cuts, fc.constantFrom('', '', '', 'x', '\r\n'), (drawn, places, more) => {
      const [before, changes] = drawn
      const known = knowing(before)
      const wire = Buffer.concat([before, Buffer.from(more)])
      for (const [where, by] of changes) wire[where % before.length] = by
      const reader = new AnswerReader(false, known)
      // One that has read another answer is as good as new.
      told(reader, Buffer.from('HTTP/1.0 500 X\r\nConnection: close\r\n\r\nabc'), [])
      reader.reset(false)
      if (known.fits(wire, wire.length) && !wire.equals(before)) quick += 1
      expect(told(reader, wire, places)).toEqual(told(new AnswerReader(false), wire, []))
    }),
    { numRuns: 20_000 },
  )
  expect(quick).toBeGreaterThan(50)
})

describe.each([
  ['answers made of good and bad parts', stream],
  ['good and bad answers, changed in up to three places', mutated],
])('%s', (_name, bytes) => {
  it('are the same to ours however they are cut', () => {
    fc.assert(
      fc.property(bytes, cuts, (wire, places) => {
        expect(ours(wire, places)).toEqual(ours(wire, []))
      }),
      { numRuns: 5_000 },
    )
  })

  it("are the same to Node's client where ours takes them for one", async () => {
    let agreed = 0
    await fc.assert(
      fc.asyncProperty(bytes, async (wire) => {
        const understood = ours(wire, [])
        if (typeof understood === 'string') return
        const reader = new AnswerReader(true)
        // What follows an answer is not its matter, and Node gives up over some of it.
        const alone = wire.subarray(0, reader.push(wire))
        expect(await theirs(alone)).toEqual(understood)
        agreed += 1
      }),
      { numRuns: 5_000 },
    )
    expect(agreed).toBeGreaterThan(100)
  })
})
