// The same verdicts for programs that nobody here wrote: `openssl s_client` and curl, each with a client certificate.
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { sign } from '../../src/domain/signature.ts'
import { type Consumer, startConsumer } from '../../src/lab/consumer.ts'
import type { ClientIdentity } from '../../src/lab/pki/authorities.ts'
import { CANARY_SECRET } from '../canary.ts'
import { itWith, run } from '../support/programs.ts'
import { expectDelivered } from '../support/refused.ts'
import { identityFiles, sClientArguments } from '../support/s-client.ts'
import { BODY, delivery } from '../support/sender.ts'
import { type World, pki, startWorld } from '../support/world.ts'
import { type Authorities, type Case, oddAnchors } from './cases/case.ts'
import { CHAINS } from './cases/chains.ts'
import { AUTHORITIES } from './cases/authorities.ts'
import { DEPTH } from './cases/depth.ts'
import { EXTENSIONS } from './cases/extensions.ts'
import { FITNESS } from './cases/fitness.ts'
import { KEYS } from './cases/keys.ts'
import { NAMES } from './cases/names.ts'

const PICKED = [
  'Meta-shaped: below the root itself',
  'DigiCert-shaped: with an intermediate, under a root that signed itself with SHA-1',
  'its key is P-384',
  'there is none',
  'it is self-signed',
  'it is below a root that is no anchor, and brings it along',
  'its intermediate is missing',
  'two authorities stand above it, the upper one with path length 0',
  'it expired yesterday',
  'it is for servers only',
  'it names no purpose',
  'it is an authority',
  'its key is RSA-1024',
  'its CN is another name',
  'its CN is a suffix',
  'its CN is a NUL and more behind it',
  'the right name stands after another one',
  'the right name stands in O after a line end that poses as CN',
]
const TABLE = [...CHAINS, ...AUTHORITIES, ...DEPTH, ...EXTENSIONS, ...FITNESS, ...KEYS, ...NAMES]
const ROWS = PICKED.map((picked): Case => {
  const found = TABLE.find(({ name }) => name === picked)
  if (found === undefined) throw new Error(`no case is called "${picked}"`)
  return found
})

/** curl itself refuses to load a key this weak. */
const FOR_CURL = ROWS.filter(({ name }) => name !== 'its key is RSA-1024')

let authorities: Authorities
let consumer: Consumer
let world: World
beforeAll(async () => {
  const { meta, digicert } = await pki()
  authorities = { meta, digicert, odd: oddAnchors() }
  consumer = await startConsumer({ secret: CANARY_SECRET })
  world = await startWorld({ upstream: consumer.url })
})
afterAll(async () => {
  await world.end()
  await consumer.close()
})

/** @returns everything that came back over TLS. It ends when the gateway closes, as the request asks for. */
async function withOpenssl(
  identity: ClientIdentity | undefined,
  version: '-tls1_2' | '-tls1_3',
): Promise<string> {
  const files = identity === undefined ? undefined : await identityFiles(world, identity)
  const args = sClientArguments(world, files, [version, '-quiet', '-ign_eof'])
  const { stdout } = await run('openssl', args, delivery({ connection: 'close' }))
  return stdout
}

/** @returns the answer's head. */
async function withCurl(identity: ClientIdentity | undefined, version: string): Promise<string> {
  const files = identity === undefined ? undefined : await identityFiles(world, identity)
  const presented = files === undefined ? [] : ['--cert', files.chain, '--key', files.key]
  const tls = ['--tlsv1.2', '--tls-max', version, '--cacert', join(world.directory, 'server.pem')]
  const peer = ['--noproxy', '*', '--resolve', `localhost:${world.port}:127.0.0.1`]
  const fields = ['Content-Type: application/json', `X-Hub-Signature-256: ${sign(BODY, CANARY_SECRET)}`]
  const request = [...fields.flatMap((field) => ['--header', field]), '--data-binary', '@-', '--http1.1']
  const url = `https://localhost:${world.port}/webhooks/meta`
  const output = ['--silent', '--dump-header', '-']
  const { stdout } = await run('curl', [...output, ...tls, ...presented, ...peer, ...request, url], BODY)
  return stdout
}

async function expectVerdict({ verdict }: Case, speak: () => Promise<string>): Promise<void> {
  const recordsBefore = world.records.length
  const receivedBefore = consumer.received.length
  const heard = await speak()
  const code = verdict === 'admitted' ? undefined : verdict
  expect(world.records.slice(recordsBefore).map((record) => record.code)).toEqual([code])
  if (code === undefined) expect(heard).toMatch(/^HTTP\/1\.1 200 /)
  else expect(heard).toBe('')
  expect(consumer.received.length - receivedBefore).toBe(code === undefined ? 1 : 0)
  await expectDelivered({ world, consumer })
}

describe.each(['-tls1_2', '-tls1_3'] as const)('openssl s_client %s with a certificate', (version) => {
  itWith('openssl').each(ROWS)('$name: $verdict', (row) =>
    expectVerdict(row, () => withOpenssl(row.present(authorities), version)),
  )
})

describe.each(['1.2', '1.3'])('curl with TLS %s and a certificate', (version) => {
  itWith('curl').each(FOR_CURL)('$name: $verdict', (row) =>
    expectVerdict(row, () => withCurl(row.present(authorities), version)),
  )
})
