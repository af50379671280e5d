// Sockets that were opened before us and outlive us: socket activation after sd_listen_fds(3). While no hubgate runs, their
// queue keeps who connects. Which there are is read from the environment; that they fit the configuration is checked here.
import net, { type AddressInfo, type Server } from 'node:net'
import type { ListenAddress } from '../config/config.ts'

export interface InheritedSockets {
  /** Descriptors for listen.address; none: it is opened as usual. */
  readonly listen: readonly number[]
  /** The one for admin.address, named `hubgate-admin`. */
  readonly admin: number | undefined
}

/** The sockets that were handed over are not those that the configuration speaks of. */
export class SocketsMisfit extends Error {
  readonly code = 'SOCKETS_MISFIT'
}

const FIRST_DESCRIPTOR = 3
const ADMIN_NAME = 'hubgate-admin'
const VARIABLES = ['LISTEN_FDS', 'LISTEN_PID', 'LISTEN_PIDFDID', 'LISTEN_FDNAMES']

/** Takes the variables out of `env`, so that no child believes them. @returns undefined where none are for this process. */
export function takeInherited(env: NodeJS.ProcessEnv, pid: number): InheritedSockets | undefined {
  const { LISTEN_FDS: count = '', LISTEN_PID: target, LISTEN_FDNAMES: list } = env
  for (const name of VARIABLES) delete env[name]
  if (target !== String(pid) || count === '0') return undefined
  if (!/^[1-9]\d{0,2}$/.test(count))
    throw new SocketsMisfit(`LISTEN_FDS=${JSON.stringify(count)} is no number of sockets`)
  const names = list?.split(':') ?? []
  if (list !== undefined && names.length !== Number(count))
    throw new SocketsMisfit(`${count} sockets were handed over, with ${names.length} names`)
  const all = Array.from({ length: Number(count) }, (_, i) => ({ fd: FIRST_DESCRIPTOR + i, name: names[i] }))
  const [admin, another] = all.filter(({ name }) => name === ADMIN_NAME)
  if (another !== undefined) throw new SocketsMisfit(`two sockets are named ${ADMIN_NAME}; there is one`)
  return { listen: all.filter((one) => one !== admin).map(({ fd }) => fd), admin: admin?.fd }
}

/** Listens on an open socket. @throws where the descriptor is none that can listen. */
export async function listenOnInherited(server: Server, fd: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', ({ message }) =>
      reject(new SocketsMisfit(`descriptor ${fd} is no stream socket that listens: ${message}`)),
    )
    server.listen({ fd }, () => {
      server.removeAllListeners('error')
      // EMFILE and its like: the connection is lost, the server stays.
      server.on('error', () => {})
      resolve()
    })
  })
}

/**
 * Finds the address of the configuration that each open socket is for: the same port, or both Unix sockets in their order.
 * @throws SocketsMisfit where they are not one to one.
 */
export function fitted(
  setting: string,
  addresses: readonly ListenAddress[],
  servers: readonly Server[],
): ReadonlyMap<Server, ListenAddress> {
  const left = [...addresses]
  const found = new Map<Server, ListenAddress>()
  for (const server of servers) {
    const bound = server.address()
    const index = left.findIndex((address) => fits(address, bound))
    const [address] = index === -1 ? [] : left.splice(index, 1)
    if (address === undefined)
      throw new SocketsMisfit(`the socket ${boundText(bound)} that was handed over is not in ${setting}`)
    found.set(server, address)
  }
  const [missing] = left
  if (missing !== undefined)
    throw new SocketsMisfit(
      `${servers.length} of ${addresses.length} sockets of ${setting} were handed over; there is none for ${configuredText(missing)}`,
    )
  return found
}

/** Node knows no address of a Unix socket that it did not bind itself. */
type Bound = ReturnType<net.Server['address']>

function fits(address: ListenAddress, bound: Bound): boolean {
  if (!isTcp(bound)) return address.kind === 'unix'
  return address.kind === 'tcp' && (address.port === bound.port || address.port === 0)
}

function isTcp(bound: Bound): bound is AddressInfo {
  return typeof bound === 'object' && bound !== null
}

function boundText(bound: Bound): string {
  return isTcp(bound)
    ? `${net.isIPv6(bound.address) ? `[${bound.address}]` : bound.address}:${bound.port}`
    : 'of Unix'
}

function configuredText(address: ListenAddress): string {
  return address.kind === 'unix' ? `unix:${address.path}` : `${address.host ?? ''}:${address.port}`
}
