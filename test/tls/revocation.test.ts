// Revocation through real handshakes: what the lists revoke is refused, what no list can tell is admitted or refused by mode.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Config } from '../../src/config/config.ts'
import { type Consumer, startConsumer } from '../../src/lab/consumer.ts'
import { type ClientIdentity, metaShaped } from '../../src/lab/pki/authorities.ts'
import { type Issued, issue } from '../../src/lab/pki/certificate.ts'
import { type CrlOptions, issueCrl } from '../../src/lab/pki/crl.ts'
import { CANARY_SECRET } from '../canary.ts'
import { manyEntries, manySerial } from '../support/crl-lists.ts'
import { type ListServer, startListServer } from '../support/crl-server.ts'
import { type TlsVersion, expectClientAdmitted, expectClientRefused, only } from '../support/identity.ts'
import { delivery, open, readToEnd } from '../support/sender.ts'
import { type Pki, type World, fileAnchor, pki, startWorld } from '../support/world.ts'
import { below } from './cases/case.ts'

const YESTERDAY = new Date(Date.now() - 86_400_000)
const WEEK_AGO = new Date(Date.now() - 7 * 86_400_000)
const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const

let made: Pki
let consumer: Consumer
const ends: (() => Promise<unknown>)[] = []
beforeAll(async () => {
  made = await pki()
  consumer = await startConsumer({ secret: CANARY_SECRET })
})
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end()
})
afterAll(() => consumer.close())

const REVOKED = '4a00000000000000000000000000bad1'
const GOOD = '4a0000000000000000000000000600d1'

/** The two lab authorities, with serials that are known. */
interface Chains {
  readonly intermediate: Issued
  /** Below Meta's lab root itself. */
  readonly direct: (serial: string) => ClientIdentity
  /** Below an intermediate of DigiCert's lab root. */
  readonly through: (serial: string) => ClientIdentity
}

function chains(): Chains {
  const intermediate = below(made.digicert.root, 'Lab Listed Intermediate', { serial: REVOKED })
  return {
    intermediate,
    direct: (serial) => made.meta.client({ serial }),
    through: (serial) => made.digicert.client({ serial, issuer: intermediate, chain: [intermediate] }),
  }
}

const list = (issuer: Issued, options: Partial<CrlOptions> = {}) => issueCrl({ issuer, ...options }).list

interface Revoking {
  readonly mode: 'soft' | 'hard'
  /** By name, each a file. */
  readonly lists: Readonly<Record<string, string | Uint8Array>>
  /** Further files beside them. */
  readonly more?: Readonly<Record<string, string>>
  readonly change?: (config: Config) => Config
}

async function worldWith({ mode, lists, more = {}, change = (config) => config }: Revoking): Promise<World> {
  const world = await startWorld({
    upstream: consumer.url,
    files: { ...lists, ...more },
    change: (config) =>
      change({
        ...config,
        client: {
          ...config.client,
          revocation: {
            ...config.client.revocation,
            mode,
            files: Object.keys(lists).map((name) => join(config.state, name)),
          },
        },
      }),
  })
  ends.push(world.end)
  return world
}

const as = (identity: ClientIdentity, version: TlsVersion = 'TLSv1.3') => ({ identity, tls: only(version) })

describe.each(VERSIONS)('with %s, a client', (version) => {
  describe.each(['soft', 'hard'] as const)('where lists are current and revocation is %s', (mode) => {
    it('is refused when its issuer has revoked it, and admitted when not', async () => {
      const { direct } = chains()
      const world = await worldWith({
        mode,
        lists: {
          'meta.crl': list(made.meta.root, { revoked: [REVOKED] }),
          'digicert.crl': list(made.digicert.root),
        },
      })
      const stage = { world, consumer }
      const { detail } = await expectClientRefused(stage, 'CERTIFICATE_REVOKED', as(direct(REVOKED), version))
      expect(detail).toMatch(/^CN=client\.webhooks\.fbclientcerts\.com, serial 4A0+BAD1, is on its issuer's/)
      await expectClientAdmitted(stage, as(direct(GOOD), version))
    })

    it('is refused when the intermediate above it was revoked', async () => {
      const { intermediate, through } = chains()
      const world = await worldWith({
        mode,
        lists: {
          'meta.crl': list(made.meta.root),
          'digicert.crl': list(made.digicert.root, { revoked: [REVOKED] }),
          'intermediate.pem': intermediate.certificate + list(intermediate),
        },
      })
      const { detail } = await expectClientRefused(
        { world, consumer },
        'CERTIFICATE_REVOKED',
        as(through(GOOD), version),
      )
      expect(detail).toMatch(/^CN=Lab Listed Intermediate, serial/)
    })

    it('is judged by the list of its intermediate where the certificate of that came with the list', async () => {
      const { intermediate, through } = chains()
      const world = await worldWith({
        mode,
        lists: {
          'meta.crl': list(made.meta.root),
          'digicert.crl': list(made.digicert.root),
          'intermediate.pem': intermediate.certificate + list(intermediate, { revoked: ['bad2'] }),
        },
      })
      const stage = { world, consumer }
      await expectClientRefused(stage, 'CERTIFICATE_REVOKED', as(through('bad2'), version))
      await expectClientAdmitted(stage, as(through(GOOD), version))
    })
  })
})

describe('where no current list can tell', () => {
  const gaps = (): readonly (readonly [name: string, lists: Revoking['lists'], because: RegExp])[] => [
    [
      'the list is out of date',
      {
        'meta.crl': list(made.meta.root),
        'digicert.crl': list(made.digicert.root, { thisUpdate: WEEK_AGO, nextUpdate: YESTERDAY }),
        'intermediate.pem': INTERMEDIATE.certificate + list(INTERMEDIATE),
      },
      /the revocation list of .*Lab High Assurance EV Root CA is out of date \(nextUpdate 20/,
    ],
    [
      'the list says of no time when it ends',
      {
        'meta.crl': list(made.meta.root),
        'digicert.crl': list(made.digicert.root, { nextUpdate: 'omit' }),
        'intermediate.pem': INTERMEDIATE.certificate + list(INTERMEDIATE),
      },
      /is out of date \(nextUpdate missing\)/,
    ],
    [
      'there is no list of its issuer',
      {
        'meta.crl': list(made.meta.root),
        'digicert.crl': list(made.digicert.root),
        'intermediate.pem': INTERMEDIATE.certificate,
      },
      /there is no revocation list for CN=client/,
    ],
    [
      'its intermediate is not known here',
      { 'meta.crl': list(made.meta.root), 'digicert.crl': list(made.digicert.root) },
      /neither an anchor nor an intermediate beside the lists/,
    ],
  ]
  let INTERMEDIATE: Issued
  beforeAll(() => {
    INTERMEDIATE = below(made.digicert.root, 'Lab Listed Intermediate')
  })
  const client = () => made.digicert.client({ issuer: INTERMEDIATE, chain: [INTERMEDIATE] })

  it.each([0, 1, 2, 3])('soft admits, and hard refuses with the reason (case %i)', async (at) => {
    const [, lists, because] = gaps()[at] ?? ['', {}, /none/]
    const soft = await worldWith({ mode: 'soft', lists })
    await expectClientAdmitted({ world: soft, consumer }, as(client()))
    const hard = await worldWith({ mode: 'hard', lists })
    const { detail } = await expectClientRefused(
      { world: hard, consumer },
      'CERTIFICATE_REVOKED',
      as(client()),
    )
    expect(detail).toMatch(/^cannot be told, and revocation is hard: /)
    expect(detail).toMatch(because)
  })

  it('is shouted at start: a list that is out of date, and an anchor without one', async () => {
    const { logged } = await worldWith({
      mode: 'soft',
      lists: { 'digicert.crl': list(made.digicert.root, { thisUpdate: WEEK_AGO, nextUpdate: YESTERDAY }) },
    })
    expect(logged()).toMatch(/the list of [^"]*Lab High Assurance EV Root CA is out of date since 20/)
    expect(logged()).toContain('there is no revocation list of anchor \\"meta-lab\\"')
  })

  it('an old list still revokes: nothing is ever taken back by time', async () => {
    const world = await worldWith({
      mode: 'soft',
      lists: {
        'meta.crl': list(made.meta.root, {
          revoked: [REVOKED],
          thisUpdate: WEEK_AGO,
          nextUpdate: YESTERDAY,
        }),
      },
    })
    await expectClientRefused(
      { world, consumer },
      'CERTIFICATE_REVOKED',
      as(made.meta.client({ serial: REVOKED })),
    )
  })

  it('hard without any list does not start, soft does', async () => {
    await expect(worldWith({ mode: 'hard', lists: {} })).rejects.toThrow(
      /is hard, and there is no revocation list: every client would be refused/,
    )
    await worldWith({ mode: 'soft', lists: {} })
  })
})

describe('a list of a file', () => {
  it.each([
    ['that is empty', () => '', /empty/],
    ['that is garbage', () => 'not found', /file: |list/],
    ['of an authority that is not configured', () => list(metaShaped().root), /sign|issuer|authority/],
    [
      'with a signature of the wrong key',
      () => list({ ...metaShaped().root, subject: made.meta.root.subject }),
      /sign/,
    ],
    [
      'whose second block is cut off',
      () => list(made.meta.root) + list(made.digicert.root).slice(0, 200),
      /cut off|garbled/,
    ],
  ])('%s stops the start, in words', async (_name, content, message) => {
    const starting = worldWith({ mode: 'soft', lists: { 'odd.crl': content() } })
    await expect(starting).rejects.toThrow(message)
    await expect(starting).rejects.toThrow(/odd\.crl/)
  })

  it('may be that of an anchor that is staged or retired: its list is there before it, and after it', async () => {
    const lists = { 'meta.crl': list(made.meta.root), 'digicert.crl': list(made.digicert.root) }
    const world = await worldWith({ mode: 'hard', lists })
    for (const state of ['retired', 'staged', 'active'] as const) {
      const { client } = world.config
      const anchors = client.anchors.map((anchor) =>
        anchor.name === 'digicert-lab' ? { ...anchor, state } : anchor,
      )
      const outcome = await world.gateway.reload({ ...world.config, client: { ...client, anchors } })
      expect(outcome).toMatchObject({ outcome: 'reloaded' })
    }
  })

  it('of ten megabytes is taken, and revokes each of its serials', async () => {
    const world = await worldWith({
      mode: 'hard',
      lists: {
        'meta.crl': issueCrl({ issuer: made.meta.root, revoked: manyEntries(300_000) }).der,
        'digicert.crl': list(made.digicert.root),
      },
    })
    const stage = { world, consumer }
    for (const number of [0, 150_000, 299_999])
      await expectClientRefused(
        stage,
        'CERTIFICATE_REVOKED',
        as(made.meta.client({ serial: manySerial(number).toLowerCase() })),
      )
    await expectClientAdmitted(stage, as(made.meta.client({ serial: manySerial(300_000).toLowerCase() })))
  })

  it('that is replaced closes the open connections of whom it revokes now, and leaves the others alone', async () => {
    const world = await worldWith({
      mode: 'hard',
      lists: { 'meta.crl': list(made.meta.root), 'digicert.crl': list(made.digicert.root) },
    })
    const revoked = await open(world, { identity: made.meta.client({ serial: REVOKED }) })
    const stays = await open(world, { identity: made.meta.client({ serial: GOOD }) })
    await expect.poll(() => world.gateway.load.connections).toBe(2)
    const end = readToEnd(revoked)
    await writeFile(
      join(world.directory, 'meta.crl'),
      list(made.meta.root, { revoked: [REVOKED], number: '2' }),
    )
    expect(await end).toBe('')
    stays.write(delivery({ connection: 'close' }))
    expect(await readToEnd(stays)).toMatch(/^HTTP\/1\.1 200 /)
    expect(world.logged()).toMatch(/reloaded: revocation lists/)
  })
})

describe('lists that the gateway fetches by itself', () => {
  interface Fetching {
    readonly world: World
    readonly server: ListServer
    readonly root: Issued
    readonly client: (serial: string) => ClientIdentity
  }

  /** An anchor that names the server as its distribution point, beside Meta's, whose list is a file. */
  async function fetching(
    answer: (root: Issued) => Parameters<typeof startListServer>[0],
  ): Promise<Fetching> {
    const server = await startListServer(() => undefined)
    ends.push(server.close)
    const root = issue({
      subject: [{ type: 'CN', value: 'Lab Root With Address' }],
      authority: {},
      key: 'p-256',
      distributionPoints: [server.url],
    })
    server.answer = answer(root)
    const world = await worldWith({
      mode: 'soft',
      lists: { 'meta.crl': list(made.meta.root) },
      more: { 'addressed.pem': root.certificate },
      change: (config) => ({
        ...config,
        client: {
          ...config.client,
          anchors: [
            ...config.client.anchors.slice(0, 1),
            fileAnchor('addressed', join(config.state, 'addressed.pem')),
          ],
        },
      }),
    })
    return { world, server, root, client: (serial) => made.meta.client({ serial, issuer: root }) }
  }

  it('are those that an anchor names; they come in without a reload by hand, and close who they revoke', async () => {
    const { world, server, client } = await fetching(
      (root) => issueCrl({ issuer: root, revoked: [REVOKED] }).der,
    )
    await expect.poll(() => world.gateway.generation.revocation.lists.length, { timeout: 10_000 }).toBe(2)
    const stage = { world, consumer }
    await expectClientRefused(stage, 'CERTIFICATE_REVOKED', as(client(REVOKED)))
    await expectClientAdmitted(stage, as(client(GOOD)))
    expect(server.asked().length).toBe(1)
  })

  it.each([
    ['is signed by somebody else', () => issueCrl({ issuer: metaShaped().root }).der, /refused/],
    ['is a page', () => Buffer.from('<!doctype html>sign in'), /refused|failed/],
    [
      'is cut off',
      (root: Issued) => issueCrl({ issuer: root, revoked: [REVOKED] }).der.subarray(0, 200),
      /refused|failed/,
    ],
  ] as const)('where the answer %s, it is shouted and nothing changes', async (_name, answer, outcome) => {
    const { world, client } = await fetching(answer)
    await expect
      .poll(() => world.logged(), { timeout: 10_000 })
      .toMatch(new RegExp(`hubgate\\.revocation\\.(?:${outcome.source})`))
    expect(world.gateway.generation.revocation.lists).toHaveLength(1)
    await expectClientAdmitted({ world, consumer }, as(client(REVOKED)))
  })

  it('where nobody answers there, it is shouted, and soft admits', async () => {
    const { world, client } = await fetching(() => (response) => response.destroy())
    await expect.poll(() => world.logged(), { timeout: 10_000 }).toMatch(/hubgate\.revocation\.failed/)
    await expectClientAdmitted({ world, consumer }, as(client(GOOD)))
  })

  it('are never fetched from an address that a client names', async () => {
    const { world, server } = await fetching((root) => issueCrl({ issuer: root }).der)
    const named = await startListServer(() => undefined)
    ends.push(named.close)
    await expect.poll(() => world.gateway.generation.revocation.lists.length, { timeout: 10_000 }).toBe(2)
    await expectClientAdmitted(
      { world, consumer },
      as(made.meta.client({ serial: GOOD, distributionPoints: [named.url] })),
    )
    expect(server.asked()).toHaveLength(1)
    expect(named.asked()).toEqual([])
  })
})
