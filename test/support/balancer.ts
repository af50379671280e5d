// A load balancer that passes TCP on behind a PROXY header of the test's choice. What speaks TLS to it speaks to the gateway.
import { once } from 'node:events'
import { type AddressInfo, type NetConnectOpts, type Socket, connect, createServer } from 'node:net'

export interface Balancer {
  readonly port: number
  readonly close: () => void
}

export interface BalancerOptions {
  readonly to: NetConnectOpts
  readonly header: string | Uint8Array
  /**
   * joined: the header in one segment with the first bytes behind it. apart: alone, and the rest a while later. bytewise:
   * both byte by byte. A number: cut there, with the first bytes behind it in the second part.
   */
  readonly sends?: 'joined' | 'apart' | 'bytewise' | number
}

export async function startBalancer({ to, header, sends = 'joined' }: BalancerOptions): Promise<Balancer> {
  const sockets = new Set<Socket>()
  const head = Buffer.from(header)
  const server = createServer((client) => {
    const inner = connect({ noDelay: true, ...to })
    let isReset = false
    for (const socket of [client, inner]) {
      sockets.add(socket)
      socket.on('error', (error: NodeJS.ErrnoException) => (isReset ||= error.code === 'ECONNRESET'))
      socket.once('close', () => {
        sockets.delete(socket)
        inner.destroy()
        if (isReset && client.remoteAddress !== undefined) client.resetAndDestroy()
        else client.destroy()
      })
    }
    inner.on('data', (chunk: Buffer) => client.write(chunk))
    inner.once('end', () => client.end())
    client.once('data', (first: Buffer) => {
      client.pause()
      void write(inner, { head, first, sends }).then(() => client.pipe(inner))
    })
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

interface Beginning {
  readonly head: Buffer
  readonly first: Buffer
  readonly sends: NonNullable<BalancerOptions['sends']>
}

async function write(socket: Socket, { head, first, sends }: Beginning): Promise<void> {
  const whole = Buffer.concat([head, first])
  for (const part of partsOf(whole, sends === 'apart' ? head.length : sends)) {
    socket.write(part)
    // Far more than loopback takes, so that the parts arrive one by one.
    await new Promise((resolve) => setTimeout(resolve, sends === 'bytewise' ? 1 : 5))
  }
}

function partsOf(bytes: Buffer, sends: number | 'joined' | 'bytewise'): readonly Buffer[] {
  if (sends === 'joined') return [bytes]
  if (sends === 'bytewise') return Array.from(bytes, (byte) => Buffer.of(byte))
  return [bytes.subarray(0, sends), bytes.subarray(sends)].filter((part) => part.length > 0)
}
