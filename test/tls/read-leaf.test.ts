// The leaf reader against OpenSSL as node:crypto shows it, on certificates that the lab, the openssl command and the
// world made.
import { X509Certificate } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rootCertificates } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Leaf } from '../../src/domain/leaf.ts'
import { META_CLIENT_NAME, digicertShaped, metaShaped, selfSigned } from '../../src/lab/pki/authorities.ts'
import { readLeaf } from '../../src/tls/read-leaf.ts'
import { itWith, run } from '../support/programs.ts'

let directory = ''
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hubgate-leaf-'))
})
afterAll(() => rm(directory, { recursive: true, force: true }))

/** What both readers say of a certificate, in one form. */
function said(leaf: Leaf) {
  const { serial, notBefore, notAfter, isAuthority, extendedKeyUsage, fingerprint, key } = leaf
  const validity = [notBefore, notAfter].map((date) => date.getTime())
  return {
    serial: BigInt(`0x${serial}`),
    validity,
    isAuthority,
    extendedKeyUsage,
    fingerprint,
    bits: key.bits,
  }
}

function saidByOpenssl(der: Uint8Array): ReturnType<typeof said> {
  const read = new X509Certificate(der)
  const { asymmetricKeyType: type = '', asymmetricKeyDetails: details } = read.publicKey
  return {
    serial: BigInt(`0x${read.serialNumber}`),
    validity: [read.validFrom, read.validTo].map((text) => new Date(text).getTime()),
    isAuthority: read.ca,
    extendedKeyUsage: read.keyUsage,
    fingerprint: read.fingerprint256.replaceAll(':', '').toLowerCase(),
    bits: type.startsWith('rsa') ? (details?.modulusLength ?? 0) : 0,
  }
}

function expectAgreement(der: Uint8Array): Leaf {
  const leaf = readLeaf(der)
  if (leaf === 'unreadable') throw new Error('unreadable')
  expect(said(leaf)).toEqual(saidByOpenssl(der))
  return leaf
}

const meta = metaShaped()
const digicert = digicertShaped()

describe('a certificate of the lab', () => {
  it.each([
    ['Meta-shaped', meta.client()],
    ['DigiCert-shaped', digicert.client()],
    ['with P-256', meta.client({ key: 'p-256' })],
    ['with Ed25519', meta.client({ key: 'ed25519' })],
    ['self-signed', selfSigned({ altNames: ['a.example', '::1'] })],
  ])('%s is read as OpenSSL reads it', (_name, { leaf }) => {
    const read = expectAgreement(leaf.der)
    expect(read).toMatchObject({
      version: 3,
      commonNames: [META_CLIENT_NAME],
      subject: `CN=${META_CLIENT_NAME}`,
    })
  })

  it('shows names that hold separators so that they cannot pose as others', () => {
    const { leaf } = meta.client({
      before: [{ type: 'O', value: 'x, CN=evil+"\\' }],
      commonNames: ['a\nCN=b'],
    })
    const read = expectAgreement(leaf.der)
    expect(read.commonNames).toEqual(['a\nCN=b'])
    expect(read.subject).toBe('O=x\\, CN\\=evil\\+\\"\\\\, CN=a\nCN\\=b')
  })
})

describe('the roots that Node ships', () => {
  it('are all read as OpenSSL reads them', () => {
    for (const text of rootCertificates) {
      const certificate = new X509Certificate(text)
      const read = expectAgreement(certificate.raw)
      const names = certificate.subject.split('\n').filter((line) => line.startsWith('CN='))
      expect(read.commonNames.length).toBe(names.length)
    }
  })
})

interface Made {
  readonly name: string
  readonly args: readonly string[]
  readonly key?: string
  readonly commonNames?: readonly string[]
  readonly subject?: string
}

const P256 = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256']
const withKey = (...algorithm: string[]) => ['-newkey', ...algorithm, '-subj', '/CN=a']
const withCurve = (curve: string) => withKey('ec', '-pkeyopt', `ec_paramgen_curve:${curve}`)
const withSubject = (subject: string, ...more: string[]) => [...P256, '-subj', subject, ...more]
const withMore = (...more: string[]) => withSubject('/CN=a', ...more)

const MADE: readonly Made[] = [
  { name: 'RSA-2048', args: withKey('rsa:2048'), key: 'rsa' },
  { name: 'RSA of 2049 bits', args: withKey('rsa:2049'), key: 'rsa' },
  { name: 'RSA-3072', args: withKey('rsa:3072'), key: 'rsa' },
  { name: 'RSA-PSS', args: withKey('rsa-pss', '-pkeyopt', 'rsa_keygen_bits:2048'), key: 'rsa' },
  { name: 'P-256', args: withCurve('P-256'), key: 'ec P-256' },
  { name: 'P-384', args: withCurve('P-384'), key: 'ec P-384' },
  { name: 'P-521', args: withCurve('P-521'), key: 'ec P-521' },
  { name: 'secp256k1', args: withCurve('secp256k1'), key: 'ec 1.3.132.0.10' },
  {
    name: 'explicit curve parameters',
    args: [...withCurve('P-256'), '-pkeyopt', 'ec_param_enc:explicit'],
    key: 'ec unnamed curve',
  },
  { name: 'Ed25519', args: withKey('ed25519'), key: 'ed25519' },
  { name: 'Ed448', args: withKey('ed448'), key: '1.3.101.113' },
  {
    name: 'X.509 names of all kinds',
    args: withSubject('/C=US/ST=CA/L=Menlo Park/O=Lab/OU=x/CN=y/emailAddress=a@b.example'),
    commonNames: ['y'],
    subject: 'C=US, ST=CA, L=Menlo Park, O=Lab, OU=x, CN=y, emailAddress=a@b.example',
  },
  { name: 'two common names', args: withSubject('/CN=a/CN=b'), commonNames: ['a', 'b'] },
  { name: 'a multi-valued RDN', args: withSubject('/O=x/OU=y+CN=a'), commonNames: ['a'] },
  { name: 'UTF-8', args: withSubject('/CN=größer ✓', '-utf8'), commonNames: ['größer ✓'] },
  { name: 'an empty subject', args: withSubject('/'), commonNames: [], subject: '' },
  {
    name: 'a name of an unusual kind',
    args: withSubject('/serialNumber=7/CN=a'),
    subject: '2.5.4.5=7, CN=a',
  },
  { name: 'clientAuth', args: withMore('-addext', 'extendedKeyUsage=clientAuth') },
  {
    name: 'five purposes',
    args: withMore(
      '-addext',
      'extendedKeyUsage=critical,serverAuth,clientAuth,emailProtection,timeStamping,1.2.3.4.5',
    ),
  },
  { name: 'any purpose', args: withMore('-addext', 'extendedKeyUsage=anyExtendedKeyUsage') },
  { name: 'no authority', args: withMore('-addext', 'basicConstraints=critical,CA:FALSE') },
  {
    name: 'an authority of path length 0',
    args: withMore('-addext', 'basicConstraints=critical,CA:TRUE,pathlen:0'),
  },
  {
    name: 'many alternative names',
    args: withMore(
      '-addext',
      `subjectAltName=${Array.from({ length: 200 }, (_, i) => `DNS:n${i}.example`).join(',')}`,
    ),
  },
  { name: 'a year beyond 2049', args: withMore('-days', '20000') },
  { name: 'a year beyond 9000', args: withMore('-days', '2600000') },
  { name: 'serial 1', args: withMore('-set_serial', '1') },
  { name: 'serial 0', args: withMore('-set_serial', '0') },
  { name: 'serial 128', args: withMore('-set_serial', '128') },
  { name: 'a serial of twenty bytes', args: withMore('-set_serial', `0x${'fe'.repeat(20)}`) },
]

describe('a certificate of the openssl command', () => {
  itWith('openssl').each(MADE)(
    'with $name is read as OpenSSL reads it',
    async ({ args, key, commonNames = ['a'], subject }) => {
      const [file, keyFile] = ['made.der', 'made.key'].map((name) => join(directory, name))
      if (file === undefined || keyFile === undefined) throw new Error('no files')
      const { code, stderr } = await run('openssl', [
        'req',
        '-x509',
        '-nodes',
        '-outform',
        'DER',
        '-out',
        file,
        '-keyout',
        keyFile,
        ...args,
      ])
      expect(code, stderr).toBe(0)
      const read = expectAgreement(await readFile(file))
      expect(read.commonNames).toEqual(commonNames)
      if (key !== undefined) expect(read.key.kind).toBe(key)
      if (subject !== undefined) expect([read.subject, read.issuer]).toEqual([subject, subject])
    },
  )
})
