// What this machine can do on loopback: IPv6, addresses besides 127.0.0.1, and which ports are free.
import { type Server, createServer } from 'node:net'

export interface Machine {
  readonly addresses: boolean
  readonly ipv6: boolean
}

export async function inspectMachine(): Promise<Machine> {
  const [addresses, ipv6] = await Promise.all([portOn('127.0.0.2', 0), portOn('::1', 0)])
  return { addresses: addresses !== undefined, ipv6: ipv6 !== undefined }
}

/** @returns a port free on all of these hosts: the one asked for, or any where `port` is 0; undefined where there is none. */
export async function freePort(hosts: readonly string[], port: number): Promise<number | undefined> {
  const [first = '127.0.0.1', ...others] = hosts
  for (let attempt = 0; attempt < 5; attempt++) {
    const found = await portOn(first, port)
    if (found === undefined) return undefined
    const free = await Promise.all(others.map((host) => portOn(host, found)))
    if (free.every((one) => one !== undefined)) return found
    if (port !== 0) return undefined
  }
  return undefined
}

async function portOn(host: string, port: number): Promise<number | undefined> {
  const server = createServer()
  try {
    return await listening(server, { host, port })
  } catch {
    return undefined
  } finally {
    server.close()
  }
}

function listening(server: Server, where: { host: string; port: number }): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(where, () => {
      const address = server.address()
      resolve(typeof address === 'object' ? address?.port : undefined)
    })
  })
}
