// A routing registry on loopback: a real TCP server that speaks IRRd's two languages, strictly, and answers from given
// objects; with a fault of registry-faults.ts it misbehaves.
import { type AddressInfo, type Server, type Socket, createServer } from 'node:net'
import { once } from 'node:events'
import type { Fault } from './registry-faults.ts'
import { type RegisteredRoute, answerOf } from './registry-objects.ts'

export interface Registry {
  readonly host: string
  readonly port: number
  /** As `--server` takes it. */
  readonly server: string
  /** What each connection asked, in order of arrival; grows. */
  readonly questions: readonly string[]
  /** How many connections there have been. */
  readonly connections: () => number
  /** From the next connection on; undefined is as it should be. */
  readonly misbehave: (fault: Fault | undefined) => void
  /** From the next question on. */
  readonly answerFrom: (routes: readonly RegisteredRoute[]) => void
  /** Once only where called again. */
  readonly close: () => Promise<void>
}

const NOTHING = '%  No entries found for the selected source(s).\n\n\n'

export async function startRegistry(routes: readonly RegisteredRoute[], fault?: Fault): Promise<Registry> {
  let known = routes
  let misbehaviour = fault
  let connections = 0
  const questions: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    connections += 1
    sockets.add(socket)
    // Clients leave when they have had enough.
    socket.on('error', () => {})
    socket.once('close', () => sockets.delete(socket))
    const present = misbehaviour
    if (present?.onConnect !== undefined) return present.onConnect(socket)
    new Conversation(socket, () => known, present).listen((question) => questions.push(question))
  })
  const port = await listening(server)
  return {
    host: '127.0.0.1',
    port,
    server: `127.0.0.1:${port}`,
    questions,
    connections: () => connections,
    misbehave: (next) => {
      misbehaviour = next
    },
    answerFrom: (next) => {
      known = next
    },
    close: async () => {
      for (const socket of sockets) socket.destroy()
      if (!server.listening) return
      server.close()
      await once(server, 'close')
    },
  }
}

/** A port at which nobody listens: a connection to it is refused. */
export async function closedPort(): Promise<number> {
  const server = createServer()
  const port = await listening(server)
  server.close()
  await once(server, 'close')
  return port
}

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

class Conversation {
  readonly #socket: Socket
  readonly #routes: () => readonly RegisteredRoute[]
  readonly #fault: Fault | undefined
  #unread = ''
  #asked = ''
  #keep = false
  #ended = false
  #sources: readonly string[] = []
  /** What would have been said by now. */
  #answer = ''

  constructor(socket: Socket, routes: () => readonly RegisteredRoute[], fault: Fault | undefined) {
    this.#socket = socket
    this.#routes = routes
    this.#fault = fault
  }

  listen(onEnd: (question: string) => void): void {
    this.#socket.on('data', (chunk: Buffer) => {
      this.#unread += chunk.toString('latin1')
      for (
        let end = this.#unread.indexOf('\n');
        end !== -1 && !this.#ended;
        end = this.#unread.indexOf('\n')
      ) {
        const line = this.#unread.slice(0, end)
        this.#unread = this.#unread.slice(end + 1)
        this.#asked += `${line}\n`
        this.#take(line.replace(/\r$/, ''))
        if (this.#ended) onEnd(this.#asked)
      }
    })
  }

  #take(line: string): void {
    if (line === '!!') this.#keep = true
    else if (line === '!q') this.#end()
    else if (line.startsWith('!')) {
      this.#say(this.#short(line))
      if (!this.#keep) this.#end()
    } else {
      this.#say(whois(line, this.#routes()))
      this.#end()
    }
  }

  // A client that waits for each answer gets it at once; a fault is about the whole of them.
  #say(text: string): void {
    this.#answer += text
    if (this.#fault === undefined) this.#socket.write(text, 'latin1')
  }

  #end(): void {
    this.#ended = true
    if (this.#fault?.onAnswer === undefined) this.#socket.end()
    else this.#fault.onAnswer(this.#socket, Buffer.from(this.#answer, 'latin1'))
  }

  #short(line: string): string {
    const [, command = '', rest = ''] = /^!(.)(.*)$/.exec(line) ?? []
    if (command === 'n') return 'C\n'
    if (command === 's') {
      this.#sources = rest.toUpperCase().split(',')
      return 'C\n'
    }
    if (command !== 'g' && command !== '6') return `F unrecognized command: ${line}\n`
    if (!/^as\d+$/i.test(rest)) return 'F invalid AS number\n'
    const kind = command === 'g' ? 'route' : 'route6'
    const found = selected(this.#routes(), rest, this.#sources).filter((route) => route.kind === kind)
    if (found.length === 0) return 'D\n'
    const data = `${[...new Set(found.map(({ prefix }) => prefix))].join(' ')}\n`
    return `A${data.length}\n${data}C\n`
  }
}

// RIPE's flags, in any order, all of them before the words; what is no flag or has no value is an error, as with IRRd.
function whois(line: string, routes: readonly RegisteredRoute[]): string {
  const words = line.split(' ')
  let sources: readonly string[] = []
  let wanted: string | undefined
  while (words[0]?.startsWith('-') === true) {
    const flag = words.shift() ?? ''
    const value = words.shift() ?? ''
    if (value === '' || value.startsWith('-'))
      return `%% ERROR: Missing argument for flag/search: ${flag}\n\n\n`
    if (flag === '-s') sources = value.toUpperCase().split(',')
    else if (flag === '-i' && value === 'origin') wanted = words.shift() ?? ''
    else if (flag !== '-V') return `%% ERROR: Unrecognised flag/search: ${flag}\n\n\n`
  }
  if (words.length > 0) return `%% ERROR: Unexpected words: ${words.join(' ')}\n\n\n`
  if (wanted === undefined || !/^AS\d+$/i.test(wanted)) return '%% ERROR: Nothing to look for\n\n\n'
  const found = selected(routes, wanted, sources)
  return found.length === 0 ? NOTHING : answerOf(found)
}

// No sources named: those that it has.
function selected(
  routes: readonly RegisteredRoute[],
  origin: string,
  sources: readonly string[],
): RegisteredRoute[] {
  return routes.filter(
    (route) =>
      route.origin.toUpperCase() === origin.toUpperCase() &&
      (sources.length === 0 || sources.includes(route.source.toUpperCase())),
  )
}
