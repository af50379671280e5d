// What is made from the configuration and its declaration: config show, the JSON Schema, the pages in docs.
import { parse } from 'yaml'
import { describe, expect, it } from 'vitest'
import { configJsonSchema } from '../../src/config/json-schema.ts'
import { configurationReference } from '../../src/config/reference.ts'
import { settingsOf } from '../../src/config/settings-tree.ts'
import { schema } from '../../src/config/schema.ts'
import { showConfig, shownConfig } from '../../src/config/show.ts'
import { REFUSALS } from '../../src/domain/refusals.ts'
import { refusalsReference } from '../../src/domain/refusals-reference.ts'
import { frontsReference } from '../../src/fronts/reference.ts'
import { readFileSync } from 'node:fs'
import { SECRET, parsed, problemsOf, sample, sampleRoute } from './sample.ts'

const PIN = `sha256/${Buffer.alloc(32, 7).toString('base64')}`
const EVERYTHING = sample({
  state: '/var/lib/hubgate',
  listen: {
    address: ['127.0.0.1:8443', '[::1]:8443', 'unix:/run/hubgate.sock'],
    trustedPeers: ['10.0.0.0/8'],
  },
  tls: { certificate: '/c.pem', key: '/k.pem', others: [{ certificate: '/d.pem', key: '/l.pem' }] },
  client: {
    require: 'deliveries',
    anchors: [
      { builtin: 'digicert-ev', state: 'retired' },
      { name: 'meta', file: '/m.pem', from: '2026-01-01', until: '2030-12-14T12:00:00Z' },
    ],
    maxDepth: 2,
    pins: [PIN],
    trustGrace: '90s',
    revocation: { mode: 'hard', refresh: '2h', files: ['/r.crl'], urls: ['https://lists.example/r.crl'] },
  },
  sources: { mode: 'observe', extra: ['31.13.64.0/18'], maxAge: '36h' },
  limits: { body: '5B', handshakeTimeout: '250ms' },
  admin: { address: ':9000', token: SECRET },
  routes: [sampleRoute(), sampleRoute({ path: '/b', mode: 'unsigned', unsafeUnsigned: true, apps: [] })],
})

describe('the shown configuration', () => {
  it('is what would be written, with every default and *** for secrets', () => {
    expect(shownConfig(parsed(EVERYTHING).config)).toMatchObject({
      state: '/var/lib/hubgate',
      listen: { address: ['127.0.0.1:8443', '[::1]:8443', 'unix:/run/hubgate.sock'] },
      tls: { others: [{ certificate: '/d.pem', key: '/l.pem' }] },
      client: {
        anchors: [
          { builtin: 'digicert-ev', state: 'retired' },
          {
            name: 'meta',
            file: '/m.pem',
            state: 'active',
            from: '2026-01-01T00:00:00Z',
            until: '2030-12-14T12:00:00Z',
          },
        ],
        maxDepth: 2,
        pins: [PIN],
        trustGrace: '90s',
        revocation: { mode: 'hard', refresh: '2h', files: ['/r.crl'], urls: ['https://lists.example/r.crl'] },
      },
      sources: { allowlist: '/var/lib/hubgate/as32934.txt', maxAge: '36h' },
      apps: { shop: { secrets: ['***'], verifyTokens: ['***'] } },
      limits: { body: '5B', handshakeTimeout: '250ms', connections: 10_000 },
      admin: { address: ':9000', token: '***' },
      shutdown: { delay: '0s', timeout: '25s' },
    })
  })

  it('is the same in YAML, and loads again to the same once the secrets are back', () => {
    const { config } = parsed(EVERYTHING)
    const shown: unknown = parse(showConfig(config).replaceAll("'***'", SECRET).replaceAll('"***"', SECRET))
    expect(problemsOf(shown)).toEqual([])
    expect(JSON.stringify(parsed(shown).config)).toBe(JSON.stringify(config))
  })
})

describe('the JSON Schema', () => {
  const generated = JSON.stringify(configJsonSchema())
  it.each([...settingsOf(schema)].map(({ name }) => name))('knows %s', (name) => {
    if (!name.endsWith('[]') && !name.endsWith('NAME'))
      expect(generated).toContain(`"${name.split('.').at(-1)}":`)
  })
  it('asks for what has no default, and refuses what it does not know', () => {
    expect(configJsonSchema()).toMatchObject({
      type: 'object',
      required: ['client', 'routes'],
      additionalProperties: false,
    })
  })
})

describe('the generated pages', () => {
  it('explain every setting', () => {
    const page = configurationReference()
    for (const { name, shape } of settingsOf(schema))
      if (shape.kind === 'leaf') expect(page).toContain(`| \`${name}\` |`)
  })

  it('explain every refusal', () => {
    const page = refusalsReference()
    for (const code of Object.keys(REFUSALS)) expect(page).toContain(`| \`${code}\` |`)
  })

  it.each([
    ['docs/configuration.md', configurationReference],
    ['docs/fronts.md', frontsReference],
    ['docs/refusals.md', refusalsReference],
  ])('%s is what the code says: else run npm run docs', (file, page) => {
    expect(readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')).toBe(page())
  })
})
