// `hubgate front`: the files in nginx/, haproxy/ and envoy/ are what it fills, with the defaults they are what it prints, and what
// a front cannot do it says.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { planNginx, planStandalone } from '../../src/cli/front-nginx.ts'
import { planEnvoy, planHaproxy } from '../../src/cli/front-others.ts'
import type { FrontOptions } from '../../src/cli/front-plan.ts'
import { nameExpression } from '../../src/cli/front-standalone.ts'
import { filled, template } from '../../src/cli/front-template.ts'
import { CliError } from '../../src/cli/io.ts'
import type { Config, RouteConfig } from '../../src/config/config.ts'
import { FRONTS } from '../../src/fronts/fronts.ts'
import { fileAnchor, pki, plainConfig, writePki } from '../support/world.ts'

const made = await pki()
let directory = ''
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'hubgate-front-'))
  await writePki(directory, made)
  writeFileSync(join(directory, 'intermediate.pem'), made.digicert.intermediates[0]?.certificate ?? '')
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const at = (place: string): FrontOptions => ({ place, port: 443, certificate: undefined, key: undefined })

/** What the files in the repository are made for. */
function usual(
  front: Config['listen']['front'],
  change: (config: Config) => Config = (config) => config,
): Config {
  const plain = plainConfig(directory, { upstream: 'http://127.0.0.1:3000/webhooks' })
  return change({
    ...plain,
    listen: {
      ...plain.listen,
      address: [{ kind: 'unix', path: '/run/hubgate/hubgate.sock' }],
      front,
      trustedPeers: ['unix'],
    },
    tls: undefined,
    limits: { ...plain.limits, connectionsPerAddress: 256 },
  })
}

const passed = usual('direct', (config) => ({
  ...config,
  listen: { ...config.listen, proxyProtocol: 'required' },
}))

describe('with the defaults it prints the file of the repository', () => {
  it.each([
    ['nginx/hubgate.conf', () => planNginx(usual('nginx'), at('/etc/nginx/hubgate'))],
    ['nginx/standalone.conf', () => planStandalone(usual('direct'), at('/etc/nginx/hubgate'))],
    ['haproxy/hubgate.cfg', () => planHaproxy(usual('haproxy'), at('/etc/haproxy/hubgate'))],
    ['haproxy/passthrough.cfg', () => planHaproxy(passed, at('/etc/haproxy/hubgate'))],
    ['envoy/hubgate.yaml', () => planEnvoy(usual('envoy'), at('/etc/envoy/hubgate'))],
  ])('%s', (name, plan) => {
    expect(plan().text).toBe(template(name))
  })
})

describe('hubgate.yaml is what it says', () => {
  const changed = (config: Config): Config => ({
    ...config,
    listen: { ...config.listen, address: [{ kind: 'tcp', host: '::1', port: 9443 }] },
    client: { ...config.client, commonNames: ['a.example', 'b,c'], maxDepth: 2 },
    sources: { ...config.sources, extra: ['192.0.2.0/24'] },
    limits: {
      ...config.limits,
      body: 1000,
      head: 8192,
      headTimeout: 1500,
      bodyTimeout: 2000,
      connectionsPerAddress: 7,
    },
    routes: config.routes.map((route) => ({ ...route, timeout: 120_000 })),
  })

  it('for nginx', () => {
    const { text } = planNginx(usual('nginx', changed), {
      ...at('/srv/x'),
      port: 8443,
      certificate: '/c.pem',
      key: '/k.pem',
    })
    for (const line of [
      'server [::1]:9443;',
      'listen 8443 ssl default_server;',
      'listen [::]:8443 ssl default_server;',
      'ssl_certificate /c.pem;',
      'ssl_certificate_key /k.pem;',
      'ssl_client_certificate /srv/x/client-anchors.pem;',
      'ssl_verify_depth 1;',
      'include /srv/x/sources.conf;',
      '192.0.2.0/24 1;',
      'client_max_body_size 1000;',
      'client_header_timeout 1500ms;',
      'client_body_timeout 2s;',
      'large_client_header_buffers 4 16384;',
      'limit_conn hubgate_address 7;',
      'proxy_read_timeout 130s;',
      `"${nameExpression('a.example')}" 1;`,
      `"${nameExpression('b,c')}" 1;`,
    ])
      expect(text).toContain(` ${line}\n`)
  })

  it('for HAProxy and Envoy', () => {
    const haproxy = planHaproxy(usual('haproxy', changed), at('/srv/x')).text
    expect(haproxy).toContain(' server hubgate [::1]:9443\n')
    expect(haproxy).toContain(' acl from_meta src 192.0.2.0/24\n')
    expect(haproxy).toContain(' timeout http-request 1500ms\n')
    const envoy = planEnvoy(usual('envoy', changed), at('/srv/x')).text
    expect(envoy).toContain('socket_address: { address: "::1", port_value: 9443 }')
    expect(envoy).toContain('request_headers_timeout: 1.5s')
    expect(envoy).toContain('max_verify_depth: 1')
  })

  it('retired anchors are in no bundle, and staged ones where hubgate decides', async () => {
    const anchors = (config: Config): Config => ({
      ...config,
      client: {
        ...config.client,
        anchors: [
          fileAnchor('now', join(directory, 'meta.pem')),
          fileAnchor('next', join(directory, 'digicert.pem'), { state: 'staged' }),
          fileAnchor('past', join(directory, 'intermediate.pem'), { state: 'retired' }),
        ],
      },
    })
    const bundle = async (plan: ReturnType<typeof planNginx>) =>
      [...((await plan.files())['client-anchors.pem'] ?? '').matchAll(/^# (.*)$/gm)].map(([, name]) => name)
    expect(await bundle(planNginx(usual('nginx', anchors), at('/x')))).toEqual(['now', 'next'])
    expect(await bundle(planStandalone(usual('direct', anchors), at('/x')))).toEqual(['now'])
    expect(await bundle(planHaproxy(usual('haproxy', anchors), at('/x')))).toEqual(['now', 'next'])
  })

  it('says that nginx passes on the leaf alone, unless the intermediate is an anchor', () => {
    const { notes } = planNginx(usual('nginx'), at('/x'))
    expect(notes).toEqual([expect.stringMatching(/below digicert-lab .* add that one to client\.anchors/)])
    const withIntermediate = usual('nginx', (config) => ({
      ...config,
      client: {
        ...config.client,
        anchors: [...config.client.anchors, fileAnchor('below', join(directory, 'intermediate.pem'))],
      },
    }))
    expect(planNginx(withIntermediate, at('/x')).notes).toEqual([])
  })

  it('without a source gate nothing is kept out, loudly', () => {
    const config = usual('nginx', (one) => ({ ...one, sources: { ...one.sources, mode: 'none' } }))
    const { text, notes } = planNginx(config, at('/x'))
    expect(text).toContain('# sources.mode is none: EVERY ADDRESS.\n    default 1;\n')
    expect(text).not.toContain(' include ')
    expect(notes).toContainEqual(expect.stringContaining('every address'))
  })
})

const CANNOT: readonly (readonly [expected: string, change: (config: Config) => Config])[] = [
  ['client.pins', (config) => client(config, { pins: ['0'.repeat(64)] })],
  ['client.require: observe', (config) => client(config, { require: 'observe' })],
  [
    'client.revocation.mode: soft',
    (config) => client(config, { revocation: { ...config.client.revocation, mode: 'soft' } }),
  ],
  [
    'client.anchors: from and until',
    (config) =>
      client(config, {
        anchors: [fileAnchor('meta', join(directory, 'meta.pem'), { until: new Date('2090-01-01') })],
      }),
  ],
  [
    'below is no root',
    (config) => client(config, { anchors: [fileAnchor('below', join(directory, 'intermediate.pem'))] }),
  ],
  ['sources.mode: observe', (config) => ({ ...config, sources: { ...config.sources, mode: 'observe' } })],
  ['routes /webhooks/meta: mode: unsigned', (config) => route(config, { mode: 'unsigned' })],
  [
    'routes /webhooks/meta: upstream: https',
    (config) => route(config, { upstream: 'https://consumer.example' }),
  ],
  ['routes /webhooks/meta: host: upstream', (config) => route(config, { host: 'upstream' })],
  ['routes /webhooks/meta: clientCert', (config) => route(config, { clientCert: true })],
  ['routes /webhooks/$meta: path', (config) => route(config, { path: '/webhooks/$meta' })],
  ['routes /webhooks/%6d: path', (config) => route(config, { path: '/webhooks/%6d' })],
  ['routes /webhooks//meta: path', (config) => route(config, { path: '/webhooks//meta' })],
  ['routes /webhooks/./meta: path', (config) => route(config, { path: '/webhooks/./meta' })],
  [
    "routes /webhooks/meta: upstream: its path holds characters of nginx' own",
    (config) => route(config, { upstream: 'http://127.0.0.1:3000/$x' }),
  ],
]

describe('what nginx alone cannot do is refused in words', () => {
  it.each(CANNOT)('%s', (expected, change) => {
    const refused = thrownBy(() => planStandalone(usual('direct', change), at('/x')))
    expect(refused).toMatchObject({ exit: 3 })
    expect(refused.message).toContain(expected)
  })

  it('all at once', () => {
    const all = (config: Config) => CANNOT.slice(0, 3).reduce((one, [, change]) => change(one), config)
    expect(thrownBy(() => planStandalone(usual('direct', all), at('/x'))).message.split('\n')).toHaveLength(4)
  })
})

describe('a hubgate.yaml that is not for this front', () => {
  it.each([
    ['nginx', planNginx],
    ['haproxy', planHaproxy],
    ['envoy', planEnvoy],
  ] as const)('%s: another front is named', (_name, plan) => {
    expect(thrownBy(() => plan(usual('rfc9440'), at('/x')))).toMatchObject({
      message: expect.stringContaining('listen.front is rfc9440'),
      hint: expect.stringContaining('trustedPeers: [unix]'),
    })
  })

  it('TLS on the hop', () => {
    const { tls } = plainConfig(directory, { upstream: 'http://127.0.0.1:3000' })
    expect(thrownBy(() => planNginx({ ...usual('nginx'), tls }, at('/x'))).message).toContain('leave tls out')
  })

  it.each(['/tmp/a b', '/tmp/a;b', '/tmp/a"b', '/tmp/$a', '/tmp/a\nb', '/tmp/{a}', '/tmp/#a'])(
    'the path %j would have to be escaped there',
    (path) => {
      expect(() => planNginx(usual('nginx'), at(path))).toThrow(/characters that would have to be escaped/)
      const socket = usual('nginx', (config) => ({
        ...config,
        listen: { ...config.listen, address: [{ kind: 'unix', path }] },
      }))
      expect(() => planNginx(socket, at('/x'))).toThrow(/characters that would have to be escaped/)
    },
  )
})

describe('the expression for a name', () => {
  const fits = (commonName: string, subject: string) =>
    // Of PCRE, what JavaScript has not: possessive quantifiers and \z. They change nothing but the time it takes.
    new RegExp(nameExpression(commonName).slice(1).replaceAll('*+', '*').replace(/\\z$/, '$')).test(subject)

  it.each([
    ['client.example', 'CN=client.example', true],
    ['client.example', 'CN=client.example,O=x,C=US', true],
    ['client.example', 'C=US+OU=x,CN=client.example', true],
    ['client.example', 'O=a\\,b\\+c,CN=client.example,OU=d', true],
    ['client.example', '1.2.3.4=#0c0178,CN=client.example', true],
    ['client.example', 'CN=clientXexample', false],
    ['client.example', 'CN=client.example.evil', false],
    ['client.example', 'CN=evil.client.example', false],
    ['client.example', 'O=x\\,CN=client.example', false],
    ['client.example', 'O=x\\\\\\,CN=client.example', false],
    ['client.example', 'O=x\\\\,CN=client.example', true],
    ['client.example', 'CN=client.example\\,O=x', false],
    ['client.example', 'CN=client.example\\0A', false],
    ['client.example', 'CN=client.example\n', false],
    ['client.example', 'O=CN=client.example', false],
    ['client.example', 'CN=client.example,CN=evil', false],
    ['client.example', 'CN=evil,CN=client.example', false],
    ['client.example', 'CN=evil+CN=client.example', false],
    ['client.example', 'CN=client.example+CN=client.example', false],
    ['client.example', '', false],
    ['a,b', 'CN=a\\,b', true],
    ['a,b', 'CN=a,b', false],
    ['é', 'CN=\\C3\\A9', true],
    [' #x ', 'CN=\\ #x\\ ', true],
    ['#x', 'CN=\\#x', true],
  ])('%j in %j: %s', (commonName, subject, expected) => {
    expect(fits(commonName, subject)).toBe(expected)
  })

  it('holds nothing that ends a word of nginx’ language', () => {
    for (let code = 1; code < 0x250; code++)
      expect(nameExpression(String.fromCharCode(code))).toMatch(/^~\^[\w?:!=[\]^,+\\|*().-]+\\z$/)
  })
})

it.each(Object.entries(FRONTS))(
  'fields of %s are set or taken away by nginx and HAProxy',
  (_front, { fields }) => {
    const deleted = [...template('haproxy/hubgate.cfg').matchAll(/ del-header (\S+)( -m beg)?$/gm)]
    for (const { name } of fields) {
      expect(template('nginx/hubgate.conf')).toContain(`    proxy_set_header ${name} `)
      expect(
        deleted.some(([, text = '', prefix]) =>
          prefix === undefined ? name.toLowerCase() === text : name.toLowerCase().startsWith(text),
        ),
        name,
      ).toBe(true)
    }
  },
)

it('a template that has changed is noticed', () => {
  expect(() => filled('a b', { texts: [['c', 'd']] })).toThrow('the template has no c')
  expect(() => filled('a b', { texts: [], blocks: { x: [] } })).toThrow('the template has no block x')
})

it('Envoy’s passes on one element with the certificate, resumes nothing and changes no path', () => {
  const read: unknown = parse(template('envoy/hubgate.yaml'))
  const flat = new Map(leaves(read, ''))
  for (const [key, value] of [
    ['forward_client_cert_details', 'SANITIZE_SET'],
    ['set_current_client_cert_details.cert', true],
    ['set_current_client_cert_details.chain', true],
    ['require_client_certificate', false],
    ['disable_stateless_session_resumption', true],
    ['disable_stateful_session_resumption', true],
    ['use_remote_address', true],
    ['xff_num_trusted_hops', 0],
    ['normalize_path', false],
    ['merge_slashes', false],
    ['headers_with_underscores_action', 'DROP_HEADER'],
    ['pipe.path', '/run/hubgate/hubgate.sock'],
  ] as const)
    expect([...flat].filter(([path]) => path.endsWith(`.${key}`)).map(([, one]) => one)).toEqual([value])
})

function client(config: Config, change: Partial<Config['client']>): Config {
  return { ...config, client: { ...config.client, ...change } }
}

function route(config: Config, change: Partial<RouteConfig>): Config {
  return { ...config, routes: config.routes.map((one) => ({ ...one, ...change })) }
}

function thrownBy(work: () => unknown): CliError {
  try {
    work()
  } catch (error) {
    if (error instanceof CliError) return error
    throw error
  }
  throw new Error('nothing was refused')
}

function leaves(value: unknown, path: string): (readonly [string, unknown])[] {
  if (typeof value !== 'object' || value === null) return [[path, value]]
  return Object.entries(value).flatMap(([key, one]) => leaves(one, `${path}.${key}`))
}
