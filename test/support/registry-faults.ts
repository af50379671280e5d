// What can be wrong with a routing registry, as behaviours of the one we play: each takes over a connection, or what would
// have been said on it.
import type { Socket } from 'node:net'

export interface Fault {
  /** Takes the connection over; nothing is read from it. */
  readonly onConnect?: (socket: Socket) => void
  /** Takes over once all questions of a connection are there. */
  readonly onAnswer?: (socket: Socket, answer: Buffer) => void
}

/** Text in place of every answer, then the end. */
export function says(text: string): Fault {
  return { onAnswer: (socket) => socket.end(text, 'latin1') }
}

/** Its first bytes, then the end. Negative: all but the last. */
export function cutAt(bytes: number): Fault {
  return { onAnswer: (socket, answer) => socket.end(answer.subarray(0, bytes)) }
}

/** Its first bytes, then a reset. */
export function resetAt(bytes: number): Fault {
  return {
    onAnswer: (socket, answer) => {
      // A reset overtakes what is still to be sent.
      socket.write(answer.subarray(0, bytes), () => setTimeout(() => socket.resetAndDestroy(), 20))
    },
  }
}

/** One byte, then another after so many milliseconds, for as long as it takes. */
export function drips(milliseconds: number): Fault {
  return {
    onAnswer: (socket, answer) => {
      let sent = 0
      const timer = setInterval(() => {
        socket.write(answer.subarray(sent, sent + 1))
        sent += 1
        if (sent < answer.length) return
        clearInterval(timer)
        socket.end()
      }, milliseconds)
      socket.once('close', () => clearInterval(timer))
    },
  }
}

/** Sends `piece` until it has sent so many bytes or the client has left. Tells how many went out. */
export function floods(piece: string, bytes: number): Fault & { readonly sent: () => number } {
  const chunk = Buffer.from(piece.repeat(Math.ceil(65_536 / piece.length)), 'latin1')
  let sent = 0
  return {
    sent: () => sent,
    onAnswer: (socket) => {
      const more = () => {
        while (!socket.destroyed && sent < bytes) {
          sent += chunk.length
          if (!socket.write(chunk)) return
        }
        socket.end()
      }
      socket.on('drain', more)
      more()
    },
  }
}

export const OBJECT_OF_A_FLOOD =
  'route: 157.240.0.0/16\norigin: AS32934\nmnt-by: MAINT-AS32934\nsource: RADB\n\n'

const HTML =
  'HTTP/1.1 302 Found\r\nLocation: http://portal.example/login\r\nContent-Type: text/html\r\n\r\n<html><body>Sign in</body></html>\n'

/** Each with its name; what takes a number has one of its functions instead. */
export const FAULTS = {
  'resets each connection': { onConnect: (socket) => socket.resetAndDestroy() },
  'closes each connection at once': { onConnect: (socket) => socket.end() },
  'never answers': { onAnswer: () => {} },
  'answers nothing': says(''),
  'denies access, without a line end': says('%% Access denied'),
  'denies access before it is asked': { onConnect: (socket) => socket.end('%% Access denied') },
  'denies access, then resets': {
    onConnect: (socket) => {
      socket.write('%% Access denied', () => setTimeout(() => socket.resetAndDestroy(), 50))
    },
  },
  'denies access as RIPE does': says('%ERROR:201: access denied for 192.0.2.1\n%\n% Sorry\n\n\n'),
  'answers with an error': says('%% ERROR: Unable to process query: internal error\n\n\n'),
  'answers with an error, without a line end': says('%% ERROR: internal error'),
  'answers with an error of the short protocol': says('F internal error\n'),
  'knows no entries': says('%  No entries found for the selected source(s).\n\n\n'),
  'knows no entries, as RIPE says it': says(
    '%ERROR:101: no entries found\n%\n% No entries found in source RIPE.\n\n\n',
  ),
  'is a captive portal': says(HTML),
  'is a captive portal of one line': says('<!DOCTYPE html><title>Sign in</title>'),
  'is an SSH server': says('SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n'),
  'answers in binary': {
    onAnswer: (socket) =>
      socket.end(Buffer.from(Array.from({ length: 4_096 }, (_, i) => (i * 167 + 128) & 0xff))),
  },
  'answers with objects of another class': says(
    'inetnum:        157.240.0.0 - 157.240.255.255\nnetname:        FACEBOOK\nmnt-by:         MAINT-AS32934\nsource:         RADB\n\n\n',
  ),
  'answers twice': { onAnswer: (socket, answer) => socket.end(Buffer.concat([answer, answer])) },
  drips: drips(10),
  'sends a line without end': floods('a', 2 ** 30),
  'sends a gigabyte': floods(OBJECT_OF_A_FLOOD, 2 ** 30),
} as const satisfies Record<string, Fault>

export type FaultName = keyof typeof FAULTS
