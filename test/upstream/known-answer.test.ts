// The usual answer: what fits it, what does not, and when another becomes it.
import { describe, expect, it } from 'vitest'
import { AnswerReader } from '../../src/upstream/answer-reader.ts'
import { KnownAnswer } from '../../src/upstream/known-answer.ts'

const answer = (fields: string, content = '') =>
  Buffer.from(`HTTP/1.1 200 OK\r\n${fields}\r\n\r\n${content}`, 'latin1')
const USUAL = answer(
  'Date: Sat, 21 Nov 2026 10:58:57 GMT\r\nKeep-Alive: timeout=5\r\nContent-Length: 2',
  'ok',
)

function read(known: KnownAnswer, bytes: Buffer): void {
  new AnswerReader(false, known).push(bytes)
}
const fits = (known: KnownAnswer, bytes: Buffer) => known.fits(bytes, bytes.length)

describe('the usual answer', () => {
  it.each([
    ['the same', (text: string) => text, true],
    ['another date', (text: string) => text.replace('57', '58'), true],
    ['any text for a date', (text: string) => text.replace('Sat,', '\u00e9: \t'), true],
    ['a control character in the date', (text: string) => text.replace('57', '5\n'), false],
    ['a CR in the date', (text: string) => text.replace('57', '5\r'), false],
    ['another name of as many letters', (text: string) => text.replace('Date', 'Data'), false],
    ['another timeout', (text: string) => text.replace('=5', '=6'), false],
    ['another length', (text: string) => text.replace(': 2', ': 0'), false],
    ['other content', (text: string) => text.replace('ok', 'no'), false],
    ['another status', (text: string) => text.replace('200', '503'), false],
    ['another reason', (text: string) => text.replace('OK', 'KO'), false],
    ['more behind it', (text: string) => `${text}\r\n`, false],
    ['less', (text: string) => text.slice(0, -1), false],
  ])('%s: fits is %s', (_name, change, expected) => {
    const known = new KnownAnswer()
    read(known, USUAL)
    expect(fits(known, Buffer.from(change(USUAL.toString('latin1')), 'latin1'))).toBe(expected)
  })

  it('is none before one was read, and none where one was cut, preceded by something or too long', () => {
    const known = new KnownAnswer()
    expect(fits(known, Buffer.alloc(0))).toBe(false)
    const reader = new AnswerReader(false, known)
    reader.push(USUAL.subarray(0, 30))
    reader.push(USUAL.subarray(30))
    expect(fits(known, USUAL)).toBe(false)
    for (const bytes of [
      Buffer.concat([Buffer.from('\r\n'), USUAL]),
      Buffer.concat([Buffer.from('HTTP/1.1 103 E\r\n\r\n'), USUAL]),
      answer(`A: ${'b'.repeat(600)}\r\nContent-Length: 0`),
    ]) {
      const other = new KnownAnswer()
      read(other, bytes)
      expect(fits(other, bytes)).toBe(false)
    }
  })

  it('becomes another one once that comes again and again', () => {
    const known = new KnownAnswer()
    const other = answer('Content-Length: 0')
    read(known, USUAL)
    read(known, other)
    expect([fits(known, USUAL), fits(known, other)]).toEqual([true, false])
    for (let i = 0; i < 20; i += 1) read(known, other)
    expect([fits(known, USUAL), fits(known, other)]).toEqual([false, true])
  })

  it('is not looked for in the middle of another', () => {
    const known = new KnownAnswer()
    read(known, USUAL)
    const reader = new AnswerReader(false, known)
    reader.push(answer(`Content-Length: ${USUAL.length + 1}`))
    reader.push(USUAL)
    expect(reader.done).toBe(false)
    reader.push(Buffer.from('!'))
    expect(reader.done).toBe(true)
  })

  it('is not asked where content is wanted', () => {
    const known = new KnownAnswer()
    read(known, USUAL)
    const reader = new AnswerReader(true, known)
    reader.push(USUAL)
    expect(Buffer.from(reader.answer.body).toString()).toBe('ok')
  })
})
