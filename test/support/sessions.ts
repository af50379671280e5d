// Clients that keep TLS sessions and offer them again, and gateways whose TLS is weakened so far that this would work.
import {
  type ConnectionOptions,
  type SecureContext,
  type Server,
  type TLSSocket,
  type TlsOptions,
  createSecureContext,
} from 'node:tls'
import type { ClientIdentity } from '../../src/lab/pki/authorities.ts'
import type { Exchange } from '../../src/lab/exchange.ts'
import { type Terms, tlsOptions } from '../../src/tls/context.ts'
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
      tls: only(version, session === undefined ? { ...tls } : { ...tls, session: offered(session, tls) }),
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

// From 22.23 and 24.21 on Node's client notes for which name a session was given, and offers it for no other; another
// client may. What it does not know the name of it offers where it verifies nobody.
const NOTED = Buffer.from('\0nodejs:tls:session:1\0')

function offered(session: Buffer, tls: ConnectionOptions | undefined): Buffer {
  if (tls?.rejectUnauthorized !== false || session.indexOf(NOTED) !== 0) return session
  return session.subarray(NOTED.length + 2 + session.readUInt16BE(NOTED.length))
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

/** What the world's listener speaks TLS with. */
export function tlsOf({ gateway }: Pick<World, 'gateway'>): { terms: Terms; server: Server } {
  const { terms, servers } = gateway.generation
  if (terms === undefined || servers.tls === undefined) throw new Error('it speaks plain HTTP')
  return { terms, server: servers.tls }
}

/** Takes protections from the TLS server of the world's present generation. @returns it. */
export function weaken(
  world: Pick<World, 'gateway'>,
  { tickets = false, store, ticketKeys, sessionIdContext }: Weakening,
): Server {
  const { terms, server } = tlsOf(world)
  const weak = {
    ...(tickets ? { secureOptions: 0 } : {}),
    ...(ticketKeys === undefined ? {} : { ticketKeys }),
    ...(sessionIdContext === undefined ? {} : { sessionIdContext }),
  }
  server.setSecureContext({ ...tlsOptions(terms), ...weak })
  replaceOthers(server, terms, weak)
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

// The contexts of further names. Node has no public way to replace what chooses among them.
function replaceOthers(server: Server, terms: Terms, weak: TlsOptions): void {
  const symbol = Object.getOwnPropertySymbols(server).find(({ description }) => description === 'snicallback')
  if (symbol === undefined) throw new Error('this Node keeps its SNICallback elsewhere')
  const others = terms.identities.slice(1).map((identity) => ({
    leaf: identity.leaf,
    context: createSecureContext({ ...tlsOptions({ ...terms, identities: [identity] }), ...weak }),
  }))
  const choose = (name: string, done: (error: null, context: SecureContext | undefined) => void) =>
    done(null, others.find(({ leaf }) => leaf.checkHost(name) !== undefined)?.context)
  if (others.length > 0) Reflect.set(server, symbol, choose)
}
