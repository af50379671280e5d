// `hubgate serve`: runs the gateway until a signal ends it. SIGHUP reloads, SIGTERM and SIGINT drain, a second one ends at once.
import type { Command } from 'commander'
import { fileURLToPath } from 'node:url'
import { type WholeGateway, createServing } from '../embed.ts'
import { collectStart } from '../gateway/garbage.ts'
import type { ReloadOutcome } from '../gateway/gateway.ts'
import { type InheritedSockets, SocketsMisfit, takeInherited } from '../gateway/inherited.ts'
import { CliError } from './io.ts'
import { type ConfigOption, configFile, withConfig } from './options.ts'
import { type ServiceManager, serviceManager } from './systemd.ts'

export function registerServe(program: Command): void {
  withConfig(program.command('serve').description('run the gateway')).action(
    async (options: ConfigOption) => {
      warnOfOldNode()
      const sockets = inherited()
      const manager = serviceManager(process.env, { pid: process.pid, warn })
      const gateway = await createServing(configFile(options), { sockets, workerProgram: WORKER })
      collectStart()
      let ending = false
      // Before anybody is served: a signal that comes meanwhile is obeyed once all are.
      const listening = listen(gateway)
      obeySignals(gateway, { manager, listening, onEnd: () => (ending = true) })
      await listening
      manager.ready(serving(gateway))
      // An address is empty once its socket is closed; who drains closes them on purpose, and is well.
      manager.watch(() => ending || gateway.addresses.every((address) => address !== ''))
    },
  )
}

// Beside this file: as it was built, or the source itself.
const WORKER = fileURLToPath(new URL(import.meta.url.replace(/serve\.(js|ts)$/, 'worker.$1')))

async function listen(gateway: WholeGateway): Promise<void> {
  try {
    await gateway.listen()
  } catch (error) {
    const { code, message } =
      error instanceof Error ? (error as NodeJS.ErrnoException) : { code: undefined, message: String(error) }
    throw new CliError(`cannot listen: ${message}`, { hint: LISTEN_HINTS.get(code ?? '') })
  }
}

function inherited(): InheritedSockets | undefined {
  try {
    return takeInherited(process.env, process.pid)
  } catch (error) {
    if (error instanceof SocketsMisfit) throw new CliError(error.message, { hint: MISFIT_HINT })
    throw error
  }
}

const MISFIT_HINT =
  'make the socket unit (ListenStream=, FileDescriptorName=) and listen.address, admin.address say the same'

const LISTEN_HINTS: ReadonlyMap<string, string> = new Map([
  ['EADDRINUSE', 'another process has this address; see listen.address and admin.address'],
  [
    'EACCES',
    'ports below 1024 need the right to bind them: CAP_NET_BIND_SERVICE, or a higher port behind a redirect',
  ],
  ['SOCKETS_MISFIT', MISFIT_HINT],
  ['EADDRNOTAVAIL', 'this machine has no such address; see listen.address and admin.address'],
])

interface Life {
  readonly manager: ServiceManager
  readonly listening: Promise<void>
  readonly onEnd: () => void
}

function obeySignals(gateway: WholeGateway, { manager, listening, onEnd }: Life): void {
  let ending = false
  let listens = false
  void listening.then(
    () => (listens = true),
    () => {},
  )
  process.on('SIGHUP', () => {
    if (!ending) manager.reloading()
    const report = (outcome: ReloadOutcome) => {
      if (!ending) manager.ready(reloaded(gateway, outcome))
    }
    // Where it cannot listen, that is said elsewhere.
    listening.then(() => gateway.reload()).then(report, () => {})
  })
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    // The first drains; close() called again ends at once.
    process.on(signal, () => {
      // Twice, and it has not even begun: workers that are left alone end by themselves.
      if (ending && !listens) process.exit(1)
      const heard = ending ? undefined : manager.stopping('finishing what is in flight')
      ending = true
      onEnd()
      listening
        .then(() => gateway.close())
        .then(() => heard)
        .then(
          () => process.exit(0),
          () => process.exit(1),
        )
    })
  }
}

function serving({ addresses }: WholeGateway): string {
  const shown = addresses.map((address) =>
    typeof address === 'string'
      ? `unix:${address}`
      : `${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`,
  )
  return `listening on ${shown.join(', ')}`
}

function reloaded(gateway: WholeGateway, { outcome }: ReloadOutcome): string {
  return outcome === 'reloaded'
    ? serving(gateway)
    : `${serving(gateway)}; the new configuration was refused, the old one stays`
}

function warnOfOldNode(): void {
  const major = Number(process.versions.node.split('.')[0])
  if (major < 22) warn(`Node ${major} is past its end of life and gets no security fixes; use Node 24`)
}

function warn(problem: string): void {
  process.stderr.write(`hubgate: warning: ${problem}\n`)
}
