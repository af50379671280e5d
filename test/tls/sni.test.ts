// Several certificates of ours: which one is shown for which name, and that who may be a client does not depend on it.
import { X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Config } from '../../src/config/config.ts'
import { type Consumer, startConsumer } from '../../src/lab/consumer.ts'
import { selfSigned } from '../../src/lab/pki/authorities.ts'
import { CANARY_SECRET } from '../canary.ts'
import { sendBareAndGo } from '../support/bare.ts'
import { clientHello, firstRecord } from '../support/client-hello.ts'
import { type TlsVersion, expectClientAdmitted, expectClientRefused, only } from '../support/identity.ts'
import { fingerprintOf, otherFiles, serverFor, shownBy, withOthers } from '../support/own-certificates.ts'
import { itWith, run } from '../support/programs.ts'
import { expectDelivered } from '../support/refused.ts'
import { type Pki, type World, type WorldOptions, fileAnchor, pki, startWorld } from '../support/world.ts'

const OTHERS = [
  serverFor(['shop.example', 'both.example']),
  serverFor(['*.wild.example', 'both.example', 'localhost']),
  // Only as a common name: clients have not looked there for years.
  serverFor([], 'common.example'),
]

let consumer: Consumer
let made: Pki
const worlds: World[] = []
beforeAll(async () => {
  consumer = await startConsumer({ secret: CANARY_SECRET })
  made = await pki()
})
afterAll(async () => {
  for (const world of worlds) await world.end()
  await consumer.close()
})

async function worldWith(
  change: (config: Config) => Config = (config) => config,
  files: WorldOptions['files'] = {},
) {
  const world = await startWorld({
    upstream: consumer.url,
    files: { ...otherFiles(OTHERS), ...files },
    change: (config) => change(withOthers(OTHERS.length)(config)),
  })
  worlds.push(world)
  return world
}

const FIRST = 'tls'
/** Which of the configured certificates a fingerprint is. */
function settingOf(fingerprint: string): string {
  if (fingerprint === fingerprintOf(made.server)) return FIRST
  const at = OTHERS.findIndex((other) => fingerprintOf(other) === fingerprint)
  return at < 0 ? 'none of them' : `tls.others[${at}]`
}

const SHOWN: readonly (readonly [asked: string, setting: string, why: string])[] = [
  ['localhost', FIRST, 'the first carries it, though another does, too'],
  ['shop.example', 'tls.others[0]', 'exact name'],
  ['SHOP.Example', 'tls.others[0]', 'other case'],
  ['shop.example.', 'tls.others[0]', 'a dot at the end'],
  ['both.example', 'tls.others[0]', 'two others carry it: the first of them'],
  ['a.wild.example', 'tls.others[1]', 'one label below the wildcard'],
  ['A.WILD.EXAMPLE.', 'tls.others[1]', 'the same in other case, with a dot'],
  ['wild.example', FIRST, 'no label below the wildcard'],
  ['a.b.wild.example', FIRST, 'two labels below the wildcard'],
  ['xwild.example', FIRST, 'no label, but a longer name'],
  ['shop.example.evil.example', FIRST, 'a name begins like one of ours'],
  ['shop.example..', FIRST, 'two dots at the end'],
  ['common.example', FIRST, 'only a common name says so'],
  ['evil.example', FIRST, 'nobody carries it'],
  ['*.wild.example', 'tls.others[1]', 'the wildcard itself'],
  ['127.0.0.1', FIRST, 'an address is no name'],
]

describe('the certificate that is shown', () => {
  let world: World
  beforeAll(async () => {
    world = await worldWith()
  })

  it.each(SHOWN.filter(([asked]) => asked !== '127.0.0.1'))('for %s is %s: %s', async (asked, setting) => {
    expect(settingOf(await shownBy(world, asked))).toBe(setting)
  })

  it('without a name is the first', async () => {
    expect(settingOf(await shownBy(world, undefined))).toBe(FIRST)
  })

  itWith('openssl').each([...SHOWN, [undefined, FIRST, 'none is asked for'] as const])(
    'to openssl s_client for %s is %s: %s',
    async (asked, setting) => {
      const name = asked === undefined ? ['-noservername'] : ['-servername', asked]
      const { stdout } = await run('openssl', ['s_client', '-connect', `127.0.0.1:${world.port}`, ...name])
      const pem = /-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/.exec(stdout)?.[0] ?? ''
      expect(settingOf(new X509Certificate(pem).fingerprint256)).toBe(setting)
    },
  )

  it.each([
    ['holds a NUL', Buffer.from('shop.example\0evil')],
    ['ends in a NUL', Buffer.from('shop.example\0')],
    ['is empty', Buffer.alloc(0)],
    ['is a dot', Buffer.from('.')],
    ['begins with a dot', Buffer.from('.example')],
    ['is a thousand bytes', Buffer.alloc(1000, 'a')],
    ['is 255 bytes', Buffer.alloc(255, 'a')],
    ['is no text', Buffer.from([0xff, 0xfe, 0xc3, 0x28])],
  ])('for a name that %s harms nobody', async (_name, serverName) => {
    expect(['alert', 'handshake']).toContain(
      firstRecord((await sendBareAndGo(world, clientHello({ serverName }))).answer).kind,
    )
    await expectDelivered({ world, consumer })
  })
})

const NAMES = [undefined, 'localhost', 'shop.example', 'a.wild.example', 'evil.example'] as const
const ROWS = (['TLSv1.2', 'TLSv1.3'] as const).flatMap((version) =>
  NAMES.map((name) => [name, version] as const),
)

/** Speaks one version, asks for a name, and trusts whichever certificate is shown. */
const asking = (name: string | undefined, version: TlsVersion) =>
  only(version, {
    ...(name === undefined ? {} : { servername: name }),
    ca: [made.server, ...OTHERS].map(({ certificate }) => certificate),
    checkServerIdentity: () => undefined,
  })

describe('whatever name is asked for, the verdict is the same:', () => {
  let world: World
  let shallow: World
  let partial: World
  beforeAll(async () => {
    world = await worldWith()
    shallow = await worldWith((config) => ({ ...config, client: { ...config.client, maxDepth: 1 } }))
    const [intermediate] = made.digicert.intermediates
    partial = await worldWith(
      (config) => {
        const anchors = [
          fileAnchor('meta-lab', join(config.state, 'meta.pem')),
          fileAnchor('intermediate', join(config.state, 'intermediate.pem')),
        ]
        return { ...config, client: { ...config.client, anchors } }
      },
      { 'intermediate.pem': intermediate?.certificate ?? '' },
    )
  })

  it.each(ROWS)('%s, %s: clients below an anchor are admitted', async (name, version) => {
    const tls = asking(name, version)
    await expectClientAdmitted({ world, consumer }, { identity: made.client, tls })
    await expectClientAdmitted({ world, consumer }, { identity: made.digicert.client(), tls })
  })

  it.each(ROWS)(
    '%s, %s: no certificate, a foreign one, and an expired one are refused',
    async (name, version) => {
      const tls = asking(name, version)
      const expired = made.meta.client({ notAfter: new Date(Date.now() - 1_000) })
      await expectClientRefused({ world, consumer }, 'CERTIFICATE_MISSING', { identity: undefined, tls })
      await expectClientRefused({ world, consumer }, 'CERTIFICATE_UNTRUSTED', { identity: selfSigned(), tls })
      await expectClientRefused({ world, consumer }, 'CERTIFICATE_EXPIRED', { identity: expired, tls })
    },
  )

  it.each(ROWS)('%s, %s: a chain deeper than client.maxDepth is refused', async (name, version) => {
    const stage = { world: shallow, consumer }
    const tls = asking(name, version)
    await expectClientAdmitted(stage, { identity: made.client, tls })
    await expectClientRefused(stage, 'CERTIFICATE_PROFILE', { identity: made.digicert.client(), tls })
  })

  it.each(ROWS)('%s, %s: below an intermediate that is an anchor it is admitted', async (name, version) => {
    const stage = { world: partial, consumer }
    const tls = asking(name, version)
    await expectClientAdmitted(stage, { identity: made.digicert.client(), tls })
    await expectClientAdmitted(stage, { identity: made.digicert.client({ chain: [] }), tls })
    await expectClientAdmitted(stage, { identity: made.client, tls })
    await expectClientRefused(stage, 'CERTIFICATE_UNTRUSTED', { identity: selfSigned(), tls })
  })
})
