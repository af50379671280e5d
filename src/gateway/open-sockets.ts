// Opens the sockets of listen.address without accepting on them: workers do, and what outlives them all is the queue of who
// connects. Sockets of socket activation (inherited.ts) come open already.
import net from 'node:net'
import { getSystemErrorName } from 'node:util'
import type { ListenAddress } from '../config/config.ts'
import { removeDeadSocket } from './listeners.ts'

export interface OpenSocket {
  readonly fd: number
  readonly close: () => void
}

/** @throws the system's error (EADDRINUSE, EACCES …), with none left open. */
export async function openSockets(addresses: readonly ListenAddress[]): Promise<readonly OpenSocket[]> {
  const opened: OpenSocket[] = []
  try {
    for (const address of addresses) opened.push(await open(address))
    return opened
  } catch (error) {
    for (const socket of opened) socket.close()
    throw error
  }
}

// net.Server would accept here as well, and has no way to stop it. What node:cluster opens its shared sockets with has no
// public name; a test on every Node version holds that it is there and does this.
interface Handle {
  readonly fd: number
  readonly close: () => void
  /** Tells that an address was in use already, where binding did not. */
  readonly getsockname?: (into: object) => number
}
type CreateHandle = (address: string | null, port: number, type: number) => Handle | number

async function open(address: ListenAddress): Promise<OpenSocket> {
  if (address.kind === 'unix') {
    await removeDeadSocket(address.path)
    return handleOf(address.path, -1, -1)
  }
  const { host, port } = address
  if (host === undefined) return handleOf(null, port, 4)
  return handleOf(host, port, net.isIPv6(host) ? 6 : 4)
}

function handleOf(...[address, port, type]: Parameters<CreateHandle>): OpenSocket {
  const create = Reflect.get(net, '_createServerHandle') as CreateHandle | undefined
  if (create === undefined)
    throw new Error('this Node opens no sockets for several processes: write listen.workers: 1')
  const handle = create(address, port, type)
  const failed = typeof handle === 'number' ? handle : (handle.getsockname?.({}) ?? 0)
  if (typeof handle === 'number' || failed !== 0) {
    if (typeof handle !== 'number') handle.close()
    throw systemError(failed, address === null ? `:${port}` : port === -1 ? address : `${address}:${port}`)
  }
  return { fd: handle.fd, close: () => handle.close() }
}

function systemError(errno: number, where: string): NodeJS.ErrnoException {
  const code = getSystemErrorName(errno)
  return Object.assign(new Error(`listen ${code}: ${where}`), { code, errno, syscall: 'listen' })
}
