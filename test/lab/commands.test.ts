// sign, verify, send and lab as commands: what they print, and how they exit.
import { type ChildProcess, spawn } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { itWith, run } from '../support/programs.ts'

const MAIN = ['--import', 'tsx', fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))]
const SECRET = '0123456789abcdef0123456789abcdef'
const BODY = String.raw`{"text":"Gr\u00fc\u00dfe","url":"https:\/\/example.com"}`
const SIGNATURE = `sha256=${createHmac('sha256', SECRET).update(BODY).digest('hex')}`

let directory = ''
const file = (name: string) => join(directory, name)
// The runner keeps bytes; what hubgate prints is UTF-8.
async function hubgate(...args: string[]) {
  const { stdout, stderr, code } = await run(process.execPath, [...MAIN, ...args])
  return {
    code,
    stdout: Buffer.from(stdout, 'latin1').toString(),
    stderr: Buffer.from(stderr, 'latin1').toString(),
  }
}

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'hubgate-commands-'))
  writeFileSync(file('secret'), `${SECRET}\n`)
  writeFileSync(file('body.json'), BODY)
  writeFileSync(file('edited.json'), `${BODY}\n`)
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

describe('hubgate sign', () => {
  it('prints the value of the field, of a file or of standard input', async () => {
    const { stdout, code } = await hubgate('sign', file('body.json'), '--secret-file', file('secret'))
    expect(stdout).toBe(`${SIGNATURE}\n`)
    expect(code).toBe(0)
    const piped = await run(process.execPath, [...MAIN, 'sign', '-', '--secret-file', file('secret')], BODY)
    expect(piped.stdout).toBe(`${SIGNATURE}\n`)
  })

  itWith('openssl')('agrees with openssl', async () => {
    const { stdout } = await run('openssl', ['dgst', '-sha256', '-hmac', SECRET, '-r', file('body.json')])
    expect(`sha256=${stdout.split(' ')[0] ?? ''}`).toBe(SIGNATURE)
  })

  it('wants a secret that is no argument', async () => {
    const { code, stderr } = await hubgate('sign', file('body.json'))
    expect(code).toBe(2)
    expect(stderr).toContain('hubgate: error: an app secret is needed')
    expect(stderr).toContain('hubgate: hint: give --secret-env')
  })

  it('says which variable is not set', async () => {
    const { code, stderr } = await hubgate('sign', file('body.json'), '--secret-env', 'HUBGATE_NO_SUCH')
    expect(code).toBe(2)
    expect(stderr).toContain('HUBGATE_NO_SUCH is not set')
  })
})

describe('hubgate verify', () => {
  const verify = (name: string, ...more: string[]) =>
    hubgate('verify', file(name), '--signature', SIGNATURE, '--secret-file', file('secret'), ...more)

  it('exits 0 where it fits', async () => {
    const { code, stdout } = await verify('body.json')
    expect(code).toBe(0)
    expect(stdout).toContain('fits')
  })

  it('exits 3 where it does not, and says why', async () => {
    const { code, stderr } = await verify('edited.json')
    expect(code).toBe(3)
    expect(stderr).toContain('without the line end at the end of this file')
    expect(stderr).toContain('hubgate: hint: ')
  })

  it('says the same as JSON', async () => {
    const { code, stdout } = await verify('edited.json', '--json')
    expect(code).toBe(3)
    expect(JSON.parse(stdout)).toMatchObject({ fits: false, findings: [{ cause: 'newline' }] })
    expect(stdout).not.toContain(SECRET)
  })
})

describe('hubgate send, without a gateway', () => {
  it('lists payloads and attacks', async () => {
    const { stdout, code } = await hubgate('send', '--list', '--json')
    expect(code).toBe(0)
    expect(stdout).toContain('"name": "whatsapp"')
    expect(Object.keys(JSON.parse(stdout))).toEqual(['payloads', 'attacks'])
  })

  it('suggests the payload that was meant', async () => {
    const misspelt = ['--secret-file', file('secret'), '--payload', 'watsapp']
    const { code, stderr } = await hubgate('send', 'https://localhost:1/', ...misspelt)
    expect(code).toBe(2)
    expect(stderr).toContain('did you mean whatsapp?')
  })

  it('fails where nobody listens', async () => {
    const { code, stdout } = await hubgate('send', 'https://localhost:1/', '--secret-file', file('secret'))
    expect(code).toBe(1)
    expect(stdout).toContain('ECONNREFUSED')
  })
})

describe('hubgate lab, kept running', () => {
  let lab: ChildProcess
  let printed = ''
  const match = (pattern: RegExp) => pattern.exec(printed)?.[1] ?? ''
  const url = () => match(/gateway\s+(https:\S+),/)
  const files = () => match(/files\s+(\S+)/)
  const asMeta = () => {
    const inLab = (name: string) => join(files(), name)
    const tls = ['--ca', inLab('server.pem'), '--cert', inLab('client.pem'), '--key', inLab('client.key')]
    return [url(), ...tls, '--secret-file', inLab('app-secret')]
  }

  beforeAll(async () => {
    lab = spawn(process.execPath, [...MAIN, 'lab', '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] })
    lab.stdout?.setEncoding('utf8').on('data', (text: string) => (printed += text))
    while (!printed.includes('Ctrl-C here ends the lab') && lab.exitCode === null)
      await new Promise((resolve) => setTimeout(resolve, 100))
  }, 60_000)
  afterAll(() => lab.kill('SIGKILL'))

  it('has played its tour', () => {
    expect(printed).toMatch(/✓ (\d+) of \1 cases as expected/)
    expect(printed).not.toContain('\u001b')
  })

  it('takes challenge and payloads of hubgate send', async () => {
    const everything = ['--verify-token-file', join(files(), 'verify-token'), '--payload', 'all']
    const { stdout, code } = await hubgate('send', ...asMeta(), ...everything)
    expect(stdout).not.toContain('✗')
    expect(stdout).toContain('✓ challenge')
    expect(code).toBe(0)
  })

  it('refuses an attack of hubgate send, which exits 0 for that', async () => {
    const { stdout, code } = await hubgate('send', ...asMeta(), '--attack', 'foreign-secret')
    expect(stdout).toContain('403 SIGNATURE_MISMATCH')
    expect(code).toBe(0)
  })

  it('bears a little load', async () => {
    const { stdout, code } = await hubgate('send', ...asMeta(), '--rate', '50', '--duration', '1', '--json')
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ latency: { p50: expect.any(Number) } })
  })

  it('exits 1 where a delivery is refused', async () => {
    const withoutClient = [
      url(),
      '--ca',
      join(files(), 'server.pem'),
      '--secret-file',
      join(files(), 'app-secret'),
    ]
    const { stdout, code } = await hubgate('send', ...withoutClient)
    expect(code).toBe(1)
    expect(stdout).toContain('✗ whatsapp')
  })

  itWith('curl')('prints commands that work when pasted', async () => {
    const commands = printed.split('\n').filter((line) => line.startsWith('curl '))
    const [challenge = '', delivery = '', bare = ''] = commands
    const pasted = (command: string) => run('bash', ['-c', command])
    expect((await pasted(challenge)).stdout).toMatch(/^HTTP\/1\.1 200 OK[^]*\r\n\r\n1158201444$/)
    expect((await pasted(delivery)).stdout).toMatch(/^HTTP\/1\.1 200 OK/)
    expect((await pasted(bare)).code).not.toBe(0)
    expect(printed).toMatch(/✓ POST \/webhooks\/meta 200 acknowledged/)
    expect(printed).toMatch(/✗ connection refused CERTIFICATE_MISSING/)
  })

  it('ends with Ctrl-C, and leaves nothing', async () => {
    expect(readFileSync(join(files(), 'hubgate.yaml'), 'utf8')).toContain('mode: enforce')
    lab.kill('SIGINT')
    const [code] = await once(lab, 'exit')
    expect(code).toBe(0)
    expect(existsSync(files())).toBe(false)
  })
})
