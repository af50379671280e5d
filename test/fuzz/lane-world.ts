// One gateway below TLS: real connections, gates, budget, HTTP server and lanes; played upstreams; records that are kept.
import { parseAddress, parsePrefix } from '../../src/domain/address.ts'
import type { CertificateFacts } from '../../src/domain/facts.ts'
import type { Leaf } from '../../src/domain/leaf.ts'
import { prefixTable } from '../../src/domain/prefix-table.ts'
import { directPolicy } from '../../src/gates/policy.ts'
import { runGates } from '../../src/gates/run.ts'
import { BodyBudget } from '../../src/gateway/body-budget.ts'
import { BodyBuffers } from '../../src/gateway/body-buffers.ts'
import type { Connection } from '../../src/gateway/connection.ts'
import { Connections } from '../../src/gateway/connections.ts'
import type { Generation } from '../../src/gateway/generation.ts'
import { enterLane } from '../../src/gateway/lanes.ts'
import { type RequestServer, awaitNextRequest, requestServer } from '../../src/gateway/request-phase.ts'
import { routeTable } from '../../src/gateway/routes.ts'
import type { Shared } from '../../src/gateway/shared.ts'
import type { Config } from '../../src/config/config.ts'
import type { Ending, Origin } from '../../src/observe/audit.ts'
import type { Observer } from '../../src/observe/observer.ts'
import { UpstreamHealth } from '../../src/upstream/health.ts'
import { PlayedUpstream } from './played-upstream.ts'
import { type Kind, RELOADS, type Reload, configOf, reloaded } from './settings.ts'
import { Wire } from './wire.ts'

export type Lane = 'fast' | 'general'

export interface Kept {
  readonly ending: Ending
  readonly origin: Origin
}

export class LaneWorld {
  readonly upstream = new PlayedUpstream()
  readonly budget = new BodyBudget(0)
  readonly connections = new Connections()
  records: Kept[] = []
  faults: unknown[] = []
  draining = false
  /** Connections that were handed to the HTTP server when they were gone already: it hears of no end of theirs. */
  takenDead = 0
  onRecord: (ending: Ending) => void = () => {}
  readonly #shared: Shared
  readonly #buffers = new BodyBuffers()
  readonly #kind: Kind
  readonly #first: Generation
  readonly #next = new Map<Reload, Generation>()
  #current: Generation

  constructor(lane: Lane, kind: Kind) {
    this.#kind = kind
    this.connections.stop()
    const observer = {
      record: (ending: Ending, origin: Origin) => {
        this.records.push({ ending, origin })
        this.onRecord(ending)
      },
      fault: (error: unknown) => void this.faults.push(error),
    } as unknown as Observer
    this.#shared = {
      observer,
      connections: this.connections,
      budget: this.budget,
      buffers: this.#buffers,
      agents: this.upstream.agents,
      health: new UpstreamHealth(),
      // For handshakes, of which there are none.
      trustKeeper: undefined as unknown as Shared['trustKeeper'],
      generation: () => this.#current,
      draining: () => this.draining,
      awaitNextRequest: (connection) => awaitNextRequest(this.#shared, connection),
    }
    const plain = configOf(kind)
    const config = { ...plain, listen: { ...plain.listen, fastLane: lane === 'fast' } }
    this.#first = this.#generationOf(config, undefined)
    this.#current = this.#first
    for (const reload of RELOADS)
      this.#next.set(reload, this.#generationOf(reloaded(config, reload), this.#first))
  }

  /** As it was before the last stream. @param bytes of bodies that fit beside those in flight. */
  reset(bytes?: number): void {
    this.records = []
    this.faults = []
    this.draining = false
    this.takenDead = 0
    this.#current = this.#first
    this.budget.limit = bytes ?? this.#first.config.limits.bodiesInMemory
  }

  reload(to: Reload): void {
    this.#current = this.#next.get(to) ?? this.#first
  }

  /** A connection that every gate up to its first request admitted, on its lane. */
  open(): { readonly connection: Connection; readonly wire: Wire } {
    const wire = new Wire()
    const { socket } = wire
    const connection = this.connections.meet(socket, this.#current)
    this.connections.open(connection)
    this.connections.settle(connection, connection.peerAddress)
    connection.secure = socket
    const facts = certificateFor(this.#kind)
    connection.client = { facts, anchors: [], der: facts.leaf === undefined ? undefined : DER, chain: [] }
    this.connections.secured(connection, socket)
    const { policy } = this.#current
    const address = parseAddress(wire.remoteAddress)
    const admitted =
      connection.takes(runGates(policy.connection, { address, open: 1, openFromAddress: 1 })) &&
      connection.takes(runGates(policy.identity, { certificate: facts }))
    if (!admitted) throw new Error('a client that should be admitted is not')
    connection.recorded = true
    connection.phase = 'request'
    enterLane(this.#shared, connection, socket)
    return { connection, wire }
  }

  end(): void {
    this.#buffers.clear()
    const servers = [this.#first, ...this.#next.values()].map(({ servers: { http } }) => http)
    for (const server of new Set(servers)) server.retire()
  }

  #watched({ take, retire }: RequestServer): RequestServer {
    return {
      take: (socket) => {
        if (socket.destroyed) this.takenDead += 1
        take(socket)
      },
      retire,
    }
  }

  #generationOf(config: Config, before: Generation | undefined): Generation {
    const { client, sources, limits } = config
    const prefixes = prefixTable(['31.13.64.0/18'].map(parsePrefix))
    const policy = directPolicy({
      prefixes,
      sources: sources.mode,
      require: client.require,
      commonNames: client.commonNames,
      pins: client.pins,
      revocation: client.revocation.mode,
      limits,
    })
    // As in create.ts: made anew only where its settings changed.
    const same = before !== undefined && before.config.limits.idleTimeout === limits.idleTimeout
    const http = same ? before.servers.http : this.#watched(requestServer(this.#shared, limits))
    const servers = { tls: undefined, http }
    const parts = { config, prefixes, policy, servers, routes: routeTable(config), front: undefined }
    const id = before === undefined ? 1 : before.id + 1
    // Neither lane reads the rest of it.
    return Object.freeze({ ...parts, id, anchors: [] }) as unknown as Generation
  }
}

const DER = Buffer.from('3003020101', 'hex')

const LEAF: Leaf = {
  version: 3,
  serial: '01',
  commonNames: ['client.webhooks.fbclientcerts.com'],
  commonNameTypes: ['UTF8String'],
  subject: 'CN=client.webhooks.fbclientcerts.com',
  issuer: 'CN=played',
  notBefore: new Date(0),
  notAfter: new Date('2100-01-01'),
  signatureAlgorithm: '1.2.840.113549.1.1.11',
  signatureDigest: undefined,
  key: { kind: 'rsa', bits: 2048, exponent: '10001' },
  spkiFingerprint: '00'.repeat(32),
  keyUsage: ['digitalSignature'],
  extendedKeyUsage: ['1.3.6.1.5.5.7.3.2'],
  isAuthority: false,
  criticalExtensions: [],
  fingerprint: '11'.repeat(32),
}

const VERIFIED: CertificateFacts = {
  leaf: LEAF,
  authorized: true,
  error: undefined,
  resumed: false,
  revocation: undefined,
}

function certificateFor(kind: Kind): CertificateFacts {
  // Under `observe` one that would be refused, so that its observations are in the records.
  if (kind === 'observe') return { ...VERIFIED, leaf: { ...LEAF, commonNames: ['client.example'] } }
  return kind === 'anonymous' ? { ...VERIFIED, leaf: undefined, authorized: false } : VERIFIED
}
