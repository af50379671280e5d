// Real HAProxy and real nginx pass TLS through to hubgate, each with PROXY headers of its own encoding, and look whether it
// lives as they do. The client's address decides; theirs is only believed.
import { type Server, connect, createServer } from 'node:net'
import { once } from 'node:events'
import { connect as connectTls } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startBalancer } from '../support/balancer.ts'
import { itWithIPv6 } from '../support/ipv6.ts'
import { itWith } from '../support/programs.ts'
import { type Proxied, startProxied } from '../support/proxied.ts'
import { version1 } from '../support/proxy-headers.ts'
import { closedPort, portOf } from '../support/raw-upstream.ts'
import { expectDelivered } from '../support/refused.ts'
import { until } from '../support/routes.ts'
import { delivery, dialTo, send } from '../support/sender.ts'
import {
  type StreamProxy,
  itWithNginxStream,
  nginxStream,
  startStreamProxy,
} from '../support/stream-proxies.ts'

/** HAProxy and nginx come from here, and only they are trusted. */
const BALANCER = '127.0.0.3'
const ALLOWED = '127.0.0.5'
const STRANGER = '127.0.0.6'

const itOnIPv6 = await itWithIPv6()
const IPV6 = itOnIPv6 === it

let stage: Proxied
beforeAll(async () => {
  stage = await startProxied((config) => ({
    ...config,
    listen: { ...config.listen, trustedPeers: [`${BALANCER}/32`] },
    sources: { ...config.sources, extra: [`${ALLOWED}/32`, '::1/128'] },
  }))
})
afterAll(() => stage.end())

/** Without those of whoever looked whether a balancer has started. */
function records() {
  return stage.world.records.filter(({ client }) => client !== '127.0.0.1')
}

/** A client at `localAddress` delivers through `port`. @returns its one record. */
async function delivered(port: number, localAddress: string, host = '127.0.0.1') {
  const before = records().length
  const reachable = { port, pki: stage.world.pki }
  const tls = { servername: 'localhost', checkServerIdentity: () => undefined }
  const { answers, error } = await send(reachable, [delivery()], {
    dial: dialTo(reachable, { localAddress, host, tls }),
  })
  await until(() => records().length > before, 'there is a record')
  expect(records()).toHaveLength(before + 1)
  return { status: answers[0]?.status, error, record: records().at(-1) }
}

/** What has to hold behind any of them. */
async function expectJudgedByClient(port: number): Promise<void> {
  const { consumer, world } = stage
  const { pki } = world
  const good = await delivered(port, ALLOWED)
  expect(good.status, good.error).toBe(200)
  expect(good.record).toMatchObject({ peer: BALANCER, client: ALLOWED, outcome: 'acknowledged' })
  expect(consumer.received.at(-1)).toMatchObject({ signature: 'fits' })
  expect(consumer.received.at(-1)?.fields['x-forwarded-for']).toBe(ALLOWED)
  const received = consumer.received.length
  const strange = await delivered(port, STRANGER)
  expect(strange.status).toBeUndefined()
  expect(strange.record).toMatchObject({
    code: 'SOURCE_NOT_ALLOWED',
    peer: BALANCER,
    client: STRANGER,
    gate: 'source',
  })
  const before = records().length
  const identity = pki.digicert.client({ commonNames: ['look-alike.example'] })
  await send({ port, pki }, [delivery()], {
    dial: dialTo({ port, pki }, { localAddress: ALLOWED, identity }),
  })
  expect(records().slice(before)).toMatchObject([{ code: 'COMMON_NAME_MISMATCH', client: ALLOWED }])
  await send({ port, pki }, [delivery({ secret: 'another-secret-entirely' })], {
    dial: dialTo({ port, pki }, { localAddress: ALLOWED }),
  })
  expect(records().slice(before + 1)).toMatchObject([{ code: 'SIGNATURE_MISMATCH', client: ALLOWED }])
  expect(consumer.received).toHaveLength(received)
}

const MODES = {
  'send-proxy': 'send-proxy',
  'send-proxy-v2': 'send-proxy-v2',
  'send-proxy-v2-ssl': 'send-proxy-v2-ssl',
  'send-proxy-v2-ssl-cn': 'send-proxy-v2-ssl-cn',
  'every option':
    'send-proxy-v2 proxy-v2-options ssl,cert-cn,ssl-cipher,cert-sig,cert-key,authority,crc32c,unique-id',
} as const
type Mode = keyof typeof MODES
const NAMES = Object.keys(MODES).filter((name): name is Mode => name in MODES)

interface Bound {
  readonly mode: Mode
  readonly plain: number
  readonly tls: number
  readonly chained: number
}

describe('HAProxy', () => {
  const itRuns = itWith('haproxy')
  const bound: Bound[] = []
  let haproxy: StreamProxy | undefined
  let stats = ''
  const portsOf = (mode: Mode) => bound.find((one) => one.mode === mode) ?? { plain: 0, tls: 0, chained: 0 }

  beforeAll(async () => {
    if (itRuns !== it) return
    for (const mode of NAMES)
      bound.push({ mode, plain: await closedPort(), tls: await closedPort(), chained: await closedPort() })
    const { pki, port } = stage.world
    haproxy = await startStreamProxy({
      program: 'haproxy',
      port: bound[0]?.plain ?? 0,
      files: {
        'server.pem': `${pki.server.certificate}\n${pki.server.key}\n`,
        'ca.pem': pki.meta.root.certificate,
      },
      config: (directory) => {
        stats = `${directory}/stats`
        return `
global
  maxconn 200
  stats socket ${stats} mode 600 level admin
defaults
  mode tcp
  unique-id-format %{+X}o%ci:%cp_%Ts
  timeout client 30s
  timeout connect 5s
  timeout server 30s
${bound.map((one, i) => listens(directory, { one, i, port })).join('')}`
      },
    })
  })
  afterAll(() => haproxy?.stop())

  const listens = (directory: string, { one, i, port }: { one: Bound; i: number; port: number }) => {
    const server = `server hub 127.0.0.1:${port} source ${BALANCER} check inter 50ms ${MODES[one.mode]}`
    return `
listen plain${i}
  bind 127.0.0.1:${one.plain}
  ${IPV6 ? `bind [::1]:${one.plain}` : ''}
  ${server}
listen tls${i}
  bind 127.0.0.1:${one.tls} ssl crt ${directory}/server.pem ca-file ${directory}/ca.pem verify optional
  ${server}
listen chained${i}
  bind 127.0.0.1:${one.chained} accept-proxy
  ${server}
`
  }

  itRuns.each(NAMES)('%s: the client decides', (mode) => expectJudgedByClient(portsOf(mode).plain))

  itRuns.each(NAMES)('%s with what it knows of a TLS connection that ended at it', async (mode) => {
    const tunnel = await startTunnel(portsOf(mode).tls)
    try {
      const { status, error, record } = await delivered(portOf(tunnel), '127.0.0.1')
      expect(status, error).toBe(200)
      expect(record).toMatchObject({ peer: BALANCER, client: ALLOWED })
    } finally {
      tunnel.close()
    }
  })

  itRuns.each(
    NAMES.flatMap((mode) =>
      ['31.13.64.1', '2a03:2880::1', '::ffff:31.13.64.1'].map((client) => [mode, client] as const),
    ),
  )('%s for a client at %s, whom another balancer named', async (mode, client) => {
    const { world } = stage
    const to = { host: '127.0.0.1', port: portsOf(mode).chained }
    const balancer = await startBalancer({ to, header: version1(client) })
    try {
      await expectDelivered({ ...stage, world: { ...world, port: balancer.port } })
      expect(records().at(-1)).toMatchObject({ peer: BALANCER, client: client.replace('::ffff:', '') })
    } finally {
      balancer.close()
    }
  })

  itRuns('its health checks find hubgate alive, and leave no record', async () => {
    const before = records().length
    const seen = await statesOf(stats)
    expect(seen).toHaveLength(NAMES.length * 3)
    // A check every 50 ms: by then each server has been looked at many times.
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    const now = await statesOf(stats)
    expect(now.filter(({ status, check }) => status !== 'UP' || check !== 'L4OK')).toEqual([])
    expect(now.map(({ failures }) => failures)).toEqual(now.map(() => '0'))
    expect(records().slice(before)).toEqual([])
  })

  const itWithV6 = itRuns === it ? itOnIPv6 : it.skip
  itWithV6.each(NAMES)('%s over IPv6', async (mode) => {
    const { status, error, record } = await delivered(portsOf(mode).plain, '::1', '::1')
    expect(status, error).toBe(200)
    expect(record).toMatchObject({ peer: BALANCER, client: '::1', prefix: '::1/128' })
  })
})

describe('nginx', () => {
  const itRuns = itWithNginxStream()
  let port = 0
  let nginx: StreamProxy | undefined
  beforeAll(async () => {
    if (itRuns !== it) return
    port = await closedPort()
    nginx = await startStreamProxy({
      program: 'nginx',
      port,
      config: (directory) => `
${nginxStream() ?? ''}
daemon off;
master_process off;
pid ${directory}/pid;
error_log stderr;
events {}
stream {
  server {
    listen 127.0.0.1:${port};
    ${IPV6 ? `listen [::1]:${port};` : ''}
    proxy_bind ${BALANCER};
    proxy_pass 127.0.0.1:${stage.world.port};
    proxy_protocol on;
  }
}
`,
    })
  })
  afterAll(() => nginx?.stop())

  itRuns('the client decides', () => expectJudgedByClient(port))

  const itWithV6 = itRuns === it ? itOnIPv6 : it.skip
  itWithV6('over IPv6', async () => {
    const { status, error, record } = await delivered(port, '::1', '::1')
    expect(status, error).toBe(200)
    expect(record).toMatchObject({ peer: BALANCER, client: '::1' })
  })
})

/** TLS to HAProxy, with a client certificate of its own; whatever connects speaks within it. */
async function startTunnel(port: number): Promise<Server> {
  const { client } = stage.world.pki
  const server = createServer((inner) => {
    const outer = connectTls({
      socket: connect({ host: '127.0.0.1', port, localAddress: ALLOWED }),
      cert: client.certificate,
      key: client.key,
      servername: 'gateway.example',
      rejectUnauthorized: false,
    })
    for (const [one, other] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      one.on('error', () => {})
      one.once('close', () => other.destroy())
      one.pipe(other)
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

/** What HAProxy thinks of its servers. */
async function statesOf(path: string): Promise<{ status: string; check: string; failures: string }[]> {
  const socket = connect({ path })
  socket.end('show stat\n')
  let text = ''
  for await (const chunk of socket) text += String(chunk)
  const [head = '', ...lines] = text.trim().split('\n')
  const columns = head.replace('# ', '').split(',')
  const value = (cells: readonly string[], name: string) => cells[columns.indexOf(name)] ?? ''
  return lines
    .map((line) => line.split(','))
    .filter((cells) => value(cells, 'svname') === 'hub')
    .map((cells) => ({
      status: value(cells, 'status'),
      check: value(cells, 'check_status').replace('* ', ''),
      failures: value(cells, 'chkfail'),
    }))
}
