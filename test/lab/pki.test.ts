// The lab's certificates, judged by OpenSSL: the command where it is installed, and Node's own in any case.
import { execFileSync, spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { once } from 'node:events'
import { META_CLIENT_NAME, digicertShaped, metaShaped, selfSigned } from '../../src/lab/pki/authorities.ts'
import { issue } from '../../src/lab/pki/certificate.ts'
import { serverCertificate } from '../../src/lab/pki/server-certificate.ts'

const hasOpenssl = spawnSync('openssl', ['version']).status === 0
if (!hasOpenssl && process.env['CI'] === undefined) console.warn('openssl is missing: its checks are skipped')

let directory = ''
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'hubgate-pki-'))
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

function file(name: string, content: string): string {
  const path = join(directory, name)
  writeFileSync(path, content)
  return path
}

/** What `openssl verify` says of a client chain under a root. */
function verify(root: string, chain: string): string {
  const ca = file('root.pem', root)
  const leaf = file('chain.pem', chain)
  const run = spawnSync('openssl', [
    'verify',
    '-purpose',
    'sslclient',
    '-CAfile',
    ca,
    '-untrusted',
    leaf,
    leaf,
  ])
  return run.status === 0 ? 'OK' : run.stderr.toString()
}

const digicert = digicertShaped()
const meta = metaShaped()
const openssl = it.skipIf(!hasOpenssl && process.env['CI'] === undefined)

describe('the authorities', () => {
  it.each([
    ['DigiCert-shaped', digicert],
    ['Meta-shaped', meta],
  ])('%s: root, intermediates and leaf hang together', (_name, authority) => {
    const chain = [authority.client().leaf, ...authority.intermediates, authority.root]
    const read = chain.map(({ der }) => new X509Certificate(der))
    for (const [i, certificate] of read.entries()) {
      const issuer = read[i + 1] ?? certificate
      expect(certificate.checkIssued(issuer)).toBe(true)
      expect(certificate.verify(issuer.publicKey)).toBe(true)
    }
  })

  it('gives leaves exactly the name of the Meta client', () => {
    expect(new X509Certificate(meta.client().leaf.der).subject).toBe(`CN=${META_CLIENT_NAME}`)
  })

  openssl('openssl verifies both chains for a TLS client', () => {
    expect(verify(digicert.root.certificate, digicert.client().certificate)).toBe('OK')
    expect(verify(meta.root.certificate, meta.client().certificate)).toBe('OK')
  })

  openssl('openssl refuses what is below the wrong root', () => {
    expect(verify(meta.root.certificate, digicert.client().certificate)).toContain('error 20')
  })

  openssl('the DigiCert-shaped root signs itself with SHA-1, the intermediate carries SHA-256', () => {
    const text = (pem: string) =>
      execFileSync('openssl', ['x509', '-noout', '-text'], { input: pem, encoding: 'utf8' })
    expect(text(digicert.root.certificate)).toContain('sha1WithRSAEncryption')
    expect(text(digicert.intermediates[0]?.certificate ?? '')).toContain('sha256WithRSAEncryption')
    expect(text(meta.root.certificate)).toContain('CA:TRUE, pathlen:0')
    expect(text(meta.root.certificate)).toContain('TLS Web Client Authentication')
  })

  openssl('an authority below path length 0 is a violation that openssl sees', () => {
    const below = issue({ subject: [{ type: 'CN', value: 'Lab sub' }], issuer: meta.root, authority: {} })
    const client = meta.client({ issuer: below, chain: [below] })
    expect(verify(meta.root.certificate, client.certificate)).toMatch(/path length/)
  })
})

describe('odd leaves', () => {
  it.each(['rsa-1024', 'rsa-2048', 'p-256', 'p-384', 'ed25519'] as const)('may have a key of %s', (key) => {
    const { leaf } = meta.client({ key })
    const certificate = new X509Certificate(leaf.der)
    expect(certificate.verify(new X509Certificate(meta.root.der).publicKey)).toBe(true)
    expect(certificate.checkPrivateKey(leaf.keyPair.privateKey)).toBe(true)
  })

  it.each(['rsa-2048', 'p-256', 'p-384', 'ed25519'] as const)('may be self-signed with %s', (key) => {
    const certificate = new X509Certificate(selfSigned({ key }).leaf.der)
    expect(certificate.verify(certificate.publicKey)).toBe(true)
  })

  it('carry names in any number, order and place', () => {
    const subject = (options: Parameters<typeof meta.client>[0]) =>
      new X509Certificate(meta.client(options).leaf.der).subject
    expect(subject({ commonNames: ['a', 'b'] })).toBe('CN=a\nCN=b')
    expect(subject({ commonNames: [], before: [{ type: 'O', value: META_CLIENT_NAME }] })).toBe(
      `O=${META_CLIENT_NAME}`,
    )
    expect(subject({ commonNames: ['a'], encoding: 'bmp' })).toBe('CN=a')
    expect(subject({ commonNames: ['a'], after: [{ type: 'OU', value: 'b', joined: true }] })).toMatch(/\+/)
  })

  it('carry the validity, serial, purposes and alternative names asked for', () => {
    const { leaf } = meta.client({
      serial: 'ff01',
      notBefore: new Date('2049-01-01T00:00:00Z'),
      notAfter: new Date('2051-01-01T00:00:00Z'),
      extendedKeyUsage: ['serverAuth', 'any'],
      altNames: ['localhost', '127.0.0.1', '::1'],
    })
    const certificate = new X509Certificate(leaf.der)
    expect(certificate.serialNumber).toBe('FF01')
    expect(new Date(certificate.validTo).toISOString()).toBe('2051-01-01T00:00:00.000Z')
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1', '2.5.29.37.0'])
    expect(certificate.subjectAltName).toBe('DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1')
    expect(new X509Certificate(meta.client({ authority: {} }).leaf.der).ca).toBe(true)
  })
})

describe('the server certificate', () => {
  it('fits its key, is signed with SHA-256 and names loopback only', async () => {
    const { certificate, key } = await serverCertificate()
    const read = new X509Certificate(certificate)
    expect(read.subjectAltName).toBe('DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1')
    const server = createServer({ cert: certificate, key }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    server.close()
  })
})
