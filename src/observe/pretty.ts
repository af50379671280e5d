// Log lines for people: one compact line each. Made from the JSON line, so both formats say the same.
// Everything unseen is escaped, whoever sent it; colours only where the caller knows a terminal.
import { visible } from './text.ts'

export interface PrettyOptions {
  readonly coloured: boolean
}

type Values = Readonly<Record<string, unknown>>
type Colour = keyof typeof COLOURS

const COLOURS = { red: 31, green: 32, yellow: 33, cyan: 36, dim: 2 } as const
const LEVEL_COLOURS: Readonly<Record<string, Colour>> = {
  info: 'cyan',
  warn: 'yellow',
  error: 'red',
  fatal: 'red',
}
/** Said by the line itself, or of use to programs only. */
const LEFT_OUT = new Set(['time', 'level', 'msg', 'event.name', 'exception.stacktrace'])

/** @param json one line of the logger. @returns one line for people, its line end included. */
export function prettyLine(json: string, options: PrettyOptions): string {
  const paint = painter(options)
  const values = parsed(json)
  if (values === undefined) return `${visible(json.trimEnd())}\n`
  const event = text(values, 'event.name')
  const said =
    event === 'hubgate.request' || event === 'hubgate.connection'
      ? auditParts(values, paint)
      : lifeParts(values, paint)
  return `${[paint(clockTime(text(values, 'time')), 'dim'), ...said].filter((part) => part !== '').join(' ')}\n`
}

type Paint = (text: string, colour: Colour) => string

function painter({ coloured }: PrettyOptions): Paint {
  return (text, colour) =>
    coloured && text !== '' ? `\u001b[${COLOURS[colour]}m${visible(text)}\u001b[0m` : visible(text)
}

function auditParts(values: Values, paint: Paint): string[] {
  const outcome = text(values, 'hubgate.outcome')
  const good = outcome === 'acknowledged' || outcome === 'answered'
  const code = text(values, 'error.type')
  const gate = text(values, 'hubgate.gate')
  return [
    paint(good ? '✓' : '✗', good ? 'green' : 'red'),
    paint(
      `${text(values, 'http.request.method')} ${text(values, 'http.route')}`.trim() || 'connection',
      'cyan',
    ),
    visible(text(values, 'http.response.status_code')),
    good
      ? paint(outcome, 'green')
      : paint(`${outcome} ${code}`.trim(), outcome === 'aborted' ? 'yellow' : 'red'),
    visible(gate === '' ? '' : `(${gate})`),
    visible(text(values, 'hubgate.detail')),
    visible(text(values, 'hubgate.hint')),
    paint(auditAside(values), 'dim'),
  ]
}

function auditAside(values: Values): string {
  const measured = (name: string, unit: string, label: string) => {
    const value = values[name]
    return typeof value === 'number' ? `${label} ${Number(value.toPrecision(3))} ${unit}` : ''
  }
  const app = text(values, 'hubgate.app')
  return [
    text(values, 'network.peer.address'),
    app === '' ? '' : `app ${app}`,
    measured('hubgate.body.bytes', 'B', 'body'),
    measured('hubgate.gateway.ms', 'ms', 'gateway'),
    measured('hubgate.upstream.ms', 'ms', 'upstream'),
    text(values, 'hubgate.request.id') || text(values, 'hubgate.connection.id'),
  ]
    .filter((part) => part !== '')
    .join(', ')
}

function lifeParts(values: Values, paint: Paint): string[] {
  const level = text(values, 'level')
  const fields = Object.entries(values)
    .filter(([name, value]) => !LEFT_OUT.has(name) && value !== undefined)
    .map(([name]) => `${name.replace(/^hubgate\./, '')}=${text(values, name)}`)
  return [
    paint(level, LEVEL_COLOURS[level] ?? 'dim'),
    visible(text(values, 'msg') || text(values, 'event.name')),
    paint(fields.join(' '), 'dim'),
  ]
}

function text(values: Values, name: string): string {
  const value = values[name]
  if (typeof value === 'string') return value
  return value === undefined || value === null ? '' : JSON.stringify(value)
}

function clockTime(iso: string): string {
  const time = new Date(iso)
  return Number.isNaN(time.getTime()) ? iso : `${time.toTimeString().slice(0, 8)}.${iso.slice(20, 23)}`
}

function parsed(json: string): Values | undefined {
  try {
    const value: unknown = JSON.parse(json)
    return value instanceof Object ? Object.fromEntries(Object.entries(value)) : undefined
  } catch {
    return undefined
  }
}
