// Kept connections to the upstreams: they outlive reloads, and never carry an answer nobody asked for.
import http from 'node:http'
import https from 'node:https'
import type { Duplex } from 'node:stream'
import type { Route } from '../domain/route.ts'

// Below the 5 s after which Node's own server, the commonest upstream, closes an idle connection: a request written
// just as it closes is lost, and a POST must not be sent twice.
const IDLE_MS = 4_000
const KEPT = { keepAlive: true, timeout: IDLE_MS, scheduling: 'lifo', maxFreeSockets: 256 } as const

export interface Agents {
  readonly of: (route: Route) => http.Agent
  /** Closes every connection, those in use included. */
  readonly destroy: () => void
}

export function createAgents(): Agents {
  const plain = guarded(new http.Agent(KEPT))
  const secure = guarded(new https.Agent(KEPT))
  return {
    of: (route) => (route.upstream.protocol === 'https:' ? secure : plain),
    destroy: () => {
      plain.destroy()
      secure.destroy()
    },
  }
}

// Bytes on an idle connection would be read as the answer to the next request, and acknowledge what was not done.
function guarded<A extends http.Agent>(agent: A): A {
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
  agent.reuseSocket = (socket: Duplex, request: http.ClientRequest) => {
    const destroy = strayBytes.get(socket)
    if (destroy !== undefined) socket.removeListener('data', destroy)
    reuse(socket, request)
  }
  return agent
}

/** Where a route's upstream listens, as http.request takes it. */
export function destination(route: Route): http.RequestOptions {
  const { socketPath, hostname, port, protocol } = route.upstream
  return socketPath === undefined ? { protocol, host: hostname, port } : { protocol, socketPath }
}
