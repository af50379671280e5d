// The files of trust as a gateway meets them: at the start it says what does not hold, on a reload it stays as it was.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ConfigError } from '../../src/config/problem.ts'
import { type Consumer, startConsumer } from '../../src/lab/consumer.ts'
import { issue } from '../../src/lab/pki/certificate.ts'
import { serverCertificate } from '../../src/lab/pki/server-certificate.ts'
import { CANARY_SECRET } from '../canary.ts'
import { expectClientAdmitted, expectClientRefused } from '../support/identity.ts'
import { expectDelivered } from '../support/refused.ts'
import { tlsOf } from '../support/sessions.ts'
import { type Pki, type World, type WorldOptions, pki, fileAnchor, startWorld } from '../support/world.ts'

let consumer: Consumer
let made: Pki
beforeAll(async () => {
  consumer = await startConsumer({ secret: CANARY_SECRET })
  made = await pki()
})
afterAll(() => consumer.close())

type Files = WorldOptions['files'] & {}

interface Broken {
  readonly name: string
  readonly files: () => Files | Promise<Files>
  readonly setting: string
  readonly message: RegExp
}

const weak = () =>
  issue({ subject: [{ type: 'CN', value: 'localhost' }], key: 'rsa-1024', extendedKeyUsage: ['serverAuth'] })

const BROKEN: readonly Broken[] = [
  {
    name: 'an anchor file is empty',
    files: () => ({ 'meta.pem': '' }),
    setting: 'client.anchors[0].file',
    message: /meta\.pem: the file is empty$/,
  },
  {
    name: 'an anchor file is garbage',
    files: () => ({ 'digicert.pem': 'Not Found' }),
    setting: 'client.anchors[1].file',
    message: /no PEM block and no DER/,
  },
  {
    name: 'the second block of an anchor file is cut off',
    files: () => ({ 'meta.pem': made.meta.root.certificate + made.digicert.root.certificate.slice(0, 600) }),
    setting: 'client.anchors[0].file',
    message: /cut off/,
  },
  {
    name: 'an anchor file holds a private key',
    files: () => ({ 'meta.pem': made.meta.root.certificate + made.meta.root.key }),
    setting: 'client.anchors[0].file',
    message: /private key/,
  },
  {
    name: 'an anchor is a leaf',
    files: () => ({ 'meta.pem': made.client.leaf.certificate }),
    setting: 'client.anchors[0].file',
    message: /is not a CA certificate/,
  },
  {
    name: 'two anchor files hold the same certificate',
    files: () => ({ 'digicert.pem': made.meta.root.certificate }),
    setting: 'client.anchors[1].file',
    message: /is the same certificate as anchor "meta-lab"/,
  },
  {
    name: "the server's key is another's",
    files: async () => ({ 'server.key': (await serverCertificate()).key }),
    setting: 'tls.key',
    message: /^does not fit tls\.certificate$/,
  },
  {
    name: "the server's certificate is another's",
    files: async () => ({ 'server.pem': (await serverCertificate()).certificate }),
    setting: 'tls.key',
    message: /^does not fit tls\.certificate$/,
  },
  {
    name: "the server's key is empty",
    files: () => ({ 'server.key': '' }),
    setting: 'tls.key',
    message: /holds no PEM private key/,
  },
  {
    name: "the server's certificate is empty",
    files: () => ({ 'server.pem': '' }),
    setting: 'tls.certificate',
    message: /holds no PEM certificate/,
  },
  {
    name: "the server's key is too weak",
    files: () => {
      const { certificate, key } = weak()
      return { 'server.pem': certificate, 'server.key': key }
    },
    setting: 'tls.certificate',
    message: /^OpenSSL does not take it: ee key too small$/,
  },
]

describe('a gateway does not start where', () => {
  it.each(BROKEN)('$name', async ({ files, setting, message }) => {
    const started = startWorld({ upstream: consumer.url, files: await files() }).then((world) => world.end())
    const error = await started.catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(ConfigError)
    expect(error).toMatchObject({ problems: [{ setting, message: expect.stringMatching(message) }] })
    expect(String(error)).not.toContain('MII')
  })
})

describe('a gateway that runs stays as it was where, on a reload,', () => {
  let world: World
  beforeAll(async () => {
    world = await startWorld({ upstream: consumer.url })
  })
  afterAll(() => world.end())

  it.each(BROKEN)('$name', async ({ files, setting, message }) => {
    const before = trust()
    const whole = {
      'meta.pem': made.meta.root.certificate,
      'digicert.pem': made.digicert.root.certificate,
      'server.pem': made.server.certificate,
      'server.key': made.server.key,
    }
    await write(await files())
    expect(await world.gateway.reload(world.config)).toMatchObject({
      outcome: 'refused',
      problems: [{ setting, message: expect.stringMatching(message) }],
    })
    expect(trust()).toEqual(before)
    await expectClientAdmitted({ world, consumer }, { identity: made.digicert.client() })
    await expectClientRefused({ world, consumer }, 'CERTIFICATE_MISSING', { identity: undefined })
    await write(whole)
  })

  // Not the number of the generation: the gateway sees files change by itself, and takes the restored ones again.
  function trust(): readonly string[] {
    const { anchors } = world.gateway.generation
    return [
      tlsOf(world).terms.identities[0].leaf.fingerprint256,
      ...anchors.map(({ fingerprint }) => fingerprint),
    ]
  }

  async function write(files: Files): Promise<void> {
    for (const [name, content] of Object.entries(files)) await writeFile(join(world.directory, name), content)
  }
})

describe('an anchor file that is odd but whole', () => {
  it.each([
    ['is DER', () => ({ 'meta.pem': made.meta.root.der })],
    ['begins with a byte order mark', () => ({ 'meta.pem': `\ufeff${made.meta.root.certificate}` })],
    ['has comments around', () => ({ 'meta.pem': `# new\n${made.meta.root.certificate}# end` })],
    ['has Windows line ends', () => ({ 'meta.pem': made.meta.root.certificate.replaceAll('\n', '\r\n') })],
  ])('is trusted: it %s', async (_name, files) => {
    const world = await startWorld({ upstream: consumer.url, files: files() })
    try {
      await expectDelivered({ world, consumer })
    } finally {
      await world.end()
    }
  })

  it('may hold several, told apart in the records', async () => {
    const both = made.digicert.root.certificate + made.meta.root.certificate
    const world = await startWorld({
      upstream: consumer.url,
      files: { 'both.pem': both },
      change: (config) => {
        const anchors = [fileAnchor('both', join(config.state, 'both.pem'))]
        return { ...config, client: { ...config.client, anchors } }
      },
    })
    try {
      const { anchor } = await expectClientAdmitted({ world, consumer }, { identity: made.client })
      expect(anchor).toBe('both#2')
    } finally {
      await world.end()
    }
  })
})
