// Lists made by openssl ca, and what openssl reads in ours: both sides name the same serials and the same verdicts.
import { X509Certificate } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { type Issued, issue, pem } from '../../src/lab/pki/certificate.ts'
import { reasonCode } from '../../src/lab/pki/crl.ts'
import { readRevocationFile } from '../../src/tls/crl-file.ts'
import { readRevocationList } from '../../src/tls/crl.ts'
import { CA_NAME, authority, certificateOf, listOf, read, refusalOf } from '../support/crl-lists.ts'
import { itWith, run } from '../support/programs.ts'

const test = itWith('openssl')

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hubgate-crl-'))
})
afterAll(() => rm(directory, { recursive: true, force: true }))

const SERIALS = ['05', '7FFF', '80FF', 'A0B1C2D3E4F5061728', `4A${'11'.repeat(19)}`] as const
const REASONS = ['keyCompromise', 'superseded', 'CACompromise', 'certificateHold', 'unspecified'] as const

/** A list of SERIALS that `openssl ca` signs for `ca`. */
async function gencrl(ca: Issued, ...options: readonly string[]): Promise<Buffer> {
  const place = await mkdtemp(join(directory, 'ca-'))
  const file = (name: string) => join(place, name)
  await mkdir(file('new'))
  const index = SERIALS.map(
    (serial, i) => `R\t20991231235959Z\t260101000000Z,${REASONS[i] ?? ''}\t${serial}\tunknown\t/CN=${i}\n`,
  )
  await writeFile(file('index.txt'), index.join(''))
  await writeFile(file('crlnumber'), '10F0\n')
  await writeFile(file('ca.pem'), ca.certificate)
  await writeFile(file('ca.key'), ca.key)
  await writeFile(
    file('ca.cnf'),
    `[ca]\ndefault_ca=a\n[a]\ndatabase=${file('index.txt')}\nnew_certs_dir=${file('new')}\ncrlnumber=${file('crlnumber')}\n` +
      'default_md=sha256\ndefault_crl_days=30\ncrl_extensions=e\n[e]\nauthorityKeyIdentifier=keyid:always\n',
  )
  const signing = [
    'ca',
    '-gencrl',
    '-config',
    file('ca.cnf'),
    '-cert',
    file('ca.pem'),
    '-keyfile',
    file('ca.key'),
  ]
  const { code, stderr } = await run('openssl', [...signing, '-out', file('list.pem'), ...options])
  if (code !== 0) throw new Error(stderr)
  return readFile(file('list.pem'))
}

/** What openssl prints as serials. */
async function serialsOf(der: Uint8Array): Promise<string[]> {
  const { stdout } = await run('openssl', ['crl', '-inform', 'DER', '-noout', '-text'], der)
  return [...stdout.matchAll(/Serial Number: ([0-9A-F]+)/g)].map(([, serial = '']) => serial)
}

const inSight = { notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + 86_400_000) }

describe('openssl', () => {
  test.each(['rsa-2048', 'p-384'] as const)('a list that it made with a key of %s is read', async (key) => {
    const ca = authority({ key, ...inSight })
    const { lists } = readRevocationFile(await gencrl(ca))
    const [der = Buffer.alloc(0)] = lists
    const list = await readRevocationList(der, [certificateOf(ca)], new Date(Date.now() + 60_000))
    expect(list.number).toBe(0x10f0n)
    expect((await serialsOf(der)).filter((serial) => !list.revokes(serial))).toEqual([])
    expect(list.size).toBe(SERIALS.length)
    expect(await serialsOf(der)).toEqual([...SERIALS])
  })

  test('a list that it signed with SHA-1 is refused', async () => {
    const ca = authority({ key: 'rsa-2048', ...inSight })
    const { lists } = readRevocationFile(await gencrl(ca, '-md', 'sha1'))
    const reading = readRevocationList(lists[0] ?? Buffer.alloc(0), [certificateOf(ca)], new Date())
    expect((await refusalOf(reading)).message).toMatch(/SHA-1/)
  })

  test('reads the same serials in a list of ours, and finds its signature good', async () => {
    const ca = authority({ key: 'p-256' })
    const revoked = Array.from({ length: 200 }, (_, i) => ({
      serial: `${(i * 7919 + 1).toString(16)}${'c3'.repeat(i % 15)}`,
      extensions: i % 3 === 0 ? [reasonCode(1)] : [],
    }))
    const der = listOf(ca, { revoked })
    const list = await read(der, ca)
    const serials = await serialsOf(der)
    expect(serials.filter((serial) => !list.revokes(serial))).toEqual([])
    expect(list.size).toBe(new Set(serials).size)

    const file = join(directory, 'p-256.pem')
    await writeFile(file, ca.certificate)
    const { stderr } = await run('openssl', ['crl', '-inform', 'DER', '-noout', '-CAfile', file], der)
    expect(stderr).toMatch(/verify OK/)
  })

  test.each([
    ['revoked', '0a0b', 'revoked'],
    ['not revoked', '0a0c', 'good'],
  ] as const)('agrees on a certificate that is %s', async (_name, serial, judgement) => {
    const ca = authority({ key: 'p-256', ...inSight })
    const leaf = issue({ subject: [{ type: 'CN', value: 'a' }], issuer: ca, serial, key: 'p-256' })
    const times = { thisUpdate: inSight.notBefore, nextUpdate: inSight.notAfter }
    const der = listOf(ca, { revoked: ['0a0b'], ...times })
    const list = await readRevocationList(der, [certificateOf(ca)], new Date())
    expect(list.judge(new X509Certificate(leaf.der))).toBe(judgement)

    const [anchor, lists, client] = ['anchor.pem', 'lists.pem', 'client.pem'].map((name) =>
      join(directory, name),
    )
    await writeFile(anchor ?? '', ca.certificate)
    await writeFile(lists ?? '', pem(der, 'X509 CRL'))
    await writeFile(client ?? '', leaf.certificate)
    const files = ['-CAfile', anchor ?? '', '-CRLfile', lists ?? '']
    const { stdout, stderr } = await run('openssl', ['verify', '-crl_check', ...files, client ?? ''])
    expect(stdout + stderr).toMatch(judgement === 'good' ? /: OK/ : /certificate revoked/)
  })

  test('takes the name of the authority as we write it', async () => {
    const { stdout } = await run(
      'openssl',
      ['crl', '-inform', 'DER', '-noout', '-issuer'],
      listOf(authority()),
    )
    expect(stdout).toContain(CA_NAME.at(-1)?.value)
  })
})
