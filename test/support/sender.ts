// Speaks to a world's gateway as Meta's client does, with its certificate: whole requests, raw bytes, or a socket to play with.
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { type Dial, dial } from '../../src/lab/dial.ts'
import { type Exchange, type ExchangeOptions, type Step, exchange } from '../../src/lab/exchange.ts'
import { type DeliveryOptions, deliveryBytes } from '../../src/lab/request.ts'
import { CANARY_SECRET } from '../canary.ts'
import type { World } from './world.ts'

export const BODY = Buffer.from('{"object":"page","entry":[]}')

/** Milliseconds: far above what anything here takes, so that only a hang fails. */
const PATIENCE = 15_000

/** A gateway that can be reached, and what its client and server certificates are made of. */
export type Reachable = Pick<World, 'port' | 'pki'>

/** How to reach a world's gateway with the certificate Meta would present. */
export function dialTo({ port, pki }: Reachable, change: Partial<Dial> = {}): Dial {
  return { host: '127.0.0.1', port, ca: pki.server.certificate, identity: pki.client, ...change }
}

/** Sends the steps on a connection of their own. */
export function send(
  world: Reachable,
  steps: readonly Step[],
  options: Partial<ExchangeOptions> = {},
): Promise<Exchange> {
  return exchange({ dial: dialTo(world), deadline: PATIENCE, closeGrace: PATIENCE, ...options, steps })
}

/** A good delivery, but for what is changed. */
export function delivery(changes: Partial<DeliveryOptions> = {}): Buffer {
  const plain = { authority: 'gateway.example', path: '/webhooks/meta', body: BODY, secret: CANARY_SECRET }
  return deliveryBytes({ ...plain, ...changes })
}

/** A connection that stands, with nothing sent yet. @throws where it does not come to stand. */
export async function open(world: Reachable, change: Partial<Dial> = {}): Promise<Socket | TLSSocket> {
  const opened = await dial(dialTo(world, change), PATIENCE)
  if (opened.outcome === 'failed') throw new Error(`no connection: ${opened.ended}, ${opened.error}`)
  return opened.socket
}

/** Resolves when the socket has closed, in whichever way. */
export function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once('close', () => resolve())
  })
}

/** Everything that comes until the peer closes or resets, as Latin-1. */
export function readToEnd(socket: Socket): Promise<string> {
  const chunks: Buffer[] = []
  return new Promise((resolve) => {
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    socket.once('close', () => resolve(Buffer.concat(chunks).toString('latin1')))
  })
}
