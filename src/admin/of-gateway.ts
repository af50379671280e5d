// A gateway as the admin listener sees it: what it is ready for, and what is merely worth showing.
import type { RefreshStatus } from '../allowlist/status.ts'
import type { RunningGateway } from '../gateway/create.ts'
import type { AnchorReport } from '../gateway/trust-keeper.ts'
import type { Administered, AdministeredAnchor, Readiness, ReadinessCheck } from './ports.ts'

export function administered(gateway: RunningGateway): Administered {
  return {
    live: () => true,
    readiness: () => readiness(gateway),
    metrics: () => gateway.metrics(),
    anchors: () => gateway.anchors.map(anchorOf),
    reload: () => gateway.reload(),
  }
}

function anchorOf({ from, until, notAfter, firstUsed, lastUsed, ...rest }: AnchorReport): AdministeredAnchor {
  const iso = (time: Date | undefined) => time?.toISOString() ?? null
  return {
    ...rest,
    from: iso(from),
    until: iso(until),
    notAfter: notAfter.toISOString(),
    firstUsed: iso(firstUsed),
    lastUsed: iso(lastUsed),
  }
}

function readiness(gateway: RunningGateway): Readiness {
  const checks = [...required(gateway), ...shown(gateway)]
  return { ready: checks.every(({ ok, required }) => ok || !required), checks }
}

function required({ ready, generation }: RunningGateway): ReadinessCheck[] {
  const { sources } = generation.config
  const list = sources.mode === 'none' ? 'switched off' : `${generation.prefixes.size} prefixes`
  return [
    {
      name: 'listening',
      ok: ready,
      required: true,
      detail: ready ? 'accepts connections' : 'starting or draining',
    },
    {
      name: 'trust',
      ok: generation.anchors.length > 0,
      required: true,
      detail: generation.anchors.map(({ name }) => name).join(', '),
    },
    {
      name: 'allow-list',
      ok: sources.mode === 'none' || generation.listUpdated !== undefined,
      required: true,
      detail: list,
    },
  ]
}

function shown({ generation, upstreams, lastRefresh, workers }: RunningGateway): ReadinessCheck[] {
  const { listUpdated, config } = generation
  const age = listUpdated === undefined ? 0 : Date.now() - listUpdated.getTime()
  const list = {
    name: 'allow-list age',
    ok: age <= config.sources.maxAge,
    required: false,
    detail: `${Math.floor(age / 3_600_000)} h`,
  }
  return [
    ...(workers === undefined ? [] : [workersCheck(workers)]),
    ...(listUpdated === undefined ? [] : [list]),
    ...(lastRefresh === undefined ? [] : [refreshCheck(lastRefresh)]),
    ...upstreams.map(({ upstream, ok, last, at }) => ({
      name: `upstream ${upstream}`,
      ok,
      required: false,
      detail: `${last} at ${at.toISOString()}`,
    })),
  ]
}

// One that is being replaced is no reason to send deliveries elsewhere: the others serve.
function workersCheck({ serving, count }: NonNullable<RunningGateway['workers']>): ReadinessCheck {
  return { name: 'workers', ok: serving === count, required: false, detail: `${serving} of ${count} accept` }
}

function refreshCheck({ outcome, time, detail }: RefreshStatus): ReadinessCheck {
  const ok = outcome === 'stored'
  return {
    name: 'allow-list refresh',
    ok,
    required: false,
    detail: `${outcome} at ${time.toISOString()}: ${detail}`,
  }
}
