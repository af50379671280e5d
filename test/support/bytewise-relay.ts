// A TCP relay that hands the client's bytes on one by one, each in a segment of its own.
import { once } from 'node:events'
import { type AddressInfo, type Socket, connect, createServer } from 'node:net'

export interface Relay {
  readonly port: number
  readonly close: () => void
}

/** Between its own port and `target`, both on 127.0.0.1. */
export async function bytewiseRelay(target: number): Promise<Relay> {
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const inner = connect({ host: '127.0.0.1', port: target, noDelay: true })
    for (const socket of [client, inner]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.once('close', () => {
        sockets.delete(socket)
        client.destroy()
        inner.destroy()
      })
    }
    inner.pipe(client)
    void drip(client, inner)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

async function drip(from: Socket, to: Socket): Promise<void> {
  try {
    for await (const chunk of from)
      for (const byte of chunk as Buffer) {
        to.write(Buffer.of(byte))
        await new Promise(setImmediate)
      }
  } catch {
    // One of both is gone; the other goes with it.
  }
}
