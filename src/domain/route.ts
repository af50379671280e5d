// A route as requests see it: an exact path, the apps that may sign for it, and where deliveries go.
import type { SigningKey } from './signature.ts'

export type RouteMode = 'relay' | 'unsigned'

export interface Upstream {
  /** As configured, without user information; for records. */
  readonly label: string
  readonly protocol: 'http:' | 'https:'
  readonly socketPath?: string
  readonly hostname: string
  readonly port: number
  /** The Host field where `host: upstream` is set. */
  readonly authority: string
  /** Replaces the request's path. */
  readonly path: string
}

export interface Route {
  readonly path: string
  readonly mode: RouteMode
  /** status: the upstream's status alone is passed on; full: its status, Content-Type and body. */
  readonly answer: 'status' | 'full'
  /** answer: the challenge is answered by us; forward: by the upstream. */
  readonly challenge: 'answer' | 'forward'
  /** received: Host as received; upstream: the upstream's own. */
  readonly host: 'received' | 'upstream'
  /** RFC 9440 Client-Cert is sent to the upstream. */
  readonly clientCert: boolean
  /** Milliseconds from the first byte sent to the upstream to the end of its answer. */
  readonly timeout: number
  readonly upstream: Upstream
  readonly apps: readonly string[]
  readonly keys: readonly SigningKey[]
  readonly tokens: readonly string[]
}

/** The methods a route answers, for the Allow field. */
export function methodsOf(route: Route): readonly string[] {
  const answersGet = route.mode === 'unsigned' || route.challenge === 'forward' || route.tokens.length > 0
  return answersGet ? ['GET', 'POST'] : ['POST']
}
