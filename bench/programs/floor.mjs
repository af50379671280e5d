// The floor: a bare Node https server that demands the client certificate, reads the body and answers 200. Nothing else.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { join } from 'node:path'
import { answer, ready } from './watched.mjs'

const directory = process.argv[2]
const file = (name) => readFileSync(join(directory, name))
const received = { requests: 0, bytes: 0 }

const server = createServer(
  {
    cert: file('server.pem'),
    key: file('server.key'),
    ca: file('anchor.pem'),
    requestCert: true,
    keepAliveTimeout: 300_000,
  },
  (request, response) => {
    request.on('data', (chunk) => {
      received.bytes += chunk.length
    })
    request.on('end', () => {
      received.requests += 1
      response.writeHead(200, ['Content-Length', '0']).end()
    })
  },
)
// A client that is refused, or goes away, is no event here.
server.on('clientError', (_error, socket) => socket.destroy())
answer({ received: () => received })
server.listen(0, '127.0.0.1', 4096, () => ready({ port: server.address().port }))
