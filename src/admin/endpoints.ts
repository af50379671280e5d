// What the admin listener offers: one row an endpoint. Who may ask is guard.ts, how it travels is listener.ts.
import { type AdminAnswer, json } from './answers.ts'
import type { Access, Permitted } from './guard.ts'
import type { Administered } from './ports.ts'

export interface Endpoint {
  readonly method: 'GET' | 'POST'
  readonly access: Access
  readonly answer: (administered: Administered, permitted: Permitted) => AdminAnswer | Promise<AdminAnswer>
}

export const ENDPOINTS: ReadonlyMap<string, Endpoint> = new Map<string, Endpoint>([
  ['/livez', { method: 'GET', access: 'public', answer: live }],
  ['/readyz', { method: 'GET', access: 'public', answer: ready }],
  ['/metrics', { method: 'GET', access: 'private', answer: metrics }],
  ['/api/anchors', { method: 'GET', access: 'private', answer: anchors }],
  ['/api/reload', { method: 'POST', access: 'private', answer: reload }],
])

function live(administered: Administered): AdminAnswer {
  const isLive = administered.live()
  return json(isLive ? 200 : 503, { live: isLive })
}

function ready(administered: Administered, { details }: Permitted): AdminAnswer {
  const { ready, checks } = administered.readiness()
  return json(ready ? 200 : 503, details ? { ready, checks } : { ready })
}

async function metrics(administered: Administered): Promise<AdminAnswer> {
  return {
    status: 200,
    type: 'text/plain; version=0.0.4; charset=utf-8',
    body: await administered.metrics(),
  }
}

function anchors(administered: Administered): AdminAnswer {
  return json(200, administered.anchors())
}

// 422: understood, and what it would bring was found wanting. The outcome says why.
async function reload(administered: Administered): Promise<AdminAnswer> {
  const outcome = await administered.reload()
  return json(outcome.outcome === 'reloaded' ? 200 : 422, outcome)
}
