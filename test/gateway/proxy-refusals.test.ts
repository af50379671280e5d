// PROXY headers that are wrong, late, missing, or sent by one who may not: reset before TLS, one record in words, and the
// header of an untrusted peer is not even read.
import { mkdtemp, rm } from 'node:fs/promises'
import { type NetConnectOpts, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startBalancer } from '../support/balancer.ts'
import { clientHello } from '../support/client-hello.ts'
import {
  type Proxied,
  expectDeliveredThrough,
  expectRefusedAtOnce,
  sendBare,
  startProxied,
  through,
} from '../support/proxied.ts'
import { inet6, summed, tlv, version1, version2 } from '../support/proxy-headers.ts'
import { until } from '../support/routes.ts'
import { delivery, send } from '../support/sender.ts'
import { startWorld } from '../support/world.ts'

const NO_ADDRESS = Buffer.alloc(0)
const HELLO = clientHello()
const NOBODY = 'names no client address (LOCAL, UNKNOWN, UNSPEC or a Unix socket)'

let stage: Proxied
beforeAll(async () => {
  stage = await startProxied((config) => ({
    ...config,
    sources: { ...config.sources, extra: ['127.0.0.2/32'] },
  }))
})
afterAll(() => stage.end())

const trusted = (): NetConnectOpts => ({ host: '127.0.0.1', port: stage.world.port })
const untrusted = (): NetConnectOpts => ({ ...trusted(), localAddress: '127.0.0.2' })

type Row = readonly [name: string, header: string | Buffer, reason: string]

const WRONG: readonly Row[] = [
  ['no header, but TLS', HELLO, 'begins with a TLS handshake, not with a PROXY header'],
  ['no header, but HTTP', delivery(), 'begins with byte 0x50, not with a PROXY header'],
  ['108 bytes', `PROXY UNKNOWN ${'f'.repeat(92)}\r\n`, 'its line does not end within 107 bytes'],
  ['64 KiB without an end', `PROXY TCP4 ${'1'.repeat(65_536)}`, 'its line does not end within 107 bytes'],
  ['LF only', version1().replace('\r', ''), 'its line ends with LF, not with CR LF'],
  ['lower case', version1().toLowerCase(), 'begins with a lower-case p, not with a PROXY header'],
  [
    'zeros before the port',
    version1('31.13.64.1', { ports: '040000 443' }),
    'its source port is not a number from 0 to 65535',
  ],
  [
    'port 65536',
    version1('31.13.64.1', { ports: '65536 443' }),
    'its source port is not a number from 0 to 65535',
  ],
  ['IPv6 under TCP4', 'PROXY TCP4 2a03:2880::1 ::1 1 2\r\n', 'its source is not an address for TCP4'],
  ['IPv4 under TCP6', 'PROXY TCP6 31.13.64.1 192.0.2.1 1 2\r\n', 'its source is not an address for TCP6'],
  [
    'an escape sequence in it',
    'PROXY TCP4 \u001b[2J\u001b[31m 192.0.2.1 1 2\r\n',
    'its line holds a byte that is not printable ASCII',
  ],
  [
    'a line of a log in it',
    'PROXY TCP4 31.13.64.1\n{"level":"info"}\r\n',
    'its line ends with LF, not with CR LF',
  ],
  ['version 3', version2({ command: 0x31 }), 'its version is 3, not 2'],
  ['a third command', version2({ command: 0x22 }), 'its command is 2, neither LOCAL nor PROXY'],
  ['a fourth family', version2({ family: 0x41 }), 'its address family is 4, which does not exist'],
  ['a datagram', version2({ family: 0x12 }), 'its transport is 2, not a stream, for INET'],
  ['IPv6 with too little', version2({ family: 0x21 }), '12 bytes are too few for addresses of INET6'],
  ['65,535 bytes announced', version2({ length: 0xffff }), 'it announces 65551 bytes, more than 2048'],
  [
    'a TLV that is too long',
    version2({ tlvs: [Buffer.of(4, 0xff, 0xff)] }),
    'a TLV is longer than the header',
  ],
  ['a wrong checksum', version2({ tlvs: [tlv(3, '1234')] }), 'its checksum (CRC-32C) does not fit'],
  ['UNKNOWN, and then TLS', Buffer.concat([Buffer.from('PROXY UNKNOWN\r\n'), HELLO]), NOBODY],
  [
    'UNKNOWN with an address, and then TLS',
    Buffer.concat([Buffer.from('PROXY UNKNOWN 31.13.64.1 192.0.2.1 1 2\r\n'), HELLO]),
    NOBODY,
  ],
  ['LOCAL with an address, and then TLS', Buffer.concat([version2({ command: 0x20 }), HELLO]), NOBODY],
  ['UNSPEC, and then TLS', Buffer.concat([version2({ family: 0, addresses: NO_ADDRESS }), HELLO]), NOBODY],
  [
    'a Unix socket, and then TLS',
    Buffer.concat([version2({ family: 0x31, addresses: Buffer.alloc(216) }), HELLO]),
    NOBODY,
  ],
]

describe('from a trusted peer', () => {
  it.each(WRONG)('%s', async (_name, header, reason) => {
    const record = await expectRefusedAtOnce(stage, 'PROXY_HEADER_INVALID', () =>
      sendBare(trusted(), [header]),
    )
    expect(record).toMatchObject({
      gate: 'proxy-header',
      detail: reason,
      peer: '127.0.0.1',
      client: undefined,
    })
  })

  it('LOCAL, and TLS a while later', async () => {
    const local = version2({ command: 0x20, family: 0, addresses: NO_ADDRESS })
    const record = await expectRefusedAtOnce(stage, 'PROXY_HEADER_INVALID', () =>
      sendBare(trusted(), [local, 50, HELLO]),
    )
    expect(record?.detail).toBe(NOBODY)
  })

  it('nothing of a refused header gets into the log', () => {
    const logged = stage.world.logged()
    expect(logged).not.toContain('\u001b')
    expect(logged).not.toMatch(/\\u001b|1{50}|f{50}/)
    expect(() =>
      logged
        .trimEnd()
        .split('\n')
        .map((one): unknown => JSON.parse(one)),
    ).not.toThrow()
  })

  it.each([
    ['two headers of version 1', Buffer.from(version1() + version1())],
    [
      'two headers of version 2',
      Buffer.concat([version2(), version2({ addresses: Buffer.from('0808080801020304000a01bb', 'hex') })]),
    ],
    ['version 2 behind version 1', Buffer.concat([Buffer.from(version1('31.13.64.1')), summed()])],
  ])('%s: the second is what the client says, and no TLS', async (_name, headers) => {
    const before = stage.world.records.length
    await sendBare(trusted(), [headers, HELLO])
    await until(() => stage.world.records.length > before, 'there is a record')
    expect(stage.world.records.slice(before)).toMatchObject([
      { code: 'TLS_FAILED', phase: 'handshake', client: '31.13.64.1', peer: '127.0.0.1' },
    ])
    await expectDeliveredThrough(stage)
  })

  it('a second header that names another client changes nothing', async () => {
    const before = stage.world.records.length
    await through(stage, { header: version1('8.8.8.8') + version1('31.13.64.1') }, (reachable) =>
      send(reachable, [delivery()]),
    )
    expect(stage.world.records.slice(before)).toMatchObject([
      { code: 'SOURCE_NOT_ALLOWED', client: '8.8.8.8' },
    ])
  })
})

describe('from an untrusted peer', () => {
  const good: readonly Row[] = [
    ['a good header', version1(), ''],
    ['a good header of version 2', version2(), ''],
    [
      'a good header for IPv6',
      version2({ family: 0x21, addresses: inet6('2a032880000000000000000000000001') }),
      '',
    ],
    ['a header that names a trusted peer', version1('127.0.0.1'), ''],
    ['LOCAL', version2({ command: 0x20 }), ''],
    ['nothing', '', ''],
  ]
  it.each([...good, ...WRONG])(
    '%s: refused for the peer alone, though the list holds it',
    async (_name, header) => {
      const record = await expectRefusedAtOnce(stage, 'SOURCE_NOT_ALLOWED', () =>
        sendBare(untrusted(), [header]),
      )
      expect(record).toMatchObject({ gate: 'trusted-peer', peer: '127.0.0.2', client: undefined })
      expect(record?.detail).toBe('not in listen.trustedPeers: what it says of others is not read')
    },
  )

  it('a whole good delivery behind a good header is refused', async () => {
    const { world } = stage
    const balancer = await startBalancer({ to: untrusted(), header: version1() })
    const answer = await send({ port: balancer.port, pki: world.pki }, [delivery()])
    balancer.close()
    expect(answer.answers).toEqual([])
    expect(world.records.at(-1)).toMatchObject({ code: 'SOURCE_NOT_ALLOWED', gate: 'trusted-peer' })
    await expectDeliveredThrough(stage)
  })
})

describe('time', () => {
  let hurried: Proxied
  beforeAll(async () => {
    hurried = await startProxied((config) => ({
      ...config,
      limits: { ...config.limits, handshakeTimeout: 600 },
    }))
  })
  afterAll(() => hurried.end())
  const target = (): NetConnectOpts => ({ host: '127.0.0.1', port: hurried.world.port })
  const LATE = 'not complete within 600 ms'
  const dripped = (bytes: Uint8Array, every: number) =>
    Array.from(bytes, (byte) => [Buffer.of(byte), every]).flat()

  it.each<[string, readonly (string | Buffer | number)[]]>([
    ['a header that never comes', []],
    ['half a header', [version1().slice(0, 20)]],
    ['the fixed part of version 2, and no more', [version2().subarray(0, 16)]],
    ['a header that drips byte by byte, never still', dripped(Buffer.from(version1()), 30)],
  ])('%s', async (_name, steps) => {
    const record = await expectRefusedAtOnce(hurried, 'PROXY_HEADER_INVALID', () => sendBare(target(), steps))
    expect(record?.detail).toBe(LATE)
  })

  it('for the handshake is counted from the beginning: a late header does not buy more of it', async () => {
    const { records } = hurried.world
    const before = records.length
    const started = HELLO.subarray(0, 20)
    await Promise.all([
      sendBare(target(), [version1().slice(0, 10), 400, version1().slice(10), started]),
      sendBare(target(), [150, version1('31.13.64.2'), started]),
    ])
    await until(() => records.length === before + 2, 'there are two records')
    // The later one of both came later to its header: counted from there it would be the last to end.
    expect(records.slice(before)).toMatchObject([
      { code: 'HANDSHAKE_TIMEOUT', phase: 'handshake', client: '31.13.64.1' },
      { code: 'HANDSHAKE_TIMEOUT', phase: 'handshake', client: '31.13.64.2' },
    ])
  })

  it('a health check that does not end is ended without a record', async () => {
    const before = hurried.world.records.length
    expect((await sendBare(target(), ['PROXY UNKNOWN\r\n'])).answered).toBe(0)
    await until(() => hurried.world.gateway.load.connections === 0, 'no connection is open')
    expect(hurried.world.records.slice(before)).toEqual([])
  })
})

describe('a trusted peer that only looks', () => {
  const looks: readonly (readonly [string, string | Buffer, 'end' | 'reset'])[] = [
    ['connects and closes', '', 'end'],
    ['connects and resets', '', 'reset'],
    ['sends LOCAL and closes', version2({ command: 0x20, family: 0, addresses: NO_ADDRESS }), 'end'],
    ['sends LOCAL and resets', version2({ command: 0x20, family: 0, addresses: NO_ADDRESS }), 'reset'],
    ['sends UNKNOWN and closes', 'PROXY UNKNOWN\r\n', 'end'],
    ['names itself and closes', version1('127.0.0.1'), 'end'],
    ['names itself and resets', version1('127.0.0.1'), 'reset'],
  ]
  it.each(looks)('%s: it was accepted, and there is no record of it', async (_name, header, how) => {
    const before = stage.world.records.length
    const socket = connect(trusted())
    await new Promise((resolve) => socket.once('connect', resolve))
    if (header.length > 0) socket.write(header)
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(socket.readyState, 'the gateway waits').toBe('open')
    if (how === 'end') socket.end()
    else socket.resetAndDestroy()
    await until(() => stage.world.gateway.load.connections === 0, 'it is gone')
    await expectDeliveredThrough(stage)
    expect(stage.world.records.slice(before).map(({ outcome }) => outcome)).toEqual(['acknowledged'])
  })

  it('but one that goes away in the middle of its header is recorded', async () => {
    const before = stage.world.records.length
    const socket = connect(trusted(), () => socket.end('PROXY TCP4'))
    await until(() => stage.world.records.length > before, 'there is a record')
    expect(stage.world.records.slice(before)).toMatchObject([
      { outcome: 'aborted', code: 'CLIENT_ABORTED', phase: 'connection', client: undefined },
    ])
  })
})

describe('on a Unix socket', () => {
  const onSocket = async (
    trustedPeers: readonly string[],
    proxyProtocol: 'none' | 'required' = 'required',
  ) => {
    const directory = await mkdtemp(join(tmpdir(), 'hubgate-unix-'))
    const path = join(directory, 'socket')
    const made = await startProxied((config) => ({
      ...config,
      listen: { ...config.listen, address: [{ kind: 'unix', path }], proxyProtocol, trustedPeers },
    }))
    const end = async () => {
      await made.end()
      await rm(directory, { recursive: true, force: true })
    }
    return { ...made, path, end }
  }

  it('a peer is believed where `unix` is trusted', async () => {
    const local = await onSocket(['unix'])
    try {
      const record = await expectDeliveredThrough(local, { to: { path: local.path } })
      expect(record).toMatchObject({ peer: undefined, client: '31.13.64.1' })
      expect(local.consumer.received.at(-1)?.fields['x-forwarded-for']).toBe('31.13.64.1')
      await sendBare({ path: local.path }, [version1('8.8.8.8')])
      expect(local.world.records.at(-1)).toMatchObject({ code: 'SOURCE_NOT_ALLOWED', client: '8.8.8.8' })
      await sendBare({ path: local.path }, ['x'])
      expect(local.world.records.at(-1)).toMatchObject({ code: 'PROXY_HEADER_INVALID' })
    } finally {
      await local.end()
    }
  })

  it.each<[string, readonly string[], 'none' | 'required', string]>([
    ['addresses are trusted', ['127.0.0.0/8', '::/1', '0.0.0.0/1'], 'required', 'trusted-peer'],
    ['no header is read', ['unix'], 'none', 'source'],
  ])(
    'a peer is refused where only %s, and the gateway lives on',
    async (...[, peers, proxyProtocol, gate]) => {
      const local = await onSocket(peers, proxyProtocol)
      try {
        for (let i = 1; i <= 3; i++) {
          await sendBare({ path: local.path }, [version1()])
          await until(() => local.world.records.length === i, 'there is a record')
        }
        for (const record of local.world.records)
          expect(record).toMatchObject({ code: 'SOURCE_NOT_ALLOWED', gate })
      } finally {
        await local.end()
      }
    },
  )
})

describe('where no header is expected', () => {
  it('one is not read: it is no TLS, even from a trusted peer', async () => {
    const world = await startWorld({
      upstream: 'http://127.0.0.1:9/',
      change: (config) => ({ ...config, listen: { ...config.listen, trustedPeers: ['127.0.0.1/32'] } }),
    })
    try {
      await sendBare({ host: '127.0.0.1', port: world.port }, [version1('8.8.8.8')])
      expect(world.records).toMatchObject([{ code: 'TLS_FAILED', peer: '127.0.0.1', client: undefined }])
    } finally {
      await world.end()
    }
  })
})
