// A configuration given as an object: its type, values of any odd shape, and names that objects have by themselves.
import { describe, expect, it } from 'vitest'
import type { ConfigInput } from '../../src/config/schema.ts'
import { SECRET, parsed, problemsOf, said, sample, sampleRoute } from './sample.ts'

describe('the type of a configuration object', () => {
  it('takes what the file takes', () => {
    const input: ConfigInput = {
      tls: { certificate: 'a', key: 'b', minVersion: 'TLSv1.3' },
      client: { anchors: [{ builtin: 'digicert-ev' }] },
      listen: { address: [':1', ':2'], workers: '${WORKERS:-1}', front: '${FRONT:-direct}' },
      apps: { shop: { secrets: [SECRET] } },
      routes: [{ path: '/x', apps: ['shop'], upstream: 'http://127.0.0.1:3000/' }],
    } as const
    expect(parsed(input).config.listen.workers).toBe(1)
  })

  it('knows the keys and the words', () => {
    // @ts-expect-error -- a misspelled key
    const misspelled: ConfigInput['limits'] = { bdy: '1MiB' }
    // @ts-expect-error -- a word that does not exist
    const unknown: ConfigInput['log'] = { level: 'loud' }
    // @ts-expect-error -- client and routes have no default
    const empty: ConfigInput = {}
    expect([misspelled, unknown, empty]).toHaveLength(3)
  })
})

describe('an object that is no configuration', () => {
  it.each([
    ['nothing', undefined, 'is empty'],
    ['null', null, 'is empty'],
    ['a text', 'x', 'is not a map of settings'],
    ['a list', [], 'is not a map of settings'],
    ['a function', () => 1, 'is not a map of settings'],
    ['a date', new Date(), 'is not a map of settings'],
  ])('%s is told so', (_name, raw, message) =>
    expect(problemsOf(raw)).toMatchObject([{ setting: '', message }]),
  )

  it('may hold itself', () => {
    const raw = sample()
    raw['listen'] = raw
    expect(problemsOf(raw).every(({ message }) => message === 'is not a setting')).toBe(true)
  })

  it.each(['tls', 'client', 'routes', 'apps', 'listen', 'log'])(
    'an empty %s says so, whatever else is right',
    (key) => {
      expect(problemsOf(sample({ [key]: null }))).toContainEqual(
        expect.objectContaining({ setting: key, message: 'is empty' }),
      )
    },
  )

  it.each(['__proto__', '', 'a b', 'ä', '.x', 'x'.repeat(65)])('an app cannot be called %j', (name) => {
    const apps = Object.fromEntries([
      [name, { secrets: ['x'] }],
      ['shop', { secrets: ['0123456789abcdef'] }],
    ])
    expect(problemsOf(sample({ apps }))).toMatchObject([{ message: 'is not a usable name' }])
  })

  it.each(['constructor', 'toString', 'hasOwnProperty', '1', 'a.b-c_d'])(
    'an app can be called %s',
    (name) => {
      const { config } = parsed(
        sample({
          apps: { [name]: { secrets: ['0123456789abcdef'] } },
          routes: [sampleRoute({ apps: [name] })],
        }),
      )
      expect(Object.keys(config.apps)).toEqual([name])
      expect(config.apps['valueOf']).toBeUndefined()
    },
  )

  it('cannot reach a prototype through its keys', () => {
    const raw: unknown = JSON.parse('{"__proto__":{"listen":1},"limits":{"__proto__":{"body":"1B"}}}')
    expect(said(problemsOf(raw))).toContain('__proto__: is not a setting')
    expect(said(problemsOf(raw))).toContain('limits.__proto__: is not a setting')
  })
})
