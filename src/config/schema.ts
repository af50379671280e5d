// The declaration: every key of hubgate.yaml with its kind, its default and its help. Loading, docs/configuration.md,
// the editors' JSON Schema and the suggestions for misspelled keys are all made from it. Rules across keys: rules.ts.
import { z } from 'zod'
import { apps, routes } from './schema-routes.ts'
import { sources } from './schema-sources.ts'
import { client, tls } from './schema-trust.ts'
import {
  LONGEST_TIMER,
  choice,
  count,
  countOrAuto,
  duration,
  flag,
  longEnough,
  path,
  secret,
  size,
} from './kinds.ts'
import { listenAddress, listenAddresses, peer } from './kinds-network.ts'

const UP_TO_A_TIMER = { min: 0, max: LONGEST_TIMER }

const listen = z
  .strictObject({
    address: listenAddresses()
      .prefault(':8443')
      .describe('Where to listen. `":PORT"` means every address of both families; port 0 any free port.'),
    workers: countOrAuto({ min: 1, max: 1024 })
      .prefault(1)
      .describe(
        'Processes that accept on the same sockets; `auto`: one a core. One that dies is replaced. `limits.connections` and `limits.bodiesInMemory` are divided among them. For `hubgate serve` alone.',
      ),
    fastLane: flag()
      .prefault(true)
      .describe(
        'A short way through the same gates for signed POSTs in the plainest spelling of HTTP, which is how Meta sends them. What it does not know goes to the general lane; `false`: everything does.',
      ),
    front: choice(
      'direct',
      'nginx',
      'alb-verify',
      'alb-passthrough',
      'envoy',
      'haproxy',
      'cloudflare',
      'rfc9440',
    )
      .prefault('direct')
      .describe(
        'Who ends TLS and tells of the client in fields of each request: `direct` is hubgate itself. Never guessed.',
      ),
    proxyProtocol: choice('none', 'required')
      .prefault('none')
      .describe(
        'Whether connections begin with a PROXY header (version 1 or 2) that names the client. Its address is then the one that is judged, counted and passed on.',
      ),
    trustedPeers: z
      .array(peer())
      .prefault([])
      .describe(
        'Peers whose PROXY header or identity fields are believed. `limits.connectionsPerAddress` does not count them.',
      ),
  })
  .prefault({})
  .describe('The public listener.')

const limits = z
  .strictObject({
    body: size({ min: 1, max: 2 ** 30 })
      .prefault('4MiB')
      .describe('The largest body. Meta sends up to 3 MB.'),
    head: size({ min: 1024, max: 2 ** 20 })
      .prefault('16KiB')
      .describe('The largest request head.'),
    bodiesInMemory: size({ min: 1, max: 2 ** 40 })
      .prefault('256MiB')
      .describe(
        'All bodies in flight together; beyond it new deliveries get 503 and Meta tries again. With several `listen.workers` each has an equal part, at least one `limits.body`.',
      ),
    handshakeTimeout: duration().prefault('10s').describe('For the whole TLS handshake.'),
    headTimeout: duration()
      .prefault('10s')
      .describe('From the first byte of a request to the end of its head.'),
    bodyTimeout: duration().prefault('30s').describe('From the end of the head to the end of the body.'),
    idleTimeout: duration().prefault('75s').describe('Between two requests of one connection.'),
    connections: count({ min: 1, max: 1_000_000 })
      .prefault(10_000)
      .describe('Open connections. With several `listen.workers` each takes an equal part.'),
    connectionsPerAddress: count({ min: 1, max: 1_000_000 })
      .prefault(256)
      .describe(
        'Open connections of one peer address, counted in each of `listen.workers`. Not for `listen.trustedPeers`.',
      ),
  })
  .prefault({})
  .describe('What one peer, and all of them, may use.')

const shutdown = z
  .strictObject({
    delay: duration(UP_TO_A_TIMER)
      .prefault('0s')
      .describe('How long `/readyz` says 503 while connections are still accepted.'),
    timeout: duration(UP_TO_A_TIMER)
      .prefault('25s')
      .describe('Then: how long what is in flight may take to finish.'),
  })
  .prefault({})
  .describe('SIGTERM and SIGINT.')

const admin = z
  .strictObject({
    address: listenAddress()
      .prefault('127.0.0.1:8444')
      .describe('Where health, metrics and the API are. Never the public port.'),
    token: secret('an admin token', longEnough)
      .optional()
      .describe('Required beyond loopback; at least 16 characters.'),
  })
  .prefault({})
  .describe('The admin listener.')

const log = z
  .strictObject({
    level: choice('trace', 'debug', 'info', 'warn', 'error', 'fatal')
      .prefault('info')
      .describe('What is written.'),
    format: choice('json', 'pretty')
      .optional()
      .describe('One JSON object a line, or lines for people. Default: `json`, on a terminal `pretty`.'),
  })
  .prefault({})
  .describe('The log, on standard output.')

export const schema = z.strictObject({
  state: path()
    .optional()
    .describe(
      'The directory for everything hubgate writes. Default: `$STATE_DIRECTORY`, else `data` beside the file.',
    ),
  listen,
  tls,
  client,
  sources,
  apps,
  routes,
  limits,
  shutdown,
  admin,
  log,
})

/** The values as they were read, before defaults that need the surroundings: effective.ts makes a Config of them. */
export type Settings = z.output<typeof schema>

/** The sections that could be read, where others could not. */
export type Draft = Partial<Settings>

/** What hubgate.yaml holds, as an object: for createGateway. */
export type ConfigInput = DeepReadonly<z.input<typeof schema>>

type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T
