// Clients that keep TLS sessions and offer them again, and gateways whose TLS is weakened so far that this would work.
import type { ConnectionOptions, Server, TLSSocket } from 'node:tls'
import type { ClientIdentity } from '../../src/lab/pki/authorities.ts'
import type { Exchange } from '../../src/lab/exchange.ts'
import { tlsOptions } from '../../src/tls/context.ts'
import { type TlsVersion, only } from './identity.ts'
import { delivery, dialTo, send } from './sender.ts'
import type { World } from './world.ts'

export interface Visit {
  readonly version: TlsVersion
  readonly identity: ClientIdentity | undefined
  /** Offered, as bytes that an earlier visit was given. */
  readonly session?: Buffer | undefined
  /** Where to, if not to the world's gateway. */
  readonly port?: number
  /** Name to ask for, or whom to trust instead of the world's server. */
  readonly tls?: ConnectionOptions
  /** Default: a good delivery. */
  readonly request?: Uint8Array
}

export interface Visited {
  readonly exchange: Exchange
  readonly resumed: boolean
  /** The last one given. */
  readonly session: Buffer | undefined
}

/** One connection with one request. */
export async function visit(world: World, visit: Visit): Promise<Visited> {
  const { version, identity, session, tls, port = world.port, request = delivery() } = visit
  const { ca } = dialTo(world)
  let resumed = false
  let given: Buffer | undefined
  const exchange = await send(world, [request], {
    dial: {
      host: '127.0.0.1',
      port,
      ...(ca === undefined ? {} : { ca }),
      ...(identity === undefined ? {} : { identity }),
      tls: only(version, session === undefined ? { ...tls } : { ...tls, session }),
    },
    opened: (socket) => {
      const secured = socket as TLSSocket
      resumed = secured.isSessionReused()
      if (version === 'TLSv1.2') given = secured.getSession()
      // With TLS 1.3 it comes after the handshake.
      else secured.on('session', (session: Buffer) => (given = session))
    },
  })
  return { exchange, resumed, session: given }
}

export interface Weakening {
  /** Hands out tickets: SSL_OP_NO_TICKET is gone. */
  readonly tickets?: boolean
  /** Keeps sessions and finds them again by their id. */
  readonly store?: Map<string, Buffer>
  readonly ticketKeys?: Buffer
  /** Instead of a context of its own. */
  readonly sessionIdContext?: string
}

/** Takes protections from the TLS server of the world's present generation. @returns it. */
export function weaken(
  world: Pick<World, 'gateway'>,
  { tickets = false, store, ticketKeys, sessionIdContext }: Weakening,
): Server {
  const { terms, servers } = world.gateway.generation
  const server = servers.tls
  server.setSecureContext({
    ...tlsOptions(terms),
    ...(tickets ? { secureOptions: 0 } : {}),
    ...(ticketKeys === undefined ? {} : { ticketKeys }),
    ...(sessionIdContext === undefined ? {} : { sessionIdContext }),
  })
  if (store !== undefined) {
    server.on('newSession', (id: Buffer, session: Buffer, done: () => void) => {
      store.set(id.toString('hex'), session)
      done()
    })
    server.on('resumeSession', (id: Buffer, done: (error: null, session: Buffer | null) => void) =>
      done(null, store.get(id.toString('hex')) ?? null),
    )
  }
  return server
}
