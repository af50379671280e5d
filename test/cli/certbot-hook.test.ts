// The hook that certbot runs after a renewal: what it installs, for whom, what it refuses, and that the gateway notices by itself.
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { spawnSync } from 'node:child_process'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { serverCertificate } from '../../src/lab/pki/server-certificate.ts'
import { itWith } from '../support/programs.ts'
import { type Served, serve } from '../support/served.ts'

const HOOK = fileURLToPath(new URL('../../scripts/certbot-deploy-hook.sh', import.meta.url))

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'hubgate-certbot-'))
  mkdirSync(join(directory, 'live/gateway.example'), { recursive: true })
  mkdirSync(join(directory, 'tls'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const lineage = () => join(directory, 'live/gateway.example')
const installed = (name: string) => join(directory, 'tls', name)

function renewed(files: { certificate?: string; key?: string }): void {
  if (files.certificate !== undefined) writeFileSync(join(lineage(), 'fullchain.pem'), files.certificate)
  if (files.key !== undefined) writeFileSync(join(lineage(), 'privkey.pem'), files.key)
}

function hook(env: Readonly<Record<string, string>> = {}) {
  const { status, stdout, stderr } = spawnSync('sh', [HOOK], {
    encoding: 'utf8',
    env: {
      PATH: process.env['PATH'],
      RENEWED_LINEAGE: lineage(),
      HUBGATE_TLS_DIR: join(directory, 'tls'),
      HUBGATE_GROUP: String(process.getgid?.() ?? 0),
      ...env,
    },
  })
  return { code: status, stdout, stderr }
}

describe('certbot-deploy-hook.sh', () => {
  const itOpens = itWith('openssl')

  itOpens('installs both, the key for the group alone, and says nothing', async () => {
    renewed(await serverCertificate())
    chmodSync(join(lineage(), 'privkey.pem'), 0o600)
    expect(hook()).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(readdirSync(join(directory, 'tls')).toSorted()).toEqual(['fullchain.pem', 'privkey.pem'])
    expect(readFileSync(installed('fullchain.pem'))).toEqual(readFileSync(join(lineage(), 'fullchain.pem')))
    expect(readFileSync(installed('privkey.pem'))).toEqual(readFileSync(join(lineage(), 'privkey.pem')))
    expect(statSync(installed('fullchain.pem')).mode & 0o777).toBe(0o644)
    expect(statSync(installed('privkey.pem')).mode & 0o777).toBe(0o640)
  })

  itOpens.each<[string, (one: string, other: string) => { certificate?: string; key?: string }, RegExp]>([
    ['a key of another certificate', (_one, key) => ({ key }), /privkey\.pem does not fit .*fullchain\.pem/],
    ['garbage for a key', () => ({ key: 'garbage' }), /privkey\.pem holds no key that openssl reads/],
    ['garbage for a certificate', () => ({ certificate: '' }), /fullchain\.pem holds no certificate/],
  ])('refuses %s in one line, and leaves what is there', async (...[, change, problem]) => {
    const [one, other] = [await serverCertificate(), await serverCertificate()]
    renewed(one)
    hook()
    renewed(change(one.key, other.key))
    const { code, stdout, stderr } = hook()
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(new RegExp(`^certbot-deploy-hook: .*${problem.source}.*\n$`))
    expect(stderr).not.toContain('PRIVATE')
    expect(readFileSync(installed('privkey.pem'), 'utf8')).toBe(one.key)
    expect(readFileSync(installed('fullchain.pem'), 'utf8')).toBe(one.certificate)
    expect(readdirSync(join(directory, 'tls'))).toHaveLength(2)
  })

  itOpens(
    'says so where it was not called by certbot, where files are missing, and where it may not write',
    async () => {
      expect(hook({ RENEWED_LINEAGE: '' }).stderr).toMatch(/RENEWED_LINEAGE is not set/)
      expect(hook().stderr).toMatch(/fullchain\.pem cannot be read/)
      renewed(await serverCertificate())
      expect(hook({ HUBGATE_TLS_DIR: join(directory, 'none') }).stderr).toMatch(/none is not there: make it/)
      expect(hook({ HUBGATE_GROUP: 'no-such-group' }).stderr).toMatch(
        /the group no-such-group cannot be given/,
      )
      expect(readdirSync(join(directory, 'tls'))).toEqual([])
    },
  )

  itOpens('leaves the certificates of others alone', async () => {
    renewed(await serverCertificate())
    expect(hook({ HUBGATE_NAME: 'another.example' })).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(readdirSync(join(directory, 'tls'))).toEqual([])
  })

  itOpens('what it installs a running gateway takes over by itself', async () => {
    let served: Served | undefined
    try {
      served = await serve({ upstream: 'http://127.0.0.1:9' })
      const files = join(served.site.directory, 'files')
      const change = (yaml: string) =>
        yaml
          .replace('files/server.pem', 'files/fullchain.pem')
          .replace('files/server.key', 'files/privkey.pem')
      served.site.put({
        'fullchain.pem': served.site.pki.server.certificate,
        'privkey.pem': served.site.pki.server.key,
      })
      served.site.configure(change)
      served.signal('SIGHUP')
      await served.says(/"hubgate\.config\.reloaded"/)
      renewed(await serverCertificate())
      expect(hook({ HUBGATE_TLS_DIR: files }).code).toBe(0)
      await served.says(/"hubgate\.config\.reloaded".*server certificate/)
    } finally {
      await served?.end()
    }
  })
})

it('shellcheck has nothing to say about it', () => {
  const { status, stdout } = spawnSync('shellcheck', [HOOK], { encoding: 'utf8' })
  // null: it is not there.
  expect([0, null], stdout).toContain(status)
})
