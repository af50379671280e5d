// What bench/native/upstream.c does, for machines without a compiler: reads each delivery, counts it and answers 200.
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import { createInterface } from 'node:readline'

const received = { requests: 0, bytes: 0 }
let keeping = false
let last = { head: '', sha256: '' }

const server = createServer({ keepAliveTimeout: 300_000 }, (request, response) => {
  const chunks = []
  request.on('data', (chunk) => {
    if (keeping) chunks.push(chunk)
    received.bytes += chunk.length
  })
  request.on('end', () => {
    received.requests += 1
    if (keeping)
      last = {
        head: headOf(request),
        sha256: createHash('sha256').update(Buffer.concat(chunks)).digest('hex'),
      }
    response.writeHead(200, ['Content-Length', '0']).end()
  })
})
createInterface({ input: process.stdin })
  .on('line', (line) => {
    if (line === 'keep' || line === 'forget') keeping = line === 'keep'
    say(line === 'last' ? last : received)
  })
  .on('close', () => process.exit(0))
server.listen(0, '127.0.0.1', 4096, () => say({ port: server.address().port }))

function headOf({ method, url, rawHeaders }) {
  const fields = rawHeaders.flatMap((name, i) => (i % 2 === 0 ? [`${name}: ${rawHeaders[i + 1]}`] : []))
  return Buffer.from([`${method} ${url} HTTP/1.1`, ...fields].join('\r\n'), 'latin1').toString('hex')
}

function say(told) {
  process.stdout.write(`${JSON.stringify(told)}\n`)
}
