// A world for gateway tests: certificate authorities, a directory of files, an upstream, and a gateway between.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AnchorConfig, AnchorLife, Config, RouteConfig } from '../../src/config/config.ts'
import { loadSources } from '../../src/config/load.ts'
import { Secret } from '../../src/config/secret.ts'
import { type CreateOptions, type RunningGateway, createGateway } from '../../src/gateway/create.ts'
import {
  type ClientIdentity,
  type LabAuthority,
  digicertShaped,
  metaShaped,
} from '../../src/lab/pki/authorities.ts'
import { type ServerCertificate, serverCertificate } from '../../src/lab/pki/server-certificate.ts'
import type { AuditRecord } from '../../src/observe/audit.ts'
import { CANARY_SECRET, CANARY_VERIFY_TOKEN, keepOutput } from '../canary.ts'

export interface Pki {
  readonly meta: LabAuthority
  readonly digicert: LabAuthority
  readonly server: ServerCertificate
  /** What Meta would present today. */
  readonly client: ClientIdentity
}

let shared: Promise<Pki> | undefined

/** One set of authorities a test process: keys are slow to make. */
export function pki(): Promise<Pki> {
  shared ??= makePki()
  return shared
}

async function makePki(): Promise<Pki> {
  const meta = metaShaped()
  return { meta, digicert: digicertShaped(), server: await serverCertificate(), client: meta.client() }
}

export interface World {
  readonly pki: Pki
  readonly directory: string
  readonly config: Config
  readonly gateway: RunningGateway
  readonly port: number
  readonly records: AuditRecord[]
  /** Everything logged so far. */
  readonly logged: () => string
  /** Resolves with the next record that fits, or the first that has come already. */
  readonly record: (fits: (record: AuditRecord) => boolean) => Promise<AuditRecord>
  readonly end: () => Promise<void>
}

type Change = (config: Config) => Config

export interface WorldOptions extends CreateOptions {
  /** Where the one route /webhooks/meta leads. */
  readonly upstream: string
  readonly change?: Change
  readonly route?: Partial<RouteConfig>
  /** Further files beside the usual ones, by name: `config.state` is their directory. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>
}

/** A running gateway with every gate on, in front of `upstream`. */
export async function startWorld({
  upstream,
  change,
  route,
  files = {},
  ...options
}: WorldOptions): Promise<World> {
  const made = await pki()
  const directory = await mkdtemp(join(tmpdir(), 'hubgate-test-'))
  await writePki(directory, made)
  await Promise.all(Object.entries(files).map(([name, content]) => writeFile(join(directory, name), content)))
  const plain = plainConfig(directory, { upstream, ...route })
  const config = change?.(plain) ?? plain
  const lines: string[] = []
  const gateway = await createGateway(config, { log: (line) => void lines.push(line), ...options }).catch(
    async (error: unknown) => {
      await rm(directory, { recursive: true, force: true })
      throw error
    },
  )
  const records: AuditRecord[] = []
  const waiting = new Set<() => void>()
  gateway.onAudit((record) => {
    records.push(record)
    for (const look of waiting) look()
  })
  await gateway.listen()
  return {
    pki: made,
    directory,
    config,
    gateway,
    port: portOf(gateway),
    records,
    logged: () => lines.join(''),
    record: (fits) => recordThat(records, waiting, fits),
    end: async () => {
      await gateway.close()
      keepOutput('gateway', lines.join(''))
      await rm(directory, { recursive: true, force: true })
    },
  }
}

export function portOf(gateway: RunningGateway): number {
  const [address] = gateway.addresses as AddressInfo[]
  return address?.port ?? 0
}

export async function writePki(directory: string, { meta, digicert, server }: Pki): Promise<void> {
  await Promise.all([
    writeFile(join(directory, 'server.pem'), server.certificate),
    writeFile(join(directory, 'server.key'), server.key),
    writeFile(join(directory, 'meta.pem'), meta.root.certificate),
    writeFile(join(directory, 'digicert.pem'), digicert.root.certificate),
    writeFile(
      join(directory, 'list.txt'),
      '# loopback, for tests\n127.0.0.1/32\n::1/128\n31.13.64.0/18\n2a03:2880::/32\n',
    ),
  ])
}

/** How the list is kept: the defaults. */
const { refresh, registry, guards } = loadSources({ file: undefined, env: {} }).sources
const KEEPING = { refresh, registry, guards }

/** The suite passes on either lane: `HUBGATE_TEST_FAST_LANE=off` takes the general one. */
export const FAST_LANE = process.env['HUBGATE_TEST_FAST_LANE'] !== 'off'

export function plainConfig(directory: string, route: Partial<RouteConfig> & { upstream: string }): Config {
  const file = (name: string) => join(directory, name)
  return {
    file: undefined,
    state: directory,
    listen: {
      address: [{ kind: 'tcp', host: '127.0.0.1', port: 0 }],
      workers: 1,
      fastLane: FAST_LANE,
      front: 'direct',
      proxyProtocol: 'none',
      trustedPeers: [],
    },
    tls: { certificate: file('server.pem'), key: file('server.key'), others: [], minVersion: 'TLSv1.2' },
    client: {
      require: 'always',
      commonNames: ['client.webhooks.fbclientcerts.com'],
      anchors: [fileAnchor('meta-lab', file('meta.pem')), fileAnchor('digicert-lab', file('digicert.pem'))],
      maxDepth: 3,
      pins: [],
      trustGrace: 30_000,
      revocation: { mode: 'none', refresh: 21_600_000, files: [], urls: [] },
    },
    sources: { mode: 'enforce', allowlist: file('list.txt'), extra: [], maxAge: 604_800_000, ...KEEPING },
    apps: { shop: { secrets: [new Secret(CANARY_SECRET)], verifyTokens: [new Secret(CANARY_VERIFY_TOKEN)] } },
    routes: [
      {
        path: '/webhooks/meta',
        apps: ['shop'],
        timeout: 5_000,
        mode: 'relay',
        answer: 'status',
        challenge: 'answer',
        host: 'received',
        clientCert: false,
        unsafeUnsigned: false,
        ...route,
      },
    ],
    limits: {
      body: 4 * 1024 * 1024,
      head: 16 * 1024,
      bodiesInMemory: 256 * 1024 * 1024,
      handshakeTimeout: 10_000,
      headTimeout: 10_000,
      bodyTimeout: 30_000,
      idleTimeout: 75_000,
      connections: 10_000,
      connectionsPerAddress: 10_000,
    },
    shutdown: { delay: 0, timeout: 2_000 },
    admin: { address: { kind: 'tcp', host: '127.0.0.1', port: 0 }, token: undefined },
    log: { level: 'info', format: 'json' },
  }
}

/** An anchor that is active, unless told otherwise. */
export function fileAnchor(name: string, file: string, life: Partial<AnchorLife> = {}): AnchorConfig {
  return { kind: 'file', name, file, state: 'active', ...life }
}

function recordThat(
  records: AuditRecord[],
  waiting: Set<() => void>,
  fits: (record: AuditRecord) => boolean,
): Promise<AuditRecord> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      waiting.delete(look)
      reject(
        new Error(
          `no such record within 10 s; there are: ${records.map(({ code, outcome }) => code ?? outcome).join(', ')}`,
        ),
      )
    }, 10_000)
    const look = () => {
      const found = records.find(fits)
      if (found === undefined) return
      clearTimeout(timer)
      waiting.delete(look)
      resolve(found)
    }
    waiting.add(look)
    look()
  })
}
