// What the servers and the load need: certificates, a secret, an allow-list, a real hubgate.yaml, and signed deliveries.
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { json, textMessage, whatsapp } from '../../src/lab/payload-shapes.ts'
import { type LabAuthority, META_CLIENT_NAME, metaShaped } from '../../src/lab/pki/authorities.ts'
import { serverCertificate } from '../../src/lab/pki/server-certificate.ts'
import { deliveryBytes } from '../../src/lab/request.ts'
import type { Cleanup } from '../cleanup.ts'
import { samplePrefixes } from '../prefix-sample.ts'

export const PATH = '/webhooks/meta'
export const SIZES: Readonly<Record<string, number>> = { '1.5 KB': 1_536, '64 KB': 65_536 }

/** Different deliveries of each size: not always the same bytes. */
const VARIANTS = 16

export interface Material {
  readonly directory: string
  readonly authority: LabAuthority
  readonly client: { readonly certificate: string; readonly key: string }
  /** PEM the servers are trusted by. */
  readonly ca: string
  readonly secret: string
}

export interface Delivery {
  readonly body: Buffer
  /** The whole signed request. */
  readonly bytes: Buffer
}

/** Makes everything in a directory of its own, which goes away with the run. */
export async function makeMaterial(cleanup: Cleanup): Promise<Material> {
  const directory = await mkdtemp(join(tmpdir(), 'hubgate-bench-'))
  cleanup.add(() => rm(directory, { recursive: true, force: true }))
  const authority = metaShaped()
  const server = await serverCertificate()
  const files = {
    'server.pem': server.certificate,
    'server.key': server.key,
    'anchor.pem': authority.root.certificate,
    'as32934.txt': ['127.0.0.1/32', ...samplePrefixes(1_000)].join('\n'),
  }
  for (const [name, content] of Object.entries(files))
    await writeFile(join(directory, name), content, { mode: 0o600 })
  const secret = randomBytes(16).toString('hex')
  return { directory, authority, client: authority.client(), ca: server.certificate, secret }
}

/** Nothing is switched off, and nothing is tuned for the benchmark: what is not named has its default. */
export async function writeConfig({ directory }: Material, upstreamPort: number): Promise<string> {
  const file = join(directory, 'hubgate.yaml')
  await writeFile(
    file,
    `state: data
listen: { address: "127.0.0.1:0" }
tls: { certificate: server.pem, key: server.key }
client:
  commonNames: ["${META_CLIENT_NAME}"]
  anchors: [{ name: bench, file: anchor.pem }]
sources: { allowlist: as32934.txt }
apps:
  bench: { secrets: ["\${BENCH_SECRET}"], verifyTokens: ["\${BENCH_SECRET}"] }
routes:
  - { path: ${PATH}, apps: [bench], upstream: "http://127.0.0.1:${upstreamPort}/", timeout: 5s }
shutdown: { timeout: 1s }
admin: { address: "unix:${join(directory, 'admin.sock')}" }
log: { level: info, format: json }
`,
  )
  return file
}

export function deliveriesOf(size: number, secret: string): Delivery[] {
  return Array.from({ length: VARIANTS }, (_, index) => {
    const body = bodyOf(size, index)
    return { body, bytes: deliveryBytes({ authority: 'localhost', path: PATH, body, secret }) }
  })
}

/** A WhatsApp message with a text as long as needed. */
function bodyOf(size: number, index: number): Buffer {
  const frame = json(whatsapp([{ ...textMessage(index), text: { body: '' } }]))
  return json(whatsapp([{ ...textMessage(index), text: { body: 'x'.repeat(size - frame.length) } }]))
}
