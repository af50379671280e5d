// A route that relays, as it is once a configuration was read.
import type { Route } from '../../src/domain/route.ts'
import { parseUpstream } from '../../src/domain/upstream-url.ts'

export function routeTo(url: string, changed: Partial<Route> = {}): Route {
  return {
    path: '/in',
    mode: 'relay',
    answer: 'status',
    challenge: 'answer',
    host: 'received',
    clientCert: false,
    timeout: 1,
    upstream: parseUpstream(url),
    apps: [],
    keys: [],
    tokens: [],
    ...changed,
  }
}
