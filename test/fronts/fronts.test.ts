// What each front's fields are read as: good ones, published samples, and everything that is missing, doubled or malformed.
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { albPassthrough } from '../../src/fronts/alb-passthrough.ts'
import { albVerify } from '../../src/fronts/alb-verify.ts'
import { cloudflare } from '../../src/fronts/cloudflare.ts'
import { envoy } from '../../src/fronts/envoy.ts'
import type { Front } from '../../src/fronts/front.ts'
import { FRONTS } from '../../src/fronts/fronts.ts'
import { haproxy } from '../../src/fronts/haproxy.ts'
import { nginx } from '../../src/fronts/nginx.ts'
import { rfc9440 } from '../../src/fronts/rfc9440.ts'
import type { FieldLine } from '../../src/lab/request.ts'
import { assertsIdentity } from '../../src/upstream/sent-fields.ts'
import {
  CLIENT,
  FRONT_FIELDS,
  FRONT_NAMES,
  WITH_CHAIN,
  albEncoded,
  byteSequence,
  pemOf,
} from '../support/front-sender.ts'
import {
  BROKEN,
  CHAIN,
  CHAINED_IDENTITY,
  CLIENT_IDENTITY,
  LAX_BASE64,
  LAX_PEM,
  LEAF,
  OTHER,
  SERIAL,
  told,
} from './fields.ts'

const FOR: FieldLine = ['X-Forwarded-For', CLIENT]
const REFUSED = /^refused: /
const good = (front: (typeof FRONT_NAMES)[number]) => FRONT_FIELDS[front]({ identity: CLIENT_IDENTITY })

describe.each(FRONT_NAMES)('%s', (name) => {
  const front = FRONTS[name]

  it('tells the client’s address and its certificate', () =>
    expect(told(front, good(name))).toBe(`${CLIENT} leaf`))

  it('tells that there is none', () =>
    expect(told(front, FRONT_FIELDS[name]({ identity: undefined }))).toBe(`${CLIENT} none`))

  it('passes the chain on, or the leaf alone', () =>
    expect(told(front, FRONT_FIELDS[name]({ identity: CHAINED_IDENTITY }))).toMatch(
      WITH_CHAIN.includes(name) ? /^31\.13\.64\.7 chained intermediate$/ : /^31\.13\.64\.7 chained$/,
    ))

  it('spells its fields in any case', () =>
    expect(
      told(
        front,
        good(name).map(([field, value]) => [field.toUpperCase(), value]),
      ),
    ).toBe(`${CLIENT} leaf`))

  const certificateFields = good(name).filter(
    ([field]) => front.fields.find((one) => one.name === field)?.address !== true,
  )
  it.each(certificateFields)('refuses %s twice, the same or another, in any case', (field, value) => {
    for (const second of [value, '', 'x'])
      for (const spelt of [field, field.toLowerCase(), field.toUpperCase()]) {
        expect(told(front, [...good(name), [spelt, second]])).toMatch(REFUSED)
        expect(told(front, [[spelt, second], ...good(name)])).toMatch(REFUSED)
      }
  })

  it.each(front.fields.map(({ name: field }) => field))(
    'refuses %s with an underscore beside it, or instead',
    (field) => {
      const underscored = field.replace('-', '_')
      expect(told(front, [...good(name), [underscored, 'x']])).toMatch(REFUSED)
      expect(
        told(
          front,
          good(name).map(([one, value]) => (one === field ? [underscored, value] : [one, value])),
        ),
      ).toMatch(field in Object.fromEntries(good(name)) ? REFUSED : /leaf/)
    },
  )

  it('refuses a request without an address', () =>
    expect(told(front, certificateFields)).toMatch(/^refused: (X-Forwarded-For|Cf-Connecting-IP) is missing/))

  it.each(front.fields.map(({ name: field }) => field))('%s never reaches the upstream', (field) => {
    expect(assertsIdentity(field.toLowerCase())).toBe(true)
    expect(assertsIdentity(field.toLowerCase().replaceAll('-', '_'))).toBe(true)
  })

  it('says of each field what it holds', () => {
    for (const { holds } of front.fields) expect(holds).toMatch(/./)
    expect(new Set(front.fields.map((field) => field.name)).size).toBe(front.fields.length)
  })
})

describe('the address by X-Forwarded-For', () => {
  const address = (...lines: string[]) =>
    told(
      rfc9440,
      lines.map((line): FieldLine => ['X-Forwarded-For', line]),
    )

  it.each([
    [['31.13.64.7'], '31.13.64.7'],
    [['2a03:2880::1'], '2a03:2880::1'],
    [['::ffff:31.13.64.7'], '31.13.64.7'],
    [['8.8.8.8, 31.13.64.7'], '31.13.64.7'],
    [['8.8.8.8,31.13.64.7,10.1.2.3'], '31.13.64.7'],
    [['31.13.64.7, 10.1.2.3,\t10.1.2.4, 2001:db8:1::7'], '31.13.64.7'],
    [['8.8.8.8', '31.13.64.7', '10.1.2.3'], '31.13.64.7'],
    [['31.13.64.7, 10.1.2.3, 8.8.8.8'], '8.8.8.8'],
    [['10.1.2.3, 10.4.5.6'], '10.1.2.3'],
  ])('%j is %s', (lines, client) => expect(address(...lines)).toBe(`${client} none`))

  it.each([
    [''],
    ['unknown'],
    ['_hidden'],
    ['31.13.64.7, unknown'],
    ['unknown, 31.13.64.7'],
    ['31.13.64.7,'],
    [',31.13.64.7'],
    ['31.13.64.7:443'],
    ['[2a03:2880::1]'],
    ['[2a03:2880::1]:443'],
    ['fe80::1%eth0'],
    ['031.13.64.7'],
    ['31.13.6149'],
    ['0x1f.13.64.7'],
    ['521093127'],
    ['31.13.64.7/32'],
    ['31.13.64.7 8.8.8.8'],
    ['for=31.13.64.7'],
    ['"31.13.64.7"'],
    ['３1.13.64.7'],
    [Array.from({ length: 33 }, () => CLIENT).join(',')],
  ])('%j is refused', (line) => expect(address(line)).toMatch(REFUSED))

  it('shows what came without what a log would stumble over', () =>
    expect(address('\u0000\u001b[31m\u0085')).toMatch(/^[\x20-\x7e]+$/))
})

interface Row {
  readonly name: string
  readonly fields: readonly FieldLine[]
  readonly told: string | RegExp
}

function table(front: Front, rows: readonly Row[]): void {
  it.each(rows)('$name', ({ fields, told: expected }) => {
    const read = told(front, fields)
    if (typeof expected === 'string') expect(read).toBe(`${CLIENT} ${expected}`)
    else expect(read).toMatch(expected)
  })
}

/** Rows for a field of base64. */
const base64Rows = (fields: (base64: string) => FieldLine[]): Row[] => [
  ...BROKEN.map(([name, der]) => ({
    name: `DER: ${name}`,
    fields: fields(der.toString('base64')),
    told: REFUSED,
  })),
  ...LAX_BASE64.map(([name, text]) => ({ name: `base64: ${name}`, fields: fields(text), told: REFUSED })),
]

/** Rows for a field of percent-encoded PEM. */
const pemRows = (fields: (encoded: string) => FieldLine[]): Row[] => [
  ...LAX_PEM.map(([name, change]) => ({
    name: `PEM: ${name}`,
    fields: fields(encodeURIComponent(change(pemOf(LEAF)))),
    told: REFUSED,
  })),
  ...BROKEN.filter(([name]) => name !== 'nothing').map(([name, der]) => ({
    name: `DER in PEM: ${name}`,
    fields: fields(encodeURIComponent(pemOf(der))),
    told: REFUSED,
  })),
  { name: 'not encoded', fields: fields(pemOf(LEAF).replaceAll('\n', ' ')), told: REFUSED },
  { name: 'a bad percent', fields: fields('%zz'), told: REFUSED },
  { name: 'no UTF-8', fields: fields('%ff%fe'), told: REFUSED },
  {
    name: 'line ends of Windows',
    fields: fields(encodeURIComponent(pemOf(LEAF).replaceAll('\n', '\r\n'))),
    told: 'leaf',
  },
]

describe('nginx: $ssl_client_verify and $ssl_client_escaped_cert', () => {
  const lines = (verify: string, cert?: string): FieldLine[] => [
    ['X-SSL-Client-Verify', verify],
    ...(cert === undefined ? [] : ([['X-SSL-Client-Escaped-Cert', cert]] as const)),
    FOR,
  ]
  const cert = encodeURIComponent(pemOf(LEAF))
  table(nginx, [
    { name: 'expired', fields: lines('FAILED:certificate has expired', cert), told: 'leaf CERT_HAS_EXPIRED' },
    { name: 'revoked', fields: lines('FAILED:certificate revoked', cert), told: 'leaf CERT_REVOKED' },
    {
      name: 'self-signed, as older ones say it',
      fields: lines('FAILED:self signed certificate', cert),
      told: 'leaf DEPTH_ZERO_SELF_SIGNED_CERT',
    },
    {
      name: 'failed for another reason',
      fields: lines('FAILED:whatever', cert),
      told: 'leaf REFUSED_BY_FRONT',
    },
    { name: 'failed for no reason', fields: lines('FAILED:', cert), told: REFUSED },
    { name: 'failed without a certificate', fields: lines('FAILED:x'), told: REFUSED },
    { name: 'verified without a certificate', fields: lines('SUCCESS'), told: REFUSED },
    { name: 'verified with an empty one', fields: lines('SUCCESS', ''), told: REFUSED },
    { name: 'none with a certificate', fields: lines('NONE', cert), told: REFUSED },
    { name: 'none with an empty one', fields: lines('NONE', ''), told: 'none' },
    { name: 'no verdict', fields: [['X-SSL-Client-Escaped-Cert', cert], FOR], told: /missing$/ },
    { name: 'nothing at all but an address', fields: [FOR], told: /missing$/ },
    { name: 'a verdict in lower case', fields: lines('success', cert), told: REFUSED },
    { name: 'two verdicts in one', fields: lines('SUCCESS, SUCCESS', cert), told: REFUSED },
    {
      name: 'two certificates',
      fields: lines('SUCCESS', encodeURIComponent(pemOf(LEAF) + pemOf(OTHER))),
      told: REFUSED,
    },
    ...pemRows((encoded) => lines('SUCCESS', encoded)),
  ])
})

describe('HAProxy: ssl_c_verify, ssl_c_der and ssl_c_chain_der', () => {
  const lines = (verify: string, der: string, chain?: string): FieldLine[] => [
    ['X-SSL-Client-Verify', verify],
    ['X-SSL-Client-DER', der],
    ...(chain === undefined ? [] : ([['X-SSL-Client-Chain-DER', chain]] as const)),
    FOR,
  ]
  const der = LEAF.toString('base64')
  const [chained = LEAF, intermediate = LEAF] = CHAIN
  table(haproxy, [
    { name: 'without a chain field', fields: lines('0', der), told: 'leaf' },
    { name: 'none, without a chain field', fields: lines('0', ''), told: 'none' },
    { name: 'expired', fields: lines('10', der), told: 'leaf CERT_HAS_EXPIRED' },
    { name: 'revoked', fields: lines('23', der), told: 'leaf CERT_REVOKED' },
    { name: 'another error', fields: lines('99', der), told: 'leaf REFUSED_BY_FRONT' },
    { name: 'no certificate, but an error', fields: lines('10', ''), told: REFUSED },
    { name: 'no certificate, but a chain', fields: lines('0', '', der), told: REFUSED },
    { name: 'no verdict', fields: [['X-SSL-Client-DER', der], FOR], told: /missing$/ },
    { name: 'no certificate field', fields: [['X-SSL-Client-Verify', '0'], FOR], told: /missing$/ },
    ...['', '00', '+0', '-1', '0x0', ' 0', '1e1', 'SUCCESS', '0,0'].map((verify) => ({
      name: `verdict ${JSON.stringify(verify)}`,
      fields: lines(verify, der),
      told: REFUSED,
    })),
    {
      name: 'a chain of two, one behind the other',
      fields: lines('0', chained.toString('base64'), Buffer.concat([intermediate, OTHER]).toString('base64')),
      told: 'chained intermediate other',
    },
    {
      name: 'a chain with rubbish behind it',
      fields: lines('0', der, Buffer.concat([OTHER, Buffer.of(1, 2)]).toString('base64')),
      told: REFUSED,
    },
    ...base64Rows((base64) => lines('1', base64)),
    ...base64Rows((base64) => lines('0', der, base64)).filter(
      ({ name }) => !/two of them|nothing/.test(name),
    ),
  ])
})

// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/mutual-authentication.html, "HTTP headers"
const AWS_SAMPLE = {
  serial: '03A5B1',
  issuer: 'CN=rootcamtls.com,OU=rootCA,O=mTLS,L=Seattle,ST=Washington,C=US',
  subject: 'CN=client_.com,OU=client-3,O=mTLS,ST=Washington,C=US',
  validity: 'NotBefore=2023-09-21T01:50:17Z;NotAfter=2024-09-20T01:50:17Z',
} as const

describe('ALB in verify mode', () => {
  const lines = (
    change: Partial<Record<keyof typeof AWS_SAMPLE | 'leaf', string | undefined>> = {},
  ): FieldLine[] => {
    const all = { ...AWS_SAMPLE, ...change }
    const named: readonly (readonly [string, string | undefined])[] = [
      ['X-Amzn-Mtls-Clientcert-Serial-Number', all.serial],
      ['X-Amzn-Mtls-Clientcert-Issuer', all.issuer],
      ['X-Amzn-Mtls-Clientcert-Subject', all.subject],
      ['X-Amzn-Mtls-Clientcert-Validity', all.validity],
      ['X-Amzn-Mtls-Clientcert-Leaf', all.leaf],
    ]
    return [...named.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])), FOR]
  }
  const leaf = albEncoded(pemOf(LEAF))
  table(albVerify, [
    {
      name: 'AWS’ own sample, without its leaf (which is shortened there)',
      fields: lines(),
      told: 'subject ["client_.com"]',
    },
    {
      name: 'the serial in lower case, with zeros before it',
      fields: lines({ serial: `00${SERIAL.toLowerCase()}`, leaf }),
      told: 'leaf',
    },
    { name: 'another certificate’s serial', fields: lines({ leaf }), told: /^refused: .* is not that of/ },
    { name: 'no serial', fields: lines({ serial: undefined, leaf }), told: /missing$/ },
    { name: 'no issuer', fields: lines({ issuer: undefined, leaf }), told: /missing$/ },
    { name: 'no subject', fields: lines({ subject: undefined, leaf }), told: /missing$/ },
    { name: 'no validity', fields: lines({ validity: undefined }), told: /missing$/ },
    { name: 'a serial that is none', fields: lines({ serial: 'x' }), told: REFUSED },
    { name: 'a validity that is none', fields: lines({ validity: 'NotBefore=x;NotAfter=y' }), told: REFUSED },
    {
      name: 'a leaf of two',
      fields: lines({ serial: SERIAL, leaf: leaf + albEncoded(pemOf(OTHER)) }),
      told: REFUSED,
    },
    ...pemRows((encoded) => lines({ serial: SERIAL, leaf: encoded })),
    ...(
      [
        ['two names', 'CN=a,CN=b', 'subject ["a","b"]'],
        ['two names in one RDN', 'CN=a+CN=b', 'subject ["a","b"]'],
        ['a name in an O', 'O=CN\\=a,CN=b', 'subject ["b"]'],
        ['a comma in a name', 'CN=a\\,CN\\=b', 'subject ["a,CN=b"]'],
        ['a name by its OID', '2.5.4.3=a', 'subject ["a"]'],
        ['a name in lower case', 'cn=a', 'subject ["a"]'],
        ['no name', 'O=a', 'subject []'],
        ['an empty subject', '', 'subject []'],
        ['UTF-8 as hex', 'CN=\\D0\\B0', 'subject ["а"]'],
        ['UTF-8 as it is', `CN=${Buffer.from('а').toString('latin1')}`, 'subject ["а"]'],
        ['an escaped space at the end', 'CN=a\\ ', 'subject ["a "]'],
        ['no UTF-8', 'CN=\\FF', REFUSED],
        ['a quoted value', 'CN="a"', REFUSED],
        ['a value in hex', 'CN=#0c0161', REFUSED],
        ['a semicolon between', 'CN=a;O=b', REFUSED],
        ['a space after a comma', 'CN=a, O=b', REFUSED],
        ['a space at the end', 'CN=a ', REFUSED],
        ['an escape of nothing', 'CN=a\\', REFUSED],
        ['an escape of a letter', 'CN=a\\x', REFUSED],
        ['no type', '=a', REFUSED],
        ['no equals', 'CN', REFUSED],
        ['a comma at the end', 'CN=a,', REFUSED],
        ['with slashes', '/O=x/CN=a', REFUSED],
        ['very long', `CN=${'a'.repeat(5_000)}`, REFUSED],
      ] as const
    ).map(([name, subject, expected]) => ({
      name: `subject: ${name}`,
      fields: lines({ subject }),
      told: expected,
    })),
  ])
})

describe('ALB in passthrough mode', () => {
  const lines = (encoded: string): FieldLine[] => [['X-Amzn-Mtls-Clientcert', encoded], FOR]
  table(albPassthrough, [
    {
      name: 'as AWS writes it: + = / as they are',
      fields: lines(albEncoded(CHAIN.map(pemOf).join(''))),
      told: 'chained intermediate',
    },
    { name: 'everything percent-encoded', fields: lines(encodeURIComponent(pemOf(LEAF))), told: 'leaf' },
    { name: 'empty', fields: lines(''), told: REFUSED },
    {
      name: 'more certificates than any chain',
      fields: lines(albEncoded(pemOf(LEAF).repeat(33))),
      told: REFUSED,
    },
    ...pemRows(lines),
  ])
})

// https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers#x-forwarded-client-cert, examples 1 to 3
const HASH = 'Hash=468ed33be74eee6556d90c0149c1309e9ba61d6425303443c0748a02dd8de688'
const SLASHES = 'Subject="/C=US/ST=CA/L=San Francisco/OU=Lyft/CN=Test Client"'
const ENVOY_SAMPLES = [
  `By=http://frontend.lyft.com;${HASH};${SLASHES};URI=http://testclient.lyft.com`,
  `By=http://frontend.lyft.com;${HASH};URI=http://testclient.lyft.com,By=http://backend.lyft.com;Hash=9ba61d6425303443c0748a02dd8de688468ed33be74eee6556d90c0149c1309e;URI=http://frontend.lyft.com`,
  `By=http://frontend.lyft.com;${HASH};${SLASHES};URI=http://testclient.lyft.com;DNS=lyft.com;DNS=www.lyft.com`,
] as const

describe('Envoy: X-Forwarded-Client-Cert', () => {
  const lines = (value: string): FieldLine[] => [['X-Forwarded-Client-Cert', value], FOR]
  const cert = encodeURIComponent(pemOf(LEAF))
  const hash = createHash('sha256').update(LEAF).digest('hex')
  const chain = encodeURIComponent(pemOf(LEAF) + pemOf(OTHER))
  table(envoy, [
    {
      name: 'published sample 1: a subject with slashes, and no certificate',
      fields: lines(ENVOY_SAMPLES[0]),
      told: /slashes, which is ambiguous/,
    },
    {
      name: 'published sample 2: two elements',
      fields: lines(ENVOY_SAMPLES[1]),
      told: /more than one element/,
    },
    { name: 'published sample 3, likewise with DNS twice', fields: lines(ENVOY_SAMPLES[2]), told: /slashes/ },
    {
      name: 'published sample 1 with a certificate',
      fields: lines(`${ENVOY_SAMPLES[0].replace(`${HASH};`, '')};Cert="${cert}"`),
      told: 'leaf',
    },
    { name: 'a certificate without quotes', fields: lines(`Cert=${cert}`), told: 'leaf' },
    { name: 'keys in any case', fields: lines(`HASH=${hash};cErT="${cert}"`), told: 'leaf' },
    { name: 'a chain alone', fields: lines(`Chain="${chain}"`), told: 'leaf other' },
    {
      name: 'a certificate and its chain',
      fields: lines(`Cert="${cert}";Chain="${chain}"`),
      told: 'leaf other',
    },
    {
      name: 'a chain of another certificate',
      fields: lines(`Cert="${encodeURIComponent(pemOf(OTHER))}";Chain="${chain}"`),
      told: REFUSED,
    },
    { name: 'another certificate’s hash', fields: lines(`${HASH};Cert="${cert}"`), told: REFUSED },
    {
      name: 'two elements with certificates',
      fields: lines(`Cert="${cert}",Cert="${cert}"`),
      told: /more than one element/,
    },
    {
      name: 'a forged element before',
      fields: lines(`Subject="CN=x",Cert="${cert}"`),
      told: /more than one element/,
    },
    { name: 'a comma within quotes is none', fields: lines(`Subject="CN=a\\\\,b"`), told: 'subject ["a,b"]' },
    { name: 'a quote within quotes', fields: lines(`Subject="CN=a\\"b"`), told: REFUSED },
    { name: 'a certificate twice', fields: lines(`Cert="${cert}";Cert="${cert}"`), told: REFUSED },
    { name: 'a subject twice', fields: lines('Subject="CN=a";Subject="CN=b"'), told: REFUSED },
    {
      name: 'a subject and a certificate: the certificate counts',
      fields: lines(`Subject="CN=x";Cert="${cert}"`),
      told: 'leaf',
    },
    { name: 'neither', fields: lines('By=a'), told: REFUSED },
    { name: 'a key nobody knows', fields: lines(`Cert="${cert}";Extra=1`), told: REFUSED },
    ...[
      '',
      ';',
      ',',
      '=',
      'Cert',
      'Cert="',
      `Cert="${cert}";`,
      `;Cert="${cert}"`,
      ` Cert="${cert}"`,
      `Cert="${cert}" `,
      `Cert = "${cert}"`,
      `Cert="${cert}"x`,
      'Subject="CN=a\\x"',
      `Cert="${cert}",`,
      `,Cert="${cert}"`,
    ].map((value, i) => ({ name: `malformed ${i + 1}`, fields: lines(value), told: REFUSED })),
    ...pemRows((encoded) => lines(`Cert="${encoded}"`)),
  ])
})

// https://developers.cloudflare.com/ssl/client-certificates/forward-a-client-certificate/ and, for Cf-Cert-*,
// https://developers.cloudflare.com/rules/transform/managed-transforms/reference/ ("Add TLS client auth headers")
describe('Cloudflare', () => {
  const lines = (base64: string, ...more: FieldLine[]): FieldLine[] => [
    ['Cf-Client-Cert-Der-Base64', base64],
    ...more,
    ['Cf-Connecting-IP', CLIENT],
  ]
  const der = LEAF.toString('base64')
  const hash = createHash('sha256').update(LEAF).digest('hex')
  table(cloudflare, [
    { name: 'the certificate alone', fields: lines(der), told: 'leaf' },
    {
      name: 'its digest in upper case',
      fields: lines(der, ['Cf-Client-Cert-Sha256', hash.toUpperCase()]),
      told: 'leaf',
    },
    { name: 'another digest', fields: lines(der, ['Cf-Client-Cert-Sha256', '0'.repeat(64)]), told: REFUSED },
    {
      name: 'verified',
      fields: lines(der, ['Cf-Cert-Verified', 'true'], ['Cf-Cert-Revoked', 'false']),
      told: 'leaf',
    },
    {
      name: 'not verified',
      fields: lines(der, ['Cf-Cert-Verified', 'false']),
      told: 'leaf REFUSED_BY_FRONT',
    },
    { name: 'revoked', fields: lines(der, ['Cf-Cert-Revoked', 'true']), told: 'leaf CERT_REVOKED' },
    { name: 'a verdict nobody knows', fields: lines(der, ['Cf-Cert-Verified', 'yes']), told: REFUSED },
    { name: 'empty: none', fields: lines(''), told: 'none' },
    { name: 'two addresses', fields: [...lines(der), ['CF-Connecting-IP', '8.8.8.8']], told: REFUSED },
    { name: 'a list of addresses', fields: [['Cf-Connecting-IP', `${CLIENT}, 8.8.8.8`]], told: REFUSED },
    {
      name: 'X-Forwarded-For is not read',
      fields: [...lines(der), ['X-Forwarded-For', '8.8.8.8']],
      told: 'leaf',
    },
    ...base64Rows((base64) => lines(base64)).filter(({ name }) => name !== 'DER: nothing'),
  ])
})

// RFC 9440, appendix A: https://www.rfc-editor.org/rfc/rfc9440#appendix-A
const RFC_SAMPLE =
  'MIIBqDCCAU6gAwIBAgIBBzAKBggqhkjOPQQDAjA6MRswGQYDVQQKDBJMZXQncyBBdXRoZW50aWNhdGUxGzAZBgNVBAMMEkxBIEludGVybWVkaWF0ZSBDQTAeFw0yMDAxMTQyMjU1MzNaFw0yMTAxMjMyMjU1MzNaMA0xCzAJBgNVBAMMAkJDMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8YnXXfaUgmnMtOXU/IncWalRhebrXmckC8vdgJ1p5Be5F/3YC8OthxM4+k1M6aEAEFcGzkJiNy6J84y7uzo9M6NyMHAwCQYDVR0TBAIwADAfBgNVHSMEGDAWgBRm3WjLa38lbEYCuiCPct0ZaSED2DAOBgNVHQ8BAf8EBAMCBsAwEwYDVR0lBAwwCgYIKwYBBQUHAwIwHQYDVR0RAQH/BBMwEYEPYmRjQGV4YW1wbGUuY29tMAoGCCqGSM49BAMCA0gAMEUCIBHda/r1vaL6G3VliL4/Di6YK0Q6bMjeSkC3dFCOOB8TAiEAx/kHSB4urmiZ0NX5r5XarmPk0wmuydBVoU4hBVZ1yhk='

describe('RFC 9440: Client-Cert and Client-Cert-Chain', () => {
  const lines = (leaf: string, chain?: string): FieldLine[] => [
    ['Client-Cert', leaf],
    ...(chain === undefined ? [] : ([['Client-Cert-Chain', chain]] as const)),
    FOR,
  ]
  const leaf = byteSequence(LEAF)
  const other = byteSequence(OTHER)
  table(rfc9440, [
    { name: 'the RFC’s own sample', fields: lines(`:${RFC_SAMPLE}:`), told: 'another' },
    { name: 'a chain of two', fields: lines(leaf, `${other}, ${other}`), told: 'leaf other other' },
    { name: 'a chain without spaces', fields: lines(leaf, `${other},${other}`), told: 'leaf other other' },
    { name: 'a chain alone', fields: [['Client-Cert-Chain', other], FOR], told: REFUSED },
    { name: 'an empty chain', fields: lines(leaf, ''), told: REFUSED },
    { name: 'a comma at its end', fields: lines(leaf, `${other},`), told: REFUSED },
    { name: 'a list for the leaf', fields: lines(`${leaf}, ${other}`), told: REFUSED },
    { name: 'a parameter', fields: lines(`${leaf};a=1`), told: REFUSED },
    { name: 'without colons', fields: lines(LEAF.toString('base64')), told: REFUSED },
    { name: 'one colon', fields: lines(`:${LEAF.toString('base64')}`), told: REFUSED },
    { name: 'a string', fields: lines(`"${LEAF.toString('base64')}"`), told: REFUSED },
    { name: 'empty', fields: lines(''), told: REFUSED },
    {
      name: 'more certificates than any chain',
      fields: lines(leaf, Array.from({ length: 33 }, () => other).join(', ')),
      told: REFUSED,
    },
    ...base64Rows((base64) => lines(`:${base64}:`)),
    ...base64Rows((base64) => lines(leaf, `:${base64}:`)),
  ])
})
