// The service behind the gateway: reads each delivery, counts it and answers 200. Keeps the last one for the checks.
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import { answer, ready } from './watched.mjs'

const received = { requests: 0, bytes: 0 }
let last = { target: '', fields: [], chunks: [] }

const server = createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
  const chunks = []
  request.on('data', (chunk) => {
    chunks.push(chunk)
    received.bytes += chunk.length
  })
  request.on('end', () => {
    received.requests += 1
    last = { target: request.url, fields: request.rawHeaders, chunks }
    response.writeHead(200, ['Content-Length', '0']).end()
  })
})
answer({
  received: () => received,
  last: () => {
    const sha256 = createHash('sha256').update(Buffer.concat(last.chunks)).digest('hex')
    return { target: last.target, fields: last.fields, sha256 }
  },
})
server.listen(0, '127.0.0.1', () => ready({ port: server.address().port }))
