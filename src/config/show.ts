// The effective configuration in the shape of hubgate.yaml, for `config show`: every default filled in, secrets as ***.
import { stringify } from 'yaml'
import type { AnchorConfig, Config, ListenAddress } from './config.ts'
import { formatDuration, formatSize } from './units.ts'

const DURATIONS = new Set(['handshakeTimeout', 'headTimeout', 'bodyTimeout', 'idleTimeout'])
const SIZES = new Set(['body', 'head', 'bodiesInMemory'])

/** A plain object of what the configuration says, in the order of the reference; secrets are *** in it. */
export function shownConfig(config: Config): Readonly<Record<string, unknown>> {
  const { state, listen, tls, client, sources, apps, routes, limits, shutdown, admin, log } = config
  return {
    state,
    listen: { ...listen, address: listen.address.map(formatListen) },
    ...(tls === undefined ? {} : { tls }),
    client: { ...client, anchors: client.anchors.map(shownAnchor) },
    sources: { ...sources, maxAge: formatDuration(sources.maxAge) },
    apps: Object.fromEntries(
      Object.entries(apps).map(([name, { secrets, verifyTokens }]) => [
        name,
        { secrets: secrets.map(String), verifyTokens: verifyTokens.map(String) },
      ]),
    ),
    routes: routes.map((route) => Object.assign({}, route, { timeout: formatDuration(route.timeout) })),
    limits: Object.fromEntries(
      Object.entries(limits).map(([name, value]) => [name, shownLimit(name, value)]),
    ),
    shutdown: { delay: formatDuration(shutdown.delay), timeout: formatDuration(shutdown.timeout) },
    admin: {
      address: formatListen(admin.address),
      ...(admin.token === undefined ? {} : { token: String(admin.token) }),
    },
    log,
  }
}

/** The same as YAML. */
export function showConfig(config: Config): string {
  return stringify(shownConfig(config), { lineWidth: 0, aliasDuplicateObjects: false })
}

/** An address as it is written: ":8443", "[::1]:8443", "unix:/run/hubgate.sock". */
export function formatListen(address: ListenAddress): string {
  if (address.kind === 'unix') return `unix:${address.path}`
  const host = address.host ?? ''
  return `${host.includes(':') ? `[${host}]` : host}:${address.port}`
}

function shownAnchor(anchor: AnchorConfig) {
  return anchor.kind === 'builtin' ? { builtin: anchor.builtin } : { name: anchor.name, file: anchor.file }
}

function shownLimit(name: string, value: number): string | number {
  if (DURATIONS.has(name)) return formatDuration(value)
  return SIZES.has(name) ? formatSize(value) : value
}
