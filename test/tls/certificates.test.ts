// Every certificate a client may come with, through real handshakes of TLS 1.2 and 1.3, each with its one verdict.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Consumer, startConsumer } from '../../src/lab/consumer.ts'
import type { ClientIdentity } from '../../src/lab/pki/authorities.ts'
import { CANARY_SECRET } from '../canary.ts'
import {
  type Presented,
  type TlsVersion,
  expectClientAdmitted,
  expectClientRefused,
  only,
} from '../support/identity.ts'
import { sendRaw } from '../support/raw-delivery-as.ts'
import { type World, fileAnchor, pki, startWorld } from '../support/world.ts'
import { type Authorities, type Case, oddAnchors } from './cases/case.ts'
import { CHAINS } from './cases/chains.ts'
import { FITNESS } from './cases/fitness.ts'
import { AUTHORITIES } from './cases/authorities.ts'
import { CONSTRAINTS } from './cases/constraints.ts'
import { DEPTH } from './cases/depth.ts'
import { ENCODING } from './cases/encoding.ts'
import { EXTENSIONS } from './cases/extensions.ts'
import { KEYS } from './cases/keys.ts'
import { NAMES } from './cases/names.ts'

const TABLES = {
  chain: CHAINS,
  depth: DEPTH,
  authorities: AUTHORITIES,
  constraints: CONSTRAINTS,
  fitness: FITNESS,
  key: KEYS,
  extensions: EXTENSIONS,
  encoding: ENCODING,
  name: NAMES,
} as const

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
  const presented = presentedAs(row, version)
  if (row.verdict === 'admitted') {
    const { leaf, anchor } = await expectClientAdmitted({ world, consumer }, presented)
    expect(leaf?.commonNames).toEqual(['client.webhooks.fbclientcerts.com'])
    // Where Node gives no more than the leaf, every anchor that may stand above an intermediate is named.
    if (row.anchor !== undefined) expect(anchor?.split(' or ')).toContain(row.anchor)
    return
  }
  const codes = row.orFailed === true ? [row.verdict, 'TLS_FAILED' as const] : [row.verdict]
  const { code, detail, phase } = await expectClientRefused({ world, consumer }, codes, presented)
  expect(phase).toBe(code === 'TLS_FAILED' ? 'handshake' : 'identity')
  if (row.because !== undefined && code === row.verdict) expect(detail).toMatch(row.because)
}

/** One a row, for keys are slow to make. */
const made = new Map<Case, ClientIdentity | undefined>()

function presentedAs(row: Case, version: TlsVersion): Presented {
  const identity = made.has(row) ? made.get(row) : row.present(authorities)
  made.set(row, identity)
  const presented = { identity, tls: only(version) }
  if (row.raw === undefined || identity === undefined) return presented
  return { ...presented, send: (to) => sendRaw(to, identity, { version, proof: row.proof }) }
}

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('with %s, a client certificate', (version) => {
  describe.each(Object.entries(TABLES))('by its %s', (_by, rows) => {
    it.each(rows)('$name: $verdict', (row) => expectVerdict(row, version))
  })
})

describe('the tables', () => {
  const rows = Object.values(TABLES).flat()

  it('hold 340 cases at least, each of its own name', () => {
    expect(rows.length).toBeGreaterThanOrEqual(340)
    const names = Object.entries(TABLES).flatMap(([by, of]) => of.map(({ name }) => `${by}: ${name}`))
    expect(names.filter((name, i) => names.indexOf(name) < i)).toEqual([])
  })

  it('hold what is admitted, and every way to be refused for a certificate that needs no revocation list', () => {
    expect(new Set(rows.map(({ verdict }) => verdict))).toEqual(
      new Set([
        'admitted',
        'CERTIFICATE_MISSING',
        'CERTIFICATE_UNTRUSTED',
        'CERTIFICATE_EXPIRED',
        'CERTIFICATE_PROFILE',
        'COMMON_NAME_MISMATCH',
        'TLS_FAILED',
      ]),
    )
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
