// Behind a load balancer that passes TCP on: the client that the PROXY header names is the one that is judged, recorded,
// counted and passed on, however the header arrives.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { keptClient } from '../support/kept-client.ts'
import {
  type Proxied,
  expectDeliveredThrough,
  expectRefusedAtOnce,
  sendBare,
  startProxied,
  through,
} from '../support/proxied.ts'
import { SSL, inet6, summed, tlv, version1, version2 } from '../support/proxy-headers.ts'
import { until } from '../support/routes.ts'
import { delivery, send } from '../support/sender.ts'

const META6 = inet6('2a032880000000000000000000000001')

let stage: Proxied
beforeAll(async () => {
  stage = await startProxied(undefined, { 'other.txt': '2a03:2880::/32\n' })
})
afterAll(() => stage.end())

describe('a good delivery', () => {
  it.each<[string, string | Buffer, string, string]>([
    ['version 1, IPv4', version1(), '31.13.64.1', '31.13.64.0/18'],
    ['version 1, IPv6', version1('2a03:2880::1'), '2a03:2880::1', '2a03:2880::/32'],
    ['version 1, IPv4-mapped', version1('::ffff:31.13.64.1'), '31.13.64.1', '31.13.64.0/18'],
    ['version 2, IPv4', version2(), '31.13.64.1', '31.13.64.0/18'],
    ['version 2, IPv6', version2({ family: 0x21, addresses: META6 }), '2a03:2880::1', '2a03:2880::/32'],
    [
      'version 2, IPv4-mapped',
      version2({ family: 0x21, addresses: inet6('00000000000000000000ffff1f0d4001') }),
      '31.13.64.1',
      '31.13.64.0/18',
    ],
    ['version 2 with fields', summed({ tlvs: [SSL, tlv(5, 'id')] }), '31.13.64.1', '31.13.64.0/18'],
    [
      'version 2, the longest',
      version2({ tlvs: [tlv(4, Buffer.alloc(2017))] }),
      '31.13.64.1',
      '31.13.64.0/18',
    ],
  ])('%s', async (...[, header, client, prefix]) => {
    const record = await expectDeliveredThrough(stage, { header })
    expect(record).toMatchObject({ peer: '127.0.0.1', client, prefix, front: 'direct' })
    const fields = stage.consumer.received.at(-1)?.fields
    expect(fields?.['x-forwarded-for']).toBe(client)
    expect(fields?.['hubgate-verified']).toBe('source, certificate, signature')
    expect(stage.world.logged()).toContain(`"client.address":"${client}"`)
  })

  it.each(['joined', 'apart', 'bytewise'] as const)('with its header %s', async (sends) => {
    for (const header of [version1(), summed({ tlvs: [SSL] })])
      await expectDeliveredThrough(stage, { header, sends })
  })

  it.each([
    ['version 1', Buffer.from(version1('2a03:2880::1'))],
    ['version 2', summed()],
  ])(
    'with its header of %s cut at every byte',
    async (_name, header) => {
      for (let at = 1; at <= header.length; at++) await expectDeliveredThrough(stage, { header, sends: at })
    },
    60_000,
  )

  it('of 3 MB, behind the same header', async () => {
    await expectDeliveredThrough(stage, {}, delivery({ body: Buffer.alloc(3_000_000, 'x') }))
  })

  it('one after the other on one connection', async () => {
    await through(stage, {}, async (reachable) => {
      const client = await keptClient(reachable)
      for (let i = 0; i < 20; i++) expect((await client.deliver())?.status).toBe(200)
      client.end()
    })
    await until(() => stage.world.gateway.load.connections === 0, 'no connection is open')
  })

  it('whose certificate is wrong is refused as from anywhere, with both addresses in the record', async () => {
    const { digicert } = stage.world.pki
    const identity = digicert.client({ commonNames: ['look-alike.example'] })
    const before = stage.world.records.length
    await through(stage, {}, (reachable) =>
      send(reachable, [delivery()], {
        dial: { host: '127.0.0.1', port: reachable.port, ca: reachable.pki.server.certificate, identity },
      }),
    )
    const record = await stage.world.record((one) => stage.world.records.indexOf(one) >= before)
    expect(record).toMatchObject({ code: 'COMMON_NAME_MISMATCH', peer: '127.0.0.1', client: '31.13.64.1' })
  })
})

describe('the named client', () => {
  it.each<[string, string | Buffer]>([
    ['an address outside the list', version1('8.8.8.8')],
    [
      'an address outside the list, in version 2',
      version2({ addresses: Buffer.from('0808080801020304000a01bb', 'hex') }),
    ],
    ['the balancer itself, where it speaks', `${version1('127.0.0.1')}x`],
    ['an IPv4-mapped address outside', version1('::ffff:8.8.8.8')],
    ['an IPv4-compatible address is not IPv4', version1('::31.13.64.1')],
    ['IPv4 whose bits are those of an IPv6 prefix', version1('42.3.40.128')],
    ['nobody', version1('0.0.0.0')],
  ])('%s is refused before TLS, as if it had come itself', async (_name, header) => {
    const record = await expectRefusedAtOnce(stage, 'SOURCE_NOT_ALLOWED', () =>
      sendBare({ port: stage.world.port, host: '127.0.0.1' }, [header]),
    )
    expect(record).toMatchObject({ gate: 'source', peer: '127.0.0.1' })
    expect(record?.client).not.toBe('')
  })

  it('that leaves the list loses its connection, and the others keep theirs', async () => {
    const { world } = stage
    await through(stage, { header: version1() }, (leaving) =>
      through(stage, { header: version1('2a03:2880::1') }, async (staying) => {
        const [gone, kept] = [await keptClient(leaving), await keptClient(staying)]
        const allowlist = `${world.directory}/other.txt`
        const outcome = await world.gateway.reload({
          ...world.config,
          sources: { ...world.config.sources, allowlist },
        })
        expect(outcome).toMatchObject({ outcome: 'reloaded', closed: 1 })
        await gone.closed
        expect((await kept.deliver())?.status).toBe(200)
        kept.end()
      }),
    )
    expect(await world.gateway.reload(world.config)).toMatchObject({ outcome: 'reloaded' })
  })

  it('whose header is still to come is not touched by a reload, and judged by what then holds', async () => {
    const { world } = stage
    const late = sendBare({ port: world.port, host: '127.0.0.1' }, [
      'PROXY TCP4 31.13.',
      300,
      '64.1 192.0.2.1 1 2\r\n',
    ])
    await until(() => world.gateway.load.connections === 1, 'it is there')
    const before = world.records.length
    const allowlist = `${world.directory}/other.txt`
    const outcome = await world.gateway.reload({
      ...world.config,
      sources: { ...world.config.sources, allowlist },
    })
    expect(outcome).toMatchObject({ closed: 0 })
    expect(await late).toMatchObject({ end: 'reset' })
    expect(world.records.slice(before)).toMatchObject([{ code: 'SOURCE_NOT_ALLOWED', client: '31.13.64.1' }])
    await world.gateway.reload(world.config)
  })
})

describe('limits', () => {
  it('count the named client, not the balancer', async () => {
    const limited = await startProxied((config) => ({
      ...config,
      limits: { ...config.limits, connectionsPerAddress: 2 },
    }))
    try {
      const { world } = limited
      await through(limited, { header: version1('31.13.64.1') }, (one) =>
        through(limited, { header: version1('31.13.64.2') }, async (other) => {
          const clients = [
            await keptClient(one),
            await keptClient(one),
            await keptClient(other),
            await keptClient(other),
          ]
          const before = world.records.length
          const target = { port: world.port, host: '127.0.0.1' }
          expect(await sendBare(target, [version1('31.13.64.1')])).toMatchObject({ end: 'reset' })
          expect(world.records.slice(before)).toMatchObject([
            { code: 'CONNECTION_LIMIT', client: '31.13.64.1' },
          ])
          clients[0]?.end()
          await until(() => world.gateway.load.connections === 3, 'one has gone')
          clients.push(await keptClient(one))
          for (const client of clients) client.end()
        }),
      )
    } finally {
      await limited.end()
    }
  })

  it('in all count those that have not named a client yet', async () => {
    const limited = await startProxied((config) => ({
      ...config,
      limits: { ...config.limits, connections: 2 },
    }))
    try {
      const { world } = limited
      const target = { port: world.port, host: '127.0.0.1' }
      const waiting = [sendBare(target, ['PROXY', 500, 'x']), sendBare(target, ['PROXY', 500, 'x'])]
      await until(() => world.gateway.load.connections === 2, 'two wait')
      expect(await sendBare(target, [])).toMatchObject({ end: 'reset' })
      expect(world.records).toMatchObject([{ code: 'CONNECTION_LIMIT', gate: 'connection-limit' }])
      await Promise.all(waiting)
      await expectDeliveredThrough(limited)
    } finally {
      await limited.end()
    }
  })
})
