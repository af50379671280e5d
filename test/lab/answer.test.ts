// The sender's reader of HTTP answers: what it takes, in pieces of any size, and what it calls malformed.
import { describe, expect, it } from 'vitest'
import { type Answer, AnswerReader } from '../../src/lab/answer.ts'

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

/** All answers in a stream that comes in pieces, and ends where `end` is set. */
function read(text: string, { size = text.length, end = false, method = 'POST' } = {}): readonly Answer[] {
  const reader = new AnswerReader(method)
  const answers: Answer[] = []
  const bytes = Buffer.from(text, 'latin1')
  const keep = (answer: Answer | undefined) => {
    if (answer !== undefined) answers.push(answer)
    return answer !== undefined
  }
  for (let at = 0; at < bytes.length; at += size) {
    reader.push(bytes.subarray(at, at + size))
    while (keep(reader.take()));
  }
  if (end) keep(reader.end())
  return answers
}

describe('the answer reader', () => {
  it('takes an answer in pieces of any size', () => {
    for (let size = 1; size <= OK.length; size++) {
      const [answer] = read(OK, { size })
      expect(answer?.status).toBe(200)
      expect(answer?.body.toString()).toBe('ok')
    }
  })

  it('takes several answers in a row', () => {
    expect(read(OK + OK + OK).map(({ status }) => status)).toEqual([200, 200, 200])
  })

  it('keeps interim answers beside the final one', () => {
    const [answer] = read(`HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n${OK}`)
    expect(answer?.interim).toEqual([100, 103])
    expect(answer?.status).toBe(200)
  })

  it('reads a chunked body', () => {
    const [answer] = read(
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n',
      {
        size: 1,
      },
    )
    expect(answer?.body.toString()).toBe('abc')
  })

  it('reads a body that lasts until the end', () => {
    const text = 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nall of it'
    expect(read(text)).toEqual([])
    expect(read(text, { end: true })[0]?.body.toString()).toBe('all of it')
  })

  it.each([
    ['HEAD', 'HTTP/1.1 405 No\r\nContent-Length: 99\r\n\r\n'],
    ['POST', 'HTTP/1.1 204 No Content\r\n\r\n'],
    ['POST', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n'],
  ])('expects no body of %s %j', (method, text) => {
    expect(read(text, { method })[0]?.body.length).toBe(0)
  })

  it.each([
    ['another version', 'HTTP/1.0 200 OK\r\n\r\n'],
    ['no status line', 'hello\r\n\r\n'],
    ['a status below 100', 'HTTP/1.1 099 X\r\n\r\n'],
    ['a name with a space', 'HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok'],
    ['a folded line', 'HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok'],
    ['length and chunks', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['a length that is none', 'HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok'],
    ['an unknown coding', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n'],
    ['a chunk size that is none', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n'],
    ['a chunk without end', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n'],
    ['an endless head', `HTTP/1.1 200 OK\r\nA: ${'b'.repeat(70_000)}`],
  ])('throws at %s', (_name, text) => {
    expect(() => read(text)).toThrow()
  })

  it('throws where an answer is cut off', () => {
    expect(() => read(OK.slice(0, -1), { end: true })).toThrow('cut off')
  })
})
