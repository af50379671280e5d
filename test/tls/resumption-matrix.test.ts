// A session from anywhere, offered after anything: never resumed by the gateway as it is; and where all that keeps TLS from
// resuming it is taken away (tickets, keys, stores and contexts shared), the gate alone still refuses it.
import { type ChildProcess, fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { AnchorState, Config } from '../../src/config/config.ts'
import type { RefusalCode } from '../../src/domain/refusals.ts'
import { type Consumer, startConsumer } from '../../src/lab/consumer.ts'
import type { ClientIdentity } from '../../src/lab/pki/authorities.ts'
import { CANARY_SECRET } from '../canary.ts'
import type { TlsVersion } from '../support/identity.ts'
import { otherFiles, serverFor, withOthers } from '../support/own-certificates.ts'
import { expectDelivered } from '../support/refused.ts'
import { type Visit, type Visited, type Weakening, tlsOf, visit, weaken } from '../support/sessions.ts'
import { type World, pki, startWorld, writePki } from '../support/world.ts'

const SHOP = serverFor(['shop.example'])
const ticketKeys = randomBytes(48)
const sessionIdContext = 'shared'
const store = new Map<string, Buffer>()

interface Way {
  readonly version: TlsVersion
  /** What a session is known by. With TLS 1.3 Node looks none up by its id. */
  readonly by: 'ticket' | 'id'
  /** Whether the client shows its certificate when it comes back. It did the first time. */
  readonly shown: boolean
}

const WAYS: readonly Way[] = [
  { version: 'TLSv1.2', by: 'id' } as const,
  { version: 'TLSv1.2', by: 'ticket' } as const,
  { version: 'TLSv1.3', by: 'ticket' } as const,
].flatMap(({ version, by }) => [true, false].map((shown) => ({ version, by, shown })))
const TITLE = '$version, by $by, certificate after: $shown'

const WEAK: Readonly<Record<Way['by'], Weakening>> = {
  ticket: { tickets: true, ticketKeys, sessionIdContext },
  id: { store, sessionIdContext },
}

let consumer: Consumer
let world: World
let second: World
let digicertClient: ClientIdentity
beforeAll(async () => {
  consumer = await startConsumer({ secret: CANARY_SECRET })
  digicertClient = (await pki()).digicert.client()
})
afterAll(() => consumer.close())
beforeEach(async () => {
  const options = { upstream: consumer.url, files: otherFiles([SHOP]), change: withOthers(1) }
  world = await startWorld(options)
  second = await startWorld(options)
})
afterEach(async () => {
  await world.end()
  await second.end()
})

interface Move {
  readonly from: string
  /** Of a fresh handshake with the certificate, after it. */
  readonly verdict: 'admitted' | RefusalCode
  /** Where the first visit goes, if not to the world. */
  readonly first?: (by: Way['by'] | 'whole') => Partial<Visit>
  readonly again?: Partial<Visit>
  readonly meanwhile?: () => Promise<unknown>
}

const MOVES: readonly Move[] = [
  { from: 'the same generation', verdict: 'admitted' },
  {
    from: 'a generation before, of the same trust',
    verdict: 'admitted',
    meanwhile: () => reload((config) => config),
  },
  {
    from: 'before its anchor was removed',
    verdict: 'CERTIFICATE_UNTRUSTED',
    meanwhile: () => reload(withAnchors((anchors) => anchors.filter(({ name }) => name === 'meta-lab'))),
  },
  ...(['staged', 'retired'] as const).map((state): Move => ({
    from: `before its anchor was ${state}`,
    verdict: 'CERTIFICATE_UNTRUSTED',
    meanwhile: () => reload(inState(state)),
  })),
  { from: 'another gateway, of the same trust', verdict: 'admitted', first: () => ({ port: second.port }) },
  {
    from: 'another process, as a worker is',
    verdict: 'admitted',
    first: (by) => ({ port: ports[by] }),
    meanwhile: () => expect.poll(() => told).toBe(true),
  },
  {
    from: 'the first certificate, offered under the name of another',
    verdict: 'admitted',
    first: () => named('localhost'),
    again: named('shop.example'),
  },
  {
    from: 'the certificate of another name, offered without a name',
    verdict: 'admitted',
    first: () => named('shop.example'),
    again: named(undefined),
  },
]

// Whoever it trusts: what a client thinks of the server is not asked here.
function named(servername: string | undefined): Partial<Visit> {
  const trusting = { checkServerIdentity: () => undefined, rejectUnauthorized: false }
  return { tls: servername === undefined ? trusting : { ...trusting, servername } }
}

const reload = async (change: (config: Config) => Config) =>
  expect(await world.gateway.reload(change(world.config))).toMatchObject({ outcome: 'reloaded' })

function withAnchors(change: (anchors: Config['client']['anchors']) => Config['client']['anchors']) {
  return (config: Config): Config => {
    return { ...config, client: { ...config.client, anchors: change(config.client.anchors) } }
  }
}

const inState = (state: AnchorState) =>
  withAnchors((anchors) => anchors.map((one) => (one.name === 'digicert-lab' ? { ...one, state } : one)))

async function comeAgain(move: Move, { version, by, shown }: Way, weak: boolean): Promise<Visited> {
  if (weak) for (const each of [world, second]) weaken(each, WEAK[by])
  const weakened = tlsOf(world).server
  told = !weak || by === 'ticket'
  const first = await visit(world, {
    version,
    identity: digicertClient,
    ...move.first?.(weak ? by : 'whole'),
  })
  expect(first.exchange.answers[0]?.status, first.exchange.error).toBe(200)
  expect(first.resumed).toBe(false)
  expect(first.session?.length ?? 0, 'there is a session to offer').toBeGreaterThan(0)
  await move.meanwhile?.()
  if (weak && tlsOf(world).server !== weakened) weaken(world, WEAK[by])
  return visit(world, {
    version,
    identity: shown ? digicertClient : undefined,
    session: first.session,
    ...move.again,
  })
}

function expectRefused({ exchange }: Visited, refusal: { code: RefusalCode; detail?: string }): void {
  expect(exchange.answers).toEqual([])
  const records = world.records.filter(({ peerPort }) => peerPort === exchange.localPort)
  expect(records).toHaveLength(1)
  expect(records[0]).toMatchObject({
    kind: 'connection',
    outcome: 'refused',
    gate: 'certificate',
    ...refusal,
  })
}

describe.each(MOVES)('a session from $from', (move) => {
  it.each(WAYS)(`is not resumed; a fresh handshake decides: ${TITLE}`, async (way) => {
    const again = await comeAgain(move, way, false)
    expect(again.resumed).toBe(false)
    const verdict = way.shown ? move.verdict : 'CERTIFICATE_MISSING'
    if (verdict === 'admitted') expect(again.exchange.answers.map(({ status }) => status)).toEqual([200])
    else expectRefused(again, { code: verdict })
    await expectDelivered({ world, consumer })
  })

  it.each(WAYS)(`is refused by the gate alone where TLS would resume it: ${TITLE}`, async (way) => {
    const again = await comeAgain(move, way, true)
    expect(again.resumed).toBe(true)
    expectRefused(again, { code: 'CERTIFICATE_UNTRUSTED', detail: 'the TLS session was resumed' })
    await expectDelivered({ world, consumer })
  })
})

// The other process, with one gateway as it is and one weakened for each way.
let child: ChildProcess
let directory = ''
let ports: Readonly<Record<Way['by'] | 'whole', number>> = { whole: 0, ticket: 0, id: 0 }
/** Whether the session that is offered is known here, too, where it has to be. */
let told = true
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hubgate-process-'))
  await writePki(directory, await pki())
  const program = fileURLToPath(new URL('cases/other-process-program.ts', import.meta.url))
  child = fork(program, [directory, consumer.url, sessionIdContext, ticketKeys.toString('hex')], {
    execArgv: ['--import', import.meta.resolve('tsx')],
  })
  const [message] = await once(child, 'message')
  ports = message
  child.on('message', ({ id, session }: { id: string; session: string }) => {
    store.set(id, Buffer.from(session, 'base64'))
    told = true
  })
})
afterAll(async () => {
  child.disconnect()
  await once(child, 'exit')
  await rm(directory, { recursive: true, force: true })
})
