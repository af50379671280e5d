// The package as others install it: built, with only the files it ships, imported by name, with types, by a program of its own.
import { spawn } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as exported from '../src/index.ts'
import { type Site, makeSite } from './support/site.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const TSC = join(ROOT, 'node_modules/typescript/bin/tsc')

let directory = ''
let app = ''
let site: Site

interface Run {
  readonly code: number | null
  readonly said: string
}

function run(args: readonly string[], cwd: string): Promise<Run> {
  const child = spawn(process.execPath, args, { cwd, timeout: 60_000 })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
  return new Promise((resolve) => {
    child.once('close', (code) => resolve({ code, said }))
  })
}

beforeAll(async () => {
  site = await makeSite({ upstream: 'http://127.0.0.1:9' })
  directory = mkdtempSync(join(tmpdir(), 'hubgate-package-'))
  const source = join(directory, 'source')
  mkdirSync(source)
  for (const name of [
    'src',
    'scripts',
    'certs',
    'package.json',
    'package-lock.json',
    'tsconfig.json',
    'tsconfig.build.json',
  ])
    cpSync(join(ROOT, name), join(source, name), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(source, 'node_modules'))
  expect(await run(['scripts/run.mjs', 'build'], source)).toMatchObject({ code: 0 })
  app = join(directory, 'app')
  const installed = join(app, 'node_modules', 'hubgate')
  mkdirSync(installed, { recursive: true })
  const manifest: { files: string[] } = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8'))
  for (const name of ['package.json', ...manifest.files])
    if (existsSync(join(source, name))) cpSync(join(source, name), join(installed, name), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(installed, 'node_modules'))
  mkdirSync(join(app, 'node_modules', '@types'))
  symlinkSync(join(ROOT, 'node_modules/@types/node'), join(app, 'node_modules/@types/node'))
  writeFileSync(join(app, 'package.json'), '{ "type": "module" }')
}, 120_000)
afterAll(() => {
  site.remove()
  rmSync(directory, { recursive: true, force: true })
})

it('is built as a program: a linked one outlives the next build', () => {
  expect(statSync(join(app, 'node_modules/hubgate/dist/cli/main.js')).mode & 0o111).toBe(0o111)
})

const COMPILER = [
  '--strict',
  '--module',
  'nodenext',
  '--target',
  'es2022',
  '--types',
  'node',
  '--skipLibCheck',
  '--exactOptionalPropertyTypes',
]

const PROGRAM = `
import { type ConfigInput, type Gateway, type Gate, type ReloadOutcome, REFUSALS, createGateway, parseAddress, parseAllowList, prefixTable, sign, signatureMatches, source } from 'hubgate'

const config: ConfigInput = {
  state: 'state',
  listen: { address: '127.0.0.1:0' },
  tls: { certificate: 'files/server.pem', key: 'files/server.key' },
  client: { anchors: [{ builtin: 'digicert-ev' }] },
  sources: { allowlist: 'files/list.txt' },
  apps: { shop: { secrets: ['\${file:files/secret}'], verifyTokens: ['\${file:files/token}'] } },
  routes: [{ path: '/webhooks/meta', apps: ['shop'], upstream: 'http://127.0.0.1:9' }],
  admin: { address: '127.0.0.1:0' },
}
const directory: string = process.argv[2] ?? ''
const gateway: Gateway = await createGateway(config, { baseDir: directory, env: {}, log: (line: string) => void line })
const stop: () => void = gateway.onAudit(({ outcome, code }) => console.log(outcome, code))
await gateway.listen()
const outcome: ReloadOutcome = await gateway.reload()
stop()
await gateway.close()

const gate: Gate<never, 'SOURCE_NOT_ALLOWED'> = source(prefixTable(parseAllowList('31.13.64.0/18')))
const verdict = source(prefixTable(parseAllowList('31.13.64.0/18'))).check({ address: parseAddress('31.13.127.255') })
const body = Buffer.from('{}')
console.log(JSON.stringify([outcome.outcome, gate.name, verdict.outcome, signatureMatches(body, sign(body, 'x'), 'x'), REFUSALS.SIGNATURE_MISMATCH.status]))
`

describe('the built package', () => {
  it('is imported by name with its types, runs, and lets the program end', { timeout: 60_000 }, async () => {
    writeFileSync(join(app, 'main.ts'), PROGRAM)
    expect(await run([TSC, ...COMPILER, 'main.ts'], app)).toEqual({ code: 0, said: '' })
    expect(await run(['main.js', site.directory], app)).toEqual({
      code: 0,
      said: '["reloaded","source","admit",true,403]\n',
    })
  })

  it.each([
    ['an unknown value', 'sources: {', "sources: { mode: 'sometimes',", 'sometimes'],
    ['an unknown key', 'routes:', "upstrm: 'x',\n  routes:", 'upstrm'],
    ['a missing section', /client: .*/, '', 'client'],
  ])('refuses %s at compile time', { timeout: 60_000 }, async (...[, from, to, named]) => {
    writeFileSync(join(app, 'wrong.ts'), PROGRAM.replace(from, to))
    const { code, said } = await run([TSC, ...COMPILER, '--noEmit', 'wrong.ts'], app)
    expect(code).not.toBe(0)
    expect(said).toContain(named)
  })

  it('has the command line tool, which knows its version', { timeout: 60_000 }, async () => {
    const manifest: { version: string; bin: { hubgate: string } } = JSON.parse(
      readFileSync(join(app, 'node_modules/hubgate/package.json'), 'utf8'),
    )
    const tool = join(app, 'node_modules/hubgate', manifest.bin.hubgate)
    expect(await run([tool, '--version'], app)).toEqual({ code: 0, said: `${manifest.version}\n` })
    expect(readFileSync(tool, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/)
  })
})

describe('the exports', () => {
  // A contract within a major version: nothing may disappear.
  it('are these', () =>
    expect(Object.keys(exported).toSorted()).toEqual([
      'AllowListError',
      'BodyDigests',
      'ConfigError',
      'Fields',
      'REFUSALS',
      'admit',
      'certificate',
      'commonName',
      'connectionLimit',
      'createGateway',
      'expectation',
      'formatAddress',
      'formatPrefix',
      'framing',
      'headSize',
      'length',
      'mediaType',
      'method',
      'parseAddress',
      'parseAllowList',
      'parsePrefix',
      'prefixTable',
      'readAllowList',
      'readChallenge',
      'readLeaf',
      'refuse',
      'route',
      'sign',
      'signature',
      'signatureMatches',
      'source',
      'tokenMatches',
      'verifyToken',
    ]))
})
