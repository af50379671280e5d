// Which heads the fast lane's reader takes, and which it leaves to another reader, each with its reason. What it takes, every
// reader of HTTP/1.1 takes for the same; that both lanes then do the same is test/gateway/lanes.test.ts.
import { describe, expect, it } from 'vitest'
import { readPostHead } from '../../src/domain/post-head.ts'

const SHA256 = `sha256=${'0a'.repeat(32)}`
const SHA1 = `sha1=${'0b'.repeat(20)}`
const LIMIT = 16 * 1024

const LINES = [
  'POST /webhooks/meta HTTP/1.1',
  'Host: gateway.example',
  'Content-Type: application/json',
  'Content-Length: 28',
  `X-Hub-Signature-256: ${SHA256}`,
]

interface Change {
  readonly start?: string
  /** Instead of the field of the same name. */
  readonly field?: string
  readonly without?: string
  readonly more?: readonly string[]
}

function head({ start, field, without, more = [] }: Change = {}): string {
  const name = (line: string) => line.slice(0, line.indexOf(':')).toLowerCase()
  const lines = LINES.filter((line) => without === undefined || name(line) !== without)
    .map((line) => (field !== undefined && name(line) === name(field) ? field : line))
    .concat(more)
  if (start !== undefined) lines[0] = start
  return `${lines.join('\r\n')}\r\n\r\n`
}

const read = (text: string, limit = LIMIT) => readPostHead(Buffer.from(text, 'latin1'), limit)

describe('a head that is taken', () => {
  it.each<readonly [string, string]>([
    ['as Meta sends it', head()],
    ['with both signatures', head({ more: [`X-Hub-Signature: ${SHA1}`] })],
    ['names in any case', head().replaceAll(/^[A-Za-z0-9-]+(?=:)/gm, (name) => name.toLowerCase())],
    ['every character that a name may have', head({ more: ["!#$%&'*+-.^_`|~09aZ: x"] })],
    ['spaces within a value', head({ more: ['User-Agent: a  b'] })],
    ['any other field twice: it frames nothing', head({ more: ['X-A: 1', 'X-A: 2'] })],
    ['a name of JavaScript’s own', head({ more: ['__proto__: 1', 'constructor: 1'] })],
    ['a trace', head({ more: ['traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'] })],
    ['Connection: keep-alive', head({ more: ['Connection: keep-alive'] })],
    ['a body behind it, whatever it holds', `${head()}\r\n\r\nTransfer-Encoding: chunked\r\n\r\n`],
  ])('%s', (_name, text) => {
    const found = read(text)
    expect(found).toMatchObject({ path: '/webhooks/meta', keepAlive: true })
    expect(text.startsWith(found?.text ?? '-')).toBe(true)
    const kinds = found?.slots.map(({ kind, from, to }) => [kind, text.slice(from, to)])
    expect(kinds).toContainEqual(['length', '28'])
    expect(kinds).toContainEqual(['sha256', SHA256.slice('sha256='.length)])
  })

  it('Connection: close says that it is the last', () => {
    expect(read(head({ more: ['Connection: close'] }))?.keepAlive).toBe(false)
  })

  it('gives its fields in their order and spelling', () => {
    expect(read(head())?.raw).toEqual(LINES.slice(1).flatMap((line) => line.split(': ')))
  })

  it('exactly as large as the limit', () => {
    const text = head()
    expect(read(text, text.length)?.path).toBe('/webhooks/meta')
    expect(read(text, text.length - 1)).toBeUndefined()
  })
})

describe('a head that is not whole', () => {
  it('is left at every length', () => {
    const text = head()
    for (let length = 0; length < text.length; length++) expect(read(text.slice(0, length))).toBeUndefined()
  })
})

const length = (value: string) => head({ field: `Content-Length: ${value}` })
const signature = (value: string) => head({ field: `X-Hub-Signature-256: ${value}` })
const target = (path: string) => head({ start: `POST ${path} HTTP/1.1` })
const more = (...lines: string[]) => head({ more: lines })

describe('a head that is left to another reader', () => {
  it.each<readonly [string, string]>([
    // The request line: RFC 9112 §3.
    ['another method', head({ start: 'PUT /webhooks/meta HTTP/1.1' })],
    ['a method in lower case', head({ start: 'post /webhooks/meta HTTP/1.1' })],
    ['HTTP/1.0: another persistence', head({ start: 'POST /webhooks/meta HTTP/1.0' })],
    ['a version in lower case', head({ start: 'POST /webhooks/meta http/1.1' })],
    ['no version', head({ start: 'POST /webhooks/meta' })],
    ['two spaces', head({ start: 'POST  /webhooks/meta HTTP/1.1' })],
    ['a tab for a space', head({ start: 'POST\t/webhooks/meta HTTP/1.1' })],
    ['a space at the end', head({ start: 'POST /webhooks/meta HTTP/1.1 ' })],
    ['an empty line before', `\r\n${head()}`],
    ['absolute-form', target('http://gateway.example/webhooks/meta')],
    ['authority-form', target('gateway.example:443')],
    ['asterisk-form', target('*')],
    ['a query', target('/webhooks/meta?a=b')],
    ['a fragment', target('/webhooks/meta#a')],
    ['obs-text in the target', target('/webhooks/m\xe9ta')],
    ['NUL in the target', target('/webhooks/\0')],
    // Lines: RFC 9112 §2.2 and §5.
    ['bare LF', head().replaceAll('\r\n', '\n')],
    ['one bare LF', head().replace('\r\nHost', '\nHost')],
    ['one bare CR', head().replace('\r\nHost', '\rHost')],
    ['CR before CR LF', head().replace('\r\nHost', '\r\r\nHost')],
    ['a folded line', more('X-A: 1\r\n 2')],
    ['a folded length', length('2\r\n 8')],
    ['space before a colon', more('X-A : 1')],
    ['space before a name', more(' X-A: 1')],
    ['no space after a colon', more('X-A:1')],
    ['two spaces after a colon', more('X-A:  1')],
    ['a tab after a colon', more('X-A:\t1')],
    ['space at the end of a value', more('X-A: 1 ')],
    ['a tab in a value', more('X-A: 1\t2')],
    ['an empty value', more('X-A: ')],
    ['an empty name', more(': 1')],
    ['no colon', more('X-A')],
    ['NUL in a value', more('X-A: 1\x002')],
    ['a control in a value', more('X-A: 1\x7f2')],
    ['obs-text in a value', more('X-A: \xe9')],
    ['a name that is no token', more('X(A): 1')],
    ['a name beyond ASCII', more('X-\xc4: 1')],
    // What frames, addresses and proves stands exactly once.
    ['no Host', head({ without: 'host' })],
    ['two Hosts', more('Host: gateway.example')],
    ['two Hosts in other case', more('HOST: gateway.example')],
    ['no media type', head({ without: 'content-type' })],
    ['two media types', more('content-type: application/json')],
    ['no length', head({ without: 'content-length' })],
    ['two lengths', more('Content-Length: 28')],
    ['two lengths in other case', more('content-LENGTH: 27')],
    ['no signature', head({ without: 'x-hub-signature-256' })],
    ['two signatures', more(`X-Hub-Signature-256: ${SHA256}`)],
    ['two SHA-1 signatures', more(`X-Hub-Signature: ${SHA1}`, `X-Hub-Signature: ${SHA1}`)],
    ['two Connection fields', more('Connection: keep-alive', 'Connection: close')],
    ['two traces', more('traceparent: a', 'traceparent: b')],
    // The length: RFC 9110 §8.6 in one spelling.
    ...['0', '028', '+28', '-28', '0x1c', '28, 28', '28,28', '28.0', '2e1', '28;', '"28"', '99999999999'].map(
      (value) => [`length ${value}`, length(value)] as const,
    ),
    // Other framing, other protocols, answers before the body.
    ...['chunked', 'identity', 'gzip, chunked', 'xchunked'].map(
      (value) => [`Transfer-Encoding: ${value}`, more(`Transfer-Encoding: ${value}`)] as const,
    ),
    ['transfer-encoding in any case', more('tRANSFER-eNCODING: chunked')],
    [
      'Transfer-Encoding alone',
      head({ field: 'X: 1', without: 'content-length', more: ['Transfer-Encoding: chunked'] }),
    ],
    ['Expect', more('Expect: 100-continue')],
    ['Upgrade', more('Upgrade: h2c')],
    ['HTTP2-Settings', more('HTTP2-Settings: AAMAAABkAAQAAP__')],
    ['Proxy-Connection', more('Proxy-Connection: keep-alive')],
    ['Keep-Alive', more('Keep-Alive: timeout=5')],
    ['TE', more('TE: trailers')],
    ['Trailer', more('Trailer: X-A')],
    ['Connection names a field', more('Connection: X-Hub-Signature-256')],
    ['Connection is a list', more('Connection: keep-alive, close')],
    ['Connection in other case', more('Connection: Close')],
    // The signature as Meta writes it, and in no other spelling.
    ['upper-case digits', signature(SHA256.replaceAll('a', 'A'))],
    ['an upper-case name of the hash', signature(SHA256.replace('sha', 'SHA'))],
    ['a digit too few', signature(SHA256.slice(0, -1))],
    ['a digit too many', signature(`${SHA256}0`)],
    ['no name of the hash', signature('0a'.repeat(32))],
    ['another hash', signature(SHA1)],
    ['a quoted signature', signature(`"${SHA256}"`)],
    ['a list of signatures', signature(`${SHA256},${SHA256}`)],
    ['a SHA-1 signature that is none', more('X-Hub-Signature: sha1=')],
  ])('%s', (_name, text) => {
    expect(read(text)).toBeUndefined()
  })
})
