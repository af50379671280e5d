// `hubgate serve`: runs the gateway until a signal ends it. SIGHUP reloads, SIGTERM and SIGINT drain, a second one ends at once.
import type { Command } from 'commander'
import { type WholeGateway, createGateway } from '../embed.ts'
import { CliError } from './io.ts'
import { type ConfigOption, configFile, withConfig } from './options.ts'

export function registerServe(program: Command): void {
  withConfig(program.command('serve').description('run the gateway')).action(
    async (options: ConfigOption) => {
      warnOfOldNode()
      const gateway = await createGateway({ file: configFile(options) })
      await listen(gateway)
      obeySignals(gateway)
    },
  )
}

async function listen(gateway: WholeGateway): Promise<void> {
  try {
    await gateway.listen()
  } catch (error) {
    const { code, message } =
      error instanceof Error ? (error as NodeJS.ErrnoException) : { code: undefined, message: String(error) }
    throw new CliError(`cannot listen: ${message}`, { hint: LISTEN_HINTS.get(code ?? '') })
  }
}

const LISTEN_HINTS: ReadonlyMap<string, string> = new Map([
  ['EADDRINUSE', 'another process has this address; see listen.address and admin.address'],
  [
    'EACCES',
    'ports below 1024 need the right to bind them: CAP_NET_BIND_SERVICE, or a higher port behind a redirect',
  ],
  ['EADDRNOTAVAIL', 'this machine has no such address; see listen.address and admin.address'],
])

function obeySignals(gateway: WholeGateway): void {
  process.on('SIGHUP', () => void gateway.reload())
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    // The first drains; close() called again ends at once.
    process.on(signal, () => {
      gateway.close().then(
        () => process.exit(0),
        () => process.exit(1),
      )
    })
  }
}

function warnOfOldNode(): void {
  const major = Number(process.versions.node.split('.')[0])
  if (major < 22)
    process.stderr.write(
      `hubgate: warning: Node ${major} is past its end of life and gets no security fixes; use Node 24\n`,
    )
}
