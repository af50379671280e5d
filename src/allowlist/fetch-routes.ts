// Gets the route objects of an origin AS from a registry, in one of two languages: whois (whole objects, which can be
// filtered) or IRRd's short protocol (bare prefixes: whoever registered them is not told, so nothing can be filtered).
import { type RegistryServer, ask } from './registry-client.ts'
import { RegistryError, printable } from './registry-error.ts'
import { messageIn } from './registry-messages.ts'
import { type Answer, type RouteObject, readAnswer } from './rpsl.ts'

export type Protocol = 'whois' | 'irrd'

export interface Question {
  readonly protocol: Protocol
  /** Registries to ask, such as RADB, RIPE. */
  readonly sources: readonly string[]
  readonly origin: string
}

/** @throws RegistryError */
export async function fetchRoutes(server: RegistryServer, question: Question): Promise<Answer> {
  return question.protocol === 'whois'
    ? readAnswer(singleAnswer(await askWhois(server, question)))
    : fetchShort(server, question)
}

// Flags first (RIPE-style servers read them up to the first word that is none): our name, the registries, the inverse key.
function askWhois(server: RegistryServer, { sources, origin }: Question): Promise<string> {
  return ask(server, `-V hubgate -s ${sources.join(',')} -i origin ${origin}\r\n`)
}

// We asked once: what goes on behind the end of the answer is the answer to something else.
function singleAnswer(text: string): string {
  if (/\n\r?\n\r?\n/.test(text.trim()))
    throw new RegistryError('unreadable', 'the answer goes on behind its end', ODD_SERVER)
  return text
}

async function fetchShort(server: RegistryServer, { sources, origin }: Question): Promise<Answer> {
  const ipv4 = await askShort(server, sources, `!g${origin}`)
  const ipv6 = await askShort(server, sources, `!6${origin}`)
  const routes = [
    ...ipv4.map((prefix) => bare('route', prefix, origin)),
    ...ipv6.map((prefix) => bare('route6', prefix, origin)),
  ]
  if (routes.length === 0)
    throw new RegistryError(
      'empty',
      'the registry knows no route object for this query',
      'check origin and sources',
    )
  return { routes, others: 0 }
}

// Who registered it is unknown: the empty source and maintainers say so to the filter.
function bare(kind: RouteObject['kind'], prefix: string, origin: string): RouteObject {
  return { kind, prefix, origin: origin.toUpperCase(), source: '', maintainers: [], line: 1 }
}

// `!!` keeps the connection for several commands, `!s` names the registries, `!q` ends it.
async function askShort(
  server: RegistryServer,
  sources: readonly string[],
  command: string,
): Promise<string[]> {
  const text = await ask(server, `!!\n!s${sources.join(',').toLowerCase()}\n${command}\n!q\n`)
  return readShort(text, command)
}

const ODD_SERVER =
  'is this a routing registry? --server names another, --protocol whois is the usual language'

/**
 * The answers to `!s` and one data command: C, then A<length>, data and C; or C or D where there is nothing.
 * @throws RegistryError where that is not what came, whole.
 */
export function readShort(text: string, command: string): string[] {
  const message = messageIn(text)
  if (message !== undefined) throw message
  const selected = taken(text, 'C\n', '!s')
  if (selected === 'C\n' || selected === 'D\n') return []
  const head = /^A(\d{1,9})\n/.exec(selected)
  if (head === null) {
    if (/^(?:|[CD]|A\d{0,9})$/.test(selected)) throw cutOff(command)
    throw oddAnswer(selected, command)
  }
  const end = head[0].length + Number(head[1])
  const rest = taken(selected.slice(end), 'C\n', command)
  if (rest !== '') throw oddAnswer(rest, command)
  return selected
    .slice(head[0].length, end)
    .split(/\s+/)
    .filter((word) => word !== '')
}

/** @returns what follows `expected`. */
function taken(text: string, expected: string, command: string): string {
  if (text.startsWith(expected)) return text.slice(expected.length)
  throw expected.startsWith(text) ? cutOff(command) : oddAnswer(text, command)
}

function cutOff(command: string): RegistryError {
  return new RegistryError('truncated', `the answer to ${command} is cut off`)
}

function oddAnswer(text: string, command: string): RegistryError {
  const said = printable(text)
  return text.startsWith('F')
    ? new RegistryError('refused', `the registry answered ${command} with an error: "${said}"`)
    : new RegistryError('unreadable', `the answer to ${command} is none of IRRd's: "${said}"`, ODD_SERVER)
}
