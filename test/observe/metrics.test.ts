// The metrics: every name of the contract, exact counts, and labels that nothing from the wire can multiply.
import { X509Certificate } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { prefixTable } from '../../src/domain/prefix-table.ts'
import { parsePrefix } from '../../src/domain/address.ts'
import { type PolicyInputs, directPolicy } from '../../src/gates/policy.ts'
import { serverCertificate } from '../../src/lab/pki/server-certificate.ts'
import { Metrics } from '../../src/observe/metrics.ts'
import type { Observed } from '../../src/observe/observer.ts'
import { MOST_SERIES } from '../../src/observe/tally.ts'
import { delivered, observed, record, refusedConnection } from './records.ts'

const prefixes = prefixTable([parsePrefix('31.13.64.0/18'), parsePrefix('2a03:2880::/32')])
const INPUTS: PolicyInputs = {
  prefixes,
  sources: 'enforce',
  require: 'always',
  commonNames: ['x'],
  pins: [],
  revocation: 'none',
  limits: { connections: 1, connectionsPerAddress: 1, body: 1 },
}

let certificate: X509Certificate
beforeAll(async () => {
  certificate = new X509Certificate((await serverCertificate()).certificate)
})

function state(change: Partial<PolicyInputs> = {}): Observed {
  return {
    prefixes,
    listUpdated: new Date('2026-11-20T00:00:00Z'),
    anchors: [{ name: 'meta-2025-12', certificate }],
    revocation: { lists: [{ issuer: certificate, nextUpdate: new Date('2027-01-01T00:00:00Z') }] },
    terms: { identities: [{ leaf: certificate }] },
    policy: directPolicy({ ...INPUTS, ...change }),
  }
}

async function lineOf(metrics: Metrics, start: string): Promise<string | undefined> {
  return (await metrics.expose()).split('\n').find((line) => line.startsWith(start))
}

describe('metrics', () => {
  it('count connections and requests exactly, however many are logged', async () => {
    const { observer } = observed()
    for (let i = 0; i < 500; i++) record(observer, refusedConnection())
    for (let i = 0; i < 3; i++) record(observer, delivered())
    record(
      observer,
      delivered({ outcome: 'refused', code: 'ROUTE_UNKNOWN', route: undefined, app: undefined }),
    )
    observer.connectionAdmitted(['meta-2025-12'])
    observer.connectionAdmitted([])
    const text = await observer.metrics.expose()
    for (const line of [
      'hubgate_connections_total{outcome="refused",code="SOURCE_NOT_ALLOWED"} 500',
      'hubgate_connections_total{outcome="admitted",code=""} 2',
      'hubgate_requests_total{route="/webhooks/meta",app="shop",outcome="acknowledged",code=""} 3',
      'hubgate_requests_total{route="",app="",outcome="refused",code="ROUTE_UNKNOWN"} 1',
      'hubgate_anchor_uses_total{anchor="meta-2025-12"} 1',
      'hubgate_request_duration_seconds_count 4',
      'hubgate_upstream_duration_seconds_count 4',
      'hubgate_body_bytes_sum 6000',
    ])
      expect(text.split('\n')).toContain(line)
  })

  it('give the same counts when asked twice', async () => {
    const { observer } = observed()
    record(observer, delivered())
    await observer.metrics.expose()
    expect(await lineOf(observer.metrics, 'hubgate_requests_total{')).toMatch(/ 1$/)
  })

  it('have every name of the contract from the start', async () => {
    const text = await new Metrics({ version: '1.2.3' }).expose()
    for (const name of [
      'connections_total',
      'requests_total',
      'request_duration_seconds',
      'upstream_duration_seconds',
      'body_bytes',
      'anchor_uses_total',
      'certificate_not_after_timestamp_seconds',
      'allowlist_prefixes',
      'allowlist_updated_timestamp_seconds',
      'gate_enforced',
      'config_last_reload_successful',
      'build_info',
    ])
      expect(text).toContain(`# TYPE hubgate_${name} `)
    expect(text).toContain('hubgate_build_info{version="1.2.3"')
    expect(text).toContain('process_cpu_seconds_total')
    expect(text).toMatch(/hubgate_config_last_reload_successful 1/)
  })

  it.each(['request', 'upstream'])('%s durations have the buckets that alarms need', async (name) => {
    const { observer } = observed()
    record(observer, delivered())
    const text = await observer.metrics.expose()
    for (const bound of ['0.25', '1', '5'])
      expect(text).toContain(`hubgate_${name}_duration_seconds_bucket{le="${bound}"}`)
  })

  it('show the state that decides, and forget the one before', async () => {
    const metrics = new Metrics({ version: '1' })
    metrics.state({ ...state(), anchors: [{ name: 'old', certificate }] })
    metrics.state(state({ sources: 'none', require: 'observe' }))
    const text = await metrics.expose()
    expect(text).toContain('hubgate_allowlist_prefixes 2')
    expect(text).toContain(
      `hubgate_allowlist_updated_timestamp_seconds ${Date.parse('2026-11-20T00:00:00Z') / 1000}`,
    )
    expect(text).toContain('hubgate_gate_enforced{gate="source"} 0')
    expect(text).toContain('hubgate_gate_enforced{gate="certificate"} 0')
    expect(text).toContain('hubgate_gate_enforced{gate="signature"} 1')
    const notAfter = Date.parse(certificate.validTo) / 1000
    expect(text).toContain(
      `hubgate_certificate_not_after_timestamp_seconds{role="anchor",name="meta-2025-12"} ${notAfter}`,
    )
    expect(text).toContain(
      `hubgate_certificate_not_after_timestamp_seconds{role="server",name="tls"} ${notAfter}`,
    )
    expect(text).toContain(
      `hubgate_revocation_list_next_update_timestamp_seconds{issuer="localhost"} ${Date.parse('2027-01-01T00:00:00Z') / 1_000}`,
    )
    expect(text).not.toContain('name="old"')
  })

  it('show no time of a list that there is not', async () => {
    const metrics = new Metrics({ version: '1' })
    expect(await lineOf(metrics, 'hubgate_allowlist_updated_timestamp_seconds')).toBeUndefined()
    metrics.state(state())
    expect(await lineOf(metrics, 'hubgate_allowlist_updated_timestamp_seconds')).toBeDefined()
    metrics.state({ ...state(), listUpdated: undefined })
    expect(await lineOf(metrics, 'hubgate_allowlist_updated_timestamp_seconds')).toBeUndefined()
  })

  it('show whether the last reload was taken', async () => {
    const { observer } = observed()
    observer.reloaded({ outcome: 'refused', problems: [] })
    expect(await lineOf(observer.metrics, 'hubgate_config_last_reload_successful ')).toMatch(/ 0$/)
    observer.reloaded({ outcome: 'reloaded', generation: 2, closed: 0, changes: [] })
    expect(await lineOf(observer.metrics, 'hubgate_config_last_reload_successful ')).toMatch(/ 1$/)
  })

  it('never hold more series than their bound, and still lose no count', async () => {
    const { observer } = observed({ level: 'fatal' })
    const all = MOST_SERIES + 3_000
    for (let i = 0; i < all; i++) record(observer, delivered({ route: `/${i}` }))
    const lines = (await observer.metrics.expose())
      .split('\n')
      .filter((line) => line.startsWith('hubgate_requests_total{'))
    expect(lines).toHaveLength(MOST_SERIES + 1)
    expect(lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)).toBe(all)
  })

  it('survive a measurement that is none', async () => {
    const { observer, values } = observed()
    record(
      observer,
      delivered({ gatewayMs: Number.NaN, upstreamMs: Number.POSITIVE_INFINITY, bodyBytes: -1 }),
    )
    expect(values().map((value) => value['event.name'])).toEqual(['hubgate.request'])
  })

  it('escape what a configured name may hold', async () => {
    const { observer } = observed()
    record(observer, delivered({ app: 'a"b\\c\nd' }))
    expect(await lineOf(observer.metrics, 'hubgate_requests_total{')).toContain('app="a\\"b\\\\c\\nd"')
  })

  it('of two gateways are apart', async () => {
    const [one, two] = [observed().observer, observed().observer]
    record(one, delivered())
    expect(await lineOf(two.metrics, 'hubgate_requests_total{')).toBeUndefined()
    expect(await lineOf(two.metrics, 'process_cpu_seconds_total ')).toBeDefined()
  })
})
