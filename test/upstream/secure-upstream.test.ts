// An upstream that speaks TLS: its certificate has to be good for the configured name, whatever the received Host says,
// and a kept connection that dies after a delivery was sent does not make a second one.
import { IncomingMessage, ServerResponse } from 'node:http'
import https from 'node:https'
import { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'
import { parseUpstream } from '../../src/domain/upstream-url.ts'
import { issue } from '../../src/lab/pki/certificate.ts'
import { serverCertificate } from '../../src/lab/pki/server-certificate.ts'
import { type Agents, createAgents } from '../../src/upstream/agents.ts'
import type { UpstreamAnswer } from '../../src/upstream/answer.ts'
import { exchangeWhole } from '../../src/upstream/proxy.ts'
import { type Outgoing, relay } from '../../src/upstream/relay.ts'
import { OK_KEEP, type RawUpstream, startRawUpstream } from '../support/raw-upstream.ts'

const good = await serverCertificate()
const elsewhere = issue({
  subject: [{ type: 'CN', value: 'gw.example' }],
  altNames: ['gw.example'],
  extendedKeyUsage: ['serverAuth'],
})

const ended: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ended.splice(0).toReversed()) await end()
})

async function startUpstream({
  certificate,
  key,
}: {
  certificate: string
  key: string
}): Promise<RawUpstream> {
  const upstream = await startRawUpstream({ tls: { cert: certificate, key } })
  ended.push(upstream.close)
  return upstream
}

/** Kept connections that trust one certificate; none: the usual roots. */
function agentsTrusting(ca?: string): Agents {
  const agent = new https.Agent({ keepAlive: true, ...(ca === undefined ? {} : { ca }) })
  ended.push(async () => agent.destroy())
  return { ...createAgents(), of: () => agent, destroy: () => agent.destroy() }
}

function outgoing(upstream: RawUpstream): Outgoing {
  return {
    route: {
      path: '/',
      mode: 'relay',
      answer: 'status',
      challenge: 'answer',
      host: 'received',
      clientCert: false,
      timeout: 10_000,
      upstream: parseUpstream(upstream.url),
      apps: [],
      keys: [],
      tokens: [],
    },
    method: 'POST',
    target: '/',
    fields: ['Host', 'gw.example', 'Content-Length', '2'],
    body: Buffer.from('{}'),
    signal: new AbortController().signal,
  }
}

type Deliver = (agents: Agents, outgoing: Outgoing) => Promise<UpstreamAnswer>
const WAYS: readonly (readonly [name: string, deliver: Deliver])[] = [
  ['the relay', (agents, request) => relay(agents, request, false)],
  [
    'http-proxy',
    (agents, request) =>
      exchangeWhole(agents, {
        outgoing: request,
        content: request.body,
        response: new ServerResponse(new IncomingMessage(new Socket())),
      }),
  ],
]

describe.each(WAYS)('%s', (_name, deliver) => {
  it('asks for the upstream by its configured name', async () => {
    const upstream = await startUpstream(good)
    const names: unknown[] = []
    upstream.behave({
      onRequest: (socket) => {
        names.push(socket instanceof TLSSocket ? Reflect.get(socket, 'servername') : undefined)
        socket.write(OK_KEEP)
      },
    })
    const agents = agentsTrusting(good.certificate)
    for (let i = 0; i < 3; i += 1)
      expect(await deliver(agents, outgoing(upstream))).toMatchObject({ status: 200 })
    expect(names).toEqual(['localhost', 'localhost', 'localhost'])
    expect(upstream.connections).toBe(1)
  })

  it.each([
    ['that leads to no root', good, undefined],
    ['for the name in Host instead of its own', elsewhere, elsewhere.certificate],
  ])('sends nothing to one with a certificate %s', async (_what, certificate, ca) => {
    const upstream = await startUpstream(certificate)
    const delivering = deliver(agentsTrusting(ca), outgoing(upstream))
    await expect(delivering).rejects.toMatchObject({ code: 'UPSTREAM_UNREACHABLE' })
    expect(upstream.bytes()).toBe('')
  })

  it('sends nothing twice over a kept connection that dies', async () => {
    const upstream = await startUpstream(good)
    upstream.behave({
      onRequest: (socket) => (upstream.requests.length === 1 ? void socket.write(OK_KEEP) : socket.destroy()),
    })
    const agents = agentsTrusting(good.certificate)
    await deliver(agents, outgoing(upstream))
    await expect(deliver(agents, outgoing(upstream))).rejects.toMatchObject({ code: 'UPSTREAM_UNREACHABLE' })
    expect(upstream.requests).toHaveLength(2)
    expect(upstream.connections).toBe(1)
  })
})
