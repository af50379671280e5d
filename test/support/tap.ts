// A wire between a client and a gateway that passes every byte on, and tells how the gateway's side ended: by FIN or by RST.
import { once } from 'node:events'
import { type AddressInfo, type Socket, connect, createServer } from 'node:net'

export type WireEnd = 'orderly' | 'reset'

export interface Tap {
  readonly port: number
  /** How each connection ended, in the order of their ends. */
  readonly ends: readonly WireEnd[]
  readonly close: () => Promise<void>
}

export async function tapTo(port: number): Promise<Tap> {
  const ends: WireEnd[] = []
  const open = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const gateway = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    let end: WireEnd = 'orderly'
    gateway.on('error', () => {
      end = 'reset'
      client.destroy()
    })
    gateway.once('close', () => ends.push(end))
    client.on('error', () => gateway.destroy())
    for (const socket of [client, gateway]) {
      open.add(socket)
      socket.once('close', () => open.delete(socket))
    }
    client.pipe(gateway)
    gateway.pipe(client)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    ends,
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      for (const socket of open) socket.destroy()
      await closed
    },
  }
}
