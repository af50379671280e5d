// The reader of answers, alone: what is one, what is none, and that it does not matter how the bytes are cut.
import { describe, expect, it } from 'vitest'
import { AnswerReader } from '../../src/upstream/answer-reader.ts'
import { UpstreamFailure } from '../../src/upstream/failure.ts'
import { WHOLE, WRONG } from './answer-samples.ts'

const bytesOf = (text: string) => Buffer.from(text, 'latin1')

/** Pushes the pieces, each in a buffer that is overwritten afterwards, as a connection's is. @returns how many bytes it took. */
function push(reader: AnswerReader, pieces: readonly Buffer[]): number {
  let taken = 0
  for (const piece of pieces) {
    const buffer = Buffer.from(piece)
    taken += reader.push(buffer)
    buffer.fill('!')
  }
  return taken
}

function cuts(bytes: Buffer): Buffer[][] {
  const everyCut = Array.from({ length: bytes.length + 1 }, (_, at) => [
    bytes.subarray(0, at),
    bytes.subarray(at),
  ])
  return [[bytes], ...everyCut, Array.from(bytes, (_, at) => bytes.subarray(at, at + 1))]
}

describe('an answer', () => {
  it.each(WHOLE)('%s, cut anywhere', (_name, text, read) => {
    const { status = 200, body = '', contentFields = [], keeps = Infinity, untilClose = false } = read
    const bytes = bytesOf(text)
    for (const pieces of cuts(bytes)) {
      const reader = new AnswerReader(true)
      expect(push(reader, pieces)).toBe(bytes.length)
      expect(reader.done).toBe(!untilClose)
      reader.end()
      expect(reader.done).toBe(true)
      expect({ ...reader.answer, body: Buffer.from(reader.answer.body).toString('latin1') }).toEqual({
        status,
        contentFields,
        body,
      })
      expect(reader.keeps).toBe(keeps)
    }
  })

  it.each(WHOLE)('%s: content that nobody wants is read and dropped', (_name, text, read) => {
    const reader = new AnswerReader(false)
    push(reader, [bytesOf(text)])
    reader.end()
    expect(reader.done).toBe(true)
    expect(reader.answer).toEqual({
      status: read.status ?? 200,
      contentFields: [],
      body: new Uint8Array(0),
    })
  })

  it.each(WHOLE.filter(([, , read]) => read.untilClose !== true))(
    '%s: takes not a byte more',
    (_name, text) => {
      const bytes = bytesOf(text)
      for (const more of ['\r\n', 'x', text]) {
        const reader = new AnswerReader(true)
        expect(reader.push(Buffer.concat([bytes, bytesOf(more)]))).toBe(bytes.length)
        expect(reader.push(bytesOf(more))).toBe(0)
      }
    },
  )

  it.each(WHOLE)('%s: cut off anywhere it is none', (_name, text, read) => {
    const bytes = bytesOf(text)
    const endless = read.untilClose === true ? text.indexOf('\r\n\r\n') + 4 : bytes.length
    for (let length = 0; length < endless; length += 1) {
      const reader = new AnswerReader(true)
      reader.push(bytes.subarray(0, length))
      expect(reader.done).toBe(false)
      // Before a head is there nothing has been answered: the connection's own end says what happened.
      if (reader.begun) expect(() => reader.end()).toThrow(UpstreamFailure)
      else reader.end()
      expect(reader.done).toBe(false)
    }
  })
})

describe('what is no answer', () => {
  /** @returns after how many bytes it was refused, and why. */
  function refused(pieces: readonly Buffer[]): { after: number; detail: string } {
    const reader = new AnswerReader(true)
    let after = 0
    try {
      for (const piece of pieces) {
        reader.push(piece)
        after += piece.length
      }
    } catch (error) {
      if (!(error instanceof UpstreamFailure)) throw error
      expect(error.code).toBe('UPSTREAM_PROTOCOL')
      return { after: after + 1, detail: error.message }
    }
    throw new Error('it was taken for one')
  }

  it.each(WRONG)('%s, cut anywhere', (_name, text, at) => {
    const bytes = bytesOf(text)
    const byByte = refused(Array.from(bytes, (_, index) => bytes.subarray(index, index + 1)))
    if (at === 'last') expect(byByte.after).toBe(bytes.length)
    const { detail } = byByte
    const places =
      bytes.length < 1_000 ? Array.from(bytes.keys()) : [1, 20, 40, bytes.length >> 1, bytes.length - 1]
    for (const place of places)
      expect(refused([bytes.subarray(0, place), bytes.subarray(place)])).toMatchObject({ detail })
    expect(refused([bytes])).toEqual({ after: 1, detail })
  })
})

describe('content', () => {
  it.each([
    ['of a length', 'Content-Length: 1048576', (body: string) => body],
    ['in chunks', 'Transfer-Encoding: chunked', (body: string) => `100000\r\n${body}\r\n0\r\n\r\n`],
    ['until the close', 'X-A: b', (body: string) => body],
  ])('%s: 1 MiB is read, and no more', (_name, field, wire) => {
    const MEGABYTE = 'x'.repeat(1024 * 1024)
    const head = `HTTP/1.1 200 OK\r\n${field}\r\n\r\n`
    const reader = new AnswerReader(true)
    reader.push(bytesOf(head + wire(MEGABYTE)))
    reader.end()
    expect(reader.answer.body.length).toBe(MEGABYTE.length)
  })

  it('until the close has the same bound', () => {
    const reader = new AnswerReader(true)
    reader.push(bytesOf('HTTP/1.1 200 OK\r\n\r\n'))
    reader.push(Buffer.alloc(1024 * 1024))
    expect(() => reader.push(Buffer.alloc(1))).toThrow('more than 1048576 bytes')
  })
})
