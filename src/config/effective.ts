// From settings to the effective Config: defaults that need the surroundings, absolute paths, frozen.
import { isAbsolute, join, resolve } from 'node:path'
import type { AnchorConfig, AppConfig, CertificateFiles, Config, ListenAddress } from './config.ts'
import type { Surroundings } from './interpolate.ts'
import type { Settings } from './schema.ts'
import { type RegistryAddress, parseRegistryServer } from './registry-server.ts'
import { Secret } from './secret.ts'

export interface Circumstances extends Surroundings {
  readonly file: string | undefined
  /** Whether a person watches the log: decides the default of log.format. */
  readonly terminal: boolean
}

/** @param settings without problems. */
export function effectiveConfig(settings: Settings, circumstances: Circumstances): Config {
  const { client, sources, admin, log, tls } = settings
  const absolute = (path: string) => (isAbsolute(path) ? path : resolve(circumstances.baseDir, path))
  const absoluteFiles = ({ certificate, key }: CertificateFiles) => ({
    certificate: absolute(certificate),
    key: absolute(key),
  })
  const state = stateDirectory(settings.state, circumstances)
  const config: Config = {
    file: circumstances.file,
    state,
    listen: {
      ...settings.listen,
      address: settings.listen.address.map((one) => absoluteSocket(one, absolute)),
    },
    tls:
      tls === undefined
        ? undefined
        : {
            ...absoluteFiles(tls),
            others: tls.others.map(absoluteFiles),
            minVersion: tls.minVersion,
          },
    client: effectiveClient(client, absolute),
    sources: effectiveSources(sources, state, absolute),
    apps: namedApps(settings.apps),
    routes: settings.routes,
    limits: settings.limits,
    shutdown: settings.shutdown,
    admin: { address: absoluteSocket(admin.address, absolute), token: admin.token },
    log: { level: log.level, format: log.format ?? (circumstances.terminal ? 'pretty' : 'json') },
  }
  return frozen(config)
}

/** Whom we believe: `hubgate anchor` needs no more than this and the state. */
export function effectiveClient(
  client: Settings['client'],
  absolute: (path: string) => string,
): Config['client'] {
  return {
    ...client,
    anchors: client.anchors.map((anchor) => effectiveAnchor(anchor, absolute)),
    revocation: { ...client.revocation, files: client.revocation.files.map(absolute) },
  }
}

/** What keeps the list needs no more than this: state and sources, whatever else is or is not configured. */
export function effectiveSources(
  sources: Settings['sources'],
  state: string,
  absolute: (path: string) => string,
): Config['sources'] {
  const { mode, allowlist, extra, maxAge, refresh, registry, guards } = sources
  return {
    mode,
    allowlist: allowlist === undefined ? join(state, 'as32934.txt') : absolute(allowlist),
    extra,
    maxAge,
    refresh,
    registry: { ...registry, server: registryServer(registry.server) },
    guards,
  }
}

function registryServer(text: string): RegistryAddress {
  const address = parseRegistryServer(text)
  if (address === undefined) throw new TypeError('a registry server that is none passed the schema')
  return address
}

// systemd gives several directories with colons between them; the first is the one of StateDirectory=.
export function stateDirectory(written: string | undefined, { env, baseDir }: Surroundings): string {
  const given = env['STATE_DIRECTORY']?.split(':')[0]
  const fallback = given === undefined || given === '' ? 'data' : given
  return resolve(baseDir, written ?? fallback)
}

function effectiveAnchor(
  anchor: Settings['client']['anchors'][number],
  absolute: (path: string) => string,
): AnchorConfig {
  const { builtin, name, file, state, from, until } = anchor
  const life = { state, from, until }
  if (builtin !== undefined) return { kind: 'builtin', name: builtin, builtin, ...life }
  if (name === undefined || file === undefined)
    throw new TypeError('an anchor without name or file passed the rules')
  return { kind: 'file', name, file: absolute(file), ...life }
}

// Without a prototype: an app may be called constructor, and nothing else is found by that name.
function namedApps(apps: Settings['apps']): Readonly<Record<string, AppConfig>> {
  const named: Record<string, AppConfig> = Object.assign(Object.create(null), apps)
  return named
}

function absoluteSocket(address: ListenAddress, absolute: (path: string) => string): ListenAddress {
  return address.kind === 'unix' ? { kind: 'unix', path: absolute(address.path) } : address
}

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !(value instanceof Secret)) {
    for (const inner of Object.values(value)) frozen(inner)
    Object.freeze(value)
  }
  return value
}
