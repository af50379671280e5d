// Answers as bytes, one row a thing that can be right or wrong with them, with what the reader has to make of each.

const HEAD = 'HTTP/1.1 200 OK\r\n'
const CHUNKED = `${HEAD}Transfer-Encoding: chunked\r\n\r\n`
const EMPTY = 'Content-Length: 0\r\n\r\n'

export interface Read {
  readonly status?: number
  readonly body?: string
  readonly contentFields?: readonly string[]
  /** Milliseconds. Default: Infinity. */
  readonly keeps?: number
  /** Its end is the connection's. */
  readonly untilClose?: true
}

const WHOLE_ROWS: readonly (readonly [name: string, bytes: string, read?: Read])[] = [
  ['no content', HEAD + EMPTY],
  ['content of a length', `${HEAD}Content-Length: 5\r\n\r\nab\r\nc`, { body: 'ab\r\nc' }],
  ['a length with zeros before it', `${HEAD}Content-Length: 0002\r\n\r\nok`, { body: 'ok' }],
  ['names in other case, no space, tabs', `${HEAD}cOnTeNt-LeNgTh:\t 2 \r\n\r\nok`, { body: 'ok' }],
  ['no reason phrase', `HTTP/1.1 200\r\n${EMPTY}`],
  ['an empty reason phrase', `HTTP/1.1 200 \r\n${EMPTY}`],
  ['a reason phrase in Latin-1', `HTTP/1.1 503 pass\u00e9 \t!\r\n${EMPTY}`, { status: 503 }],
  ['a field of Latin-1, an empty one', `${HEAD}X-A: \u00e9\r\nX-B:\r\n${EMPTY}`],
  ['empty lines before it', `\r\n\r\n${HEAD}${EMPTY}`],
  ['a status that nobody knows', `HTTP/1.1 599 X\r\n${EMPTY}`, { status: 599 }],
  [
    '204, which has no content whatever it says',
    'HTTP/1.1 204 N\r\nContent-Length: 5\r\n\r\n',
    { status: 204 },
  ],
  ['chunks', `${CHUNKED}2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n`, { body: 'abcde' }],
  ['no chunk at all', `${CHUNKED}0\r\n\r\n`],
  [
    'a chunk size of several digits, in both cases',
    `${CHUNKED}00A\r\n0123456789\r\nb\r\n0123456789a\r\n000\r\n\r\n`,
    { body: '01234567890123456789a' },
  ],
  [
    'a chunk that looks like the last one',
    `${CHUNKED}7\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n`,
    { body: '\r\n0\r\n\r\n' },
  ],
  ['chunk extensions', `${CHUNKED}1;a=b;c\r\na\r\n0;z\r\n\r\n`, { body: 'a' }],
  [
    'trailers, which say nothing',
    `${CHUNKED}1\r\na\r\n0\r\nX-A: b\r\nConnection: close\r\n\r\n`,
    { body: 'a' },
  ],
  ['Chunked in other case', `${HEAD}Transfer-Encoding: Chunked\r\n\r\n0\r\n\r\n`],
  ['content until the close', `${HEAD}\r\nabc`, { body: 'abc', keeps: 0, untilClose: true }],
  ['nothing until the close', `${HEAD}\r\n`, { keeps: 0, untilClose: true }],
  [
    'eight interim answers before it',
    `${'HTTP/1.1 103 Early\r\nLink: <x>\r\n\r\n'.repeat(8)}${HEAD}${EMPTY}`,
  ],
  [
    'an interim answer with a length',
    `HTTP/1.1 100 C\r\nContent-Length: 5\r\nKeep-Alive: timeout=5\r\n\r\n${HEAD}${EMPTY}`,
  ],
  [
    'what its content is',
    `${HEAD}Content-Type: text/plain\r\nContent-Encoding: br\r\nContent-Length: 1\r\n\r\nx`,
    { body: 'x', contentFields: ['Content-Type', 'text/plain', 'Content-Encoding', 'br'] },
  ],
  ['Connection: close', `${HEAD}Connection: close\r\n${EMPTY}`, { keeps: 0 }],
  ['close among others', `${HEAD}Connection: X-A , Close\r\n${EMPTY}`, { keeps: 0 }],
  ['close in a second field', `${HEAD}Connection: keep-alive\r\nConnection: close\r\n${EMPTY}`, { keeps: 0 }],
  ['another option', `${HEAD}Connection: closed, not-close\r\n${EMPTY}`],
  ['HTTP/1.0', `HTTP/1.0 200 OK\r\n${EMPTY}`, { keeps: 0 }],
  ['HTTP/1.0 that keeps', `HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n${EMPTY}`],
  ['Keep-Alive: timeout=5', `${HEAD}Keep-Alive: timeout=5, max=9\r\n${EMPTY}`, { keeps: 4_000 }],
  ['Keep-Alive: timeout=1', `${HEAD}Keep-Alive: timeout=1\r\n${EMPTY}`, { keeps: 0 }],
  ['Keep-Alive of another kind', `${HEAD}Keep-Alive: max=1\r\n${EMPTY}`],
  [
    'fields whose names are as long as those that matter',
    `${HEAD}X-Length-Is-It: 7\r\nX-ansfer-Encoding: x\r\n${EMPTY}`,
  ],
]

const field = (lines: string) => `${HEAD}${lines}\r\n\r\n`

export const WHOLE = WHOLE_ROWS.map(([name, bytes, read = {}]): [string, string, Read] => [name, bytes, read])

/** `at`: the byte that makes it wrong is the last one, so it is known there and not later. */
const WRONG_ROWS: readonly (readonly [name: string, bytes: string, at?: 'last'])[] = [
  ['HTTP/0.9', '<html>'],
  ['noise', '\u0000', 'last'],
  ['another protocol', 'HTTQ', 'last'],
  ['lower case', 'h', 'last'],
  ['HTTP/2', 'HTTP/2', 'last'],
  ['HTTP/1.2', 'HTTP/1.2', 'last'],
  ['HTTP/1.1 without a space', 'HTTP/1.12', 'last'],
  ['two spaces before the status', 'HTTP/1.1  ', 'last'],
  ['a signed status', 'HTTP/1.1 +', 'last'],
  ['a status of two digits', 'HTTP/1.1 20 ', 'last'],
  ['a status of four digits', 'HTTP/1.1 2000', 'last'],
  ['a status below 100', 'HTTP/1.1 099 X\r\n\r\n', 'last'],
  ['a bare LF behind the status', 'HTTP/1.1 200\n', 'last'],
  ['a bare LF behind the reason', 'HTTP/1.1 200 OK\n', 'last'],
  ['a bare CR behind the reason', 'HTTP/1.1 200 OK\rX', 'last'],
  ['NUL in the reason', 'HTTP/1.1 200 O\u0000', 'last'],
  ['a bare LF behind a field', `${HEAD}A: b\n`, 'last'],
  ['a bare CR in a field', `${HEAD}A: b\rC`, 'last'],
  ['NUL in a field', `${HEAD}A: b\u0000`, 'last'],
  ['DEL in a field', `${HEAD}A: b\u007f`, 'last'],
  ['a folded field', `${HEAD}A: b\r\n `, 'last'],
  ['a space before the colon', `${HEAD}Content-Length `, 'last'],
  ['an empty name', `${HEAD}:`, 'last'],
  ['a name that is not ASCII', `${HEAD}\u00e9`, 'last'],
  ['a line that is no field', `${HEAD}nonsense\r`, 'last'],
  ['a bare LF at the end of the head', `${HEAD}A: b\r\n\n`, 'last'],
  ['a CR without LF at the end of the head', `${HEAD}A: b\r\n\rA`, 'last'],
  ['two lengths', field('Content-Length: 5\r\nContent-Length: 6')],
  ['the same length twice', field('Content-Length: 0\r\nContent-Length: 0')],
  ['a list of lengths', field('Content-Length: 5, 5')],
  ['no length', field('Content-Length: ')],
  ['a signed length', field('Content-Length: +5')],
  ['a negative length', field('Content-Length: -5')],
  ['a length before a tabulator', field('Content-Length: 5\t')],
  ['chunks before a tabulator', field('Transfer-Encoding: chunked\t')],
  ['a length in hex', field('Content-Length: 0x5')],
  ['a length with a fraction', field('Content-Length: 5.0')],
  ['a length beyond 2^64', field('Content-Length: 18446744073709551616')],
  ['a length beyond what is read', field('Content-Length: 1048577')],
  ['a length and chunks', field('Content-Length: 5\r\nTransfer-Encoding: chunked')],
  ['chunks and a length', field('Transfer-Encoding: chunked\r\nContent-Length: 0')],
  ['two transfer codings', field('Transfer-Encoding: gzip, chunked')],
  ['another transfer coding', field('Transfer-Encoding: gzip')],
  ['no transfer coding', field('Transfer-Encoding:')],
  ['chunked twice', field('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked')],
  ['chunked with a parameter', field('Transfer-Encoding: chunked;a=b')],
  [
    'an interim answer with a length and chunks',
    'HTTP/1.1 100 C\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n',
  ],
  ['101', 'HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n', 'last'],
  ['nine interim answers', 'HTTP/1.1 102 X\r\n\r\n'.repeat(9), 'last'],
  ['a chunk without size', `${CHUNKED}\r`, 'last'],
  ['an extension without size', `${CHUNKED};`, 'last'],
  ['a chunk size that is none', `${CHUNKED}g`, 'last'],
  ['a signed chunk size', `${CHUNKED}+`, 'last'],
  ['a chunk size in 0x', `${CHUNKED}0x`, 'last'],
  ['a space behind a chunk size', `${CHUNKED}1 `, 'last'],
  ['a bare LF behind a chunk size', `${CHUNKED}1\n`, 'last'],
  ['an extension without name', `${CHUNKED}1;;`, 'last'],
  ['an extension with an empty value', `${CHUNKED}1;a=\r`, 'last'],
  ['an extension with two values', `${CHUNKED}1;a=b=`, 'last'],
  ['a space in an extension', `${CHUNKED}1;a `, 'last'],
  ['a CR without LF behind a chunk size', `${CHUNKED}1\rx`, 'last'],
  ['NUL in an extension', `${CHUNKED}1;\u0000`, 'last'],
  ['a bare LF in an extension', `${CHUNKED}1;a\n`, 'last'],
  ['a chunk size of seventeen digits', `${CHUNKED}${'0'.repeat(17)}`, 'last'],
  ['a chunk size beyond what is read', `${CHUNKED}100001\r\n`, 'last'],
  [
    'chunks that are more together than is read',
    `${CHUNKED}80000\r\n${'x'.repeat(0x80000)}\r\n80001\r\n`,
    'last',
  ],
  ['a chunk longer than its size', `${CHUNKED}1\r\nab`, 'last'],
  ['a chunk that ends in LF', `${CHUNKED}1\r\na\n`, 'last'],
  ['a chunk that ends in CR', `${CHUNKED}1\r\na\rb`, 'last'],
  ['a length in the trailers', `${CHUNKED}0\r\nContent-Length: 0\r\n\r\n`],
  ['a transfer coding in the trailers', `${CHUNKED}0\r\nTransfer-Encoding: chunked\r\n\r\n`],
  ['an interim answer that closes', 'HTTP/1.1 100 C\r\nConnection: close\r\n\r\n', 'last'],
  ['an interim answer of HTTP/1.0', 'HTTP/1.0 100 C\r\n\r\n', 'last'],
  ['a trailer that is no field', `${CHUNKED}0\r\nnonsense\r`, 'last'],
  ['a bare LF behind the last chunk', `${CHUNKED}0\r\n\n`, 'last'],
  ['an extension longer than is read', `${CHUNKED}1;${'x'.repeat(16 * 1024 + 1)}`, 'last'],
  ['a head longer than is read', `${HEAD}A: ${'x'.repeat(32 * 1024)}`],
  ['a reason longer than is read', `HTTP/1.1 200 ${'x'.repeat(32 * 1024)}`],
  ['a head of many lines longer than is read', `${HEAD}${'A: bcd\r\n'.repeat(4 * 1024)}`],
  ['trailers longer than is read', `${CHUNKED}0\r\n${'A: bcd\r\n'.repeat(4 * 1024)}`],
  ['empty lines without end', '\r\n'.repeat(16 * 1024 + 1)],
]

export const WRONG = WRONG_ROWS.map(([name, bytes, at]): [string, string, 'last' | undefined] => [
  name,
  bytes,
  at,
])
