// Asks a routing registry over TCP, as whois does, and gives back its answer as text. No shell, no whois program; every
// wait and every size is bounded, and a registry that refuses is left alone.
import { connect } from 'node:net'
import { RegistryError } from './registry-error.ts'
import { messageIn } from './registry-messages.ts'
import { MAX_LINE } from './rpsl.ts'

export interface RegistryServer {
  readonly host: string
  readonly port: number
  /** Milliseconds. */
  readonly connectTimeout: number
  /** Milliseconds without a byte. */
  readonly readTimeout: number
  /** Milliseconds for one whole question, whatever drips in. */
  readonly totalTimeout: number
  /** Bytes of an answer; more is an error. */
  readonly maxAnswer: number
}

/** Sends `question` and reads until the server closes. @throws RegistryError */
export function ask(server: RegistryServer, question: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: server.host, port: server.port })
    const where = server.host.includes(':')
      ? `[${server.host}]:${server.port}`
      : `${server.host}:${server.port}`
    let connected = false
    const reading = new Reading(server)
    const settle = (error?: RegistryError) => {
      clearTimeout(total)
      clearTimeout(connecting)
      socket.destroy()
      if (error === undefined) resolve(reading.text())
      else reject(error)
    }
    const total = setTimeout(
      () =>
        settle(new RegistryError('timeout', `${where}: no whole answer within ${server.totalTimeout} ms`)),
      server.totalTimeout,
    )
    const connecting = setTimeout(
      () =>
        settle(new RegistryError('timeout', `${where}: no connection within ${server.connectTimeout} ms`)),
      server.connectTimeout,
    )
    socket.once('connect', () => {
      connected = true
      clearTimeout(connecting)
      socket.setTimeout(server.readTimeout, () =>
        settle(new RegistryError('timeout', `${where}: silent for ${server.readTimeout} ms`)),
      )
      socket.write(question)
    })
    socket.on('data', (chunk: Buffer) => {
      const problem = reading.take(chunk)
      if (problem !== undefined) settle(new RegistryError('too-large', `${where}: ${problem}`))
    })
    socket.once('end', () => settle())
    // Who denies may hang up before it has read the question, which resets the connection behind its words.
    socket.once('error', (error: NodeJS.ErrnoException) =>
      settle(messageIn(reading.text()) ?? connectionError(error, where, connected)),
    )
  })
}

function connectionError(error: NodeJS.ErrnoException, where: string, connected: boolean): RegistryError {
  const reason = error.code ?? error.message
  if (reason === 'ECONNRESET' || reason === 'EPIPE')
    return new RegistryError(
      'reset',
      `${where}: the connection was reset`,
      'RADB resets when asked too often: wait some minutes',
    )
  const hint =
    reason === 'ENOTFOUND' || reason === 'EAI_AGAIN'
      ? 'the name does not resolve; check DNS, or --server'
      : 'check the network, a firewall for TCP port 43, or --server'
  return new RegistryError(
    'unreachable',
    `${where}: ${connected ? 'the connection broke' : 'no connection'} (${reason})`,
    hint,
  )
}

// Bounds what is kept before it is kept.
class Reading {
  readonly #server: RegistryServer
  readonly #chunks: Buffer[] = []
  #size = 0
  #lineLength = 0

  constructor(server: RegistryServer) {
    this.#server = server
  }

  /** @returns what is wrong with it, if anything. */
  take(chunk: Buffer): string | undefined {
    this.#chunks.push(chunk)
    this.#size += chunk.length
    if (this.#size > this.#server.maxAnswer) return `an answer of more than ${this.#server.maxAnswer} bytes`
    const firstEnd = chunk.indexOf(0x0a)
    this.#lineLength += firstEnd === -1 ? chunk.length : firstEnd
    if (this.#lineLength > MAX_LINE) return 'a line without end'
    if (firstEnd !== -1) this.#lineLength = chunk.length - 1 - chunk.lastIndexOf(0x0a)
    return undefined
  }

  text(): string {
    // Registries write UTF-8 or latin1 in free text; what we read of it is ASCII either way.
    return Buffer.concat(this.#chunks).toString('latin1')
  }
}

export interface Retrying {
  /** How often to try in all. */
  readonly tries: number
  /** Waits that many milliseconds. */
  readonly sleep: (milliseconds: number) => Promise<void>
  /** 0 to 1, for jitter. */
  readonly random: () => number
  /** Told of a try that failed and will be repeated. */
  readonly onRetry?: (error: RegistryError, waitMs: number) => void
}

const FIRST_WAIT_MS = 2_000

/** Tries again what may be over soon, never what was refused; waits longer each time, and not at the same moment as others. */
export async function retrying<T>(
  work: () => Promise<T>,
  { tries, sleep, random, onRetry }: Retrying,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof RegistryError) || !error.passing || attempt >= tries) throw error
      const wait = Math.round(FIRST_WAIT_MS * 2 ** (attempt - 1) * (1 + random()))
      onRetry?.(error, wait)
      await sleep(wait)
    }
  }
}
