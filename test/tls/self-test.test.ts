// The self-test of TLS before a start: it passes for the gateway's own server, finds each way by which a session could be
// resumed once a protection is taken out, and then neither a start nor a reload gets through.
import { X509Certificate } from 'node:crypto'
import { type Server, createSecureContext, createServer } from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { ConfigError } from '../../src/config/problem.ts'
import { type Consumer, startConsumer } from '../../src/lab/consumer.ts'
import { type CertificateOptions, issue } from '../../src/lab/pki/certificate.ts'
import { anchorOf } from '../../src/tls/anchors.ts'
import type * as Context from '../../src/tls/context.ts'
import { type ServerIdentity, type Terms, createTlsServer, tlsOptions } from '../../src/tls/context.ts'
import { inMemory } from '../../src/tls/in-memory.ts'
import { resumptionProblem } from '../../src/tls/resumption-proof.ts'
import { selfTestProblem } from '../../src/tls/self-test.ts'
import { CANARY_SECRET } from '../canary.ts'
import { fingerprintOf, otherFiles, serverFor, withOthers } from '../support/own-certificates.ts'
import { expectDelivered } from '../support/refused.ts'
import { pki, startWorld } from '../support/world.ts'

// The gateway asks context.ts for its server: for some tests a weakened one.
const made = vi.hoisted(() => ({ instead: undefined as ((terms: never) => unknown) | undefined, count: 0 }))
vi.mock('../../src/tls/context.ts', async (original) => {
  const whole = await original<typeof Context>()
  return {
    ...whole,
    createTlsServer: (terms: never) => {
      made.count += 1
      return made.instead?.(terms) ?? whole.createTlsServer(terms)
    },
  }
})
afterEach(() => {
  made.instead = undefined
})

let consumer: Consumer
beforeAll(async () => {
  consumer = await startConsumer({ secret: CANARY_SECRET })
})
afterAll(() => consumer.close())

const identityOf = ({ certificate, key }: Pick<ServerIdentity, 'certificate' | 'key'>): ServerIdentity => ({
  certificate,
  key,
  leaf: new X509Certificate(certificate),
})

const ownOf = (options: Partial<CertificateOptions>) =>
  issue({ subject: [{ type: 'CN', value: 'own.example' }], extendedKeyUsage: ['serverAuth'], ...options })

async function terms(changes: Partial<Terms> = {}): Promise<Terms> {
  const { server, meta, digicert } = await pki()
  const anchors = [meta, digicert].map(({ root }) => anchorOf(new X509Certificate(root.certificate), 'lab'))
  return { identities: [identityOf(server)], minVersion: 'TLSv1.2', anchors, maxDepth: 3, ...changes }
}

const weakened =
  (change: Parameters<typeof createServer>[0] & object) =>
  (given: Terms): Server =>
    createServer({ ...tlsOptions(given), ...change })

function withStore(given: Terms): Server {
  const store = new Map<string, Buffer>()
  const server = createServer(tlsOptions(given))
  server.on('newSession', (id: Buffer, session: Buffer, done: () => void) => {
    store.set(id.toString('hex'), session)
    done()
  })
  server.on('resumeSession', (id: Buffer, done: (error: null, session: Buffer | null) => void) =>
    done(null, store.get(id.toString('hex')) ?? null),
  )
  return server
}

const INSECURE = { secureOptions: 0 }
const FAILED = 'the self-test of TLS failed: it'

describe('the self-test', () => {
  const SOUND: readonly (readonly [string, () => Promise<Terms>])[] = [
    ['as it is', async () => terms()],
    ['with TLS 1.3 alone', async () => terms({ minVersion: 'TLSv1.3' })],
    [
      'with several certificates',
      async () =>
        terms({
          identities: [
            identityOf((await pki()).server),
            identityOf(serverFor(['shop.example'])),
            identityOf(serverFor(['*.wild.example'])),
          ],
        }),
    ],
    [
      'with an intermediate as an anchor',
      async () => {
        const [intermediate] = (await pki()).digicert.intermediates
        return terms({ anchors: [anchorOf(new X509Certificate(intermediate?.certificate ?? ''), 'partial')] })
      },
    ],
    ...(['rsa-2048', 'rsa-4096', 'p-384', 'ed25519'] as const).map(
      (key) =>
        [
          `with a key that is ${key}`,
          async () => terms({ identities: [identityOf(ownOf({ key }))] }),
        ] as const,
    ),
    [
      'with a certificate that is expired',
      async () => terms({ identities: [identityOf(ownOf({ notAfter: new Date(Date.now() - 1_000) }))] }),
    ],
    ['with a certificate that has no name', async () => terms({ identities: [identityOf(serverFor([]))] })],
  ]
  it.each(SOUND)("finds nothing in the gateway's own server %s", async (_name, make) => {
    expect(await resumptionProblem(await make())).toBe(undefined)
  })

  it.each([
    ['tickets are given out', weakened(INSECURE), 'resumed a session (TLSv1.2, without a name)'],
    ['a version that should be there is not', weakened({ minVersion: 'TLSv1.3' }), 'could not be tried'],
    ['sessions are kept by their id', withStore, 'resumed a session (TLSv1.2, without a name)'],
    [
      'tickets are given out for one name only',
      (given: Terms) => {
        const context = createSecureContext({ ...tlsOptions(given), ...INSECURE })
        const SNICallback = (_name: string, done: (error: null, found: typeof context) => void) =>
          done(null, context)
        return createServer({ ...tlsOptions(given), ...INSECURE, SNICallback })
      },
      'resumed a session (TLSv1.2, without a name)',
    ],
  ])('tells where %s', async (_name, make, what) => {
    const problem = await resumptionProblem(await terms(), make)
    expect(problem).toMatchObject({ setting: 'tls' })
    expect(problem?.message.startsWith(`${FAILED} ${what}`), problem?.message).toBe(true)
    expect(problem?.hint).toMatch(/Node/)
  })

  it('tells where TLS 1.3 gives tickets out', async () => {
    const problem = await resumptionProblem(await terms({ minVersion: 'TLSv1.3' }), weakened(INSECURE))
    expect(problem?.message).toContain(`${FAILED} resumed a session (TLSv1.3, without a name)`)
  })

  it('fails where nobody answers: what could not be tried is not proved', { timeout: 30_000 }, async () => {
    const deaf = () => {
      const server = createServer()
      server.removeAllListeners('connection')
      return server
    }
    const problem = await resumptionProblem(await terms(), deaf)
    expect(problem?.message).toContain(`${FAILED} could not be tried: no handshake within 5000 ms`)
  })

  it('fails where the server cannot be made', async () => {
    const broken = () => {
      throw new Error('no such luck')
    }
    expect((await resumptionProblem(await terms(), broken))?.message).toContain('no such luck')
  })

  it('is not done again for what was proved, and done anew for anything else', async () => {
    const fresh = serverFor(['once.example'])
    const changes: readonly Partial<Terms>[] = [
      {},
      { maxDepth: 2 },
      { minVersion: 'TLSv1.3' },
      { anchors: [] },
      { identities: [identityOf(fresh), identityOf(serverFor(['second.example']))] },
    ]
    for (const change of changes) {
      const before = made.count
      const given = await terms({ identities: [identityOf(fresh)], ...change })
      expect(await selfTestProblem(given)).toBe(undefined)
      expect(made.count).toBe(before + 2)
      expect(await selfTestProblem(given)).toBe(undefined)
      expect(made.count).toBe(before + 2)
    }
  })

  it('tells where a name is not answered with its certificate, as on Node 20 and 22 with keys of two kinds', async () => {
    const rsa = ownOf({ key: 'rsa-2048', altNames: ['rsa.example'] })
    const given = await terms({ identities: [identityOf((await pki()).server), identityOf(rsa)] })
    const server = createTlsServer(given)
    const { certificate } = await inMemory(server)({ servername: 'rsa.example' })
    const shown = certificate?.fingerprint256 === fingerprintOf(rsa)
    const problem = await selfTestProblem(given)
    if (shown) expect(problem).toBe(undefined)
    else
      expect(problem).toMatchObject({
        setting: 'tls.others[0].certificate',
        message: expect.stringMatching(/^is not what a client gets that asks for rsa\.example: /),
      })
    made.instead = ({ identities: [first] }: Terms) =>
      createServer(tlsOptions({ ...given, identities: [first] }))
    const one = serverFor(['one.example'])
    const other = await terms({ identities: [identityOf((await pki()).server), identityOf(one)] })
    expect(await selfTestProblem(other)).toMatchObject({ setting: 'tls.others[0].certificate' })
  })

  it('is done again where it failed', async () => {
    const given = await terms({ identities: [identityOf(serverFor(['fails.example']))] })
    made.instead = weakened(INSECURE)
    expect(await selfTestProblem(given)).toMatchObject({ setting: 'tls' })
    expect(await selfTestProblem(given)).toMatchObject({ setting: 'tls' })
    made.instead = undefined
    expect(await selfTestProblem(given)).toBe(undefined)
  })
})

describe('a gateway whose TLS would resume sessions', () => {
  const others = [serverFor(['never-proved.example'])]
  const start = () =>
    startWorld({ upstream: consumer.url, files: otherFiles(others), change: withOthers(others.length) })

  it.each([
    ['by tickets', weakened(INSECURE)],
    ['by their id', withStore],
  ])('%s does not start', async (_name, instead) => {
    made.instead = instead
    const started = start().then((world) => world.end())
    const error = await started.catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(ConfigError)
    expect(error).toMatchObject({ problems: [{ setting: 'tls', message: expect.stringContaining(FAILED) }] })
  })

  it('stays as it was on a reload', async () => {
    const world = await startWorld({ upstream: consumer.url })
    try {
      const { tls } = world.config
      if (tls === undefined) throw new Error('no TLS')
      const changed = { ...world.config, client: { ...world.config.client, maxDepth: 5 } }
      made.instead = weakened(INSECURE)
      expect(await world.gateway.reload(changed)).toMatchObject({
        outcome: 'refused',
        problems: [{ setting: 'tls', message: expect.stringContaining(FAILED) }],
      })
      made.instead = undefined
      expect(world.gateway.generation.terms?.maxDepth).toBe(3)
      await expectDelivered({ world, consumer })
      expect(await world.gateway.reload(changed)).toMatchObject({ outcome: 'reloaded' })
    } finally {
      await world.end()
    }
  })
})
