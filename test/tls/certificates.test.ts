// Every certificate a client may come with, through real handshakes of TLS 1.2 and 1.3, each with its one verdict.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Consumer, startConsumer } from '../../src/lab/consumer.ts'
import { CANARY_SECRET } from '../canary.ts'
import { type TlsVersion, expectClientAdmitted, expectClientRefused, only } from '../support/identity.ts'
import { type World, fileAnchor, pki, startWorld } from '../support/world.ts'
import { type Authorities, type Case, oddAnchors } from './cases/case.ts'
import { CHAINS } from './cases/chains.ts'
import { FITNESS } from './cases/fitness.ts'
import { NAMES } from './cases/names.ts'

let authorities: Authorities
let consumer: Consumer
let world: World
beforeAll(async () => {
  const { meta, digicert } = await pki()
  authorities = { meta, digicert, odd: oddAnchors() }
  const { expired, future, twins } = authorities.odd
  const anchors = { expired, future, 'twin-1': twins[0], 'twin-2': twins[1] }
  consumer = await startConsumer({ secret: CANARY_SECRET })
  world = await startWorld({
    upstream: consumer.url,
    files: Object.fromEntries(
      Object.entries(anchors).map(([name, { certificate }]) => [`${name}.pem`, certificate]),
    ),
    change: (config) => ({
      ...config,
      client: {
        ...config.client,
        anchors: [
          ...config.client.anchors,
          ...Object.keys(anchors).map((name) => fileAnchor(name, `${config.state}/${name}.pem`)),
        ],
      },
    }),
  })
})
afterAll(async () => {
  await world.end()
  await consumer.close()
})

async function expectVerdict(row: Case, version: TlsVersion): Promise<void> {
  const presented = { identity: row.present(authorities), tls: only(version) }
  if (row.verdict === 'admitted') {
    const { leaf, anchor } = await expectClientAdmitted({ world, consumer }, presented)
    expect(leaf?.commonNames).toEqual(['client.webhooks.fbclientcerts.com'])
    // Where Node gives no more than the leaf, every anchor that may stand above an intermediate is named.
    if (row.anchor !== undefined) expect(anchor?.split(' or ')).toContain(row.anchor)
    return
  }
  const { detail, phase } = await expectClientRefused({ world, consumer }, row.verdict, presented)
  expect(phase).toBe(row.verdict === 'TLS_FAILED' ? 'handshake' : 'identity')
  if (row.because !== undefined) expect(detail).toMatch(row.because)
}

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('with %s, a client certificate', (version) => {
  describe('by its chain', () => {
    it.each(CHAINS)('$name: $verdict', (row) => expectVerdict(row, version))
  })
  describe('by its fitness', () => {
    it.each(FITNESS)('$name: $verdict', (row) => expectVerdict(row, version))
  })
  describe('by its name', () => {
    it.each(NAMES)('$name: $verdict', (row) => expectVerdict(row, version))
  })
})

describe('after all of them', () => {
  it('nothing is open, and no refused connection was recorded twice', async () => {
    await expect.poll(() => world.gateway.load).toEqual({ connections: 0, requests: 0, bodyBytes: 0 })
    const ids = world.records.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    expect(world.records.filter(({ code }) => code === 'INTERNAL_ERROR')).toEqual([])
  })
})
