// Plays a front or a load balancer that is not here: takes a client's bytes, puts before or into them what that front says of the
// client, and passes everything on to a gateway.
import { once } from 'node:events'
import { type AddressInfo, type Socket, connect, createServer } from 'node:net'
import { parseAddress } from '../../src/domain/address.ts'
import { FRONTS } from '../../src/fronts/fronts.ts'
import { FRONT_FIELDS, type FrontName, type Fronted } from '../support/front-sender.ts'
import { inet6, version2 } from '../support/proxy-headers.ts'

/** Where the emulated ones stand: in no list, and in `listen.trustedPeers`. */
export const FRONT_ADDRESS = '127.0.0.9'

/** Whose connections are played from now on. */
export type Client = Required<Pick<Fronted, 'address'>> & Fronted

export interface Emulated {
  readonly port: number
  readonly plays: (client: Client) => void
  readonly close: () => void
}

type Begin = (client: Client, first: Buffer) => Buffer

export async function startEmulated(gateway: number, begin: Begin): Promise<Emulated> {
  const sockets = new Set<Socket>()
  let current: Client | undefined
  const server = createServer({ noDelay: true }, (socket) => {
    const inner = connect({
      host: '127.0.0.1',
      port: gateway,
      localAddress: FRONT_ADDRESS,
      noDelay: true,
    })
    for (const one of [socket, inner]) {
      sockets.add(one)
      one.on('error', () => {})
      one.once('close', () => {
        sockets.delete(one)
        // What has arrived from the gateway goes out; the client's own end leaves nobody to write to.
        if (one === inner) socket.end()
        else inner.destroy()
      })
    }
    inner.pipe(socket)
    socket.once('data', (first: Buffer) => {
      if (current === undefined) throw new Error('nobody to play')
      inner.write(begin(current, first))
      socket.pipe(inner)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    plays: (client) => (current = client),
    close: () => {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

/** A load balancer that passes TLS on behind a PROXY header of version 2. */
export const withProxyHeader: Begin = ({ address }, first) => {
  const parsed = parseAddress(address)
  if (parsed === undefined) throw new Error(`${address} is no address`)
  const hex = parsed.words.map((word) => word.toString(16).padStart(8, '0')).join('')
  const header =
    parsed.family === 4
      ? version2({ addresses: Buffer.from(`${hex}c00002019c4001bb`, 'hex') })
      : version2({ family: 0x21, addresses: inet6(hex) })
  return Buffer.concat([header, first])
}

/**
 * A front that ends TLS: what the client says of its certificate in the front's own fields is taken away, as each of them does;
 * a client's X-Forwarded-For stays, and the address is added behind it. Everything else goes on as it came.
 */
export const withFieldsOf =
  (front: FrontName): Begin =>
  (client, first) => {
    const text = first.toString('latin1')
    const end = /\r?\n(?=\r?\n)/.exec(text)
    // Too large for one piece, and so for a head.
    if (end === null) return first
    const own = FRONTS[front].fields.map(({ name }) => name).filter((name) => name !== 'X-Forwarded-For')
    const forged = new RegExp(`\\n(?:${own.join('|')}):[^\\n]*(?=\\n)`, 'gi')
    const head = text
      .slice(0, end.index)
      .concat('\n')
      .replaceAll(forged, '')
      .replace(/\r?\n$/, '')
    const lines = FRONT_FIELDS[front](client).map(([name, value]) => `${end[0]}${name}: ${value}`)
    return Buffer.from(`${head}${lines.join('')}${text.slice(end.index)}`, 'latin1')
  }
