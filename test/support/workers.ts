// The worker processes of a `hubgate serve`, as the system knows them.
import { readFileSync, readdirSync, readlinkSync } from 'node:fs'
import { connect } from 'node:tls'
import { type TlsVersion, only } from './identity.ts'
import { type Reachable, delivery, dialTo } from './sender.ts'
import type { Served } from './served.ts'

export const twoWorkers = (yaml: string): string => yaml.replace('listen: {', 'listen: { workers: 2,')

/** Those that run now, oldest first. */
export function workerPids({ pid }: Pick<Served, 'pid'>): readonly number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return children.trim().split(' ').filter(Boolean).map(Number).filter(isWorker)
}

function isWorker(pid: number): boolean {
  try {
    return /\/worker\.(?:js|ts)\0/.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
  } catch {
    return false
  }
}

export function isAlive(pid: number): boolean {
  try {
    // A zombie has no command line.
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== ''
  } catch {
    return false
  }
}

/** Sockets of TCP connections that a process holds on one of its own ports. */
export function connectionsOf(pid: number, port: number): number {
  const hex = port.toString(16).toUpperCase().padStart(4, '0')
  const rows = readFileSync(`/proc/${pid}/net/tcp`, 'utf8').split('\n').slice(1)
  const inodes = new Set(
    rows
      .map((row) => row.trim().split(/\s+/))
      .filter(([, local = '', , state]) => local.endsWith(`:${hex}`) && state === '01')
      .map((columns) => columns[9]),
  )
  return socketsOf(pid).filter((inode) => inodes.has(inode)).length
}

function socketsOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? []
    } catch {
      return []
    }
  })
}

/** One connection that offers a session. @returns whether it was resumed, and the session to offer next. */
export function offer(
  { port, pki }: Reachable,
  version: TlsVersion,
  session: Buffer | undefined,
): Promise<{ resumed: boolean; given: Buffer | undefined }> {
  const { ca } = dialTo({ port, pki })
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: '127.0.0.1',
      port,
      ...(ca === undefined ? {} : { ca }),
      cert: pki.client.certificate,
      key: pki.client.key,
      ...only(version),
      ...(session === undefined ? {} : { session }),
    })
    let given: Buffer | undefined
    socket.on('session', (fresh: Buffer) => (given = fresh))
    socket.once('error', reject)
    // The answer comes after anything that belongs to the handshake.
    socket.once('secureConnect', () => socket.write(delivery()))
    socket.once('data', () => {
      resolve({ resumed: socket.isSessionReused(), given: given ?? socket.getSession() })
      socket.destroy()
    })
  })
}
