// The effective configuration in the shape of hubgate.yaml, for `config show`: every default filled in, secrets as ***.
import { stringify } from 'yaml'
import type { AnchorConfig, Config, ListenAddress } from './config.ts'
import { formatDuration, formatSize } from './units.ts'

const DURATIONS = new Set([
  'handshakeTimeout',
  'headTimeout',
  'bodyTimeout',
  'idleTimeout',
  'connectTimeout',
  'readTimeout',
  'totalTimeout',
  'maxAge',
  'every',
  'refresh',
  'trustGrace',
])
const SIZES = new Set(['body', 'head', 'bodiesInMemory', 'maxAnswer'])

/** A plain object of what the configuration says, in the order of the reference; secrets are *** in it. */
export function shownConfig(config: Config): Readonly<Record<string, unknown>> {
  const { state, listen, tls, client, sources, apps, routes, limits, shutdown, admin, log } = config
  return {
    state,
    listen: { ...listen, address: listen.address.map(formatListen) },
    ...(tls === undefined ? {} : { tls }),
    client: shownClient(client),
    sources: shownSources(sources),
    apps: Object.fromEntries(
      Object.entries(apps).map(([name, { secrets, verifyTokens }]) => [
        name,
        { secrets: secrets.map(String), verifyTokens: verifyTokens.map(String) },
      ]),
    ),
    routes: routes.map((route) => Object.assign({}, route, { timeout: formatDuration(route.timeout) })),
    limits: withUnits(limits),
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

function shownClient({ pins, revocation, ...client }: Config['client']) {
  return {
    ...withUnits(client),
    anchors: client.anchors.map(shownAnchor),
    pins: pins.map((pin) => `sha256/${Buffer.from(pin, 'hex').toString('base64')}`),
    revocation: withUnits(revocation),
  }
}

function shownAnchor({ state, from, until, ...anchor }: AnchorConfig) {
  return {
    ...(anchor.kind === 'builtin' ? { builtin: anchor.builtin } : { name: anchor.name, file: anchor.file }),
    state,
    ...(from === undefined ? {} : { from: formatMoment(from) }),
    ...(until === undefined ? {} : { until: formatMoment(until) }),
  }
}

// As it can be written: without the fraction of a second that toISOString adds.
function formatMoment(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`
}

function shownSources({ refresh, registry, ...sources }: Config['sources']) {
  const { host, port } = registry.server
  return {
    ...withUnits(sources),
    ...(refresh === undefined ? {} : { refresh: withUnits(refresh) }),
    registry: { ...withUnits(registry), server: `${host.includes(':') ? `[${host}]` : host}:${port}` },
  }
}

function withUnits(section: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(section).map(([name, value]: [string, unknown]) => [name, withUnit(name, value)]),
  )
}

function withUnit(name: string, value: unknown): unknown {
  if (typeof value !== 'number') return value
  if (DURATIONS.has(name)) return formatDuration(value)
  return SIZES.has(name) ? formatSize(value) : value
}
