// A program whose Node trusts a further root (NODE_EXTRA_CA_CERTS), as one from the operating system would be: says
// whether Node itself trusts what hangs below it, and what the gateway says to a client that does. Run by a test.
import { readFile } from 'node:fs/promises'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { connect, createServer } from 'node:tls'
import { startConsumer } from '../../../src/lab/consumer.ts'
import { delivery, dialTo, send } from '../../support/sender.ts'
import { startWorld } from '../../support/world.ts'

const [directory = ''] = process.argv.slice(2)
const [certificate, key] = await Promise.all(
  ['client.pem', 'client.key'].map((name) => readFile(join(directory, name), 'utf8')),
)
if (certificate === undefined || key === undefined) throw new Error('no identity to present')

const trustedByNode = await nodeTrusts({ certificate, key })
const consumer = await startConsumer()
const world = await startWorld({ upstream: consumer.url })
await send(world, [delivery()], { dial: dialTo(world, { identity: { certificate, key } }) })
const good = await send(world, [delivery()])
console.log(
  JSON.stringify({
    trustedByNode,
    codes: world.records.map(({ code }) => code ?? 'none'),
    received: consumer.received.length,
    good: good.answers[0]?.status,
  }),
)
await world.end()
await consumer.close()

async function nodeTrusts(identity: { certificate: string; key: string }): Promise<boolean> {
  const server = createServer({ cert: identity.certificate, key: identity.key }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const socket = connect({
    port,
    host: '127.0.0.1',
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
  })
  await once(socket, 'secureConnect')
  const { authorized } = socket
  socket.destroy()
  server.close()
  return authorized
}
