// The metrics table: every metric hubgate has, with a registry of its own for each gateway. Labels are configured names
// and codes of the refusal table, never anything from the wire. What the process itself measures is shared by all gateways.
import type { X509Certificate } from 'node:crypto'
import { Counter, Gauge, Registry, collectDefaultMetrics } from 'prom-client'
import type { Ending } from './audit.ts'
import { type MeasuredFamily, counts, joined } from './measured.ts'
import type { Observed } from './state.ts'
import { enforcedGates, observedCertificates } from './state.ts'
import { Buckets } from './buckets.ts'
import { droppedLines } from './output.ts'
import { Tally } from './tally.ts'

/** Seconds. .25, 1 and 5 are where people set their alarms, and Meta its patience. */
const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
const BYTES = [256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216]

const ANCHOR_STATES = ['active', 'staged', 'retired'] as const

interface ObservedAnchor {
  readonly name: string
  readonly state: (typeof ANCHOR_STATES)[number]
  readonly lastUsed: Date | undefined
}

export interface MetricsOptions {
  readonly version: string
}

export class Metrics {
  readonly contentType = Registry.PROMETHEUS_CONTENT_TYPE
  readonly #registry = new Registry()
  readonly #connections = new Tally({
    name: 'hubgate_connections_total',
    help: 'Connections by outcome: admitted, refused or aborted before their first request.',
    labels: ['outcome', 'code'],
    registry: this.#registry,
  })
  readonly #requests = new Tally({
    name: 'hubgate_requests_total',
    help: 'Requests ended. route and app are empty where none was established.',
    labels: ['route', 'app', 'outcome', 'code'],
    registry: this.#registry,
  })
  readonly #anchorUses = new Tally({
    name: 'hubgate_anchor_uses_total',
    help: 'Admitted connections by the trust anchor of their certificate.',
    labels: ['anchor'],
    registry: this.#registry,
  })
  readonly #anchorTrials = new Tally({
    name: 'hubgate_anchor_trials_total',
    help: 'Refused connections that an anchor would have admitted, were it active.',
    labels: ['anchor', 'state'],
    registry: this.#registry,
  })
  readonly #anchorLastUse = this.#gauge(
    'hubgate_anchor_last_use_timestamp_seconds',
    'When an anchor last admitted a connection; absent where it never did.',
    ['anchor'],
  )
  readonly #anchorState = this.#gauge(
    'hubgate_anchor_state',
    "1 for an anchor's present state, 0 for the others. Only active ones admit.",
    ['anchor', 'state'],
  )
  readonly #requestSeconds = this.#histogram(
    'hubgate_request_duration_seconds',
    "The gateway's own part of a request.",
    SECONDS,
  )
  readonly #upstreamSeconds = this.#histogram(
    'hubgate_upstream_duration_seconds',
    "The upstream's part of a request.",
    SECONDS,
  )
  readonly #bodyBytes = this.#histogram('hubgate_body_bytes', 'Size of the bodies read.', BYTES)
  readonly #notAfter = this.#gauge(
    'hubgate_certificate_not_after_timestamp_seconds',
    'When a certificate in use expires.',
    ['role', 'name'],
  )
  readonly #nextUpdate = this.#gauge(
    'hubgate_revocation_list_next_update_timestamp_seconds',
    'Until when a revocation list is current; 0 where it does not say.',
    ['issuer'],
  )
  readonly #prefixes = this.#gauge('hubgate_allowlist_prefixes', 'Disjoint prefixes that decide.')
  readonly #listUpdated = this.#gauge(
    'hubgate_allowlist_updated_timestamp_seconds',
    'When the allow-list was last written.',
  )
  readonly #refreshSuccessful = this.#gauge(
    'hubgate_allowlist_last_refresh_successful',
    '1 where the last refresh stored a list, 0 where it failed or a guard refused.',
  )
  readonly #refreshTime = this.#gauge(
    'hubgate_allowlist_last_refresh_timestamp_seconds',
    'When the last refresh of the allow-list ended, well or not.',
  )
  readonly #observed = new Tally({
    name: 'hubgate_observed_refusals_total',
    help: 'Connections let in that a gate would have refused, were it not set to observe.',
    labels: ['gate', 'code'],
    registry: this.#registry,
  })
  readonly #gates = this.#gauge(
    'hubgate_gate_enforced',
    '1 where a gate refuses, 0 where it only observes or is off.',
    ['gate'],
  )
  readonly #reloaded = this.#gauge(
    'hubgate_config_last_reload_successful',
    '1 where the last reload was taken over (or none was yet), 0 where it was refused.',
  )

  readonly #workers = this.#gauge('hubgate_workers', 'Processes that accept connections.')

  constructor({ version }: MetricsOptions) {
    const build = this.#gauge('hubgate_build_info', 'Always 1; its labels say what runs.', [
      'version',
      'node',
    ])
    build.set({ version, node: process.versions.node }, 1)
    this.#reloaded.set(1)
    this.#workers.set(1)
    // No list yet is no time, not the year 1970.
    for (const gauge of [this.#listUpdated, this.#refreshTime, this.#refreshSuccessful]) gauge.remove()
  }

  /** Counts a record, exactly once each. */
  count(ending: Ending): void {
    const { kind, outcome, code = '', route = '', app = '' } = ending
    if (kind === 'connection') return this.#connections.add([outcome, code])
    this.#requests.add([route, app, outcome, code])
    this.#requestSeconds.count(ending.gatewayMs / 1_000)
    this.#upstreamSeconds.count(seconds(ending.upstreamMs))
    this.#bodyBytes.count(ending.bodyBytes)
  }

  /** Counts a connection whose peer and certificate were admitted. @param anchors names of the anchors it hangs under. */
  connectionAdmitted(anchors: readonly string[]): void {
    this.#connections.add(['admitted', ''])
    this.anchorsUsed(anchors)
  }

  anchorsUsed(anchors: readonly string[]): void {
    for (const anchor of anchors) this.#anchorUses.add([anchor])
  }

  /** Counts a refused connection that an anchor of this state would have admitted. */
  anchorTried({ name, state }: { readonly name: string; readonly state: string }): void {
    this.#anchorTrials.add([name, state])
  }

  /** Shows each configured anchor; one that is configured no more disappears. */
  anchors(anchors: readonly ObservedAnchor[]): void {
    this.#anchorState.reset()
    this.#anchorLastUse.reset()
    for (const { name: anchor, state: present, lastUsed } of anchors) {
      for (const state of ANCHOR_STATES) this.#anchorState.set({ anchor, state }, state === present ? 1 : 0)
      if (lastUsed !== undefined) this.#anchorLastUse.set({ anchor }, lastUsed.getTime() / 1_000)
    }
  }

  /** Shows the state that decides from now on; what it does not name any more disappears. */
  state(state: Observed): void {
    this.#prefixes.set(state.prefixes.size)
    this.#listUpdated.remove()
    if (state.listUpdated !== undefined) this.#listUpdated.set(state.listUpdated.getTime() / 1_000)
    this.#notAfter.reset()
    for (const { role, name, notAfter } of observedCertificates(state))
      this.#notAfter.set({ role, name }, notAfter.getTime() / 1_000)
    this.#nextUpdate.reset()
    for (const { issuer, nextUpdate } of state.revocation.lists)
      this.#nextUpdate.set({ issuer: commonNameOf(issuer) }, (nextUpdate?.getTime() ?? 0) / 1_000)
    this.#gates.reset()
    for (const [gate, enforced] of enforcedGates(state)) this.#gates.set({ gate }, enforced ? 1 : 0)
  }

  /** Shows how the last refresh of the list went; undefined where none is known. */
  refreshed(status: { readonly time: Date; readonly outcome: string } | undefined): void {
    if (status === undefined) return
    this.#refreshTime.set(status.time.getTime() / 1_000)
    this.#refreshSuccessful.set(status.outcome === 'stored' ? 1 : 0)
  }

  /** Counts what an observing gate would have refused, once a connection. */
  observed(gate: string, code: string): void {
    this.#observed.add([gate, code])
  }

  reloaded(taken: boolean): void {
    this.#reloaded.set(taken ? 1 : 0)
  }

  /** @returns everything in Prometheus' text format, of the type `contentType`. */
  async expose(): Promise<string> {
    const parts = await Promise.all([this.#registry.metrics(), processMetrics().metrics()])
    return parts.join('\n')
  }

  /** @param count how many processes serve, where others do so in this one's place. */
  workers(count: number): void {
    this.#workers.set(count)
  }

  /** Of a worker: what it counts. What it knows of the state, its supervisor knows as well. */
  async measured(): Promise<readonly MeasuredFamily[]> {
    const [own, process] = await this.#families()
    return [...own.filter(counts), ...process]
  }

  /** @returns what `expose` does, for this process and others together. */
  async exposeWith(others: readonly (readonly MeasuredFamily[])[]): Promise<string> {
    const [own, process] = await this.#families()
    // Of gauges that mean nothing in a sum (when a process started) this one's stay.
    const first = process.map((one) => (one.aggregator === 'omit' ? asFirst(one) : one))
    return joined([[...own, ...first], ...others]).metrics()
  }

  async #families(): Promise<[MeasuredFamily[], MeasuredFamily[]]> {
    return [await this.#registry.getMetricsAsJSON(), await processMetrics().getMetricsAsJSON()]
  }

  #histogram(name: string, help: string, bounds: readonly number[]): Buckets {
    return new Buckets({ name, help, bounds, registers: [this.#registry] })
  }

  #gauge<Label extends string>(name: string, help: string, labels: readonly Label[] = []): Gauge<Label> {
    return new Gauge({ name, help, labelNames: [...labels], registers: [this.#registry] })
  }
}

function asFirst(one: MeasuredFamily): MeasuredFamily {
  return { ...one, aggregator: 'first' }
}

// Of an anchor or of an intermediate from a file that the configuration names.
function commonNameOf({ subject }: X509Certificate): string {
  return /(?:^|\n)CN=([^\n]*)/.exec(subject)?.[1] ?? subject
}

function seconds(milliseconds: number | undefined): number | undefined {
  return milliseconds === undefined ? undefined : milliseconds / 1_000
}

let ofProcess: Registry | undefined

// Memory, CPU, event loop, GC, standard output: one set of observers a process, however many gateways it holds.
function processMetrics(): Registry {
  if (ofProcess === undefined) {
    ofProcess = new Registry()
    collectDefaultMetrics({ register: ofProcess })
    ofProcess.registerMetric(
      new Counter({
        name: 'hubgate_log_lines_dropped_total',
        help: 'Lines of the log that were dropped, because whoever reads it fell too far behind.',
        registers: [],
        collect() {
          this.reset()
          this.inc(droppedLines())
        },
      }),
    )
  }
  return ofProcess
}
