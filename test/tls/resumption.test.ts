// No session is ever resumed: each way by which one could be, with the protections in place, and with all but one taken
// away, so that every one of them is shown to hold alone.
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:tls'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { RefusalCode } from '../../src/domain/refusals.ts'
import { type Consumer, startConsumer } from '../../src/lab/consumer.ts'
import { CANARY_SECRET } from '../canary.ts'
import { tlsOptions } from '../../src/tls/context.ts'
import type { TlsVersion } from '../support/identity.ts'
import { expectDelivered } from '../support/refused.ts'
import { delivery, open, readToEnd } from '../support/sender.ts'
import { type Visit, type Visited, tlsOf, visit, weaken } from '../support/sessions.ts'
import { type World, startWorld } from '../support/world.ts'

let consumer: Consumer
let world: World
beforeAll(async () => {
  consumer = await startConsumer({ secret: CANARY_SECRET })
})
afterAll(() => consumer.close())
beforeEach(async () => {
  world = await startWorld({ upstream: consumer.url })
})
afterEach(() => world.end())

interface Way {
  readonly version: TlsVersion
  /** Whether the client shows its certificate when it gets the session, and when it offers it. */
  readonly before: boolean
  readonly after: boolean
}

const WAYS: readonly Way[] = (['TLSv1.2', 'TLSv1.3'] as const).flatMap((version) =>
  [true, false].flatMap((before) => [true, false].map((after) => ({ version, before, after }))),
)
const TITLE = '$version, certificate before: $before, after: $after'
const GATE_SAYS = { code: 'CERTIFICATE_UNTRUSTED', detail: 'the TLS session was resumed' } as const

const identityIf = (shown: boolean) => (shown ? world.pki.client : undefined)

/** Visits where the session comes from, `meanwhile`, and then the gateway with that session. */
async function comeAgain(
  { version, before, after }: Way,
  meanwhile: () => void | Promise<unknown> = () => {},
  from: Partial<Visit> = {},
): Promise<Visited> {
  const first = await visit(world, { version, identity: identityIf(before), ...from })
  expect(first.resumed).toBe(false)
  expect(first.session?.length ?? 0, 'there is a session to offer').toBeGreaterThan(0)
  await meanwhile()
  return visit(world, { version, identity: identityIf(after), session: first.session })
}

/** As if no session had been offered. */
async function expectFresh({ exchange, resumed }: Visited, after: boolean): Promise<void> {
  expect(resumed).toBe(false)
  expect(exchange.answers.map(({ status }) => status)).toEqual(after ? [200] : [])
  if (!after) expectRefused(exchange.localPort, { code: 'CERTIFICATE_MISSING' })
  await expectDelivered({ world, consumer })
}

/** TLS resumed the session, and the gate refused it. */
async function expectRefusedByGate({ exchange, resumed }: Visited): Promise<void> {
  expect(resumed).toBe(true)
  expect(exchange.answers).toEqual([])
  expectRefused(exchange.localPort, GATE_SAYS)
  await expectDelivered({ world, consumer })
}

function expectRefused(peerPort: number | undefined, refusal: { code: RefusalCode; detail?: string }): void {
  const records = world.records.filter((record) => record.peerPort === peerPort)
  expect(records).toHaveLength(1)
  expect(records[0]).toMatchObject({
    kind: 'connection',
    outcome: 'refused',
    gate: 'certificate',
    ...refusal,
  })
}

describe('a session offered to the generation that gave it', () => {
  it.each(WAYS)(`is not resumed: ${TITLE}`, async (way) => {
    await expectFresh(await comeAgain(way), way.after)
  })

  it('is no ticket with TLS 1.2', async () => {
    const socket = await open(world, { tls: { maxVersion: 'TLSv1.2' } })
    expect('getTLSTicket' in socket && socket.getTLSTicket()).toBe(undefined)
    socket.destroy()
  })
})

describe('where TLS gives tickets and takes them', () => {
  it.each(WAYS)(`the gate alone refuses a resumed session: ${TITLE}`, async (way) => {
    weaken(world, { tickets: true })
    await expectRefusedByGate(await comeAgain(way))
  })
})

describe('where TLS keeps sessions by their id', () => {
  // With TLS 1.3 Node looks up no session, whoever listens for that.
  it.each(WAYS.filter(({ version }) => version === 'TLSv1.2'))(
    `the gate alone refuses a resumed session: ${TITLE}`,
    async (way) => {
      weaken(world, { store: new Map() })
      await expectRefusedByGate(await comeAgain(way))
    },
  )
})

describe('a session of an earlier generation', () => {
  const reload = async () =>
    expect(await world.gateway.reload(world.config)).toMatchObject({ outcome: 'reloaded' })

  it.each(WAYS)(`is not resumed: ${TITLE}`, async (way) => {
    await expectFresh(await comeAgain(way, reload), way.after)
  })

  it.each(WAYS)(`is kept out by its context alone where both share ticket keys: ${TITLE}`, async (way) => {
    const ticketKeys = randomBytes(48)
    weaken(world, { tickets: true, ticketKeys })
    const meanwhile = async () => {
      await reload()
      weaken(world, { tickets: true, ticketKeys })
    }
    await expectFresh(await comeAgain(way, meanwhile), way.after)
  })

  it.each(WAYS)(`is kept out by its ticket keys alone where both share a context: ${TITLE}`, async (way) => {
    const sessionIdContext = 'shared'
    weaken(world, { tickets: true, sessionIdContext })
    const meanwhile = async () => {
      await reload()
      weaken(world, { tickets: true, sessionIdContext })
    }
    await expectFresh(await comeAgain(way, meanwhile), way.after)
  })

  it.each(WAYS)(`is refused by the gate alone where both share everything: ${TITLE}`, async (way) => {
    const shared = { tickets: true, sessionIdContext: 'shared', ticketKeys: randomBytes(48) }
    weaken(world, shared)
    const meanwhile = async () => {
      await reload()
      weaken(world, shared)
    }
    await expectRefusedByGate(await comeAgain(way, meanwhile))
  })
})

describe('a session of another listener that asks for no certificate', () => {
  // The same server certificate, and the gateway's own ticket keys, as if a load balancer shared them out.
  async function withOther(sessionIdContext: string, talk: (port: number) => Promise<void>): Promise<void> {
    const { terms, server } = tlsOf(world)
    const ticketKeys = server.getTicketKeys()
    const options = { ...tlsOptions(terms), secureOptions: 0, requestCert: false }
    const other = createServer({ ...options, ticketKeys, sessionIdContext }, (socket) => {
      socket.on('error', () => {})
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'))
    }).listen(0, '127.0.0.1')
    await once(other, 'listening')
    try {
      await talk((other.address() as AddressInfo).port)
    } finally {
      other.close()
    }
  }
  const ROWS = WAYS.filter(({ before }) => !before)
  const nothing = () => {}

  it.each(ROWS)(`is not resumed: ${TITLE}`, (way) =>
    withOther('shared', async (port) => expectFresh(await comeAgain(way, nothing, { port }), way.after)),
  )

  it.each(ROWS)(`is kept out by its context alone: ${TITLE}`, async (way) => {
    weaken(world, { tickets: true })
    await withOther('shared', async (port) => expectFresh(await comeAgain(way, nothing, { port }), way.after))
  })

  it.each(ROWS)(`is refused by the gate alone: ${TITLE}`, async (way) => {
    weaken(world, { tickets: true, sessionIdContext: 'shared' })
    await withOther('shared', async (port) => expectRefusedByGate(await comeAgain(way, nothing, { port })))
  })
})

describe('when an anchor is removed', () => {
  const remaining = () => {
    const { client } = world.config
    return {
      ...world.config,
      client: { ...client, anchors: client.anchors.filter(({ name }) => name === 'meta-lab') },
    }
  }
  const remove = async () =>
    expect(await world.gateway.reload(remaining())).toMatchObject({ outcome: 'reloaded' })

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'no session from before helps a client below it: %s',
    async (version) => {
      const identity = world.pki.digicert.client()
      const first = await visit(world, { version, identity })
      expect(first.exchange.answers[0]?.status).toBe(200)
      await remove()
      const shown = await visit(world, { version, identity, session: first.session })
      const hidden = await visit(world, { version, identity: undefined, session: first.session })
      expect([shown.resumed, hidden.resumed]).toEqual([false, false])
      expectRefused(shown.exchange.localPort, { code: 'CERTIFICATE_UNTRUSTED' })
      expectRefused(hidden.exchange.localPort, { code: 'CERTIFICATE_MISSING' })
      await expectDelivered({ world, consumer })
    },
  )

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'the gate alone refuses such a session where both generations share everything: %s',
    async (version) => {
      const shared = { tickets: true, sessionIdContext: 'shared', ticketKeys: randomBytes(48) }
      weaken(world, shared)
      const identity = world.pki.digicert.client()
      const { session } = await visit(world, { version, identity })
      await remove()
      weaken(world, shared)
      await expectRefusedByGate(await visit(world, { version, identity, session }))
    },
  )

  it('an open connection below it is closed, one below another stays', async () => {
    const gone = await open(world, { identity: world.pki.digicert.client() })
    const stays = await open(world)
    await expect.poll(() => world.gateway.load.connections).toBe(2)
    const end = readToEnd(gone)
    const outcome = await world.gateway.reload(remaining())
    expect(outcome).toMatchObject({ outcome: 'reloaded', closed: 1 })
    expect(await end).toBe('')
    stays.write(delivery({ connection: 'close' }))
    expect(await readToEnd(stays)).toMatch(/^HTTP\/1\.1 200 /)
  })
})
