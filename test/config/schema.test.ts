// The declaration: defaults, help, and a suggestion for every misspelled key there is.
import { describe, expect, it } from 'vitest'
import { type Setting, settingsOf, shapeOf, writtenDefault } from '../../src/config/settings-tree.ts'
import { schema } from '../../src/config/schema.ts'
import { BASE, parsed, problemsOf, said, sample } from './sample.ts'

const SETTINGS = [...settingsOf(schema)]
const ONE_OF_EACH = sample({
  tls: { certificate: 'a', key: 'b', others: [{ certificate: 'c', key: 'd' }] },
  client: { anchors: [{ name: 'a', file: 'b' }], revocation: {} },
})

describe('the declaration', () => {
  it('has the defaults of the contract', () => {
    const { config } = parsed(sample())
    expect(config).toMatchObject({
      state: `${BASE}/data`,
      listen: {
        address: [{ kind: 'tcp', host: undefined, port: 8443 }],
        workers: 1,
        fastLane: true,
        front: 'direct',
        proxyProtocol: 'none',
        trustedPeers: [],
      },
      tls: {
        certificate: `${BASE}/tls/fullchain.pem`,
        key: `${BASE}/tls/privkey.pem`,
        others: [],
        minVersion: 'TLSv1.2',
      },
      client: {
        require: 'always',
        commonNames: ['client.webhooks.fbclientcerts.com'],
        maxDepth: 3,
        pins: [],
        trustGrace: 30_000,
        revocation: { mode: 'none', refresh: 6 * 3_600_000, files: [], urls: [] },
      },
      sources: { mode: 'enforce', allowlist: `${BASE}/data/as32934.txt`, extra: [], maxAge: 7 * 86_400_000 },
      limits: {
        body: 4 * 2 ** 20,
        head: 16 * 2 ** 10,
        bodiesInMemory: 256 * 2 ** 20,
        handshakeTimeout: 10_000,
        headTimeout: 10_000,
        bodyTimeout: 30_000,
        idleTimeout: 75_000,
        connections: 10_000,
        connectionsPerAddress: 256,
      },
      shutdown: { delay: 0, timeout: 25_000 },
      admin: { address: { kind: 'tcp', host: '127.0.0.1', port: 8444 }, token: undefined },
      log: { level: 'info', format: 'json' },
    })
    expect(config.routes[0]).toEqual({
      path: '/webhooks/meta',
      apps: ['shop'],
      upstream: 'http://127.0.0.1:3000/webhooks',
      timeout: 5000,
      mode: 'relay',
      answer: 'status',
      challenge: 'answer',
      host: 'received',
      clientCert: false,
      unsafeUnsigned: false,
    })
  })

  it('is frozen through and through when it is in effect', () => {
    const { config } = parsed(sample())
    expect(
      [
        config,
        config.listen,
        config.listen.address,
        config.apps['shop'],
        config.routes[0],
        config.limits,
      ].every((part) => Object.isFrozen(part)),
    ).toBe(true)
  })

  it.each(
    SETTINGS.filter(({ shape }) => shape.kind === 'leaf').map((setting) => [setting.name, setting] as const),
  )('explains %s', (_name, { schema }) =>
    expect('description' in schema && schema.description).toMatch(/^.{8,}\.$/s),
  )

  it.each(SETTINGS.map((setting) => [setting.name, setting] as const))(
    'can read its own default of %s',
    (_name, { schema }) => {
      if (writtenDefault(schema) === undefined) return
      expect(schema).toHaveProperty('safeParse')
      expect(
        'safeParse' in schema &&
          typeof schema.safeParse === 'function' &&
          schema.safeParse(undefined).success,
      ).toBe(true)
    },
  )
})

describe('a misspelled key', () => {
  const cases = SETTINGS.flatMap((setting) => (/(?:NAME|\[\])$/.test(setting.name) ? [] : typosOf(setting)))

  it('is tried for every key there is', () => expect(cases.length).toBeGreaterThan(4 * 50))

  it.each(cases)('%s is told from %s', (typo, meant) => {
    const problem = problemsOf(withKey(typo)).find(({ setting }) => setting === concrete(typo))
    expect(problem?.message).toBe('is not a setting')
    expect(problem?.hint).toBe(`did you mean "${lastKey(meant)}"?`)
  })

  it('of another section is told where it belongs', () => {
    expect(problemsOf(sample({ bodyTimeout: '3s' }))[0]?.hint).toBe(
      'it belongs elsewhere: limits.bodyTimeout',
    )
  })

  it('like nothing else is told what there is', () => {
    expect(problemsOf(sample({ log: { xyzzy: 1 } }))[0]?.hint).toBe('known here: level, format')
  })

  it('makes no second problem of the key that it was meant to be', () => {
    const route = { path: '/x', apps: ['shop'], upstrem: 'http://127.0.0.1:3000/' }
    expect(said(problemsOf(sample({ routes: [route] })))).toEqual(['routes[0].upstrem: is not a setting'])
  })

  it('hides nothing that is wrong elsewhere', () => {
    const wrong = sample({
      lisen: {},
      sources: { extra: ['1.2.3.4'] },
      apps: { shop: { secrets: [] } },
      limits: { body: '1GiB' },
    })
    expect(problemsOf(wrong).map(({ setting }) => setting)).toEqual([
      'lisen',
      'sources.extra[0]',
      'apps.shop.secrets',
      'limits.body',
    ])
  })
})

// A letter left out, doubled, and swapped with the next: what fingers do. Never one that makes another known key.
function typosOf({ name }: Setting): [typo: string, meant: string][] {
  const key = lastKey(name)
  const middle = Math.floor(key.length / 2)
  const typos = [
    key.slice(0, middle) + key.slice(middle + 1),
    key.slice(0, middle) + (key[middle] ?? '') + key.slice(middle),
    key.slice(0, middle - 1) + (key[middle] ?? '') + (key[middle - 1] ?? '') + key.slice(middle + 1),
    key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    key.toUpperCase(),
  ]
  return [...new Set(typos)]
    .filter((typo) => typo !== key)
    .map((typo) => [name.slice(0, -key.length) + typo, name])
}

function lastKey(name: string): string {
  return name.split('.').at(-1) ?? ''
}

function concrete(name: string): string {
  return name.replaceAll('[]', '[0]').replace('apps.NAME', 'apps.shop')
}

// The sample with one more key where the name says.
function withKey(name: string): unknown {
  const raw = structuredClone(ONE_OF_EACH)
  let at: object = raw
  for (const key of concrete(name)
    .split(/\.|\[|\]\.?/)
    .filter((part) => part !== '')
    .slice(0, -1)) {
    if (!Object.hasOwn(at, key)) Object.assign(at, { [key]: {} })
    const below: unknown = Reflect.get(at, key)
    if (typeof below !== 'object' || below === null)
      throw new Error(`${name}: nothing can stand below ${key}`)
    at = below
  }
  Object.assign(at, { [lastKey(name)]: 1 })
  return raw
}

it('every setting can be walked to', () => {
  expect(SETTINGS.map(({ name }) => name)).toContain('client.anchors[].file')
  expect(shapeOf(schema).kind).toBe('section')
})
