// The gateway as it is usually written: https and http-proxy, each rule where it first comes to mind, and no known waste: what a
// connection proves is looked at once, the list is a net.BlockList, connections to the upstream are kept.
import { createHmac, timingSafeEqual } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Agent } from 'node:http'
import { createServer } from 'node:https'
import { BlockList, isIPv6 } from 'node:net'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import proxies from 'http-proxy'
import { ready } from './watched.mjs'

const [, , directory, upstream] = process.argv
const secret = process.env.BENCH_SECRET
const file = (name) => readFileSync(join(directory, name))
const { path, commonName } = JSON.parse(file('facts.json'))
const LONGEST = 4 * 1024 * 1024

const allowed = new BlockList()
for (const prefix of file('as32934.txt').toString().split('\n')) {
  const [network, length] = prefix.split('/')
  allowed.addSubnet(network, Number(length), familyOf(network))
}
const proxy = proxies.createProxyServer({
  target: `http://127.0.0.1:${upstream}`,
  agent: new Agent({ keepAlive: true, maxFreeSockets: 512 }),
})
/** Whether a connection's certificate has the right name. */
const known = new WeakMap()
const answer = (response, status) => response.writeHead(status, { 'Content-Length': 0 }).end()
proxy.on('error', (_error, _request, response) => answer(response, 502))

const server = createServer(
  {
    cert: file('server.pem'),
    key: file('server.key'),
    ca: file('anchor.pem'),
    requestCert: true,
    keepAliveTimeout: 300_000,
  },
  (request, response) => {
    const status = refusal(request)
    if (status !== undefined) {
      answer(response, status)
      return
    }
    const chunks = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks)
      if (isSigned(body, request.headers['x-hub-signature-256']))
        proxy.web(request, response, { buffer: Readable.from([body]) })
      else answer(response, 403)
    })
  },
)
server.on('connection', (socket) => {
  const { remoteAddress: address } = socket
  if (address === undefined || !allowed.check(address, familyOf(address))) socket.resetAndDestroy()
})
server.on('secureConnection', (socket) => {
  known.set(socket, socket.getPeerCertificate().subject?.CN === commonName)
})
server.on('clientError', (_error, socket) => socket.destroy())
server.listen(0, '127.0.0.1', 4096, () => ready({ port: server.address().port }))

function refusal({ socket, method, url, headers }) {
  if (known.get(socket) !== true) return 403
  if (method !== 'POST' || url !== path) return 404
  return Number(headers['content-length']) <= LONGEST ? undefined : 413
}

function isSigned(body, field = '') {
  const hex = /^sha256=([0-9a-f]{64})$/.exec(field)?.[1]
  return (
    hex !== undefined &&
    timingSafeEqual(createHmac('sha256', secret).update(body).digest(), Buffer.from(hex, 'hex'))
  )
}

function familyOf(address) {
  return isIPv6(address) ? 'ipv6' : 'ipv4'
}
