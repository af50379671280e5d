// Gets the route objects of an origin AS from a registry, in one of two languages: whois (whole objects, which can be
// filtered) or IRRd's short protocol (bare prefixes: whoever registered them is not told, so nothing can be filtered).
import { type RegistryServer, ask } from './registry-client.ts'
import { RegistryError, printable } from './registry-error.ts'
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
    ? readAnswer(await askWhois(server, question))
    : fetchShort(server, question)
}

// Flags first (RIPE-style servers read them up to the first word that is none): our name, the registries, the inverse key.
function askWhois(server: RegistryServer, { sources, origin }: Question): Promise<string> {
  return ask(server, `-V hubgate -s ${sources.join(',')} -i origin ${origin}\r\n`)
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

/**
 * The answers to `!s` and one data command: C, then A<length>, data and C; or C or D where there is nothing.
 * @throws RegistryError where that is not what came, whole.
 */
export function readShort(text: string, command: string): string[] {
  const rest = afterSelection(text)
  if (rest === 'C\n' || rest === 'D\n') return []
  if (rest.startsWith('F'))
    throw new RegistryError('refused', `the registry answered ${command} with an error: "${printable(rest)}"`)
  const head = /^A(\d{1,9})\n/.exec(rest)
  if (head === null)
    throw rest === ''
      ? new RegistryError('truncated', `the answer to ${command} is cut off`)
      : new RegistryError(
          'unreadable',
          `the answer to ${command} begins with no length: "${printable(rest)}"`,
          'is this an IRRd server?',
        )
  const length = Number(head[1])
  const data = rest.slice(head[0].length, head[0].length + length)
  if (data.length < length || rest.slice(head[0].length + length) !== 'C\n')
    throw new RegistryError('truncated', `the answer to ${command} is cut off`)
  return data.split(/\s+/).filter((word) => word !== '')
}

function afterSelection(text: string): string {
  if (text.startsWith('C\n')) return text.slice(2)
  if (/^%|^F/.test(text))
    throw new RegistryError('refused', `the registry answered with an error: "${printable(text)}"`)
  throw text === ''
    ? new RegistryError('truncated', 'the registry closed the connection without an answer')
    : new RegistryError(
        'unreadable',
        `no answer of an IRRd server: "${printable(text)}"`,
        'use --protocol whois',
      )
}
