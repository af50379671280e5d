// hubgate.yaml as a file: positions, all problems at once, and YAML that people or attackers write.
import { writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import { describeProblems } from '../../src/config/problem.ts'
import { SAMPLE_ENV, SAMPLE_YAML, directoryOf, loaded, problemsFrom } from './sample.ts'

const problemsIn = (text: string | Uint8Array) => problemsFrom(() => loaded(text, SAMPLE_ENV))

describe('loading hubgate.yaml', () => {
  it('gives absolute paths, beside the file', () => {
    const path = directoryOf({ 'hubgate.yaml': SAMPLE_YAML })
    const { config } = loadConfig({ file: path('hubgate.yaml'), env: SAMPLE_ENV })
    expect(config).toMatchObject({
      file: path('hubgate.yaml'),
      state: path('data'),
      tls: { key: path('tls/privkey.pem') },
    })
  })

  it('logs for people only where one watches', () => {
    const file = directoryOf({ 'hubgate.yaml': SAMPLE_YAML })('hubgate.yaml')
    expect(loadConfig({ file, env: SAMPLE_ENV, terminal: true }).config.log.format).toBe('pretty')
    expect(loadConfig({ file, env: SAMPLE_ENV }).config.log.format).toBe('json')
  })

  it('tells where each setting stands, or the nearest one around it', () => {
    const { locate } = loaded(SAMPLE_YAML, SAMPLE_ENV)
    expect(locate('client.anchors[0]')).toEqual({ line: 4, column: 7 })
    expect(locate('client.anchors[0].file')).toEqual({ line: 4, column: 7 })
    expect(locate('client.anchors[0].builtin')).toEqual({ line: 4, column: 7 })
    expect(locate('tls.key')).toEqual({ line: 1, column: 40 })
    expect(locate('client.commonNames')).toEqual({ line: 2, column: 1 })
    expect(locate('sources.allowlist')).toBeUndefined()
    expect(locate('')).toBeUndefined()
  })

  it('tells all problems at once, in the order of the file', () => {
    const text = SAMPLE_YAML.replace('certificate:', 'certifcate:')
      .replace('digicert-ev', 'digicert-ew')
      .replace('3000', '0')
    const problems = problemsIn(`${text}limits:\n  bdy: 4MiB\nlog: { level: loud }\n`)
    expect(problems.map(({ line, column, setting }) => `${line}:${column} ${setting}`)).toEqual([
      '1:8 tls.certifcate',
      '4:7 client.anchors[0].builtin',
      '8:43 routes[0].upstream',
      '10:3 limits.bdy',
      '11:8 log.level',
    ])
    expect(describeProblems(problems, 'hubgate.yaml').split('\n')[1]).toBe(
      '  1:8   tls.certifcate             is not a setting — did you mean "certificate"?',
    )
  })

  it('reads it again when asked, and its files without it', () => {
    const path = directoryOf({
      token: 'first',
      'hubgate.yaml': SAMPLE_YAML.replace('${VERIFY_TOKEN}', '${file:token}'),
    })
    const first = loadConfig({ file: path('hubgate.yaml'), env: SAMPLE_ENV })
    writeFileSync(path('token'), 'second')
    writeFileSync(path('hubgate.yaml'), 'half a file: [')
    expect(first.again().config.apps['shop']?.verifyTokens[0]?.reveal()).toBe('second')
    expect(problemsFrom(first.reread)).toHaveLength(1)
  })

  it('needs the file', () => {
    expect(problemsFrom(() => loadConfig({ file: '/nowhere/hubgate.yaml', env: {} }))).toMatchObject([
      { setting: '', message: 'cannot be read: there is no such file' },
    ])
    expect(problemsFrom(() => loadConfig({ file: '/', env: {} }))).toMatchObject([
      { message: 'cannot be read: it is not a regular file' },
    ])
  })
})

describe('YAML that people write', () => {
  it.each([
    ['a byte order mark', `\uFEFF${SAMPLE_YAML}`],
    ['Windows line ends', SAMPLE_YAML.replaceAll('\n', '\r\n')],
    ['a document start and end', `---\n${SAMPLE_YAML}...\n`],
    ['comments', `# one\n${SAMPLE_YAML}# two`],
    [
      'JSON',
      JSON.stringify({
        tls: { certificate: 'a', key: 'b' },
        client: { anchors: [{ builtin: 'digicert-ev' }] },
        apps: { shop: { secrets: ['0123456789abcdef'] } },
        routes: [{ path: '/x', apps: ['shop'], upstream: 'http://127.0.0.1:3000/' }],
      }),
    ],
    [
      'an anchor with its alias',
      SAMPLE_YAML.replace('shop: {', 'shop: &a {').replace('routes:', '  other: *a\nroutes:'),
    ],
  ])('%s is fine', (_name, text) => expect(problemsIn(text)).toEqual([]))

  it.each([
    ['nothing', '', { message: 'is empty' }],
    ['only a comment', '# x\n', { message: 'is empty' }],
    ['a list', '- a\n', { message: 'is not a map of settings' }],
    ['a word', 'hubgate\n', { message: 'is not a map of settings' }],
    [
      'a key twice',
      `${SAMPLE_YAML}log: {}\nlog: {}\n`,
      { setting: 'log', message: 'stands twice', line: 10, column: 1 },
    ],
    [
      'an app twice',
      SAMPLE_YAML.replace('routes:', '  shop: {}\nroutes:'),
      { setting: 'apps.shop', message: 'stands twice', line: 7 },
    ],
    [
      'a key twice, once quoted',
      `${SAMPLE_YAML}log: {}\n"log": {}\n`,
      { setting: 'log', message: 'stands twice' },
    ],
    ['two documents', `${SAMPLE_YAML}---\na: 1\n`, { message: 'holds a second document', line: 9 }],
    ['a tab', 'tls:\n\tcertificate: x\n', { message: 'a tab indents this line', line: 2, column: 1 }],
    [
      'a bracket that stays open',
      'routes: [ {path: /x}\n',
      { message: 'a [ or { is not closed, or not indented enough' },
    ],
    [
      'two keys on a line',
      'listen: address: x\n',
      { line: 1, hint: 'put the value in quotes, or begin a new line' },
    ],
    [
      'a foreign tag',
      'state: !!js/function x\n',
      { message: 'a tag (!…) that has no meaning here', line: 1 },
    ],
    [
      'an alias of nothing',
      'state: *x\n',
      { setting: 'state', message: 'is an alias of an anchor that does not stand before it', line: 1 },
    ],
    [
      'an alias of itself',
      'apps: &x { shop: *x }\n',
      { setting: 'apps.shop', message: 'is an alias of an anchor that does not stand before it' },
    ],
    ['a list as a key', '? [a]\n: 1\n', { message: 'holds a key that is not a word' }],
    ['a merge key', '<<: { log: {} }\n', { setting: '["<<"]', message: 'is not a setting' }],
    ['no UTF-8', new Uint8Array([0xff, 0xfe, 0x61, 0]), { message: 'cannot be read: it is not UTF-8 text' }],
  ])('%s is a clean error', (_name, text, expected) =>
    expect(problemsIn(text)).toContainEqual(expect.objectContaining(expected)),
  )
})

describe('YAML that nobody writes', () => {
  const bomb = `a0: &a0 [${'x,'.repeat(9)}]\n${Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i},`.repeat(9)}]`).join('\n')}\n`
  it.each([
    ['a hundred thousand brackets', '['.repeat(1e5), 'is nested deeper than 64 levels'],
    ['a hundred thousand braces', '{a: '.repeat(1e5), 'is nested deeper than 64 levels'],
    ['a hundred thousand dashes', '- '.repeat(1e5), 'is nested deeper than 64 levels'],
    [
      'a thousand indentations',
      Array.from({ length: 1000 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'),
      'is nested deeper than 64 levels',
    ],
    ['aliases of aliases of aliases', bomb, 'holds too many values to be a configuration'],
    [
      'a hundred thousand keys',
      Array.from({ length: 1e5 }, (_, i) => `k${i}: 1`).join('\n'),
      'holds too many values to be a configuration',
    ],
    [
      'half a million short values',
      `a: [${'1,'.repeat(4e5)}]`,
      'holds too many values to be a configuration',
    ],
    ['ten megabytes', `a: ${'x'.repeat(1e7)}`, 'cannot be read: it is larger than 1MiB'],
  ])('%s is refused at once', (_name, text, message) => {
    const start = performance.now()
    expect(problemsIn(text)).toMatchObject([{ setting: '', message }])
    expect(performance.now() - start).toBeLessThan(3000)
  })

  it('many mistakes are told ten at a time', () =>
    expect(problemsIn('a: "\\x"\n'.repeat(50)).length).toBeLessThanOrEqual(10))
})
