// The gateway's own certificates: what stops a start or a reload, what is only said, and how renewed files are taken up.
import { X509Certificate, createPrivateKey, createPublicKey } from 'node:crypto'
import { mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ConfigError } from '../../src/config/problem.ts'
import { IDENTITY_DAYS, identityWarnings } from '../../src/gateway/prepare-identity.ts'
import { type Consumer, startConsumer } from '../../src/lab/consumer.ts'
import { type CertificateOptions, type Issued, issue } from '../../src/lab/pki/certificate.ts'
import type { ServerIdentity } from '../../src/tls/context.ts'
import { CANARY_SECRET } from '../canary.ts'
import { fingerprintOf, otherFiles, serverFor, shownBy, withOthers } from '../support/own-certificates.ts'
import { expectDelivered } from '../support/refused.ts'
import { type World, type WorldOptions, startWorld } from '../support/world.ts'

const WITHIN = { timeout: 15_000, interval: 50 }
const FOREIGN = serverFor(['foreign.example'])
const OTHERS = [serverFor(['one.example']), serverFor(['two.example'])]

let consumer: Consumer
beforeAll(async () => {
  consumer = await startConsumer({ secret: CANARY_SECRET })
})
afterAll(() => consumer.close())

const start = (options: Partial<WorldOptions> = {}) =>
  startWorld({
    upstream: consumer.url,
    change: withOthers(OTHERS.length),
    ...options,
    files: { ...otherFiles(OTHERS), ...options.files },
  })

interface Broken {
  readonly name: string
  readonly files: WorldOptions['files'] & {}
  readonly problems: readonly (readonly [setting: string, message: RegExp])[]
}

const weak = issue({
  subject: [{ type: 'CN', value: 'two.example' }],
  key: 'rsa-1024',
  altNames: ['two.example'],
  extendedKeyUsage: ['serverAuth'],
})

const BROKEN: readonly Broken[] = [
  {
    name: 'the key of the first is of another',
    files: { 'server.key': FOREIGN.key },
    problems: [['tls.key', /^does not fit tls\.certificate$/]],
  },
  {
    name: 'the key of the second other is of another',
    files: { 'other-1.key': FOREIGN.key },
    problems: [['tls.others[1].key', /^does not fit tls\.others\[1\]\.certificate$/]],
  },
  {
    name: 'the certificate of the first other is of another',
    files: { 'other-0.pem': FOREIGN.certificate },
    problems: [['tls.others[0].key', /^does not fit tls\.others\[0\]\.certificate$/]],
  },
  {
    name: 'the keys of two are swapped',
    files: { 'other-0.key': OTHERS[1]?.key ?? '', 'other-1.key': OTHERS[0]?.key ?? '' },
    problems: [
      ['tls.others[0].key', /^does not fit/],
      ['tls.others[1].key', /^does not fit/],
    ],
  },
  {
    name: 'the key of another is weak',
    files: { 'other-1.pem': weak.certificate, 'other-1.key': weak.key },
    problems: [['tls.others[1].certificate', /^OpenSSL does not take it: ee key too small$/]],
  },
  {
    name: 'an intermediate of another is cut off',
    files: { 'other-1.pem': OTHERS[1]?.certificate + FOREIGN.certificate.slice(0, 300) },
    problems: [['tls.others[1].certificate', /^holds a block that is cut off$/]],
  },
  {
    name: 'an intermediate of the first is garbage',
    files: {
      'other-0.pem': `${OTHERS[0]?.certificate}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`,
    },
    problems: [['tls.others[0].certificate', /^holds a block that is no whole certificate$/]],
  },
  {
    name: 'nothing of them holds: all is told at once',
    files: { 'server.pem': '', 'other-0.key': 'x', 'other-1.pem': 'x' },
    problems: [
      ['tls.certificate', /^holds no PEM certificate$/],
      ['tls.others[0].key', /^holds no PEM private key/],
      ['tls.others[1].certificate', /^holds no PEM certificate$/],
    ],
  },
]

const asProblems = (problems: Broken['problems']) =>
  problems.map(([setting, message]) => ({ setting, message: expect.stringMatching(message) }))

describe('a gateway does not start where', () => {
  it.each(BROKEN)('$name', async ({ files, problems }) => {
    const started = start({ files }).then((world) => world.end())
    const error = await started.catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(ConfigError)
    expect(error).toMatchObject({ problems: asProblems(problems) })
    expect(String(error)).not.toMatch(/MII|PRIVATE/)
  })
})

describe('a gateway that runs keeps showing what it has where', () => {
  let world: World
  beforeAll(async () => {
    world = await start()
  })
  afterAll(() => world.end())
  afterEach(async () => {
    const { certificate, key } = world.pki.server
    const whole = { ...otherFiles(OTHERS), 'server.pem': certificate, 'server.key': key }
    for (const [name, content] of Object.entries(whole)) await writeFile(join(world.directory, name), content)
  })

  it.each(BROKEN)('$name', async ({ files, problems }) => {
    for (const [name, content] of Object.entries(files)) await writeFile(join(world.directory, name), content)
    expect(await world.gateway.reload(world.config)).toMatchObject({
      outcome: 'refused',
      problems: asProblems(problems),
    })
    expect(await shownBy(world, 'one.example')).toBe(fingerprintOf(OTHERS[0] ?? FOREIGN))
    expect(await shownBy(world, 'two.example')).toBe(fingerprintOf(OTHERS[1] ?? FOREIGN))
    await expectDelivered({ world, consumer })
  })
})

describe('a new pair of files is taken up by itself:', () => {
  let world: World
  beforeEach(async () => {
    world = await start()
  })
  afterEach(() => world.end())

  const ROWS = [
    ['the first', 'server', ['localhost']],
    ['the first of the others', 'other-0', ['one.example']],
    ['the second of the others', 'other-1', ['two.example']],
  ] as const

  function rename(name: string, content: string): void {
    writeFileSync(join(world.directory, `${name}.new`), content)
    renameSync(join(world.directory, `${name}.new`), join(world.directory, name))
  }

  it.each(ROWS)('%s, key before certificate', async (_name, file, names) => {
    const next = serverFor(names)
    rename(`${file}.key`, next.key)
    await expect.poll(world.logged, WITHIN).toMatch(/hubgate\.config\.retry/)
    expect(await shownBy(world, names[0])).not.toBe(fingerprintOf(next))
    rename(`${file}.pem`, next.certificate)
    await expect.poll(() => shownBy(world, names[0]), WITHIN).toBe(fingerprintOf(next))
    expect(world.logged()).not.toContain('hubgate.config.refused')
  })

  it.each(ROWS)('%s, renewed with the same key', async (_name, file, names) => {
    const first = { certificate: world.pki.server.certificate, key: world.pki.server.key }
    const old = { server: first, 'other-0': OTHERS[0], 'other-1': OTHERS[1] }[file] ?? FOREIGN
    const next = renewed(old.key, names)
    rename(`${file}.pem`, next.certificate)
    await expect.poll(() => shownBy(world, names[0]), WITHIN).toBe(fingerprintOf(next))
    expect(world.logged()).not.toContain('hubgate.config.retry')
  })
})

function renewed(key: string, names: readonly string[]): Issued {
  const privateKey = createPrivateKey(key)
  return issue({
    subject: [{ type: 'CN', value: names[0] ?? '' }],
    key: { privateKey, publicKey: createPublicKey(privateKey) },
    altNames: names,
    extendedKeyUsage: ['serverAuth'],
  })
}

// live/NAME/fullchain.pem -> ../../archive/NAME/fullchainN.pem; at a renewal certbot removes each link and makes it anew.
describe("certbot's renewal", () => {
  const KINDS = { certificate: 'fullchain', key: 'privkey' } as const
  let directory = ''
  let count = 0

  function archive(name: string, issued: Pick<Issued, 'certificate' | 'key'>): number {
    count += 1
    for (const place of ['live', 'archive']) mkdirSync(join(directory, place, name), { recursive: true })
    for (const [kind, file] of Object.entries(KINDS))
      writeFileSync(
        join(directory, 'archive', name, `${file}${count}.pem`),
        kind === 'key' ? issued.key : issued.certificate,
      )
    return count
  }

  function link(name: string, kind: keyof typeof KINDS, number: number): void {
    const at = join(directory, 'live', name, `${KINDS[kind]}.pem`)
    rmSync(at, { force: true })
    symlinkSync(join('..', '..', 'archive', name, `${KINDS[kind]}${number}.pem`), at)
  }

  const pair = (name: string) => ({
    certificate: join(directory, 'live', name, 'fullchain.pem'),
    key: join(directory, 'live', name, 'privkey.pem'),
  })

  it.each([
    ['first', ['first.example', 'localhost']],
    ['other', ['other.example']],
  ] as const)('of the %s, new certificate before its key, is taken up', async (name, names) => {
    const world = await start({
      change: (config) => {
        directory = config.state
        for (const each of ['first', 'other']) {
          const issued = serverFor(each === 'first' ? ['first.example', 'localhost'] : ['other.example'])
          const number = archive(each, issued)
          link(each, 'certificate', number)
          link(each, 'key', number)
        }
        return { ...config, tls: { ...pair('first'), others: [pair('other')], minVersion: 'TLSv1.2' } }
      },
    })
    try {
      const before = await shownBy(world, names[0])
      const next = serverFor(names)
      const number = archive(name, next)
      link(name, 'certificate', number)
      const setting = name === 'first' ? 'tls' : 'tls.others[0]'
      await expect.poll(world.logged, WITHIN).toContain(`${setting}.key does not fit ${setting}.certificate`)
      expect(await shownBy(world, names[0])).toBe(before)
      unlinkSync(pair(name).key)
      await new Promise((resolve) => setTimeout(resolve, 700))
      expect(await shownBy(world, names[0])).toBe(before)
      link(name, 'key', number)
      await expect.poll(() => shownBy(world, names[0]), WITHIN).toBe(fingerprintOf(next))
      expect(world.logged()).not.toContain('hubgate.config.refused')
    } finally {
      await world.end()
    }
  })
})

const NOW = new Date('2026-06-15T12:00:00Z')
const daysFromNow = (days: number) => new Date(NOW.getTime() + days * 86_400_000)

function own(options: Partial<CertificateOptions> = {}): Issued {
  return issue({
    subject: [{ type: 'CN', value: 'own.example' }],
    key: 'p-256',
    altNames: ['own.example'],
    extendedKeyUsage: ['serverAuth'],
    notBefore: daysFromNow(-60),
    notAfter: daysFromNow(80),
    ...options,
  })
}

const caBelow = (issuer: Issued | undefined, name: string, more: Partial<CertificateOptions> = {}) =>
  issue({
    subject: [{ type: 'CN', value: name }],
    key: 'p-256',
    authority: {},
    notBefore: daysFromNow(-600),
    notAfter: daysFromNow(600),
    ...(issuer === undefined ? {} : { issuer }),
    ...more,
  })

function identity(...chain: readonly Issued[]): ServerIdentity {
  const certificate = chain.map((each) => each.certificate).join('')
  return { certificate, key: chain[0]?.key ?? '', leaf: new X509Certificate(certificate) }
}

describe('what is said of a certificate of ours at every start and reload', () => {
  const said = (...identities: [ServerIdentity, ...ServerIdentity[]]) =>
    identityWarnings(identities, NOW).map(({ setting, message }) => `${setting} ${message}`)

  it('is nothing where it lasts and is whole', () => {
    const root = caBelow(undefined, 'Root')
    const upper = caBelow(root, 'Upper')
    const below = caBelow(upper, 'Lower')
    for (const chain of [
      [own()],
      [own({ issuer: upper }), upper],
      [own({ issuer: below }), below, upper],
      // With its root: a few bytes too many, no harm.
      [own({ issuer: below }), below, upper, root],
      [own({ issuer: upper }), upper, caBelow(undefined, 'Unrelated')],
    ])
      expect(said(identity(...chain))).toEqual([])
  })

  it.each([
    [31.5, undefined],
    [30.5, 'expires in 30 days'],
    [14.01, 'expires in 14 days'],
    [7.5, 'expires in 7 days'],
    [1.5, 'expires in 1 day'],
    [0.5, 'expires today'],
    [-0.5, 'is expired: Meta delivers nothing'],
    [-400, 'is expired: Meta delivers nothing'],
  ])('%s days before its end: %s', (days, message) => {
    const expected = message === undefined ? [] : [`tls.certificate ${message}`]
    expect(said(identity(own({ notAfter: daysFromNow(days) })))).toEqual(expected)
  })

  it('is thresholds that go down to the last day', () => {
    expect(IDENTITY_DAYS).toEqual([30, 14, 7, 3, 1])
  })

  it('names the certificate that is meant', () => {
    const short = identity(own({ notAfter: daysFromNow(3.5) }))
    expect(said(identity(own()), identity(own()), short)).toEqual([
      'tls.others[1].certificate expires in 3 days',
    ])
  })

  it('is that it is not valid yet', () => {
    expect(said(identity(own({ notBefore: daysFromNow(1) })))).toEqual([
      'tls.certificate is not valid before 2026-06-16T12:00:00.000Z: until then nobody gets through',
    ])
  })

  it('is what its chain lacks', () => {
    const root = caBelow(undefined, 'Root')
    const upper = caBelow(root, 'Upper')
    const lower = caBelow(upper, 'Lower')
    const leaf = own({ issuer: lower })
    const incomplete = 'tls.certificate holds no intermediate: Meta may not be able to verify it'
    const disordered = 'tls.certificate is out of order: some clients cannot verify it'
    expect(said(identity(leaf))).toEqual([incomplete])
    expect(said(identity(leaf, upper))).toEqual([incomplete])
    expect(said(identity(leaf, upper, lower))).toEqual([disordered])
    expect(said(identity(leaf, root, lower, upper))).toEqual([disordered])
    const past = caBelow(root, 'Past', { notAfter: daysFromNow(-1) })
    expect(said(identity(own({ issuer: past }), past))).toEqual([
      'tls.certificate holds an expired certificate of an authority: CN=Past',
    ])
  })

  it.each([
    ['no other name', []],
    ['addresses only', ['127.0.0.1', '::1']],
  ])('is that no DNS name is there: %s', (_name, altNames) => {
    expect(said(identity(own({ altNames })))).toEqual([
      'tls.certificate covers no DNS name: Meta verifies the name that it calls',
    ])
  })

  it('comes with what to do', () => {
    const root = caBelow(undefined, 'Root')
    const [warning] = identityWarnings([identity(own({ issuer: root }))], NOW)
    expect(warning?.hint).toBe('give the whole chain: with certbot fullchain.pem, not cert.pem')
  })

  it('is said by the gateway, at its start and at a reload', async () => {
    const short = issue({
      subject: [{ type: 'CN', value: 'one.example' }],
      altNames: ['one.example'],
      key: 'p-256',
      extendedKeyUsage: ['serverAuth'],
      notAfter: new Date(Date.now() + 5.5 * 86_400_000),
    })
    const world = await start({ files: otherFiles([short, OTHERS[1] ?? short]) })
    try {
      const times = () => world.logged().split('tls.others[0].certificate expires in 5 days').length - 1
      expect(times()).toBe(1)
      expect(await world.gateway.reload(world.config)).toMatchObject({ outcome: 'reloaded' })
      expect(times()).toBe(2)
    } finally {
      await world.end()
    }
  })
})
