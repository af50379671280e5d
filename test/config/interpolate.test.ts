// ${NAME}, ${NAME:-default} and ${file:PATH}: what they become, and that nothing they stand for is told.
import { describe, expect, it } from 'vitest'
import { interpolate } from '../../src/config/interpolate.ts'
import {
  SAMPLE_ENV,
  SAMPLE_YAML,
  SECRET,
  directoryOf,
  loaded,
  parsed,
  problemsFrom,
  problemsOf,
  sample,
  sampleRoute,
} from './sample.ts'

const path = directoryOf({
  plain: 'value\n',
  bare: 'value',
  two: 'value\n\n',
  windows: 'value\r\n',
  empty: '',
  marked: '\uFEFFvalue\n',
  latin1: new Uint8Array([0xe4, 0x0a]),
  large: 'x'.repeat(70_000),
})
const at = (text: string, env: Record<string, string> = {}) =>
  interpolate(text, { env, baseDir: path('.') }).value

describe('interpolation', () => {
  it.each([
    ['${A}', { A: 'x' }, 'x'],
    ['a${A}b${A}c', { A: '1' }, 'a1b1c'],
    ['${A:-d}', {}, 'd'],
    ['${A:-d}', { A: '' }, 'd'],
    ['${A:-d}', { A: 'x' }, 'x'],
    ['${A:-}', {}, ''],
    ['${A:-http://x:1/}', {}, 'http://x:1/'],
    ['${A:-a:-b}', {}, 'a:-b'],
    ['${A}', { A: '' }, ''],
    ['$${A}', { A: 'x' }, '${A}'],
    ['$${A}${A}', { A: 'x' }, '${A}x'],
    ['$$${A}', { A: 'x' }, '$${A}'],
    ['$A $ $$ {A} }', { A: 'x' }, '$A $ $$ {A} }'],
    ['${A}', { A: '${B}' }, '${B}'],
    ['${A}', { A: '$&$1' }, '$&$1'],
    ['${A}', { A: 'a: b\n- c # "' }, 'a: b\n- c # "'],
  ])('%s with %j becomes %j', (text, env, expected) => expect(at(text, env)).toBe(expected))

  it.each([
    ['${file:plain}', 'value'],
    ['${file:bare}', 'value'],
    ['${file:two}', 'value\n'],
    ['${file:windows}', 'value'],
    ['${file:empty}', ''],
    ['${file:marked}', 'value'],
    ['x${file:./plain}y', 'xvaluey'],
  ])('%s becomes %j: one newline at the end is removed', (text, expected) => expect(at(text)).toBe(expected))

  it.each([
    ['${A}', 'the environment variable A is not set'],
    ['${constructor}', 'the environment variable constructor is not set'],
    ['${', 'holds a ${ that is never closed'],
    ['${A', 'holds a ${ that is never closed'],
    ['${}', 'holds a ${…} that names no environment variable'],
    ['${1A}', 'holds a ${…} that names no environment variable'],
    ['${A B}', 'holds a ${…} that names no environment variable'],
    ['${A-d}', 'holds a ${…} that names no environment variable'],
    ['${A:d}', 'holds a ${…} that names no environment variable'],
    ['${file:}', 'holds a ${…} that names no environment variable'],
    ['${file:none}', 'the file it names cannot be read: there is no such file'],
    ['${file:plain/x}', 'the file it names cannot be read: there is no such file'],
    ['${file:.}', 'the file it names cannot be read: it is not a regular file'],
    ['${file:/dev/zero}', 'the file it names cannot be read: it is not a regular file'],
    ['${file:large}', 'the file it names cannot be read: it is larger than 64KiB'],
    ['${file:latin1}', 'the file it names cannot be read: it is not UTF-8 text'],
  ])('%s is an error: %s', (text, message) => {
    expect(() => at(text)).toThrow(expect.objectContaining({ name: 'Unresolved', message }))
  })
})

describe('a configuration with references', () => {
  it('takes numbers, switches, words and sizes from them, too', () => {
    const env = { N: '7', ON: 'false', LEVEL: 'debug', SIZE: '1MiB', PORT: '9443' }
    const raw = sample({
      listen: { address: ':${PORT}', fastLane: '${ON}' },
      limits: { connections: '${N}', body: '${SIZE}' },
      log: { level: '${LEVEL}' },
    })
    const { config } = parsed(raw, env)
    expect(config).toMatchObject({
      listen: { address: [{ port: 9443 }], fastLane: false },
      limits: { connections: 7, body: 2 ** 20 },
      log: { level: 'debug' },
    })
  })

  it('cannot be given structure by a value', () => {
    const { config } = loaded(SAMPLE_YAML, { ...SAMPLE_ENV, VERIFY_TOKEN: 'x"], unsafe: [1' })
    expect(config.apps['shop']?.verifyTokens.map((token) => token.reveal())).toEqual(['x"], unsafe: [1'])
  })

  it('keeps text that looks like a number as it is', () => {
    const { config } = loaded(SAMPLE_YAML, { APP_SECRET: '00001234567890123456', VERIFY_TOKEN: '1e5' })
    expect(config.apps['shop']?.secrets[0]?.reveal()).toBe('00001234567890123456')
    expect(config.apps['shop']?.verifyTokens[0]?.reveal()).toBe('1e5')
  })

  it('names the files it took values from, each once', () => {
    const file = path('plain')
    const raw = sample({
      apps: { shop: { secrets: [SECRET], verifyTokens: [`\${file:${file}}`, `x\${file:${file}}`] } },
    })
    expect(parsed(raw).files).toEqual([file])
  })

  it('complains once about a reference that leads nowhere', () => {
    const raw = sample({
      routes: [sampleRoute({ path: '${NOPE}', timeout: '${NOPE}' })],
      listen: { address: [':${NOPE}'] },
    })
    expect(problemsOf(raw).map(({ setting }) => setting)).toEqual([
      'routes[0].path',
      'routes[0].timeout',
      'listen.address[0]',
    ])
  })

  it('shows the reference, never what it stands for', () => {
    const problems = problemsOf(
      sample({
        routes: [
          sampleRoute({ path: '${VALUE}', mode: '${VALUE}', upstream: '${VALUE}', timeout: '${VALUE}' }),
        ],
      }),
      { VALUE: SECRET },
    )
    expect(problems).toHaveLength(4)
    expect(JSON.stringify(problems)).not.toContain(SECRET.slice(0, 8))
    expect(problems[0]?.message).toBe('"${VALUE}": does not begin with /')
  })

  it('fills in nothing where it is a key', () => {
    expect(problemsOf(sample({ apps: { '${A}': { secrets: [SECRET] } } }), { A: 'shop' })[0]?.message).toBe(
      'is not a usable name',
    )
  })

  it('takes a state directory from systemd, the first of several', () => {
    expect(
      parsed(sample(), { STATE_DIRECTORY: '/var/lib/hubgate:/var/lib/other' }).config.sources.allowlist,
    ).toBe('/var/lib/hubgate/as32934.txt')
    expect(parsed(sample(), { STATE_DIRECTORY: '' }).config.state).toBe('/etc/hubgate/data')
    expect(parsed(sample({ state: 'x' }), { STATE_DIRECTORY: '/var/lib/hubgate' }).config.state).toBe(
      '/etc/hubgate/x',
    )
  })

  it('that is not quoted inside brackets gets a hint', () => {
    const [problem] = problemsFrom(() => loaded('apps:\n  shop: { secrets: [${APP_SECRET}] }\n'))
    expect(problem).toMatchObject({ line: 2, hint: 'put ${…} in quotes inside [ ] and { }' })
  })
})
