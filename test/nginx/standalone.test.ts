// Real nginx alone in front of a consumer, configured by `hubgate front nginx --standalone`: it refuses and admits what it
// promises, and does not look at signatures. Beside it what a look-alike comes to under a regular expression on the subject.
import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Consumer, startConsumer } from '../../src/lab/consumer.ts'
import type { ClientIdentity } from '../../src/lab/pki/authorities.ts'
import type { Issued } from '../../src/lab/pki/certificate.ts'
import { issueCrl } from '../../src/lab/pki/crl.ts'
import { type FieldLine, type DeliveryOptions, challengeBytes, requestBytes } from '../../src/lab/request.ts'
import { CANARY_VERIFY_TOKEN } from '../canary.ts'
import { FRONT_FIELDS, FRONT_NAMES } from '../support/front-sender.ts'
import { type ProxyInFront, nginxMain, startNginx } from '../support/nginx.ts'
import { itWith } from '../support/programs.ts'
import { closedPort } from '../support/raw-upstream.ts'
import { type Reachable, delivery, dialTo, send } from '../support/sender.ts'
import { type StreamProxy, startStreamProxy } from '../support/stream-proxies.ts'
import { type Pki, fileAnchor, pki, plainConfig, writePki } from '../support/world.ts'
import { LONG_AGO, YESTERDAY, below, root } from '../tls/cases/case.ts'
import { NAMED } from './names.ts'

const itRuns = itWith('nginx')
const made = await pki()
const LARGE = Buffer.alloc(3_000_000, '{"entry":"\u00e4"}')

let consumer: Consumer
let directory = ''
beforeAll(async () => {
  consumer = await startConsumer()
  directory = await mkdtemp(join(tmpdir(), 'hubgate-standalone-'))
  await writePki(directory, made)
})
afterAll(async () => {
  await consumer.close()
  await rm(directory, { recursive: true, force: true })
})

interface Target {
  readonly port: number
  readonly localAddress?: string
}

async function statusOf({ port, ...from }: Target, identity: ClientIdentity | undefined, bytes = delivery()) {
  const reachable: Reachable = { port, pki: made }
  const { identity: _, ...dial } = dialTo(reachable, from)
  const { answers, error } = await send(reachable, [bytes], {
    dial: identity === undefined ? dial : { ...dial, identity },
  })
  return answers[0]?.status ?? error
}

describe('nginx alone', () => {
  let nginx: ProxyInFront
  beforeAll(async () => {
    if (itRuns !== it) return
    const config = plainConfig(directory, { upstream: `${consumer.url}/hooks` })
    nginx = await startNginx({ config, standalone: true })
  })
  afterAll(() => nginx?.end())

  const status = (identity: ClientIdentity | undefined, bytes?: Buffer) => statusOf(nginx, identity, bytes)

  itRuns(
    'a delivery reaches the consumer byte for byte, without the word that its signature was checked',
    async () => {
      expect(await status(made.client, delivery({ body: LARGE, add: [['X-Custom', 'x']] }))).toBe(200)
      const received = consumer.received.at(-1)
      expect(received).toMatchObject({
        target: '/hooks',
        bytes: LARGE.length,
        sha256: createHash('sha256').update(LARGE).digest('hex'),
      })
      expect(received?.fields).toMatchObject({
        host: 'gateway.example',
        'content-type': 'application/json',
        'content-length': `${LARGE.length}`,
        'x-hub-signature-256': expect.stringMatching(/^sha256=[0-9a-f]{64}$/),
        'x-forwarded-for': '127.0.0.1',
        'hubgate-verified': 'source, certificate',
      })
      expect(received?.fields).not.toHaveProperty('x-custom')
    },
  )

  itRuns('leaves below an intermediate are admitted', async () => {
    expect(await status(made.digicert.client())).toBe(200)
  })

  itRuns('a wrong signature passes: that is the consumer’s to check, and the log says so', async () => {
    expect(await status(made.client, delivery({ secret: 'another-secret-entirely' }))).toBe(200)
    expect(await nginx.said()).toMatch(/ signature=UNCHECKED\n/)
  })

  itRuns('the challenge goes to the consumer with its query, which no log gets', async () => {
    const asked = { authority: 'gateway.example', path: '/webhooks/meta', challenge: '4711' }
    expect(await status(made.client, challengeBytes({ ...asked, token: CANARY_VERIFY_TOKEN }))).toBe(200)
    expect(consumer.received.at(-1)?.target).toBe(
      `/hooks?${new URLSearchParams([
        ['hub.mode', 'subscribe'],
        ['hub.challenge', '4711'],
        ['hub.verify_token', CANARY_VERIFY_TOKEN],
      ]).toString()}`,
    )
    expect(await nginx.said()).not.toContain(CANARY_VERIFY_TOKEN)
  })

  const BAD: readonly (readonly [string, (pki: Pki) => ClientIdentity | undefined])[] = [
    ['no certificate', () => undefined],
    ['an expired one', ({ meta }) => meta.client({ notBefore: LONG_AGO, notAfter: YESTERDAY })],
    ['one of another authority', ({ meta }) => meta.client({ issuer: root('Lab Stranger') })],
    ['one for servers', ({ meta }) => meta.client({ extendedKeyUsage: ['serverAuth'] })],
  ]
  itRuns.each(BAD)('%s: refused', async (_name, present) => {
    await expectNothing(async () => expect(await status(present(made))).toBe(403))
  })

  itRuns.each(NAMED.filter(({ admitted }) => !admitted))('$name: refused', async ({ identity }) => {
    await expectNothing(async () => expect(await status(identity(made))).toBe(403))
  })

  itRuns.each(NAMED.filter(({ admitted }) => admitted))('$name: admitted', async ({ identity }) => {
    expect(await status(identity(made))).toBe(200)
  })

  const changes: readonly (readonly [string, Partial<DeliveryOptions>, number])[] = [
    ['another path', { path: '/webhooks/other' }, 404],
    ['the root', { path: '/' }, 404],
    ['a slash at its end', { path: '/webhooks/meta/' }, 404],
    ['another case', { path: '/webhooks/Meta' }, 404],
    ['dots in it', { path: '/webhooks/../webhooks/meta' }, 404],
    ['two slashes', { path: '//webhooks/meta' }, 404],
    ['it encoded', { path: '/%77ebhooks/meta' }, 404],
    ['more behind a semicolon', { path: '/webhooks/meta;x' }, 404],
    ['PUT', { method: 'PUT' }, 405],
    ['DELETE', { method: 'DELETE' }, 405],
    ['OPTIONS', { method: 'OPTIONS' }, 405],
    ['GET with a body', { method: 'GET' }, 411],
    ['no length', { set: { 'content-length': undefined } }, 411],
    [
      'chunks',
      {
        set: { 'content-length': undefined },
        add: [['Transfer-Encoding', 'chunked']],
        body: Buffer.from('0\r\n\r\n'),
      },
      411,
    ],
    ['more than the limit', { set: { 'content-length': '4194305' } }, 413],
    ['a form', { set: { 'content-type': 'application/x-www-form-urlencoded' } }, 415],
    ['no media type', { set: { 'content-type': undefined } }, 415],
    ['a media type that begins alike', { set: { 'content-type': 'application/json-patch+json' } }, 415],
    ['two media types', { set: { 'content-type': 'application/json, text/html' } }, 415],
  ]
  itRuns.each(changes)('%s: refused', async (_name, change, expected) => {
    await expectNothing(async () => expect(await status(made.client, delivery(change))).toBe(expected))
  })

  itRuns.each(['application/json; charset=utf-8', 'APPLICATION/JSON;charset="UTF-8"'])(
    '%s is JSON',
    async (type) => {
      expect(await status(made.client, delivery({ set: { 'content-type': type } }))).toBe(200)
    },
  )

  itRuns('a foreign address gets not a byte', async () => {
    await expectNothing(async () => {
      for (const identity of [
        made.client,
        undefined,
        made.meta.client({ notAfter: YESTERDAY, notBefore: LONG_AGO }),
      ])
        expect(await statusOf({ port: nginx.port, localAddress: '127.0.0.2' }, identity)).not.toBeTypeOf(
          'number',
        )
    })
  })

  itRuns('no field about identity or address reaches the consumer, but its own', async () => {
    const forged = FRONT_NAMES.flatMap((name) => FRONT_FIELDS[name]({ identity: made.client }))
    const add: FieldLine[] = [
      ...forged,
      ...forged.map(([name, value]): FieldLine => [name.replaceAll('-', '_'), value]),
      ['Hubgate-Verified', 'source, certificate, signature'],
      ['Hubgate-App', 'shop'],
      ['Connection', 'X-Hub-Signature-256'],
    ]
    expect(await status(made.client, delivery({ add }))).toBe(200)
    const { fields = {} } = consumer.received.at(-1) ?? {}
    expect(Object.keys(fields).sort()).toEqual([
      'accept',
      'content-length',
      'content-type',
      'host',
      'hubgate-verified',
      'user-agent',
      'x-forwarded-for',
      'x-forwarded-host',
      'x-forwarded-proto',
      'x-hub-signature',
      'x-hub-signature-256',
      'x-request-id',
    ])
    expect(fields).toMatchObject({
      'x-forwarded-for': '127.0.0.1',
      'hubgate-verified': 'source, certificate',
    })
  })

  async function expectNothing(work: () => Promise<void>): Promise<void> {
    const before = consumer.received.length
    await work()
    expect(consumer.received).toHaveLength(before)
  }
})

describe('variants of nginx alone', () => {
  let nginx: ProxyInFront | undefined
  afterEach(async () => {
    await nginx?.end()
    nginx = undefined
  })

  itRuns('an empty list lets nobody in', async () => {
    const config = plainConfig(directory, { upstream: consumer.url })
    nginx = await startNginx({ config, standalone: true, files: { 'sources.conf': '# nothing\n' } })
    expect(await statusOf(nginx, made.client)).not.toBeTypeOf('number')
  })

  itRuns('without the list it does not start', async () => {
    const config = plainConfig(directory, { upstream: consumer.url })
    const edit = (text: string) => text.replace(/ include (.*)sources\.conf/, ' include $1elsewhere.conf')
    await expect(
      startNginx({ config, standalone: true, edit }).then((started) => (nginx = started)),
    ).rejects.toThrow(/elsewhere\.conf.*No such file/)
  })

  itRuns(
    '`client.require: deliveries` lets a GET come without a certificate, and never with a bad one',
    async () => {
      const config = plainConfig(directory, { upstream: consumer.url })
      nginx = await startNginx({
        config: { ...config, client: { ...config.client, require: 'deliveries' } },
        standalone: true,
      })
      const get = requestBytes({
        method: 'GET',
        target: '/webhooks/meta?x=y',
        fields: [['Host', 'gateway.example']],
      })
      expect(await statusOf(nginx, undefined, get)).toBe(200)
      expect(await statusOf(nginx, undefined)).toBe(403)
      expect(await statusOf(nginx, made.meta.client({ commonNames: ['evil.example'] }), get)).toBe(403)
      expect(await statusOf(nginx, made.meta.client({ notBefore: LONG_AGO, notAfter: YESTERDAY }), get)).toBe(
        403,
      )
    },
  )

  itRuns('`client.maxDepth: 3` is two intermediates and no third', async () => {
    const top = root('Lab Deep Root')
    const one = below(top, 'Lab One')
    const two = below(one, 'Lab Two')
    const three = below(two, 'Lab Three')
    await writeFile(join(directory, 'deep.pem'), top.certificate)
    const config = plainConfig(directory, { upstream: consumer.url })
    nginx = await startNginx({
      config: {
        ...config,
        client: { ...config.client, anchors: [fileAnchor('deep', join(directory, 'deep.pem'))] },
      },
      standalone: true,
    })
    const under = (issuer: Issued, ...chain: readonly Issued[]) =>
      made.meta.client({ issuer, chain: [issuer, ...chain] })
    expect(await statusOf(nginx, under(two, one))).toBe(200)
    expect(await statusOf(nginx, under(three, two, one))).toBe(403)
  })

  itRuns('with ssl_crl it refuses even the good, as long as one authority has no list', async () => {
    const config = plainConfig(directory, { upstream: consumer.url })
    nginx = await startNginx({
      config,
      standalone: true,
      edit: (text) => text.replace('#ssl_crl ', 'ssl_crl '),
      files: { 'client-anchors.crl': issueCrl({ issuer: made.meta.root }).list },
    })
    expect(await statusOf(nginx, made.client)).toBe(200)
    expect(await statusOf(nginx, made.digicert.client())).toBe(403)
  })
})

describe('a server that looks for the name with a regular expression, as a published example does', () => {
  let nginx: StreamProxy | undefined
  let port = 0
  beforeAll(async () => {
    if (itRuns !== it) return
    port = await closedPort()
    nginx = await startStreamProxy({
      program: 'nginx',
      port,
      config: (place) =>
        nginxMain(
          place,
          `server {
            listen 127.0.0.1:${port} ssl;
            ssl_certificate ${directory}/server.pem;
            ssl_certificate_key ${directory}/server.key;
            ssl_client_certificate ${directory}/meta.pem;
            ssl_verify_client on;
            location / {
              if ($ssl_client_s_dn ~ "CN=client.webhooks.fbclientcerts.com") { return 200 "admitted"; }
              return 403;
            }
          }`,
        ),
    })
  })
  afterAll(() => nginx?.stop())

  // Each of these is refused above.
  itRuns.each([
    'its CN is a suffix',
    'its CN is X for the dots',
    'the right name stands in OU posing as CN',
    'the right name stands before another one',
    'the right name stands after another one',
    'the right name stands in one RDN with another one',
    'the right name stands in OU posing as CN, the CN is another',
  ])('%s: it admits it', async (name) => {
    const named = NAMED.find((one) => one.name === name)
    expect(named?.admitted).toBe(false)
    expect(await statusOf({ port }, named?.identity(made))).toBe(200)
  })
})
