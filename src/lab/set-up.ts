// The lab's files: authorities, certificates, keys, secrets, the allow-list and a real hubgate.yaml, in a private
// directory that goes away with the lab.
import { randomBytes } from 'node:crypto'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CROWD_ADDRESS } from './attacks/connection.ts'
import type { Authorities } from './attacks/attack.ts'
import { payloadNamed } from './payloads.ts'
import { type ClientIdentity, META_CLIENT_NAME, digicertShaped, metaShaped } from './pki/authorities.ts'
import { serverCertificate } from './pki/server-certificate.ts'

export const LAB_PATH = '/webhooks/meta'

/** Small, so that every deadline and limit can be met within a few seconds; the body's is the usual one. */
export const LAB_LIMITS = {
  body: 4 * 1024 * 1024,
  head: 16 * 1024,
  connectionsPerAddress: 64,
  handshakeTimeout: 2000,
  headTimeout: 2000,
  bodyTimeout: 3000,
} as const

export interface SetUp {
  readonly directory: string
  /** hubgate.yaml. */
  readonly config: string
  readonly authorities: Authorities
  readonly client: ClientIdentity
  /** PEM the lab's server is trusted by. */
  readonly ca: string
  readonly secret: string
  readonly previousSecret: string
  readonly verifyToken: string
  readonly remove: () => Promise<void>
}

export interface SetUpOptions {
  /** Where it listens: host:port, one or two. */
  readonly listen: readonly string[]
  readonly upstream: string
}

/** Makes the directory with all its files (only this user can read them). */
export async function setUp({ listen, upstream }: SetUpOptions): Promise<SetUp> {
  const directory = await mkdtemp(join(tmpdir(), 'hubgate-lab-'))
  await chmod(directory, 0o700)
  const remove = () => rm(directory, { recursive: true, force: true })
  try {
    const made = await material()
    await writeAll(directory, { ...filesOf(made), 'hubgate.yaml': configText(listen, upstream) })
    const { authorities, client, server, secret, previousSecret, verifyToken } = made
    const config = join(directory, 'hubgate.yaml')
    return {
      directory,
      config,
      authorities,
      client,
      ca: server.certificate,
      secret,
      previousSecret,
      verifyToken,
      remove,
    }
  } catch (error) {
    await remove()
    throw error
  }
}

async function material() {
  const authorities = { meta: metaShaped(), digicert: digicertShaped() }
  return {
    authorities,
    client: authorities.meta.client(),
    server: await serverCertificate(),
    secret: randomBytes(16).toString('hex'),
    previousSecret: randomBytes(16).toString('hex'),
    verifyToken: randomBytes(18).toString('base64url'),
  }
}

function filesOf(made: Awaited<ReturnType<typeof material>>): Record<string, string | Buffer> {
  const { authorities, client, server } = made
  return {
    'server.pem': server.certificate,
    'server.key': server.key,
    'client.pem': client.certificate,
    'client.key': client.key,
    'anchors/lab-meta.pem': authorities.meta.root.certificate,
    'anchors/lab-digicert.pem': authorities.digicert.root.certificate,
    'app-secret': made.secret,
    'previous-app-secret': made.previousSecret,
    'verify-token': made.verifyToken,
    'delivery.json': payloadNamed('whatsapp')?.bytes() ?? '{}',
    'as32934.txt': ALLOW_LIST,
  }
}

const ALLOW_LIST = `# The lab's allow-list: this machine, and what Meta is known by.
127.0.0.1/32
${CROWD_ADDRESS}/32
::1/128
31.13.64.0/18
157.240.0.0/16
2a03:2880::/32
`

function configText(listen: readonly string[], upstream: string): string {
  const { body, head, connectionsPerAddress, handshakeTimeout, headTimeout, bodyTimeout } = LAB_LIMITS
  return `# Made by hubgate lab; every gate is on. Gone when the lab ends.
state: data
listen:
  address: [${listen.map((address) => JSON.stringify(address)).join(', ')}]
tls: { certificate: server.pem, key: server.key }
client:
  require: always
  commonNames: ["${META_CLIENT_NAME}"]
  anchors:
    - { name: lab-meta, file: anchors/lab-meta.pem }
    - { name: lab-digicert, file: anchors/lab-digicert.pem }
sources:
  mode: enforce
  allowlist: as32934.txt
apps:
  lab:
    secrets: ["\${file:app-secret}", "\${file:previous-app-secret}"]
    verifyTokens: ["\${file:verify-token}"]
routes:
  - { path: ${LAB_PATH}, apps: [lab], upstream: ${JSON.stringify(upstream)}, timeout: 5s }
limits:
  body: ${body}B
  head: ${head}B
  connectionsPerAddress: ${connectionsPerAddress}
  handshakeTimeout: ${handshakeTimeout}ms
  headTimeout: ${headTimeout}ms
  bodyTimeout: ${bodyTimeout}ms
shutdown: { timeout: 2s }
log: { level: info, format: json }
`
}

async function writeAll(directory: string, files: Readonly<Record<string, string | Buffer>>): Promise<void> {
  await mkdir(join(directory, 'anchors'), { mode: 0o700 })
  await mkdir(join(directory, 'data'), { mode: 0o700 })
  for (const [name, content] of Object.entries(files))
    await writeFile(join(directory, name), content, { mode: 0o600 })
}
