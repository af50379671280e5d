// One connection from start to end: sends given bytes step by step and says what came back, and how it ended.
// Knows nothing of Meta; a deadline stands over the whole.
import type { Socket } from 'node:net'
import { type Answer, AnswerError, AnswerReader } from './answer.ts'
import { type Dial, type Ended, describeError, dial, endOf } from './dial.ts'

/** Bytes to send, milliseconds to wait, or the end of our side. */
export type Step = string | Uint8Array | { readonly wait: number } | { readonly end: true }

export interface ExchangeOptions {
  readonly dial: Dial
  readonly steps: readonly Step[]
  /** Milliseconds for everything. Default: 5000. */
  readonly deadline?: number
  /** Milliseconds a peer that announced it would close gets to do so. Default: 1500. */
  readonly closeGrace?: number
  /** Answers to read before it counts as answered. Default: 1. */
  readonly answers?: number
  /** The method asked with: an answer to HEAD has no body. */
  readonly method?: string
  /** Looks at the socket once it stands, such as for a TLS session. */
  readonly opened?: (socket: Socket) => void
}

export interface Exchange {
  readonly ended: Ended | 'answered'
  readonly answers: readonly Answer[]
  /** What TLS, TCP or the answer's reader complained about. */
  readonly error: string | undefined
  readonly localPort: number | undefined
  /** The address it was told to come from. */
  readonly localAddress: string | undefined
  /** Whether the peer closed after its last answer, where that said it would. */
  readonly closedAfter: boolean
  /** Whether the handshake was completed from our side (with TLS 1.3, before the server judged our certificate). */
  readonly handshaken: boolean
  /** Milliseconds from the first packet to the end, and to the last answer. */
  readonly ms: number
}

/** Sends the steps on a connection of its own. Never rejects. */
export async function exchange(options: ExchangeOptions): Promise<Exchange> {
  const { deadline = 5000 } = options
  const started = performance.now()
  const { localAddress } = options.dial
  const opened = await dial(options.dial, deadline)
  if (opened.outcome === 'failed') {
    const { ended, error, localPort, ms } = opened
    return { ended, answers: [], error, localPort, localAddress, closedAfter: true, handshaken: false, ms }
  }
  options.opened?.(opened.socket)
  const left = Math.max(1, deadline - (performance.now() - started))
  const talk = await converse(opened.socket, { ...options, deadline: left })
  opened.socket.destroy()
  return {
    ...talk,
    localPort: opened.localPort,
    localAddress,
    handshaken: true,
    ms: performance.now() - started,
  }
}

type Talk = Omit<Exchange, 'localPort' | 'localAddress' | 'handshaken' | 'ms'>

function converse(socket: Socket, options: ExchangeOptions & { deadline: number }): Promise<Talk> {
  const { answers: wanted = 1, method = 'POST', deadline, closeGrace = 1500, steps } = options
  const reader = new AnswerReader(method)
  const answers: Answer[] = []
  return new Promise((resolve) => {
    let grace: NodeJS.Timeout | undefined
    const done = () => answers.length >= wanted
    const settle = (ended: Talk['ended'], error?: string, closedAfter = false) => {
      clearTimeout(timer)
      clearTimeout(grace)
      resolve({ ended: done() ? 'answered' : ended, answers, error, closedAfter })
    }
    const timer = setTimeout(() => settle('timeout', `no answer within ${Math.round(deadline)} ms`), deadline)
    const read = (take: () => Answer | undefined) => {
      try {
        for (let answer = take(); answer !== undefined; answer = take()) answers.push(answer)
      } catch (error) {
        settle('closed', error instanceof AnswerError ? error.message : String(error), true)
      }
    }
    socket.on('data', (chunk: Buffer) => {
      reader.push(chunk)
      read(() => reader.take())
      if (!done() || grace !== undefined) return
      if (!announcesClose(answers.at(-1))) settle('answered')
      else grace = setTimeout(() => settle('answered', 'still open after Connection: close'), closeGrace)
    })
    socket.once('end', () => {
      read(onceOnly(() => reader.end()))
      settle('closed', undefined, true)
    })
    socket.on('error', (error) => settle(endOf(error), describeError(error), true))
    socket.once('close', () => settle('closed', undefined, true))
    void play(socket, steps)
  })
}

async function play(socket: Socket, steps: readonly Step[]): Promise<void> {
  for (const step of steps) {
    if (!socket.writable) return
    if (typeof step === 'object' && 'wait' in step)
      await new Promise((resolve) => setTimeout(resolve, step.wait).unref())
    else if (typeof step === 'object' && 'end' in step) socket.end()
    else socket.write(typeof step === 'string' ? Buffer.from(step, 'latin1') : step)
  }
}

function announcesClose(answer: Answer | undefined): boolean {
  return answer?.fields.list('connection').includes('close') === true
}

function onceOnly<T>(take: () => T | undefined): () => T | undefined {
  let asked = false
  return () => {
    if (asked) return undefined
    asked = true
    return take()
  }
}
