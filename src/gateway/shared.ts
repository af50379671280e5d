// What the phases share: the present generation, the connections, the budget, and where records go.
import type { Observer } from '../observe/observer.ts'
import type { Agents } from '../upstream/agents.ts'
import type { UpstreamHealth } from '../upstream/health.ts'
import type { BodyBuffers } from './body-buffers.ts'
import type { BodyBudget } from './body-budget.ts'
import type { Connection } from './connection.ts'
import type { Connections } from './connections.ts'
import type { Generation } from './generation.ts'
import type { TrustKeeper } from './trust-keeper.ts'

export interface Shared {
  readonly observer: Observer
  readonly connections: Connections
  readonly budget: BodyBudget
  readonly buffers: BodyBuffers
  readonly agents: Agents
  readonly health: UpstreamHealth
  readonly trustKeeper: TrustKeeper
  readonly generation: () => Generation
  readonly draining: () => boolean
  /** Sets the deadline of a connection that has nothing in flight. */
  readonly awaitNextRequest: (connection: Connection) => void
}
