// Stands for your service in compose.yaml, until yours takes its place: checks the signature again, answers 200, says what came.
// SECRET_FILE: the file with the app secret. PORT: default 3000. Plain JavaScript without dependencies; nothing in hubgate uses it.
import { createHmac, timingSafeEqual } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'

const { PORT = '3000', SECRET_FILE } = process.env
if (SECRET_FILE === undefined) throw new Error('SECRET_FILE has to name the file with the app secret')
const secret = readFileSync(SECRET_FILE, 'utf8').replace(/\n$/, '')

const server = createServer((request, response) => {
  take(request, response).catch(() => response.destroy())
})
server.listen(Number(PORT), () => console.log(`sample consumer on port ${server.address().port}`))
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(0))

async function take(request, response) {
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  const body = Buffer.concat(chunks)
  const fits = isSignedBy(request.headers['x-hub-signature-256'], body)
  console.log(
    `${request.method} ${request.url}: ${body.length} bytes, signature ${fits ? 'fits' : 'does not fit'}`,
  )
  response.writeHead(fits ? 200 : 403).end()
}

function isSignedBy(field, body) {
  const digest = Buffer.from(`sha256=${createHmac('sha256', secret).update(body).digest('hex')}`)
  const presented = Buffer.from(field ?? '')
  return presented.length === digest.length && timingSafeEqual(presented, digest)
}
