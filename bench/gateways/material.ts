// What the servers and the load need: certificates, a secret, an allow-list, a real hubgate.yaml, and deliveries, good and bad.
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { json, textMessage, whatsapp } from '../../src/lab/payload-shapes.ts'
import { type LabAuthority, META_CLIENT_NAME, metaShaped } from '../../src/lab/pki/authorities.ts'
import { issue } from '../../src/lab/pki/certificate.ts'
import { deliveryBytes } from '../../src/lab/request.ts'
import type { Cleanup } from '../cleanup.ts'
import { samplePrefixes } from '../prefix-sample.ts'

export const PATH = '/webhooks/meta'
export const SIZES = { '1.5 KB': 1_536, '64 KB': 65_536, '3 MB': 3_000_000 } as const

/** Of the servers. */
export type KeyKind = 'p-256' | 'rsa-2048'

export interface Material {
  readonly directory: string
  readonly authority: LabAuthority
  readonly client: { readonly certificate: string; readonly key: string }
  /** PEM the servers are trusted by. */
  readonly ca: string
  readonly secret: string
  /** The allow-list: this machine's loopback address and as many as were asked for. */
  readonly prefixes: readonly string[]
}

export interface Delivery {
  readonly body: Buffer
  /** The whole signed request. */
  readonly bytes: Buffer
}

export interface MaterialOptions {
  readonly key?: KeyKind
  readonly prefixes?: number
}

/** Makes everything in a directory of its own, which goes away with the run. */
export async function makeMaterial(cleanup: Cleanup, options: MaterialOptions = {}): Promise<Material> {
  const { key = 'p-256', prefixes: count = 1_000 } = options
  const directory = await mkdtemp(join(tmpdir(), 'hubgate-bench-'))
  cleanup.add(() => rm(directory, { recursive: true, force: true }))
  const authority = metaShaped()
  const client = authority.client()
  const server = issue({
    key,
    subject: [{ type: 'CN', value: 'localhost' }],
    altNames: ['localhost', '127.0.0.1'],
    extendedKeyUsage: ['serverAuth'],
  })
  const prefixes = ['127.0.0.1/32', ...samplePrefixes(count)]
  const files = {
    'server.pem': server.certificate,
    'server.key': server.key,
    'client.pem': client.certificate,
    'client.key': client.key,
    'anchor.pem': authority.root.certificate,
    'as32934.txt': prefixes.join('\n'),
    'facts.json': JSON.stringify({ path: PATH, commonName: META_CLIENT_NAME }),
  }
  for (const [name, content] of Object.entries(files))
    await writeFile(join(directory, name), content, { mode: 0o600 })
  const secret = randomBytes(16).toString('hex')
  return { directory, authority, client, ca: server.certificate, secret, prefixes }
}

export interface ConfigOptions {
  /** A name for what it keeps, and for the admin socket. */
  readonly state: string
  readonly fastLane: boolean
  readonly upstreamPort: number
  /** Default: BENCH_SECRET alone. */
  readonly secrets?: readonly string[]
  /** Of routes, all alike. Default: one. */
  readonly paths?: readonly string[]
  readonly allowlist?: string
  /** Default: all connections come from one address. */
  readonly limits?: Readonly<Record<string, number | string>>
  readonly workers?: number | 'auto'
  /** Further routes, each with an app and an upstream of its own. */
  readonly more?: readonly {
    readonly path: string
    readonly upstreamPort: number
    readonly secrets: readonly string[]
  }[]
}

const BENCH_SECRET = '${BENCH_SECRET}'

/** Nothing is switched off, and nothing is tuned: what is not named has its default, but for all connections' one address. */
export async function writeConfig({ directory }: Material, options: ConfigOptions): Promise<string> {
  const file = join(directory, `${options.state}.yaml`)
  await writeFile(file, configText(directory, options), { mode: 0o600 })
  return file
}

function configText(directory: string, options: ConfigOptions): string {
  const { state, fastLane, upstreamPort, secrets = [BENCH_SECRET], paths = [PATH], workers } = options
  const { allowlist = 'as32934.txt', limits = { connectionsPerAddress: 2_000 }, more = [] } = options
  // What JSON writes, YAML reads.
  const listen = { address: '127.0.0.1:0', fastLane, ...(workers === undefined ? {} : { workers }) }
  const app = (name: string, its: readonly string[]) =>
    `  ${name}: { secrets: ${JSON.stringify(its)}, verifyTokens: ["${BENCH_SECRET}"] }\n`
  const route = (path: string, name: string, port: number) =>
    `  - { path: ${path}, apps: [${name}], upstream: "http://127.0.0.1:${port}/", timeout: 5s }\n`
  const apps = [app('bench', secrets), ...more.map((one, index) => app(`more${index}`, one.secrets))]
  const routes = [
    ...paths.map((path) => route(path, 'bench', upstreamPort)),
    ...more.map((one, index) => route(one.path, `more${index}`, one.upstreamPort)),
  ]
  return `state: ${state}
listen: ${JSON.stringify(listen)}
tls: { certificate: server.pem, key: server.key }
client:
  commonNames: ["${META_CLIENT_NAME}"]
  anchors: [{ name: bench, file: anchor.pem }]
sources: { allowlist: ${allowlist} }
limits: ${JSON.stringify(limits)}
apps:
${apps.join('')}routes:
${routes.join('')}shutdown: { timeout: 1s }
admin: { address: "unix:${join(directory, `${state}.sock`)}" }
log: { level: info, format: json }
`
}

/** Different ones: not always the same bytes. */
export function deliveriesOf(size: number, secret: string, count: number): Delivery[] {
  return deliveriesTo(
    Array.from({ length: count }, () => PATH),
    { size, secret },
  )
}

/** One for each path. */
export function deliveriesTo(
  paths: readonly string[],
  { size, secret }: { readonly size: number; readonly secret: string },
): Delivery[] {
  return paths.map((path, index) => {
    const body = bodyOf(size, index)
    return { body, bytes: deliveryBytes({ authority: 'localhost', path, body, secret }) }
  })
}

/** A WhatsApp message with a text as long as needed. */
function bodyOf(size: number, index: number): Buffer {
  const frame = json(whatsapp([{ ...textMessage(index), text: { body: '' } }]))
  return json(whatsapp([{ ...textMessage(index), text: { body: 'x'.repeat(size - frame.length) } }]))
}
