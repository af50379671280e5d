// What is done to a good request: each mutation by its name, so that a run can tell that none was left out.
import { type Draft, type Line, signed } from './good-requests.ts'
import type { Random } from './random.ts'
import { OLD_SECRET } from './settings.ts'

export type Mutate = (draft: Draft, random: Random) => void

const SPACES = [' ', '  ', '\t', ' \t ', '\x0b', '\x0c', '\xa0', '\x85'] as const

export const MUTATIONS: Readonly<Record<string, Mutate>> = {
  'method in lower case': start((text) => text.replace(/^[A-Z]+/, (name) => name.toLowerCase())),
  'other method': start((text, random) =>
    text.replace(
      /^[A-Z]+/,
      random.pick([
        'PUT',
        'HEAD',
        'OPTIONS',
        'TRACE',
        'DELETE',
        'PRI',
        'GET',
        'POSTS',
        'PATCH',
        'CONNECT',
        '',
      ]),
    ),
  ),
  'other version': start((text, random) =>
    text.replace(
      /HTTP\/1\.1$/,
      random.pick([
        'HTTP/1.0',
        'HTTP/0.9',
        'HTTP/2',
        'HTTP/2.0',
        'HTTP/1.2',
        'http/1.1',
        'HTTP/1.10',
        'HTTP/01.1',
        '',
      ]),
    ),
  ),
  'absolute form': start((text) => text.replace(' /', ' http://gateway.example/')),
  query: start((text, random) =>
    text.replace(/ (\/\S*) /, ` $1${random.pick(['?', '?a=b', '?x=/webhooks/meta'])} `),
  ),
  fragment: start((text) => text.replace(/ (\/\S*) /, ' $1#top ')),
  'odd target': start((text, random) =>
    text.replace(
      / \/\S* /,
      ` ${random.pick(['/unknown', '*', '//webhooks/meta', '/webhooks/../one', '/webhooks/%6deta', '/webhooks/meta/', '/webhooks/meta;x', '\\one', '/One', '/on\xe9', '/o\0ne', 'one', 'gateway.example:443', '/webhooks\tmeta', '/__proto__', '/constructor'])} `,
    ),
  ),
  'spaces in the request line': start((text, random) => {
    const space = random.pick(SPACES)
    const at = random.pick([0, text.indexOf(' '), text.lastIndexOf(' '), text.length])
    return text.slice(0, at) + space + text.slice(at)
  }),
  'empty lines before': (draft, random) => {
    const first = draft.lines[0]
    if (first !== undefined)
      first.text = random.pick(['\r\n', '\n', '\r\n\r\n', '\r', '\n\r', ' \r\n']) + first.text
  },
  'field twice': (draft, random) => {
    const line = fieldOf(draft, random)
    draft.lines.splice(random.between(1, draft.lines.length), 0, { ...line })
  },
  'field missing': (draft, random) => {
    if (draft.lines.length > 1) draft.lines.splice(random.between(1, draft.lines.length - 1), 1)
  },
  'field moved': (draft, random) => {
    if (draft.lines.length < 2) return
    const [line] = draft.lines.splice(random.between(1, draft.lines.length - 1), 1)
    if (line !== undefined) draft.lines.splice(random.between(0, draft.lines.length), 0, line)
  },
  'field renamed': named((name, random) =>
    random.pick([
      name.toUpperCase(),
      name.toLowerCase(),
      `X-${name}`,
      name.replace('-', '_'),
      name.slice(1),
      'Hubgate-App',
      'Proxy',
      '__proto__',
      'constructor',
    ]),
  ),
  'odd field name': named((name, random) =>
    random.pick([
      '',
      `${name}(`,
      `${name}\xe9`,
      `"${name}"`,
      `${name}\0`,
      `${name}:`,
      `[${name}]`,
      `${name} x`,
    ]),
  ),
  'space before the colon': named((name, random) => name + random.pick(SPACES)),
  'space before the name': named((name, random) => random.pick(SPACES) + name),
  'space after the colon': valued((value, random) => random.pick(SPACES) + value),
  'no space after the colon': line((one) => {
    one.text = one.text.replace(': ', ':')
  }),
  'space at the end of a value': valued((value, random) => value + random.pick(SPACES)),
  'folded line': line((one, random) => {
    const at = random.between(Math.max(1, one.text.indexOf(':')), one.text.length)
    one.text = `${one.text.slice(0, at)}\r\n${random.pick([' ', '\t'])}${one.text.slice(at)}`
  }),
  'other line end': (draft, random) => {
    const one = random.pick(draft.lines)
    one.end = random.pick(['\n', '\r', '\r\r\n', '\n\r', '\r\n\n', '', '\r\n\r'])
  },
  'other end of the head': (draft, random) => {
    draft.blank = random.pick(['\n', '\r', '', '\r\r\n', ' \r\n', '\r\n\r\n', '\0\r\n'])
  },
  'NUL, CR or LF in a value': valued((value, random) =>
    insert(value, random.pick(['\0', '\r', '\n', '\r\n']), random),
  ),
  'obs-text in a value': valued((value, random) =>
    insert(value, random.pick(['\x80', '\xff', '\xc3\xa9', '\xa0']), random),
  ),
  'control in a value': valued((value, random) =>
    insert(value, random.pick(['\x01', '\x07', '\x08', '\x0b', '\x1b', '\x1f', '\x7f', '\t']), random),
  ),
  'empty value': valued(() => ''),
  'line without colon': line((one) => {
    one.text = one.text.replace(':', '')
  }),
  'many fields': (draft, random) => {
    const count = random.between(90, 104) - draft.lines.length
    for (let i = 0; i < count; i++) draft.lines.push({ text: `X-${i}: ${i}`, end: '\r\n' })
  },
  'long field': (draft, random) => {
    const length = random.pick([100, 400, 8_000, 15_000, 15_900, 16_200, 16_384, 20_000])
    draft.lines.splice(random.between(1, draft.lines.length), 0, {
      text: `X-Long: ${'x'.repeat(length + random.below(200))}`,
      end: '\r\n',
    })
  },
  'length spelled otherwise': of('content-length', (value, random) =>
    random.pick([
      `+${value}`,
      `-${value}`,
      `0${value}`,
      `0x${Number(value).toString(16)}`,
      `${value}, ${value}`,
      `${value},${value}`,
      `${value}.0`,
      `${value}e0`,
      `${value}_0`,
      `${value} `,
      `${value};`,
      `"${value}"`,
      '',
      '0',
      '00',
      '18446744073709551616',
      '9007199254740993',
      '4294967297',
      '10000000000',
      '99999999999',
    ]),
  ),
  'wrong length': of('content-length', (value, random) =>
    String(Math.max(0, Number(value) + random.pick([-1, 1, -5, 7, 100, 1_000]))),
  ),
  'second length': (draft, random) => {
    const value = random.pick(['0', '5', String(draft.body.length), String(draft.body.length + 1)])
    add(draft, random, `${random.pick(['Content-Length', 'content-length', 'CONTENT-LENGTH'])}: ${value}`)
  },
  'Transfer-Encoding': (draft, random) => {
    const coding = random.pick([
      'chunked',
      'Chunked',
      'identity',
      'gzip, chunked',
      'chunked, chunked',
      'chunked, identity',
      'xchunked',
      ' chunked',
      '\tchunked',
      '\x0bchunked',
      'chunked ',
      '"chunked"',
      'chunked;a=b',
      '',
      ',chunked',
    ])
    const name = random.pick([
      'Transfer-Encoding',
      'Transfer-Encoding',
      'transfer-encoding',
      'TRANSFER-ENCODING',
      'Transfer-Encoding ',
      'Transfer_Encoding',
      ' Transfer-Encoding',
      'Transfer\0-Encoding',
    ])
    add(draft, random, `${name}:${random.pick(['', ' '])}${coding}`)
    if (random.chance(0.3)) drop(draft, 'content-length')
    if (random.chance(0.5)) draft.body = chunked(draft.body, random)
  },
  'Connection field': (draft, random) => {
    const value = random.pick([
      'close',
      'Close',
      'keep-alive',
      'Keep-Alive',
      'keep-alive, close',
      'close, X-Hub-Signature-256',
      'X-Hub-Signature-256',
      'Host',
      'Content-Length',
      'upgrade',
      'te',
      'X-Trace',
      '',
      'close,',
    ])
    add(draft, random, `Connection: ${value}`)
  },
  'hop-by-hop field': (draft, random) =>
    add(
      draft,
      random,
      random.pick([
        'Upgrade: h2c',
        'Upgrade: websocket',
        'HTTP2-Settings: AAMAAABkAAQAAP__',
        'Proxy-Connection: keep-alive',
        'Proxy-Connection: close',
        'Keep-Alive: timeout=5',
        'TE: trailers',
        'Trailer: X-Hub-Signature-256',
        'Proxy-Authorization: a',
        'Proxy-Authenticate: a',
      ]),
    ),
  Expect: (draft, random) =>
    add(
      draft,
      random,
      `Expect: ${random.pick(['100-continue', '100-Continue', '200-ok', '', '100-continue, x'])}`,
    ),
  'media type': of('content-type', (_value, random) =>
    random.pick([
      'application/json; charset=utf-8',
      'application/json;charset="UTF-8"',
      'APPLICATION/JSON',
      'text/plain',
      'application/json; charset=utf-16',
      'application/json,application/json',
      'application/jsonx',
    ]),
  ),
  'other host': of('host', (_value, random) =>
    random.pick([
      'a',
      'a:443',
      'a:65536',
      'a:',
      'a@b',
      'a/b',
      'a,b',
      'a b',
      '[::1]:443',
      '[::1',
      'http://a',
      '%61',
      '-a',
      '_a',
    ]),
  ),
  traceparent: (draft, random) =>
    add(
      draft,
      random,
      random.pick([
        'traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
        'traceparent: 00-00000000000000000000000000000000-b7ad6b7169203331-01',
        'Traceparent: ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
        'traceparent: x',
      ]),
    ),
  'identity field': (draft, random) =>
    add(
      draft,
      random,
      `${random.pick(['X-Forwarded-For', 'x_forwarded_host', 'X-Request-Id', 'Forwarded', 'Client-Cert', 'Hubgate-App', 'X-Real-IP', 'X-SSL-Client', 'Remote-User', 'Proxy'])}: 1`,
    ),
  'body changed': (draft, random) => {
    const { body } = draft
    if (body.length === 0) return
    const at = random.below(body.length)
    body.writeUInt8(body.readUInt8(at) ^ (1 << random.below(8)), at)
  },
  'body cut': (draft, random) => {
    draft.body = draft.body.subarray(0, random.below(draft.body.length + 1))
  },
  'garbage behind': (draft, random) => {
    const more = random.pick(['\r\n', '\n', '\0', 'x', 'GET / HTTP/1.1\r\n\r\n', '0\r\n\r\n', ' ', 'POST '])
    draft.body = Buffer.concat([draft.body, Buffer.from(more, 'latin1')])
  },
  'signature wrong': of('x-hub-signature-256', (value, random) => {
    const at = 'sha256='.length + random.below(64)
    return value.slice(0, at) + (value[at] === '0' ? '1' : '0') + value.slice(at + 1)
  }),
  'signature spelled otherwise': of('x-hub-signature-256', (value, random) =>
    random.pick([
      value.toUpperCase(),
      value.replace(/[a-f]/g, (digit) => digit.toUpperCase()).replace('shA256', 'sha256'),
      value.slice(0, -1),
      `${value}0`,
      `${value}${value.slice(7)}`,
      value.slice(7),
      `sha256= ${value.slice(7)}`,
      `"${value}"`,
      `${value},${value}`,
      'sha256=',
      value.replace('sha256', 'sha1'),
      value.replace('=', '=g').slice(0, -1),
    ]),
  ),
  'signed with another secret': (draft, random) => {
    const secret = random.pick([OLD_SECRET, 'a secret of nobody'])
    const line = find(draft, 'x-hub-signature-256')
    if (line !== undefined) line.text = line.text.replace(/sha256=.*/, signed({ body: draft.body, secret }))
  },
  'second signature': (draft, random) =>
    add(
      draft,
      random,
      `X-Hub-Signature-256: ${random.pick([signed(draft), `sha256=${'0'.repeat(64)}`, ''])}`,
    ),
  'odd SHA-1 signature': of('x-hub-signature', (value, random) =>
    random.pick([value.toUpperCase(), value.slice(0, -1), `${value}0`, 'sha1=', `${value},${value}`, '']),
  ),
}

function start(change: (text: string, random: Random) => string): Mutate {
  return (draft, random) => {
    const first = draft.lines[0]
    if (first !== undefined) first.text = change(first.text, random)
  }
}

function line(change: (line: Line, random: Random) => void): Mutate {
  return (draft, random) => change(fieldOf(draft, random), random)
}

function named(change: (name: string, random: Random) => string): Mutate {
  return line((one, random) => {
    const colon = one.text.indexOf(':')
    if (colon !== -1) one.text = change(one.text.slice(0, colon), random) + one.text.slice(colon)
  })
}

function valued(change: (value: string, random: Random) => string): Mutate {
  return line((one, random) => {
    const colon = one.text.indexOf(': ')
    if (colon !== -1) one.text = one.text.slice(0, colon + 2) + change(one.text.slice(colon + 2), random)
  })
}

function of(name: string, change: (value: string, random: Random) => string): Mutate {
  return (draft, random) => {
    const one = find(draft, name)
    if (one === undefined) return
    const colon = one.text.indexOf(': ')
    one.text = one.text.slice(0, colon + 2) + change(one.text.slice(colon + 2), random)
  }
}

function find({ lines }: Draft, name: string): Line | undefined {
  return lines.find(({ text }) => text.toLowerCase().startsWith(`${name}: `))
}

/** Half of the time one of those that frame, address or prove. Of a head that has lost all of its fields, one that is not sent. */
function fieldOf(draft: Draft, random: Random): Line {
  const name = random.pick(['content-length', 'host', 'x-hub-signature-256', 'content-type'])
  const found = random.chance(0.5) ? find(draft, name) : undefined
  const fields = draft.lines.length > 1 ? draft.lines.slice(1) : [{ text: '', end: '' }]
  return found ?? random.pick(fields)
}

function add(draft: Draft, random: Random, text: string): void {
  draft.lines.splice(random.between(1, draft.lines.length), 0, { text, end: '\r\n' })
}

function drop(draft: Draft, name: string): void {
  draft.lines = draft.lines.filter(({ text }) => !text.toLowerCase().startsWith(`${name}:`))
}

function insert(value: string, what: string, random: Random): string {
  const at = random.between(0, value.length)
  return value.slice(0, at) + what + value.slice(at)
}

function chunked(body: Buffer, random: Random): Buffer {
  const extension = random.pick(['', '', ';a=b', ' '])
  const size = Buffer.from(`${body.length.toString(16)}${extension}\r\n`, 'latin1')
  return Buffer.concat([size, body, Buffer.from('\r\n0\r\n\r\n', 'latin1')])
}
