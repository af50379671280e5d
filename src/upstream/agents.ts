// Kept connections to the upstreams: they outlive reloads, and never carry an answer nobody asked for. Those of Node's own
// client are for TLS and for http-proxy.
import type { Agent, ClientRequest, RequestOptions } from 'node:http'
import https from 'node:https'
import type { Duplex } from 'node:stream'
import type { Route } from '../domain/route.ts'
import { IDLE_MS, MAX_IDLE } from './plain-place.ts'
import { PlainPool } from './plain-pool.ts'

// An import would load all that the module offers, the fetch client behind its WebSocket included.
const { Agent: HttpAgent } = process.getBuiltinModule('node:http')

const KEPT = { keepAlive: true, timeout: IDLE_MS, scheduling: 'lifo', maxFreeSockets: MAX_IDLE } as const

export interface Agents {
  readonly plain: PlainPool
  readonly of: (route: Route) => Agent
  /** Closes every connection, those in use included. */
  readonly destroy: () => void
}

export function createAgents(): Agents {
  const plain = new PlainPool()
  const proxied = guarded(new HttpAgent(KEPT))
  const secure = guarded(new https.Agent(KEPT))
  return {
    plain,
    of: (route) => (route.upstream.protocol === 'https:' ? secure : proxied),
    destroy: () => {
      plain.destroy()
      proxied.destroy()
      secure.destroy()
    },
  }
}

// Bytes on an idle connection would be read as the answer to the next request, and acknowledge what was not done.
function guarded<A extends Agent>(agent: A): A {
  const keep = agent.keepSocketAlive.bind(agent)
  const reuse = agent.reuseSocket.bind(agent)
  const strayBytes = new WeakMap<Duplex, () => void>()
  agent.keepSocketAlive = (socket: Duplex) => {
    // Typed as void, and documented to answer whether the socket is kept.
    const kept: unknown = socket.readableLength === 0 && keep(socket)
    if (kept !== true) return false
    const destroy = () => socket.destroy()
    strayBytes.set(socket, destroy)
    socket.once('data', destroy)
    return true
  }
  agent.reuseSocket = (socket: Duplex, request: ClientRequest) => {
    const destroy = strayBytes.get(socket)
    if (destroy !== undefined) socket.removeListener('data', destroy)
    reuse(socket, request)
  }
  return agent
}

/** Where a route's upstream listens, as http.request takes it. */
export function destination(route: Route): RequestOptions {
  const { socketPath, hostname, port, protocol } = route.upstream
  return socketPath === undefined ? { protocol, host: hostname, port } : { protocol, socketPath }
}
