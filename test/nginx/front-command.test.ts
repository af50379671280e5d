// `hubgate front` as a program: it prints or writes what the front reads, says what is missing, and nginx and HAProxy take what
// it wrote as it is.
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { CANARY_MARK, CANARY_SECRET, CANARY_VERIFY_TOKEN } from '../canary.ts'
import { HUBGATE } from '../support/hubgate.ts'
import { nginxMain } from '../support/nginx.ts'
import { Running, itWith, run } from '../support/programs.ts'
import { pki, writePki } from '../support/world.ts'

const [program = '', ...first] = HUBGATE
const made = await pki()
let directory = ''
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'hubgate-front-'))
  mkdirSync(join(directory, 'yaml'))
  await writePki(directory, made)
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const place = () => join(directory, 'out')

function write(listen: string, tls = ''): string {
  const file = join(directory, 'yaml', 'hubgate.yaml')
  const text = `
state: ..
listen: ${listen}
${tls}
client: { anchors: [{ name: meta, file: ../meta.pem }] }
sources: { allowlist: ../list.txt }
apps: { shop: { secrets: ["${CANARY_SECRET}"], verifyTokens: ["${CANARY_VERIFY_TOKEN}"] } }
routes: [{ path: /webhooks/meta, apps: [shop], upstream: "http://127.0.0.1:3000/webhooks" }]
`
  writeFileSync(file, text)
  return file
}

const hubgate = (...args: readonly string[]) => {
  const running = new Running(program, [...first, 'front', ...args])
  running.done()
  return running.ended
}

it('prints it, and on standard error what else is needed', async () => {
  const file = write('{ address: "unix:/run/hubgate/hubgate.sock", front: nginx, trustedPeers: [unix] }')
  const { code, stdout, stderr } = await hubgate('nginx', '-c', file)
  expect(code, stderr).toBe(0)
  expect(stdout).toContain('server unix:/run/hubgate/hubgate.sock;')
  expect(stderr).toBe(
    'hubgate: note: it names files in /etc/nginx/hubgate: --out /etc/nginx/hubgate writes it there with the anchors and the list\n',
  )
  expect(stdout + stderr).not.toContain(CANARY_MARK)
})

it('says loudly what nginx alone does not check', async () => {
  const tls = 'tls: { certificate: ../server.pem, key: ../server.key }'
  const { code, stdout, stderr } = await hubgate('nginx', '--standalone', '-c', write('{}', tls))
  expect(code, stderr).toBe(0)
  expect(stderr).toMatch(/^hubgate: note: NOT CHECKED by nginx alone: signature and verify token\./)
  expect(stdout.split('\n').slice(0, 8).join('\n')).toContain('NOT CHECKED HERE: the signature')
  expect(stdout).toContain(`ssl_certificate ${join(directory, 'server.pem')};`)
})

it('refuses with exit 3 and the way out', async () => {
  const tls = 'tls: { certificate: ../server.pem, key: ../server.key }'
  const { code, stdout, stderr } = await hubgate('nginx', '-c', write('{}', tls))
  expect({ code, stdout }).toEqual({ code: 3, stdout: '' })
  expect(stderr).toMatch(/^hubgate: error: nginx cannot do .*\n {2}listen\.front is direct/)
  expect(stderr).toContain('hubgate: hint: ')
})

itWith('nginx')('--out: what it writes is what nginx takes', async () => {
  const file = write('{ address: "unix:/run/hubgate/hubgate.sock", front: nginx, trustedPeers: [unix] }')
  const own = ['--certificate', join(directory, 'server.pem'), '--key', join(directory, 'server.key')]
  const { code, stdout, stderr } = await hubgate(
    'nginx',
    '-c',
    file,
    '--out',
    place(),
    '--port',
    '65443',
    ...own,
  )
  expect(code, stderr).toBe(0)
  expect(stdout.trim().split('\n').sort()).toEqual(
    ['client-anchors.pem', 'hubgate.conf', 'sources.conf'].map((name) => join(place(), name)),
  )
  expect(readdirSync(place()).sort()).toEqual(['client-anchors.pem', 'hubgate.conf', 'sources.conf'])
  expect(readFileSync(join(place(), 'sources.conf'), 'utf8')).toContain('31.13.64.0/18 1;')
  const text = readFileSync(join(place(), 'hubgate.conf'), 'utf8')
    .replace(/ listen \[::\]:[^\n]*\n/, '\n')
    .replace('/var/log/nginx/', `${directory}/`)
  writeFileSync(join(directory, 'main.conf'), nginxMain(directory, text))
  const tested = await run('nginx', ['-t', '-e', 'stderr', '-c', join(directory, 'main.conf')])
  expect(tested.code, tested.stderr).toBe(0)
  expect(tested.stderr).not.toContain('[warn]')
})

itWith('haproxy')('--out: what it writes is what HAProxy takes', async () => {
  const file = write('{ address: "unix:/run/hubgate/hubgate.sock", front: haproxy, trustedPeers: [unix] }')
  const { code, stderr } = await hubgate('haproxy', '-c', file, '--out', place())
  expect(code, stderr).toBe(0)
  writeFileSync(join(place(), 'server.pem'), `${made.server.certificate}\n${made.server.key}`)
  const tested = await run('haproxy', ['-c', '-f', join(place(), 'hubgate.cfg')])
  expect(tested.code, tested.stderr).toBe(0)
  expect(tested.stderr).not.toContain('WARNING')
})
