// The whole gateway in one call: configuration, gateway and admin listener together. `hubgate serve` uses exactly this.
import type { AddressInfo } from 'node:net'
import { type AdminListener, startAdmin } from './admin/listener.ts'
import { availableParallelism } from 'node:os'
import { keepingFiles } from './config/file-view.ts'
import { type LoadedConfig, loadConfig, parseConfig, placed } from './config/load.ts'
import { ConfigError } from './config/problem.ts'
import { shareProblems } from './config/shares.ts'
import type { ConfigInput } from './config/schema.ts'
import { type CreateOptions, type RunningGateway, createGateway as createInner } from './gateway/create.ts'
import type { Gateway, ReloadOutcome } from './gateway/gateway.ts'
import type { InheritedSockets } from './gateway/inherited.ts'
import { WorkerCrew } from './gateway/workers.ts'
import { administered } from './admin/of-gateway.ts'

export interface GatewayOptions {
  /** For `${NAME}` in strings. Default: process.env. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** What relative paths of a configuration object are relative to. Default: the working directory. */
  readonly baseDir?: string
  /** Takes each log line instead of standard output. */
  readonly log?: CreateOptions['log']
  /** Sockets that are open already, instead of listen.address and admin.address (socket activation). */
  readonly sockets?: InheritedSockets | undefined
}

/** A gateway with its admin listener. */
export interface WholeGateway extends Gateway {
  /** All or nothing: reads the configuration (the file, or the object that was given) and what it names again. */
  readonly reload: () => Promise<ReloadOutcome>
  readonly adminAddress: AddressInfo | string | undefined
}

/**
 * Makes a gateway that does not listen yet.
 * @param from a configuration object of the shape of hubgate.yaml, or the file to read it from.
 * @throws ConfigError with every problem of the configuration and of the files it names.
 */
export async function createGateway(
  from: ConfigInput | { readonly file: string },
  options: GatewayOptions = {},
): Promise<WholeGateway> {
  const { env = process.env, baseDir = process.cwd(), log, sockets } = options
  const loaded = isFile(from)
    ? loadConfig({ file: from.file, env, terminal: process.stdout.isTTY })
    : parseConfig(from, { env, baseDir })
  if (loaded.config.listen.workers !== 1) throw new ConfigError([ONE_PROCESS], loaded.config.file)
  return fromLoaded(loaded, { log, sockets })
}

const ONE_PROCESS = {
  setting: 'listen.workers',
  message: 'is for `hubgate serve`: an embedded gateway is the one process that it is embedded in',
  hint: 'write 1',
}

export interface ServeOptions {
  readonly sockets: InheritedSockets | undefined
  /** The program that is a worker. */
  readonly workerProgram: string
}

/** As createGateway does, with as many processes as the file says. @throws ConfigError */
export function createServing(file: string, options: ServeOptions): Promise<WholeGateway> {
  // Workers prepare from what is read here, and never from what a file may be a moment later.
  return keepingFiles(async () => {
    const loaded = loadConfig({ file, env: process.env, terminal: process.stdout.isTTY })
    const { listen, limits } = loaded.config
    const count = listen.workers === 'auto' ? availableParallelism() : listen.workers
    if (count === 1) return fromLoaded(loaded, options)
    const problems = shareProblems(limits, count)
    if (problems.length > 0) throw new ConfigError(placed(problems, loaded.locate), loaded.config.file)
    const { sockets, workerProgram: program } = options
    const workers: CreateOptions['workers'] = (inputs) =>
      new WorkerCrew({ ...inputs, count, program, sockets: sockets?.listen ?? [] })
    return fromLoaded(loaded, { sockets, workers })
  })
}

async function fromLoaded(
  loaded: LoadedConfig,
  { log, sockets, workers }: Pick<GatewayOptions, 'log' | 'sockets'> & Pick<CreateOptions, 'workers'>,
): Promise<WholeGateway> {
  const gateway = await located(loaded, () =>
    createInner(loaded.config, {
      source: loaded,
      sockets: sockets?.listen ?? [],
      ...(log === undefined ? {} : { log }),
      ...(workers === undefined ? {} : { workers }),
    }),
  )
  let admin: AdminListener | undefined
  return {
    get addresses() {
      return gateway.addresses
    },
    get adminAddress() {
      return admin?.address
    },
    listen: async () => {
      admin = await startAdmin({
        address: gateway.config.admin.address,
        socket: sockets?.admin,
        token: () => gateway.config.admin.token,
        administered: administered(gateway),
        onFault: (error) => gateway.observer.fault(error),
      })
      await listenOrUndo(gateway, admin)
    },
    reload: () => gateway.reload(),
    // The admin listener stays to the last, so that /readyz can say that we are leaving.
    close: async () => {
      await gateway.close()
      await admin?.close()
    },
    onAudit: (listener) => gateway.onAudit(listener),
  }
}

async function listenOrUndo(gateway: RunningGateway, admin: AdminListener): Promise<void> {
  try {
    await gateway.listen()
  } catch (error) {
    await admin.close()
    throw error
  }
}

// Problems of files get the line of the setting that names them.
async function located<T>({ locate, config }: LoadedConfig, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof ConfigError) throw new ConfigError(placed(error.problems, locate), config.file)
    throw error
  }
}

function isFile(from: ConfigInput | { readonly file: string }): from is { readonly file: string } {
  return 'file' in from
}
