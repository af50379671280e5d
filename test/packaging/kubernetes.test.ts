// The manifests: their hubgate.yaml is one, what they refer to is there, the pods are locked down, and the placeholders start nothing.
import { spawnSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { z } from 'zod'
import { CANARY_ADMIN_TOKEN, CANARY_SECRET, CANARY_VERIFY_TOKEN } from '../canary.ts'
import { ROOT } from './dockerfile.ts'
import { heldConfig, loadEmbedded } from './embedded-config.ts'

const DIRECTORY = join(ROOT, 'kubernetes')
const FILES = readdirSync(DIRECTORY).filter((name) => name !== 'kustomization.yaml')

const Head = z.object({ apiVersion: z.string(), kind: z.string(), metadata: z.object({ name: z.string() }) })
const Labels = z.record(z.string(), z.string())
const Container = z.object({
  image: z.string(),
  ports: z.array(z.object({ name: z.string(), containerPort: z.number() })).default([]),
  args: z.array(z.string()).default([]),
  securityContext: z.object({
    allowPrivilegeEscalation: z.literal(false),
    readOnlyRootFilesystem: z.literal(true),
    capabilities: z.strictObject({ drop: z.tuple([z.literal('ALL')]) }),
  }),
  resources: z.object({
    requests: z.object({ memory: z.string() }),
    limits: z.object({ memory: z.string() }),
  }),
  volumeMounts: z.array(
    z.strictObject({ name: z.string(), mountPath: z.string(), readOnly: z.boolean().optional() }),
  ),
  startupProbe: z.unknown().optional(),
  livenessProbe: z.unknown().optional(),
  readinessProbe: z.unknown().optional(),
})
const Pod = z.object({
  metadata: z.object({ labels: Labels }),
  spec: z.object({
    automountServiceAccountToken: z.literal(false),
    terminationGracePeriodSeconds: z.number().optional(),
    securityContext: z.object({
      runAsNonRoot: z.literal(true),
      runAsUser: z.literal(10001),
      fsGroup: z.literal(10001),
      seccompProfile: z.object({ type: z.literal('RuntimeDefault') }),
    }),
    containers: z.array(Container).length(1),
    volumes: z.array(z.object({ name: z.string() })),
  }),
})
const Probe = z.object({ httpGet: z.object({ path: z.string(), port: z.literal('admin') }) })

const documents = FILES.flatMap((name) =>
  parseAllDocuments(readFileSync(join(DIRECTORY, name), 'utf8')).map((document) => {
    expect(document.errors, name).toEqual([])
    const value: unknown = document.toJS()
    return { head: Head.parse(value), value }
  }),
)

function the<T>(kind: string, shape: z.ZodType<T>, name = 'hubgate'): T {
  return shape.parse(documents.find(({ head }) => head.kind === kind && head.metadata.name === name)?.value)
}

const { data } = the('ConfigMap', z.object({ data: z.object({ 'hubgate.yaml': z.string() }) }))
const secret = the('Secret', z.object({ stringData: z.record(z.string(), z.string()) })).stringData
const { template } = the('Deployment', z.object({ spec: z.object({ template: Pod }) })).spec
const cron = the(
  'CronJob',
  z.object({
    spec: z.object({
      concurrencyPolicy: z.string(),
      jobTemplate: z.object({ spec: z.object({ template: Pod }) }),
    }),
  }),
  'hubgate-allowlist',
).spec
const [gateway] = template.spec.containers
const job = cron.jobTemplate.spec.template.spec.containers[0]

const under = (values: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [`run/secrets/hubgate/${name}`, value]))
const GOOD = {
  'app-secret': CANARY_SECRET,
  'verify-token': CANARY_VERIFY_TOKEN,
  'admin-token': CANARY_ADMIN_TOKEN,
}
const config = heldConfig(data['hubgate.yaml'], under(GOOD))

describe('the ConfigMap', () => {
  it('holds a hubgate.yaml with every gate on', () => {
    expect(config.client.require).toBe('always')
    expect(config.sources.mode).toBe('enforce')
  })

  it('names no secret that the Secret does not have', () => {
    expect(Object.keys(secret).toSorted()).toEqual(Object.keys(GOOD).toSorted())
  })

  it('with the placeholders of the Secret starts nothing: they are refused', () => {
    const problems = loadEmbedded(data['hubgate.yaml'], under(secret))
    expect(problems).toEqual(expect.stringContaining('apps.meta.secrets[0]'))
  })

  it('reads only what is mounted', () => {
    const named = [config.tls?.certificate, config.tls?.key, config.sources.allowlist, config.state]
    const anchors = config.client.anchors.map((anchor) => ('file' in anchor ? anchor.file : undefined))
    const mounted = gateway?.volumeMounts.map(({ mountPath }) => mountPath) ?? []
    const paths = [...named, ...anchors].filter((path) => path !== undefined)
    expect(
      paths.filter((path) => !mounted.some((mount) => path === mount || path.startsWith(`${mount}/`))),
    ).toEqual([])
  })
})

describe('the Deployment', () => {
  it('has the ports of the configuration', () => {
    expect(gateway?.ports).toEqual([
      { name: 'webhooks', containerPort: 8443 },
      { name: 'admin', containerPort: 8444 },
    ])
    expect(config.listen.address).toMatchObject([{ port: 8443 }])
    expect(config.admin).toMatchObject({ address: { port: 8444 } })
  })

  it('is asked for life and readiness on the admin port, which tells its status without a token', () => {
    expect(Probe.parse(gateway?.livenessProbe).httpGet.path).toBe('/livez')
    expect(Probe.parse(gateway?.startupProbe).httpGet.path).toBe('/livez')
    expect(Probe.parse(gateway?.readinessProbe).httpGet.path).toBe('/readyz')
  })

  it('gives it more time to end than it takes', () => {
    const { delay, timeout } = config.shutdown
    expect(delay).toBeGreaterThan(0)
    expect((template.spec.terminationGracePeriodSeconds ?? 0) * 1_000).toBeGreaterThan(
      delay + timeout + 5_000,
    )
  })

  it('every mount is of a volume, writable is the state alone', () => {
    const volumes = new Set(template.spec.volumes.map(({ name }) => name))
    expect(gateway?.volumeMounts.filter(({ name }) => !volumes.has(name))).toEqual([])
    expect(gateway?.volumeMounts.filter(({ readOnly }) => readOnly !== true).map(({ name }) => name)).toEqual(
      ['state'],
    )
  })
})

describe('the CronJob', () => {
  it('writes the list where the gateway reads it, one at a time', () => {
    expect(job?.args).toEqual(['allowlist', 'refresh', '--out', config.sources.allowlist])
    expect(cron.concurrencyPolicy).toBe('Forbid')
    const mount = { name: 'list', mountPath: '/run/list' }
    expect(job?.volumeMounts).toEqual([mount])
    expect(gateway?.volumeMounts).toContainEqual({ ...mount, readOnly: true })
  })
})

describe('what selects pods', () => {
  const Selecting = z.object({ spec: z.object({ selector: z.object({ matchLabels: Labels }) }) })
  const Policy = z.object({
    spec: z.object({
      podSelector: z.object({ matchLabels: Labels }),
      policyTypes: z.tuple([z.literal('Ingress'), z.literal('Egress')]),
    }),
  })
  const own = template.metadata.labels

  it('finds those of the Deployment', () => {
    const service = the(
      'Service',
      z.object({ spec: z.object({ selector: Labels, externalTrafficPolicy: z.string() }) }),
    )
    expect(service.spec).toMatchObject({ selector: own, externalTrafficPolicy: 'Local' })
    expect(the('Deployment', Selecting).spec.selector.matchLabels).toEqual(own)
    expect(the('PodDisruptionBudget', Selecting).spec.selector.matchLabels).toEqual(own)
    expect(the('NetworkPolicy', Policy).spec.podSelector.matchLabels).toEqual(own)
  })

  it('has a policy for the job as well, which is no gateway', () => {
    const { labels } = cron.jobTemplate.spec.template.metadata
    expect(the('NetworkPolicy', Policy, 'hubgate-allowlist').spec.podSelector.matchLabels).toEqual(labels)
    expect(labels).not.toEqual(own)
  })
})

describe('all of them', () => {
  it('are listed for kubectl apply -k', () => {
    const { resources } = z
      .object({ resources: z.array(z.string()) })
      .parse(parse(readFileSync(join(DIRECTORY, 'kustomization.yaml'), 'utf8')))
    expect(resources.toSorted()).toEqual(FILES.toSorted())
  })

  it('name one version of the image, that of package.json', () => {
    const { version }: { version: string } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
    expect([gateway?.image, job?.image]).toEqual(Array(2).fill(`registry.example/hubgate:${version}`))
  })

  // Not in Debian; where it is there it has a word to say.
  const { status, stdout } = spawnSync('kubectl', ['kustomize', DIRECTORY], {
    encoding: 'utf8',
    timeout: 30_000,
  })
  if (status === null) console.warn('kubectl is not there: the manifests are read by our own tests alone')
  else
    it('kubectl builds them', () => {
      expect(status).toBe(0)
      expect(stdout.match(/^kind: /gm)).toHaveLength(documents.length)
    })
})
