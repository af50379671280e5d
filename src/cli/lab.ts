// `hubgate lab`: the whole of hubgate on this machine, with nothing else needed.
import { type Command, InvalidArgumentError } from 'commander'
import { CliError, EXIT, exitWith } from './io.ts'
import { self } from './self.ts'

interface LabOptions {
  readonly port?: number
  readonly upstream?: string
  readonly once?: boolean
}

const DEFAULT_PORT = 8443

export function registerLab(program: Command): void {
  program
    .command('lab')
    .description('a complete local set-up that plays Meta, and everything hostile, against the gateway')
    .option(
      '--port <port>',
      `where it listens, on loopback (default: ${DEFAULT_PORT}, or any free one)`,
      portNumber,
    )
    .option('--upstream <url>', 'your consumer instead of the sample one; its secret is printed', upstreamUrl)
    .option('--once', 'end after the tour; exit 0 only if every case had its expected outcome')
    .action(lab)
}

async function lab({ port, upstream, once = false }: LabOptions): Promise<void> {
  // Loaded when wanted: the lab's packages are large.
  const { PortTaken, runLab } = await import('../lab/lab.ts')
  const stop = new AbortController()
  const end = () => stop.abort()
  process.on('SIGINT', end).on('SIGTERM', end)
  try {
    const { passed } = await runLab({
      port: port ?? DEFAULT_PORT,
      portMayChange: port === undefined,
      ...(upstream === undefined ? {} : { upstream }),
      once,
      out: (text) => void process.stdout.write(text),
      width: process.stdout.isTTY ? process.stdout.columns : 150,
      colours: process.stdout.isTTY && !process.env['NO_COLOR'],
      self: self(),
      stop: stop.signal,
    })
    if (once && (!passed || stop.signal.aborted)) exitWith(EXIT.failed)
  } catch (error) {
    if (!(error instanceof PortTaken)) throw error
    throw new CliError(error.message, { hint: 'give another one with --port, or none' })
  } finally {
    process.off('SIGINT', end).off('SIGTERM', end)
  }
}

function portNumber(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (!(port <= 65_535)) throw new InvalidArgumentError('expected 0…65535; 0 takes any free one.')
  return port
}

function upstreamUrl(text: string): string {
  if (!/^(?:https?:\/\/|unix:\/)/.test(text))
    throw new InvalidArgumentError('expected http://…, https://… or unix:/path:/uri.')
  return text
}
