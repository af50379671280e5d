// The whole gateway in one call: configuration, gateway and admin listener together. `hubgate serve` uses exactly this.
import type { AddressInfo } from 'node:net'
import { type AdminListener, startAdmin } from './admin/listener.ts'
import { type LoadedConfig, loadConfig, parseConfig, placed } from './config/load.ts'
import { ConfigError } from './config/problem.ts'
import type { ConfigInput } from './config/schema.ts'
import { type CreateOptions, type RunningGateway, createGateway as createInner } from './gateway/create.ts'
import type { Gateway, ReloadOutcome } from './gateway/gateway.ts'
import type { InheritedSockets } from './gateway/inherited.ts'
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
  return fromLoaded(loaded, { log, sockets })
}

async function fromLoaded(
  loaded: LoadedConfig,
  { log, sockets }: Pick<GatewayOptions, 'log' | 'sockets'>,
): Promise<WholeGateway> {
  const gateway = await located(loaded, () =>
    createInner(loaded.config, {
      source: loaded,
      sockets: sockets?.listen ?? [],
      ...(log === undefined ? {} : { log }),
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
