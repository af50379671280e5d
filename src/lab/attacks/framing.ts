// Attacks on where a message ends and whom it is for: what Node's parser refuses (gate `parser`), and what it would accept.
import {
  type Attack,
  type AttackContext,
  type DeliveryChanges,
  BODY,
  answered,
  challengeOf,
  deliveryOf,
  say,
} from './attack.ts'

const TUNNEL = 'CONNECT internal:443 HTTP/1.1\r\nHost: internal:443\r\n\r\n'

/** llhttp of Node 20 to 24 refuses these before any gate sees a request. */
export const parserAttacks: readonly Attack[] = [
  parsed('cl-te', 'Content-Length with Transfer-Encoding', {
    add: [['Transfer-Encoding', 'chunked']],
    body: Buffer.from('0\r\n\r\n'),
  }),
  parsed('cl-twice', 'two Content-Length that differ', { add: [['Content-Length', '5']] }),
  parsed('cl-plus', 'Content-Length: +68', length(`+${BODY.length}`)),
  parsed('cl-list', 'Content-Length: 68, 68', length(`${BODY.length}, ${BODY.length}`)),
  parsed('cl-hex', 'Content-Length: 0x44', length('0x44')),
  parsed('cl-negative', 'Content-Length: -1', length('-1')),
  parsed('cl-overflow', 'Content-Length: 2^64', length('18446744073709551616')),
  parsed('te-not-last', 'Transfer-Encoding: chunked, identity', chunked('chunked, identity')),
  parsed('te-twice', 'Transfer-Encoding: chunked, twice', {
    ...chunked('chunked'),
    add: [['Transfer-Encoding', 'chunked']],
  }),
  spelled('space-before-colon', 'a space before a colon', (text) => text.replace('Host:', 'Host :')),
  spelled('bare-lf', 'lines that end in LF only', (text) => text.replaceAll('\r\n', '\n')),
  spelled('bare-cr', 'CR within a value', (text) => text.replace('*/*', '*/*\rX: y')),
  spelled('obs-fold', 'a value that goes on in the next line', (text) =>
    text.replace('*/*', '*/*\r\n folded'),
  ),
  spelled('nul', 'NUL within a value', (text) => text.replace('*/*', '*/*\0')),
  spelled('empty-name', 'a field without a name', (text) => text.replace('Accept:', ':')),
  spelled('non-ascii-name', 'a field name that is not ASCII', (text) =>
    text.replace('Accept:', 'Acc\xe8pt:'),
  ),
  spelled('http2-preface', 'an HTTP/2 preface', () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  spelled('method-case', 'a method in lower case', (text) => text.replace('POST', 'post')),
  // Node hands CONNECT over apart from other requests: no gate sees it, and it is refused as framing all the same.
  spelled('connect', 'CONNECT, for a tunnel', () => TUNNEL),
  {
    ...row('head-bytes', 'a head of more than 16 KiB'),
    gate: 'parser',
    expect: answered('HEAD_TOO_LARGE', 431),
    send: (context) =>
      say(context, [deliveryOf(context, { add: [['X-Long', 'x'.repeat(context.limits.head)]] })]),
  },
  {
    ...row('target-bytes', 'a target of 64 KiB'),
    gate: 'parser',
    expect: answered('HEAD_TOO_LARGE', 431),
    send: (context) => say(context, [challengeOf(context, { target: `/${'x'.repeat(65_536)}` })]),
  },
]

export const framingAttacks: readonly Attack[] = [
  framed('http-1.0', 'a delivery in HTTP/1.0', { version: 'HTTP/1.0' }),
  framed('host-missing', 'no Host', { set: { host: undefined } }),
  framed('host-twice', 'Host, twice', { add: [['Host', 'internal.example']] }),
  framed('host-empty', 'an empty Host', { set: { host: '' } }),
  framed('host-list', 'Host: localhost, internal', { set: { host: 'localhost, internal' } }),
  framed('host-user', 'Host: user@internal', { set: { host: 'user@internal' } }),
  framed('host-path', 'Host: internal/path', { set: { host: 'internal/path' } }),
  framed('absolute-form', 'a target in absolute form', ({ path }) => ({
    target: `https://localhost${path}`,
  })),
  framed('fragment', 'a target with a fragment', ({ path }) => ({ target: `${path}#x` })),
  framed('cl-leading-zero', 'Content-Length: 068', length(`0${BODY.length}`)),
  framed('te-gzip', 'Transfer-Encoding: gzip, chunked', chunked('gzip, chunked')),
  framed('content-type-twice', 'Content-Type, twice', { add: [['Content-Type', 'application/json']] }),
  framed('connection-names-signature', 'Connection: X-Hub-Signature-256', {
    add: [['Connection', 'X-Hub-Signature-256']],
  }),
  framed('connection-names-length', 'Connection: Content-Length', {
    add: [['Connection', 'Content-Length']],
  }),
  framed('h2c', 'an upgrade to h2c', {
    add: [
      ['Connection', 'Upgrade, HTTP2-Settings'],
      ['Upgrade', 'h2c'],
      ['HTTP2-Settings', 'AAMAAABkAAQAAP__'],
    ],
  }),
  {
    ...row('get-with-body', 'a challenge with a body'),
    send: (context) =>
      say(context, [challengeOf(context, { add: [['Content-Length', `${BODY.length}`]] }), BODY]),
  },
]

function row(id: string, title: string): Omit<Attack, 'send'> {
  return { id, title, chapter: 'request', gate: 'framing', expect: answered('FRAMING_INVALID', 400) }
}

type Changing = DeliveryChanges | ((context: AttackContext) => DeliveryChanges)

function framed(id: string, title: string, changes: Changing): Attack {
  return {
    ...row(id, title),
    send: (context) =>
      say(context, [deliveryOf(context, typeof changes === 'function' ? changes(context) : changes)]),
  }
}

function parsed(id: string, title: string, changes: DeliveryChanges): Attack {
  return { ...framed(id, title, changes), gate: 'parser' }
}

/** A good delivery's text, changed; the bytes are Latin-1. */
function spelled(id: string, title: string, change: (text: string) => string): Attack {
  return {
    ...row(id, title),
    gate: 'parser',
    send: (context) => say(context, [change(deliveryOf(context).toString('latin1'))]),
  }
}

function length(value: string): DeliveryChanges {
  return { set: { 'content-length': value } }
}

function chunked(coding: string): DeliveryChanges {
  const body = Buffer.from(`${BODY.length.toString(16)}\r\n${BODY.toString()}\r\n0\r\n\r\n`)
  return { set: { 'content-length': undefined, 'transfer-encoding': coding }, body }
}
