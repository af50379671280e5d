// The sockets that accept: one a configured address. What is accepted is handed on; nothing is decided here.
import { rm, stat } from 'node:fs/promises'
import net, { type AddressInfo, type Server, type Socket } from 'node:net'
import type { ListenAddress } from '../config/config.ts'

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

export function boundTo(server: Server): AddressInfo | string {
  return server.address() ?? ''
}

async function listen(address: ListenAddress, accept: Accept): Promise<Server> {
  const server = net.createServer({ noDelay: true }, (socket) => accept(socket, address.kind))
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
