// The framing gate: whatever two readers of HTTP might understand differently. Facts as Node hands them over; raw bytes
// on real sockets are tested with the gateway.
import { describe, expect, it } from 'vitest'
import { framing } from '../../src/gates/framing.ts'
import { type RequestChange, getFacts, outcome, requestFacts } from './facts.ts'

const gate = framing()
const post = (change: RequestChange = {}) => outcome(gate.check(requestFacts(change)))
const get = (change: RequestChange = {}) => outcome(gate.check(getFacts(change)))

const CHUNKED = { 'Content-Length': [], 'Transfer-Encoding': 'chunked' }

describe('framing gate', () => {
  it('admits a delivery and a challenge', () => {
    expect(post()).toBe('admit')
    expect(get({ target: '/webhooks/meta?hub.mode=subscribe&hub.challenge=1' })).toBe('admit')
  })

  it.each(['1.0', '0.9', '2.0', '1.10', ''])('refuses HTTP/%s', (version) =>
    expect(post({ version })).toBe('FRAMING_INVALID'),
  )

  it.each([
    ['absolute-form', 'http://hooks.example/webhooks/meta'],
    ['authority-form', 'hooks.example:443'],
    ['asterisk-form', '*'],
    ['empty', ''],
    ['a fragment', '/webhooks/meta#x'],
    ['a space', '/webhooks/meta x'],
    ['a tab', '/webhooks/meta\tx'],
    ['non-ASCII', '/webhooks/m\u00e9ta'],
    ['DEL', '/webhooks/meta\u007f'],
    ['no slash first', 'webhooks/meta'],
  ])('refuses a target in %s', (_name, target) => expect(post({ target })).toBe('FRAMING_INVALID'))

  it.each(['/', '/webhooks/meta?a=b&c', '//webhooks/meta', '/a/../b', '/%2e%2e', '/a\\b', '/a;b'])(
    'leaves %s to the route gate',
    (target) => expect(post({ target })).toBe('admit'),
  )

  it.each([
    ['an empty name', ['', 'x']],
    ['a space in a name', ['X Y', 'x']],
    ['a space before the colon', ['Content-Length ', '5']],
    ['a colon in a name', ['X:Y', 'x']],
    ['a non-ASCII name', ['X-\u00e9', 'x']],
    ['CR in a value', ['X', 'a\rb']],
    ['LF in a value', ['X', 'a\nb']],
    ['a folded value', ['X', 'a\r\n b']],
    ['NUL in a value', ['X', 'a\0b']],
    ['DEL in a value', ['X', 'a\u007fb']],
  ])('refuses %s', (_name, field) =>
    expect(post({ raw: ['Host', 'hooks.example', 'Content-Length', '2', ...field] })).toBe('FRAMING_INVALID'),
  )

  it('takes a tab and obs-text in a value, and a field named __proto__', () => {
    expect(post({ fields: { 'X-Note': 'a\tb \u00e9', __proto__x: 'y' } })).toBe('admit')
    expect(post({ raw: ['Host', 'h', 'Content-Length', '2', '__proto__', 'x'] })).toBe('admit')
  })

  it.each([
    ['missing', []],
    ['twice', ['hooks.example', 'hooks.example']],
    ['empty', ''],
    ['with user information', 'user@hooks.example'],
    ['with a path', 'hooks.example/x'],
    ['with a comma', 'hooks.example,evil.example'],
    ['with a space', 'hooks.example evil.example'],
    ['with a port that is no number', 'hooks.example:80a'],
    ['with an empty port', 'hooks.example:'],
    ['an IPv6 address without brackets', '2a03:2880::1'],
    ['beginning with a dot', '.example'],
    ['a query', 'hooks.example?x'],
  ])('refuses Host %s', (_name, Host) => expect(post({ fields: { Host } })).toBe('FRAMING_INVALID'))

  it.each(['hooks.example', 'hooks.example:8443', '[::1]:8443', '127.0.0.1', 'my_host'])(
    'takes Host %s',
    (Host) => expect(post({ fields: { Host } })).toBe('admit'),
  )

  it.each([
    '+5',
    '5, 5',
    '0x5',
    '-1',
    '18446744073709551616',
    '9007199254740993',
    '05',
    '5 ',
    '',
    '5.0',
    '1e3',
    '٣',
  ])('refuses Content-Length %j', (length) =>
    expect(post({ fields: { 'Content-Length': length } })).toBe('FRAMING_INVALID'),
  )

  it.each([
    ['Content-Length', ['17', '17']],
    ['Content-Length', ['17', '18']],
    ['Content-Type', ['application/json', 'application/json']],
    ['Expect', ['100-continue', '100-continue']],
  ])('refuses %s twice: %j', (name, values) =>
    expect(post({ fields: { [name]: values } })).toBe('FRAMING_INVALID'),
  )

  it('refuses Transfer-Encoding beside Content-Length', () =>
    expect(post({ fields: { 'Transfer-Encoding': 'chunked' } })).toBe('FRAMING_INVALID'))

  it.each([
    '',
    'identity',
    'gzip, chunked',
    'chunked, chunked',
    'chunked;q=1',
    ' chunked',
    'x-chunked',
    'chunke\u0064\u200b',
  ])('refuses Transfer-Encoding %j', (coding) =>
    expect(post({ fields: { 'Content-Length': [], 'Transfer-Encoding': coding } })).toBe('FRAMING_INVALID'),
  )

  it('refuses Transfer-Encoding twice', () =>
    expect(post({ fields: { 'Content-Length': [], 'Transfer-Encoding': ['chunked', 'chunked'] } })).toBe(
      'FRAMING_INVALID',
    ))

  it('leaves a chunked POST to the length gate', () => {
    expect(post({ fields: CHUNKED })).toBe('admit')
    expect(post({ fields: { ...CHUNKED, 'Transfer-Encoding': 'Chunked' } })).toBe('admit')
  })

  it('refuses content in a GET, and in a HEAD', () => {
    expect(get({ fields: { 'Content-Length': '1' } })).toBe('FRAMING_INVALID')
    expect(get({ fields: CHUNKED })).toBe('FRAMING_INVALID')
    expect(get({ method: 'HEAD', fields: { 'Content-Length': '1' } })).toBe('FRAMING_INVALID')
    expect(get({ fields: { 'Content-Length': '0' } })).toBe('admit')
  })

  it.each(['PUT', 'DELETE', 'PATCH', 'OPTIONS'])('leaves %s with content to the method gate', (method) => {
    expect(post({ method })).toBe('admit')
    expect(post({ method, fields: CHUNKED })).toBe('admit')
  })

  it.each([
    'X-Hub-Signature-256',
    'close, x-hub-signature-256',
    'keep-alive,X-HUB-SIGNATURE',
    'Host',
    'Content-Type',
    'Content-Length',
    'Transfer-Encoding',
    'Content-Encoding',
  ])('refuses Connection: %s', (Connection) =>
    expect(post({ fields: { Connection } })).toBe('FRAMING_INVALID'),
  )

  it('refuses it in a second Connection field, too', () =>
    expect(post({ fields: { Connection: ['close', 'X-Hub-Signature-256'] } })).toBe('FRAMING_INVALID'))

  it.each(['keep-alive', 'close', 'TE', 'x-custom', ''])('takes Connection: %j', (Connection) =>
    expect(post({ fields: { Connection } })).toBe('admit'),
  )

  it.each(['h2c', 'websocket', ''])('refuses Upgrade: %j', (Upgrade) =>
    expect(post({ fields: { Upgrade } })).toBe('FRAMING_INVALID'),
  )
})
