// What a broken or hostile upstream does instead of answering, one row a way to fail, with what it has to become.
import type { Socket } from 'node:net'
import type { RefusalCode } from '../../src/domain/refusals.ts'
import { type Behaviour, reset } from '../support/raw-upstream.ts'

/** For a streamed answer: the code of a refusal, the code of one that had begun (`cut`), or the status it passes with. */
export type Streamed = RefusalCode | { readonly cut: RefusalCode } | { readonly passes: number }

export interface Row {
  readonly name: string
  readonly behaviour: Behaviour
  /** Of the relay and of `answer: full`. */
  readonly code: RefusalCode
  /** Of `unsigned`; absent: the same. */
  readonly streamed?: Streamed
  /** Where the timeout itself has to end it. */
  readonly patience?: 'short'
}

const LENGTH_5 = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n'
const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
const UNREACHABLE = { code: 'UPSTREAM_UNREACHABLE' } as const
const PROTOCOL = { code: 'UPSTREAM_PROTOCOL' } as const
const TIMEOUT = { code: 'UPSTREAM_TIMEOUT', patience: 'short' } as const
const CUT = { ...PROTOCOL, streamed: { cut: 'UPSTREAM_PROTOCOL' } } as const
const CUT_LATE = { ...TIMEOUT, streamed: { cut: 'UPSTREAM_TIMEOUT' } } as const

const says = (bytes: string): Behaviour => ({ onRequest: (socket) => void socket.write(bytes, 'latin1') })
const saysAndEnds = (bytes: string): Behaviour => ({
  onRequest: (socket) => void socket.end(bytes, 'latin1'),
})
// Where a reset is there as soon as the bytes before it, libuv takes it for an end.
const saysAndResets = (bytes: string): Behaviour => ({
  onRequest: (socket) => {
    socket.write(bytes, 'latin1')
    setTimeout(() => reset(socket), 25)
  },
})

/** One piece every few milliseconds, for as long as it may. */
function drips(head: string, piece: string): Behaviour {
  return {
    onRequest: (socket) => {
      socket.write(head)
      const timer = setInterval(() => socket.write(piece), 10)
      socket.once('close', () => clearInterval(timer))
    },
  }
}

/** As fast as the other side reads, without end. */
export function pumps(socket: Socket, head: string, piece: Buffer): void {
  const more = () => {
    while (!socket.destroyed && socket.write(piece));
  }
  socket.on('drain', more)
  socket.write(head)
  more()
}

const MEGABYTE = Buffer.alloc(1024 * 1024, 0x61)
const MEGABYTE_CHUNK = Buffer.concat([Buffer.from('100000\r\n'), MEGABYTE, Buffer.from('\r\n')])

export const SILENT: readonly Row[] = [
  {
    name: 'closes the connection at once',
    behaviour: { onConnection: (socket) => void socket.end() },
    ...UNREACHABLE,
  },
  {
    name: 'resets the connection at once',
    behaviour: { onConnection: (socket) => reset(socket) },
    ...UNREACHABLE,
  },
  { name: 'closes after the request', behaviour: saysAndEnds(''), ...UNREACHABLE },
  {
    name: 'resets after the request',
    behaviour: { onRequest: (socket) => reset(socket) },
    ...UNREACHABLE,
  },
  { name: 'resets within the head', behaviour: saysAndResets('HTTP/1.1 200 OK\r\nConte'), ...UNREACHABLE },
  { name: 'closes within the head', behaviour: saysAndEnds('HTTP/1.1 200 OK\r\nConte'), ...UNREACHABLE },
  { name: 'never answers', behaviour: says(''), ...TIMEOUT },
  { name: 'stops within the status line', behaviour: says('HTTP/1.1 2'), ...TIMEOUT },
  { name: 'stops within the head', behaviour: says('HTTP/1.1 200 OK\r\nContent-Le'), ...TIMEOUT },
  { name: 'drips its head', behaviour: drips('HTTP/1.1 200 OK\r\n', 'a: b\r\n'), ...TIMEOUT },
  { name: 'stops after an interim answer', behaviour: says('HTTP/1.1 100 Continue\r\n\r\n'), ...TIMEOUT },
]

export const BROKEN_OFF: readonly Row[] = [
  { name: 'stops after the head', behaviour: says(LENGTH_5), ...CUT_LATE },
  { name: 'stops within the body', behaviour: says(`${LENGTH_5}a`), ...CUT_LATE },
  { name: 'stops before the last chunk', behaviour: says(`${CHUNKED}1\r\na\r\n`), ...CUT_LATE },
  { name: 'drips its body', behaviour: drips(CHUNKED, '1\r\na\r\n'), ...CUT_LATE },
  { name: 'resets within the body', behaviour: saysAndResets(`${LENGTH_5}a`), ...CUT },
  { name: 'sends less than it announced, and closes', behaviour: saysAndEnds(`${LENGTH_5}a`), ...CUT },
  { name: 'closes before the last chunk', behaviour: saysAndEnds(`${CHUNKED}1\r\na\r\n`), ...CUT },
  { name: 'resets before the last chunk', behaviour: saysAndResets(`${CHUNKED}1\r\na\r\n`), ...CUT },
  { name: 'sends a chunk that is none', behaviour: says(`${CHUNKED}1\r\na\r\nzz\r\n`), ...CUT },
  { name: 'resets a body without length', behaviour: saysAndResets('HTTP/1.1 200 OK\r\n\r\nabc'), ...CUT },
]

const head = (name: string, lines: string): Row => ({
  name,
  behaviour: says(`HTTP/1.1 200 OK\r\n${lines}\r\n\r\n5\r\nabcde\r\n0\r\n\r\n`),
  ...PROTOCOL,
})
const start = (text: string): Row => ({
  name: `begins with ${JSON.stringify(text)}`,
  behaviour: says(`${text}\r\nContent-Length: 0\r\n\r\n`),
  ...PROTOCOL,
})

export const NOT_HTTP: readonly Row[] = [
  { name: 'sends noise', behaviour: says('\u0000\u0001\u00ff\u00fe'.repeat(100)), ...PROTOCOL },
  { name: 'speaks TLS', behaviour: says('\u0015\u0003\u0003\u0000\u0002\u0002\u0046'), ...PROTOCOL },
  { name: 'speaks SSH', behaviour: says('SSH-2.0-OpenSSH_9.6\r\n'), ...PROTOCOL },
  { name: 'answers as HTTP/0.9', behaviour: saysAndEnds('<html>ok</html>'), ...PROTOCOL },
  start('HTTP/0.9 200 OK'),
  start('HTTP/2.0 200 OK'),
  start('HTTP/3.0 200 OK'),
  start('HTTP/1.1200 OK'),
  start('HTTP/1.1 20 OK'),
  start('HTTP/1.1 2000 OK'),
  start('HTTP/1.1 +200 OK'),
  start('ICY 200 OK'),
  start('POST /hooks HTTP/1.1'),
  head('a length and chunks', 'Content-Length: 5\r\nTransfer-Encoding: chunked'),
  head('chunks and a length', 'Transfer-Encoding: chunked\r\nContent-Length: 5'),
  head('two lengths', 'Content-Length: 5\r\nContent-Length: 6'),
  head('a list of lengths', 'Content-Length: 5, 5'),
  head('a negative length', 'Content-Length: -5'),
  head('a length beyond 2^64', 'Content-Length: 18446744073709551621'),
  head('NUL in a field', 'X-A: a\u0000b\r\nContent-Length: 5'),
  head('a space before the colon', 'Content-Length : 5'),
  head('a line that is no field', 'Content-Length: 5\r\nnonsense'),
  head('a bare CR in a field', 'X-A: a\rContent-Length: 5'),
]

const status = (code: number): Row => ({
  name: `answers ${code}`,
  behaviour: saysAndEnds(
    `HTTP/1.1 ${code} Elsewhere\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
  ),
  ...PROTOCOL,
  streamed: { passes: code },
})
const interims = (code: number): Row => ({
  name: `sends a hundred times ${code} before 200`,
  behaviour: saysAndEnds(
    `${`HTTP/1.1 ${code} Go on\r\n\r\n`.repeat(100)}HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n`,
  ),
  ...PROTOCOL,
})

export const NO_VERDICT: readonly Row[] = [
  ...[300, 301, 302, 303, 304, 307, 308, 600, 999].map(status),
  interims(100),
  interims(102),
  interims(103),
  {
    name: 'switches protocols',
    behaviour: says('HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n'),
    ...PROTOCOL,
  },
  {
    name: 'answers 101 to nobody who asked',
    behaviour: says('HTTP/1.1 101 Switching\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'),
    ...PROTOCOL,
  },
  { name: 'answers 099', behaviour: says('HTTP/1.1 099 Odd\r\nContent-Length: 0\r\n\r\n'), ...PROTOCOL },
]

const FIELDS = Buffer.from('x-pad: 0123456789012345678901234567890123456789\r\n'.repeat(100))
/** As much as it can, and more than anybody may keep. `begins`: its head can be streamed on. */
export const PUMPED: readonly {
  readonly name: string
  readonly behaviour: Behaviour
  readonly begins: boolean
}[] = [
  {
    name: 'ten gigabytes',
    begins: true,
    behaviour: {
      onRequest: (socket) =>
        pumps(socket, 'HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\n', MEGABYTE),
    },
  },
  {
    name: 'chunks without end',
    begins: true,
    behaviour: { onRequest: (socket) => pumps(socket, CHUNKED, MEGABYTE_CHUNK) },
  },
  {
    name: 'a body without length or end',
    begins: true,
    behaviour: { onRequest: (socket) => pumps(socket, 'HTTP/1.1 200 OK\r\n\r\n', MEGABYTE) },
  },
  {
    name: 'a chunk extension without end',
    begins: true,
    behaviour: { onRequest: (socket) => pumps(socket, `${CHUNKED}1;`, MEGABYTE) },
  },
  {
    name: 'a head without end',
    begins: false,
    behaviour: { onRequest: (socket) => pumps(socket, 'HTTP/1.1 200 OK\r\n', FIELDS) },
  },
  {
    name: 'a status line without end',
    begins: false,
    behaviour: { onRequest: (socket) => pumps(socket, 'HTTP/1.1 200 ', MEGABYTE) },
  },
  {
    name: 'trailers without end',
    begins: true,
    behaviour: { onRequest: (socket) => pumps(socket, `${CHUNKED}0\r\n`, FIELDS) },
  },
  {
    name: 'interim answers without end',
    begins: false,
    behaviour: {
      onRequest: (socket) => pumps(socket, '', Buffer.from('HTTP/1.1 103 Early\r\n\r\n'.repeat(100))),
    },
  },
]
