// Reads a registry's answer: RPSL objects (RFC 2622 §2) separated by blank lines. Strict about what it needs, blind to
// what it does not. Which objects are to be believed is filter.ts's rule.
import { RegistryError, printable } from './registry-error.ts'
import { messageIn } from './registry-messages.ts'

export interface RouteObject {
  readonly kind: 'route' | 'route6'
  /** As written; not judged yet. */
  readonly prefix: string
  /** Upper case. */
  readonly origin: string
  /** Upper case, in order. */
  readonly maintainers: readonly string[]
  /** Upper case. */
  readonly source: string
  /** Line of the answer on which it begins, from 1. */
  readonly line: number
}

export interface Answer {
  readonly routes: readonly RouteObject[]
  /** Objects of other classes, which an inverse query does not give. */
  readonly others: number
}

/** Characters; a real line has some eighty. */
export const MAX_LINE = 64 * 1024

// Free text may hold anything, a lone carriage return included.
const ATTRIBUTE = /^([A-Za-z][A-Za-z0-9_-]*):(.*)$/s

interface Attribute {
  readonly name: string
  value: string
}

/**
 * @param text a whole answer, as the server sent it.
 * @throws RegistryError where it is an error, a denial, empty, cut off, or not RPSL.
 */
export function readAnswer(text: string): Answer {
  const plain = text.replaceAll('\r\n', '\n')
  const message = messageIn(plain)
  if (message !== undefined) throw message
  refuseFragments(plain)
  const routes: RouteObject[] = []
  let others = 0
  for (const { attributes, line } of objects(plain)) {
    const route = routeOf(attributes, line)
    if (route === undefined) others += 1
    else routes.push(route)
  }
  if (routes.length === 0) throw new RegistryError('empty', 'the answer holds no route object')
  return { routes, others }
}

// Registries end an answer with two blank lines. Without them the connection ended first, and objects may be missing; but
// what does not even begin like an answer never was one.
function refuseFragments(text: string): void {
  if (text.endsWith('\n\n\n')) return
  if (text.trim() === '') throw new RegistryError('truncated', 'the connection was closed without an answer')
  const first = /^\s*([^\n]*)(\n?)/.exec(text)
  const begins = first?.[1] ?? ''
  const beginsWell =
    first?.[2] === '\n' ? /^[%#]/.test(begins) || ATTRIBUTE.test(begins) : /^[%#A-Za-z]/.test(begins)
  if (!beginsWell) throw unreadable(0, `is none of a registry: "${printable(begins)}"`)
  throw new RegistryError(
    'truncated',
    'the answer is cut off: it does not end in two blank lines',
    'a part must never replace the whole: try again, or pipe the whole answer in, as the server sent it',
  )
}

interface RawObject {
  readonly attributes: readonly Attribute[]
  readonly line: number
}

function* objects(text: string): Generator<RawObject> {
  let attributes: Attribute[] = []
  let begins = 0
  for (const [i, line] of text.split('\n').entries()) {
    if (line.length > MAX_LINE) throw unreadable(i, 'is longer than any line of a registry')
    if (line.trim() === '' && !/^[ \t+]/.test(line)) {
      if (attributes.length > 0) yield { attributes, line: begins }
      attributes = []
    } else if (line.startsWith('%') || line.startsWith('#')) continue
    else {
      if (attributes.length === 0) begins = i + 1
      takeLine(attributes, line, i)
    }
  }
}

// RFC 2622 §2: a line that begins with a space, a tab or "+" continues the value before it; # begins a comment.
function takeLine(attributes: Attribute[], line: string, index: number): void {
  const continued = /^[ \t+](.*)$/s.exec(line)
  if (continued !== null) {
    const last = attributes.at(-1)
    if (last === undefined) throw unreadable(index, 'continues a value that never began')
    last.value += `\n${withoutComment(continued[1] ?? '')}`
    return
  }
  const attribute = ATTRIBUTE.exec(line)
  if (attribute === null) throw unreadable(index, `is no attribute: "${printable(line)}"`)
  attributes.push({ name: (attribute[1] ?? '').toLowerCase(), value: withoutComment(attribute[2] ?? '') })
}

function withoutComment(text: string): string {
  return (text.split('#')[0] ?? '').trim()
}

const CLASSES = ['route', 'route6'] as const

function routeOf(attributes: readonly Attribute[], line: number): RouteObject | undefined {
  // The class comes first, but for what a whois program writes above it ("Warning: RIPE flags used with a traditional server.").
  const [kind, other] = CLASSES.filter((name) => attributes.some((attribute) => attribute.name === name))
  if (kind === undefined) return undefined
  if (other !== undefined) throw unreadable(line - 1, 'begins an object that is both route and route6')
  return {
    kind,
    prefix: only(attributes, kind, line),
    origin: only(attributes, 'origin', line).toUpperCase(),
    source: only(attributes, 'source', line).toUpperCase(),
    maintainers: listOf(attributes, 'mnt-by').map((maintainer) => printable(maintainer).toUpperCase()),
    line,
  }
}

// RFC 2622 §4: route, origin and source are mandatory and single. An object without them is no object, or half of one.
function only(attributes: readonly Attribute[], name: string, line: number): string {
  const [value, ...more] = attributes
    .filter((attribute) => attribute.name === name)
    // It may stand on the next line.
    .map((attribute) => attribute.value.trim())
  if (value === undefined || more.length > 0 || !/^[!-~]+$/.test(value))
    throw unreadable(line - 1, `begins an object without exactly one ${name}`)
  return value
}

function listOf(attributes: readonly Attribute[], name: string): string[] {
  return attributes
    .filter((attribute) => attribute.name === name)
    .flatMap(({ value }) => value.split(/[,\s]+/))
    .filter((member) => member !== '')
}

function unreadable(index: number, problem: string): RegistryError {
  return new RegistryError(
    'unreadable',
    `line ${index + 1} of the answer ${problem}`,
    'this is no answer of a routing registry, or a damaged one',
  )
}
