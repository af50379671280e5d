// A server of revocation lists on loopback that does as it is told, odd things too. It counts who asked.
import { once } from 'node:events'
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http'
import { type ServerOptions, createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'

export type Answer = (response: ServerResponse, request: IncomingMessage) => void

export interface ListServer {
  readonly url: string
  /** What it answers from now on: the bytes of a list, or as it is told. */
  answer: Uint8Array | Answer
  readonly asked: () => readonly IncomingMessage[]
  readonly close: () => Promise<void>
}

/** @param secure with this certificate, over https. */
export async function startListServer(
  answer: Uint8Array | Answer,
  secure?: ServerOptions,
): Promise<ListServer> {
  const asked: IncomingMessage[] = []
  const server: Server = secure === undefined ? createServer() : createSecureServer(secure)
  const listServer: ListServer = {
    get url() {
      return url
    },
    answer,
    asked: () => asked,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    asked.push(request)
    const { answer } = listServer
    if (answer instanceof Uint8Array) response.end(answer)
    else answer(response, request)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const url = `${secure === undefined ? 'http' : 'https'}://127.0.0.1:${port}/list.crl`
  return listServer
}
