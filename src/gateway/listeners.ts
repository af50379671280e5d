// The sockets that accept: one a configured address. What is accepted is handed on; nothing is decided here.
import { rm, stat } from 'node:fs/promises'
import net, { type AddressInfo, type Server, type Socket } from 'node:net'
import type { ListenAddress } from '../config/config.ts'
import { fitted, listenOnInherited } from './inherited.ts'

const BACKLOG = 511

/** @param kind of the address it came to: a peer on a Unix socket has none of its own. */
export type Accept = (socket: Socket, kind: ListenAddress['kind']) => void

/** @throws the system's error (EADDRINUSE, EACCES …), with none left listening. */
export async function listenOn(
  addresses: readonly ListenAddress[],
  accept: Accept,
): Promise<readonly Server[]> {
  const servers: Server[] = []
  try {
    for (const address of addresses) servers.push(await listen(address, accept))
    return servers
  } catch (error) {
    for (const server of servers) server.close()
    throw error
  }
}

/** The same on sockets that are open already. @throws SocketsMisfit, with none of them closed for their other holders. */
export async function listenOnOpen(
  sockets: readonly number[],
  addresses: readonly ListenAddress[],
  accept: Accept,
): Promise<readonly Server[]> {
  // Until all fit, nothing is accepted: this takes no turn of the event loop, so that who waits goes on waiting.
  const opened = sockets.map((fd) => ({ fd, server: net.createServer() }))
  const servers = opened.map(({ server }) => server)
  try {
    await Promise.all(opened.map(({ fd, server }) => listenOnInherited(server, fd)))
    for (const [server, address] of fitted('listen.address', addresses, servers)) {
      server.on('connection', (socket) => accept(socket, address.kind))
      if (address.kind === 'unix') UNIX_PATHS.set(server, address.path)
    }
    return servers
  } catch (error) {
    for (const server of servers) server.close()
    throw error
  }
}

// Of Unix sockets that others bound, of which Node tells no address.
const UNIX_PATHS = new WeakMap<Server, string>()

export function boundTo(server: Server): AddressInfo | string {
  return server.address() ?? (server.listening ? (UNIX_PATHS.get(server) ?? '') : '')
}

async function listen(address: ListenAddress, accept: Accept): Promise<Server> {
  const server = net.createServer((socket) => accept(socket, address.kind))
  if (address.kind === 'unix') await removeDeadSocket(address.path)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(target(address), () => {
      server.removeListener('error', reject)
      // EMFILE and its like: the connection is lost, the server stays.
      server.on('error', () => {})
      resolve()
    })
  })
  return server
}

function target(address: ListenAddress): net.ListenOptions {
  if (address.kind === 'unix') return { path: address.path, backlog: BACKLOG }
  const { host, port } = address
  return host === undefined ? { port, backlog: BACKLOG } : { host, port, backlog: BACKLOG }
}

// A socket file outlives its process; one that still answers belongs to somebody.
export async function removeDeadSocket(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined)
  if (found?.isSocket() !== true) return
  const alive = await new Promise<boolean>((resolve) => {
    const probe = net.connect({ path }, () => {
      probe.destroy()
      resolve(true)
    })
    probe.once('error', () => resolve(false))
  })
  if (!alive) await rm(path)
}
