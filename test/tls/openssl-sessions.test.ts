// openssl as a client that insists: it reconnects with its session, keeps it in a file, renegotiates and sends early data.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { type Consumer, startConsumer } from '../../src/lab/consumer.ts'
import { type Asn1, context, fromDer, integer, sequence, toDer } from '../../src/lab/pki/asn1.ts'
import { CANARY_SECRET } from '../canary.ts'
import { Running, itWith, run } from '../support/programs.ts'
import { expectDelivered } from '../support/refused.ts'
import { type IdentityFiles, identityFiles, sClientArguments } from '../support/s-client.ts'
import { delivery } from '../support/sender.ts'
import { type World, startWorld } from '../support/world.ts'

let consumer: Consumer
let world: World
let client: IdentityFiles
beforeAll(async () => {
  consumer = await startConsumer({ secret: CANARY_SECRET })
  world = await startWorld({ upstream: consumer.url })
  client = await identityFiles(world, world.pki.client)
})
afterAll(async () => {
  await world.end()
  await consumer.close()
})

const test = itWith('openssl')

/** A session that the gateway gave, in a file. */
async function keepSession(version: string): Promise<string> {
  const file = join(world.directory, `session${version}.pem`)
  const openssl = new Running(
    'openssl',
    sClientArguments(world, client, [version, '-sess_out', file, '-ign_eof']),
  )
  openssl.write(delivery({ connection: 'close' }))
  const { stdout } = await openssl.ended
  openssl.done()
  expect(stdout).toContain('HTTP/1.1 200')
  return file
}

describe('openssl s_client', () => {
  test('with -reconnect gets a new session each time', async () => {
    const { stdout } = await run('openssl', sClientArguments(world, client, ['-tls1_2', '-reconnect']))
    expect(stdout.match(/^New, TLSv1\.2/gm)).toHaveLength(6)
    expect(stdout).not.toMatch(/^Reused/m)
    await expectDelivered({ world, consumer })
  })

  test.each(['-tls1_2', '-tls1_3'])('%s with a session from a file gets a new one', async (version) => {
    const file = await keepSession(version)
    const args = sClientArguments(world, client, [version, '-sess_in', file, '-ign_eof'])
    const { stdout } = await run('openssl', args, delivery({ connection: 'close' }))
    expect(stdout).toMatch(/^New, TLSv1\.[23]/m)
    expect(stdout).not.toMatch(/^Reused/m)
    expect(stdout).toContain('HTTP/1.1 200')
  })

  test.each(['-tls1_2', '-tls1_3'])('%s with a session and no certificate is refused', async (version) => {
    const file = await keepSession(version)
    const before = world.records.length
    const args = sClientArguments(world, undefined, [version, '-sess_in', file, '-ign_eof'])
    const { stdout } = await run('openssl', args, delivery({ connection: 'close' }))
    expect(stdout).not.toContain('HTTP/')
    expect(world.records.slice(before).map(({ code }) => code)).toEqual(['CERTIFICATE_MISSING'])
    await expectDelivered({ world, consumer })
  })

  test('that sends a delivery as early data is not heard', async () => {
    const session = await allowingEarlyData(await keepSession('-tls1_3'))
    const early = join(world.directory, 'early')
    await writeFile(early, delivery())
    const [recordsBefore, receivedBefore] = [world.records.length, consumer.received.length]
    const args = sClientArguments(world, client, ['-tls1_3', '-sess_in', session, '-early_data', early])
    const { stdout } = await run('openssl', args)
    expect(stdout).toContain('Early data was rejected')
    expect(consumer.received).toHaveLength(receivedBefore)
    expect(world.records.slice(recordsBefore)).toEqual([])
    await expectDelivered({ world, consumer })
  })

  test('that renegotiates gets no second handshake, and no answer', async () => {
    const receivedBefore = consumer.received.length
    const openssl = new Running('openssl', sClientArguments(world, client, ['-tls1_2']))
    expect(await openssl.saysOrEnds(/Extended master secret/)).toBe(true)
    openssl.write('R\n')
    expect(await openssl.saysOrEnds(/RENEGOTIATING/)).toBe(true)
    openssl.write(delivery({ connection: 'close' }))
    const { stdout, stderr } = await openssl.ended
    expect(stdout + stderr).toMatch(/no renegotiation/)
    expect(stdout).not.toContain('HTTP/')
    expect(consumer.received).toHaveLength(receivedBefore)
    await expectDelivered({ world, consumer })
  })
})

// openssl sends early data only where the session allows it: [15] max_early_data of its own SSL_SESSION structure, whose
// fields stand in the order of their tags.
const MAX_EARLY_DATA = 0xaf

async function allowingEarlyData(file: string): Promise<string> {
  const text = await readFile(file, 'utf8')
  const base64 = text.replaceAll(/-----[^-]+-----|\s/g, '')
  const parts = partsOf(fromDer(Buffer.from(base64, 'base64')))
  const before = parts.filter((part) => tagOf(part) < MAX_EARLY_DATA)
  const after = parts.filter((part) => tagOf(part) > MAX_EARLY_DATA)
  const allowed = [...before, context(15, [integer('4000')]), ...after]
  const lines =
    toDer(sequence(...allowed))
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  const changed = `${file}.early`
  await writeFile(
    changed,
    ['-----BEGIN SSL SESSION PARAMETERS-----', ...lines, '-----END SSL SESSION PARAMETERS-----', ''].join(
      '\n',
    ),
  )
  return changed
}

function partsOf({ value }: Asn1): readonly Asn1[] {
  return Array.isArray(value) ? value : []
}

function tagOf(part: Asn1): number {
  return toDer(part)[0] ?? 0
}
