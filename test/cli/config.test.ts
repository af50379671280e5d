// The command line as a program: exit codes, messages, and the commands init and config. Starts a process a case.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { generate } from 'selfsigned'
import { describe, expect, it } from 'vitest'
import { CANARY_MARK, CANARY_SECRET, CANARY_VERIFY_TOKEN, keepOutput } from '../canary.ts'

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const TSX = import.meta.resolve('tsx')

interface Run {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Runs the command line in a directory, with no more of the environment than given. */
function hubgate(
  args: readonly string[],
  { cwd = tmpdir(), env = {} }: { cwd?: string; env?: Record<string, string> } = {},
): Run {
  const PATH = process.env['PATH'] ?? ''
  const run = spawnSync(process.execPath, ['--import', TSX, MAIN, ...args], {
    cwd,
    env: { PATH, ...env },
    encoding: 'utf8',
  })
  keepOutput('cli-config', run.stdout + run.stderr)
  return { code: run.status, out: run.stdout, err: run.stderr }
}

const SECRETS = { APP_SECRET: CANARY_SECRET, VERIFY_TOKEN: CANARY_VERIFY_TOKEN }
const empty = () => mkdtempSync(join(tmpdir(), 'hubgate-cli-'))

/** A directory with what `init` writes and everything that this names. */
async function initialised(): Promise<string> {
  const cwd = empty()
  expect(
    hubgate(['init', '--upstream', 'http://127.0.0.1:3000/webhooks', '--host', 'hooks.example.com'], { cwd })
      .code,
  ).toBe(0)
  for (const directory of ['tls', 'anchors', 'data']) mkdirSync(join(cwd, directory))
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'hooks.example.com' }], {
    algorithm: 'sha256',
  })
  const authority = await generate([{ name: 'commonName', value: 'Lab CA' }], {
    algorithm: 'sha256',
    extensions: [{ name: 'basicConstraints', cA: true, critical: true }],
  })
  writeFileSync(join(cwd, 'tls/fullchain.pem'), cert)
  writeFileSync(join(cwd, 'tls/privkey.pem'), key)
  writeFileSync(join(cwd, 'anchors/meta-2025-12.pem'), authority.cert)
  writeFileSync(join(cwd, 'data/as32934.txt'), '31.13.64.0/18\n2a03:2880::/32\n')
  return cwd
}

describe('the command line', () => {
  it.each([
    [
      'an unknown command',
      ['confg'],
      "hubgate: error: unknown command 'confg'\nhubgate: hint: did you mean config?\n",
    ],
    [
      'an unknown verb',
      ['config', 'shw'],
      "hubgate: error: unknown command 'shw'\nhubgate: hint: did you mean show?\n",
    ],
    [
      'an unknown option',
      ['config', 'show', '--jsn'],
      "hubgate: error: unknown option '--jsn'\nhubgate: hint: did you mean --json?\n",
    ],
    [
      'an option without its value',
      ['config', 'show', '-c'],
      "hubgate: error: option '-c, --config <file>' argument missing\n",
    ],
    ['an argument too many', ['config', 'show', 'x'], 'hubgate: error: too many arguments'],
    [
      'init without its options',
      ['init'],
      "hubgate: error: required option '--upstream <url>' not specified\n",
    ],
    [
      'what is not built yet',
      ['doctor', '--json', 'x'],
      'hubgate: error: doctor is not built yet in this version\nhubgate: hint: ',
    ],
    ['a noun without its verb', ['config'], 'Usage: hubgate config'],
    ['nothing', [], 'Usage: hubgate'],
  ])('%s is wrong use', (_name, args, expected) => {
    const { code, out, err } = hubgate(args)
    expect(err).toContain(expected)
    expect({ code, out }).toEqual({ code: 2, out: '' })
  })

  it.each([
    ['--version', /^\d+\.\d+\.\d+\n$/],
    ['--help', /^Usage: hubgate/],
  ])('%s is done, and nothing else is printed', (option, expected) => {
    const { code, out, err } = hubgate([option])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(expected)
  })
})

describe('hubgate init', () => {
  it('writes a file that is valid once what it names is there', async () => {
    const cwd = await initialised()
    const { code, out, err } = hubgate(['config', 'check', '--json'], { cwd, env: SECRETS })
    expect(JSON.parse(out)).toMatchObject({ file: 'hubgate.yaml', valid: true, problems: [] })
    expect({ code, err }).toEqual({ code: 0, err: '' })
  })

  it('says what to enter at Meta, and writes no secret', () => {
    const cwd = empty()
    const { code, out } = hubgate(
      [
        'init',
        '--upstream',
        'unix:/run/app.sock:/w',
        '--host',
        'Hooks.Example.com',
        '--path',
        '/meta',
        '--out',
        'x.yaml',
      ],
      { cwd, env: SECRETS },
    )
    expect(code).toBe(0)
    expect(out).toContain('https://hooks.example.com/meta')
    expect(out).toContain('hubgate serve -c x.yaml')
    const text = readFileSync(join(cwd, 'x.yaml'), 'utf8')
    expect(text).toContain('upstream: "unix:/run/app.sock:/w"')
    expect(text + out).not.toContain(CANARY_MARK)
  })

  it('overwrites nothing unless told to', () => {
    const cwd = empty()
    const args = ['init', '--upstream', 'http://h/', '--host', 'a.example.com']
    writeFileSync(join(cwd, 'hubgate.yaml'), 'mine')
    expect(hubgate(args, { cwd })).toMatchObject({
      code: 1,
      err: expect.stringContaining('hubgate: error: hubgate.yaml is there already\nhubgate: hint: '),
    })
    expect(readFileSync(join(cwd, 'hubgate.yaml'), 'utf8')).toBe('mine')
    expect(hubgate([...args, '--force'], { cwd }).code).toBe(0)
  })

  it.each([
    [['--upstream', 'ftp://h/', '--host', 'a.example.com'], '--upstream is none of'],
    [['--upstream', 'http://h/', '--host', 'https://a.example.com'], '--host is not a full host name'],
    [['--upstream', 'http://h/', '--host', 'localhost'], '--host is not a full host name'],
    [['--upstream', 'http://h/', '--host', 'a.example.com', '--path', 'x'], '--path does not begin with /'],
    [
      ['--upstream', 'http://127.0.0.1:8443/', '--host', 'a.example.com'],
      'routes[0].upstream: "http://127.0.0.1:8443/": is an address of this gateway itself',
    ],
  ])('refuses %j', (args, message) => {
    const { code, err } = hubgate(['init', ...args], { cwd: empty() })
    expect(err).toContain(`hubgate: error: ${message}`)
    expect(code).toBe(2)
  })
})

describe('hubgate config', () => {
  it('check tells all problems with their places, and ends with 3', () => {
    const cwd = empty()
    writeFileSync(join(cwd, 'hubgate.yaml'), 'lisen: {}\nclient:\n  anchors: []\n')
    const { code, out, err } = hubgate(['config', 'check'], { cwd })
    expect(err).toContain('problems in hubgate.yaml:\n')
    expect(err).toMatch(/\n {2}1:1 +lisen +is not a setting — did you mean "listen"\?\n/)
    expect(err).toMatch(/\n {2}3:3 +client\.anchors +is empty/)
    expect(err).toMatch(/\nhubgate: hint: .+\n$/)
    expect({ code, out }).toEqual({ code: 3, out: '' })
  })

  it('check looks at the files, too', async () => {
    const cwd = await initialised()
    writeFileSync(join(cwd, 'anchors/meta-2025-12.pem'), 'garbage')
    writeFileSync(join(cwd, 'data/as32934.txt'), '# nothing\n')
    const { code, out } = hubgate(['config', 'check', '--json'], { cwd, env: SECRETS })
    const found: unknown = JSON.parse(out)
    expect(found).toMatchObject({
      valid: false,
      problems: expect.arrayContaining([
        expect.objectContaining({ setting: 'client.anchors[1].file', line: expect.any(Number) }),
        expect.objectContaining({ setting: 'sources.allowlist', line: expect.any(Number) }),
      ]),
    })
    expect(code).toBe(3)
  })

  it('check shouts what is valid and dangerous', async () => {
    const cwd = await initialised()
    const file = join(cwd, 'hubgate.yaml')
    writeFileSync(file, readFileSync(file, 'utf8').replace('require: always', 'require: observe'))
    const { code, out } = hubgate(['config', 'check'], { cwd, env: SECRETS })
    expect(out).toMatch(/warnings? in hubgate\.yaml:\n(?:.*\n)*.*client\.require +observe: /)
    expect(out).toMatch(/hubgate\.yaml: valid, with warnings\n$/)
    expect(code).toBe(0)
  })

  it('takes the file from -c, then from HUBGATE_CONFIG', () => {
    expect(hubgate(['config', 'check', '-c', 'a.yaml'], { env: { HUBGATE_CONFIG: 'b.yaml' } })).toMatchObject(
      { code: 3, err: expect.stringContaining('1 problem in a.yaml') },
    )
    expect(hubgate(['config', 'check'], { env: { HUBGATE_CONFIG: 'b.yaml' } }).err).toContain(
      '1 problem in b.yaml',
    )
    expect(hubgate(['config', 'show'], { cwd: empty(), env: { HUBGATE_CONFIG: '' } })).toMatchObject({
      code: 3,
      err: expect.stringContaining('1 problem in hubgate.yaml'),
    })
  })

  it('show prints what is in effect, without secrets', async () => {
    const cwd = await initialised()
    const text = hubgate(['config', 'show'], { cwd, env: SECRETS })
    const json = hubgate(['config', 'show', '--json'], { cwd, env: SECRETS })
    expect(text.out).toContain('handshakeTimeout: 10s')
    expect(JSON.parse(json.out)).toMatchObject({
      limits: { body: '4MiB' },
      apps: { meta: { secrets: ['***'] } },
    })
    expect(text.out + json.out).not.toContain(CANARY_MARK)
  })

  it('schema prints a JSON Schema', () => {
    expect(JSON.parse(hubgate(['config', 'schema']).out)).toMatchObject({
      title: 'hubgate.yaml',
      type: 'object',
    })
  })
})
