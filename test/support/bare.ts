// Bare TCP connections to a world's gateway, for what comes before TLS stands.
import type { AuditRecord } from '../../src/observe/audit.ts'
import { open, readToEnd } from './sender.ts'
import type { World } from './world.ts'

export interface Ended {
  /** Everything that came back. */
  readonly answer: Buffer
  readonly record: AuditRecord
}

/** Sends bytes, then waits until the gateway ends the connection. */
export async function sendBare(world: World, bytes: Uint8Array): Promise<Ended> {
  const socket = await open(world, { tls: false })
  const { localPort } = socket
  const end = readToEnd(socket)
  socket.write(bytes)
  const answer = Buffer.from(await end, 'latin1')
  return { answer, record: await recordOf(world, localPort) }
}

/** Sends bytes, and goes away after the first that comes back. */
export async function sendBareAndGo(world: World, bytes: Uint8Array): Promise<Ended> {
  const socket = await open(world, { tls: false })
  const { localPort } = socket
  const answer = new Promise<Buffer>((resolve, reject) => {
    socket.once('data', resolve)
    socket.once('close', () => reject(new Error('closed without a byte')))
  })
  socket.write(bytes)
  const first = await answer
  socket.destroy()
  return { answer: first, record: await recordOf(world, localPort) }
}

export function recordOf(world: World, port: number | undefined): Promise<AuditRecord> {
  return world.record(({ peerPort }) => peerPort === port)
}
