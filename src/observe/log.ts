// The logger: pino, one JSON object a line, with ISO time, text level and allow-listed fields only.
// Where the lines go is decided here; what an audit record says is not (audit-line.ts).
import { type Logger, pino } from 'pino'
import { BUFFERED_AT_MOST, type Output, type OutputOptions, backgroundOutput } from './output.ts'
import { prettyLine } from './pretty.ts'
import { cut, escapedJson } from './text.ts'

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'

export interface LogOptions {
  readonly level: LogLevel
  readonly format: 'json' | 'pretty'
  /** Takes each line, its line end included. Standard output by default. */
  readonly write?: (line: string) => void
  /** For `pretty`; by default where standard output is a terminal and NO_COLOR is not set. */
  readonly colours?: boolean
  /** Milliseconds since 1970; the system's by default. */
  readonly now?: () => number
}

type Value = string | number | boolean | readonly string[] | undefined

/** What a line may say besides its event and message. A type that grows here is a decision; a body or a secret has no place. */
export interface LogFields {
  readonly 'error.type'?: string
  readonly 'exception.message'?: string
  readonly 'exception.stacktrace'?: string
  readonly 'server.address'?: readonly string[]
  readonly 'hubgate.setting'?: string | undefined
  readonly 'hubgate.hint'?: string | undefined
  readonly 'hubgate.problems'?: readonly string[]
  readonly 'hubgate.changes'?: readonly string[]
  readonly 'hubgate.generation'?: number
  readonly 'hubgate.closed'?: number
  readonly 'hubgate.connections'?: number
  readonly 'hubgate.requests'?: number
  readonly 'hubgate.body.bytes'?: number
  readonly 'hubgate.version'?: string
  readonly 'hubgate.worker'?: number
}

const LONGEST_MESSAGE = 2_000
const SLOW_READER = 'whoever reads it fell too far behind'

export interface Log {
  readonly pino: Logger
  /** One line about hubgate's own life. `event` becomes hubgate.<event> in `event.name`. */
  readonly say: (level: LogLevel, event: string, said: { message: string; fields?: LogFields }) => void
  /** Takes a line that is written already, in order with the others: one JSON text by escapedJson's rules, and its end. */
  readonly write: (line: string) => void
  /** Now, as all lines have it. */
  readonly time: () => string
  /** Lines of JSON that another process wrote, in the same form. */
  readonly pass: (lines: string) => void
  /** Hands on what is buffered, before the process ends. */
  readonly flush: () => void
}

export function createLog({ level, format, write, colours, now = Date.now }: LogOptions): Log {
  const onDropped = (lines: number) =>
    logger.error(
      { 'event.name': 'hubgate.log.dropped' },
      `${lines} lines of this log were dropped: ${SLOW_READER}`,
    )
  const out = write === undefined ? standardOutput(format, { onDropped }) : { write, flush: () => {} }
  const coloured = colours ?? (write === undefined && process.stdout.isTTY && !process.env['NO_COLOR'])
  const line = format === 'pretty' ? (json: string) => prettyLine(json, { coloured }) : escaped
  const time = isoTime(now)
  const logger = pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${time()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (json: string) => out.write(line(json)) },
  )
  return {
    pino: logger,
    say: (level, event, { message, fields = {} }) =>
      logger[level](
        { 'event.name': `hubgate.${event}`, ...shortened(fields) },
        cut(message, LONGEST_MESSAGE),
      ),
    write: format === 'pretty' ? (json) => out.write(line(json)) : out.write,
    time,
    pass: (lines) =>
      out.write(
        format === 'pretty' ? lines.replaceAll(/.+\n/g, (json) => prettyLine(json, { coloured })) : lines,
      ),
    flush: out.flush,
  }
}

// Many lines have the same millisecond, and its text costs more than half a line.
function isoTime(now: () => number): () => string {
  let known = Number.NaN
  let text = ''
  return () => {
    const present = now()
    if (present !== known) {
      known = present
      text = new Date(present).toISOString()
    }
    return text
  }
}

function escaped(json: string): string {
  return `${escapedJson(json.trimEnd())}\n`
}

function shortened(fields: LogFields): Record<string, Value> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, shortValue(value)]))
}

function shortValue(value: Value): Value {
  if (typeof value === 'string') return cut(value, LONGEST_MESSAGE)
  return typeof value === 'object' ? value.map((part) => cut(part, LONGEST_MESSAGE)) : value
}

let shared: Output | undefined

// JSON goes out in the background, so that a request never waits for a disk; what people read goes out in order
// with everything else that is printed.
function standardOutput(format: LogOptions['format'], options: OutputOptions): Output {
  if (format === 'pretty') return { write: print, flush: () => {} }
  shared ??= backgroundOutput(1, options)
  return shared
}

function print(line: string): void {
  if (process.stdout.writableLength < BUFFERED_AT_MOST) process.stdout.write(line)
}
