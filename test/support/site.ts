// A place to run hubgate from: hubgate.yaml, and beside it the files that it names, brought there as operators do.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CANARY_SECRET, CANARY_VERIFY_TOKEN } from '../canary.ts'
import { DEPLOYMENTS, type Deploy, type Files } from './deployments.ts'
import { type Pki, pki } from './world.ts'

export interface Site {
  readonly pki: Pki
  readonly directory: string
  /** hubgate.yaml. */
  readonly file: string
  readonly adminSocket: string
  /** Replaces these of the files, as this site's operator does. */
  readonly put: (files: Files) => void
  /** Replaces hubgate.yaml: the plain one, changed. */
  readonly configure: (change: (yaml: string) => string) => void
  readonly remove: () => void
}

export interface SiteOptions {
  readonly upstream: string
  readonly change?: (yaml: string) => string
  readonly deploy?: Deploy
  /** `listen.workers`, where `change` does not write it. */
  readonly workers?: string
}

export async function makeSite({
  upstream,
  change = same,
  deploy,
  workers = '1',
}: SiteOptions): Promise<Site> {
  const made = await pki()
  const directory = mkdtempSync(join(tmpdir(), 'hubgate-site-'))
  const file = join(directory, 'hubgate.yaml')
  const adminSocket = join(directory, 'admin.sock')
  let files = filesOf(made)
  const put = (changed: Files) => {
    files = { ...files, ...changed }
    // A mounted directory is replaced whole; elsewhere only what changed is touched.
    const whole = deploy === DEPLOYMENTS["mounted, with Kubernetes' ..data swapped"]
    const bring = deploy ?? DEPLOYMENTS['renamed over the old one']
    bring(join(directory, 'files'), whole ? files : changed)
  }
  const configure = (change: (yaml: string) => string) =>
    writeFileSync(file, withWorkers(change(plainYaml({ upstream, adminSocket })), workers))
  put(files)
  configure(change)
  const remove = () => rmSync(directory, { recursive: true, force: true })
  return { pki: made, directory, file, adminSocket, put, configure, remove }
}

function filesOf({ meta, server }: Pki): Files {
  return {
    'server.pem': server.certificate,
    'server.key': server.key,
    'meta.pem': meta.root.certificate,
    'list.txt': '127.0.0.1/32\n',
    secret: `${CANARY_SECRET}\n`,
    token: `${CANARY_VERIFY_TOKEN}\n`,
  }
}

// Names of files are quoted wherever a test may want to replace them.
function plainYaml({ upstream, adminSocket }: { upstream: string; adminSocket: string }): string {
  return `# a site of the test suite
state: state
listen: { address: "127.0.0.1:0" }
tls: { certificate: "files/server.pem", key: "files/server.key" }
client:
  require: always
  anchors:
    - { name: meta-lab, file: "files/meta.pem" }
sources: { mode: enforce, allowlist: "files/list.txt" }
apps:
  shop: { secrets: ["\${file:files/secret}"], verifyTokens: ["\${file:files/token}"] }
routes:
  - { path: /webhooks/meta, apps: [shop], upstream: "${upstream}", timeout: 20s }
shutdown: { delay: 0s, timeout: 20s }
admin: { address: "unix:${adminSocket}" }
log: { format: json }
`
}

/** How many processes `hubgate serve` is in tests that start it and do not say it themselves. */
export const WORKERS = process.env['HUBGATE_TEST_WORKERS'] ?? '1'

function withWorkers(yaml: string, workers: string): string {
  if (workers === '1' || yaml.includes('workers:')) return yaml
  return yaml.replace(/^listen: \{/m, `listen: { workers: ${workers},`)
}

function same(yaml: string): string {
  return yaml
}
