// `hubgate certificate check` as a program: what it says of each certificate, and its exit code. A lab root stands for the
// public ones where Node is told to trust it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CertificateOptions, type Issued, issue } from '../../src/lab/pki/certificate.ts'
import { CANARY_MARK, CANARY_SECRET, CANARY_VERIFY_TOKEN } from '../canary.ts'
import { HUBGATE } from '../support/hubgate.ts'
import { Running } from '../support/programs.ts'

const DAY = 86_400_000
const [program = '', ...first] = HUBGATE

const authority = (name: string, issuer?: Issued, more: Partial<CertificateOptions> = {}) =>
  issue({
    subject: [{ type: 'CN', value: name }],
    key: 'p-256',
    authority: {},
    notAfter: new Date(Date.now() + 900 * DAY),
    ...(issuer === undefined ? {} : { issuer }),
    ...more,
  })

const publicRoot = authority('Lab Public Root')
const upper = authority('Lab Upper', publicRoot)
const lower = authority('Lab Lower', upper)
const privateRoot = authority('Lab Private Root')

const leaf = (options: Partial<CertificateOptions> = {}) =>
  issue({
    subject: [{ type: 'CN', value: 'hooks.example' }],
    key: 'p-256',
    altNames: ['hooks.example', '*.hooks.example'],
    extendedKeyUsage: ['serverAuth'],
    notAfter: new Date(Date.now() + 80.5 * DAY),
    issuer: lower,
    ...options,
  })

let directory = ''
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'hubgate-certificate-'))
  writeFileSync(join(directory, 'root.pem'), publicRoot.certificate)
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

interface View {
  readonly problems: readonly { readonly message: string }[]
  readonly notes: readonly { readonly message: string }[]
}

/** Checks a configuration with these certificates, each a chain whose first is the leaf. */
async function check(chains: readonly (readonly Issued[])[], { json = true, env = {} } = {}) {
  for (const [i, chain] of chains.entries()) {
    writeFileSync(join(directory, `${i}.pem`), chain.map(({ certificate }) => certificate).join(''))
    writeFileSync(join(directory, `${i}.key`), chain[0]?.key ?? '')
  }
  const others = chains.slice(1).map((_chain, i) => `{ certificate: ${i + 1}.pem, key: ${i + 1}.key }`)
  writeFileSync(join(directory, 'hubgate.yaml'), yaml(others.join(', ')))
  const args = [...first, 'certificate', 'check', '-c', join(directory, 'hubgate.yaml')]
  const running = new Running(program, json ? [...args, '--json'] : args, {
    NODE_EXTRA_CA_CERTS: join(directory, 'root.pem'),
    ...env,
  })
  const { code, stdout, stderr } = await running.ended
  expect(stdout + stderr).not.toContain(CANARY_MARK)
  expect(stdout + stderr).not.toMatch(/PRIVATE KEY/)
  return { code, stdout, stderr }
}

async function viewsOf(...chains: readonly (readonly Issued[])[]) {
  const { code, stdout, stderr } = await check(chains)
  expect(stderr).toBe('')
  const views: readonly View[] = JSON.parse(stdout)
  return { code, views }
}

const yaml = (others: string) => `
listen: { address: "127.0.0.1:0" }
tls: { certificate: 0.pem, key: 0.key, others: [${others}] }
client: { anchors: [{ builtin: digicert-ev }] }
apps: { shop: { secrets: ["${CANARY_SECRET}"], verifyTokens: ["${CANARY_VERIFY_TOKEN}"] } }
routes: [{ path: /webhooks/meta, apps: [shop], upstream: "http://127.0.0.1:9" }]
`

describe('hubgate certificate check', () => {
  it('is content with a whole chain to a public root, and shows all of it', async () => {
    const good = leaf()
    const { code, views } = await viewsOf([good, lower, upper])
    expect(views).toEqual([
      {
        setting: 'tls.certificate',
        names: ['hooks.example', '*.hooks.example'],
        notBefore: new Date(Date.now() - 3_600_000).toISOString().slice(0, 10),
        notAfter: new Date(Date.now() + 80.5 * DAY).toISOString().slice(0, 10),
        daysLeft: 80,
        key: 'ec prime256v1',
        chain: ['CN=hooks.example', 'CN=Lab Lower', 'CN=Lab Upper'],
        complete: true,
        publiclyTrusted: true,
        problems: [],
        notes: [],
      },
    ])
    expect(code).toBe(0)
  })

  it('says the same for people', async () => {
    const { code, stdout } = await check([[leaf(), lower, upper]], { json: false })
    expect(code).toBe(0)
    expect(stdout).toMatch(
      /^tls\.certificate\n {2}names +hooks\.example, \*\.hooks\.example\n {2}valid .* \(80 days left\)\n/,
    )
    expect(stdout).toMatch(/ {2}complete +yes\n {2}trusted +yes, by the public roots that come with Node\n$/)
  })

  it('is content with a chain that holds its root, and one that is about to be renewed', async () => {
    const { code, views } = await viewsOf([
      leaf({ notAfter: new Date(Date.now() + 20.5 * DAY) }),
      lower,
      upper,
      publicRoot,
    ])
    expect(views).toMatchObject([
      { publiclyTrusted: true, problems: [], notes: [{ message: 'expires in 20 days' }] },
    ])
    expect(code).toBe(0)
  })

  const bad: readonly (readonly [
    name: string,
    chain: () => readonly Issued[],
    problems: readonly string[],
  ])[] = [
    ['the leaf alone', () => [leaf()], ['is sent without the intermediate that issued it']],
    [
      'an intermediate is missing higher up',
      () => [leaf(), lower],
      ['leads to no public root: a private authority issued it, or a further intermediate is missing'],
    ],
    [
      'it is of a private authority',
      () => [leaf({ issuer: privateRoot }), privateRoot],
      ['leads to a root that is not public'],
    ],
    [
      'it is self-signed',
      () => [
        issue({
          subject: [{ type: 'CN', value: 'hooks.example' }],
          key: 'p-256',
          altNames: ['hooks.example'],
          extendedKeyUsage: ['serverAuth'],
        }),
      ],
      ['is self-signed'],
    ],
    [
      'it is expired',
      () => [leaf({ notAfter: new Date(Date.now() - DAY) }), lower, upper],
      ['is expired, or an authority above it is'],
    ],
    [
      'it is not valid yet',
      () => [leaf({ notBefore: new Date(Date.now() + DAY) }), lower, upper],
      ['is not valid yet, or an authority above it is not'],
    ],
    [
      'an authority above it is expired',
      () => {
        const past = authority('Lab Past', publicRoot, { notAfter: new Date(Date.now() - DAY) })
        return [leaf({ issuer: past }), past]
      },
      [
        'is expired, or an authority above it is',
        'holds an expired certificate of an authority: CN=Lab Past',
      ],
    ],
    [
      'it is for clients',
      () => [leaf({ extendedKeyUsage: ['clientAuth'] }), lower, upper],
      ['is not for servers'],
    ],
    [
      'its chain is out of order',
      () => [leaf(), upper, lower],
      ['is out of order: some clients cannot verify it'],
    ],
    [
      'it has no DNS name',
      () => [leaf({ altNames: ['127.0.0.1'] }), lower, upper],
      ['covers no DNS name: Meta verifies the name that it calls'],
    ],
    [
      'its name is outside what its authority may vouch for',
      () => {
        const narrow = authority('Lab Narrow', publicRoot, { permittedDnsNames: ['other.example'] })
        return [leaf({ issuer: narrow }), narrow]
      },
      [expect.stringMatching(/^is not trusted: OpenSSL says /)],
    ],
  ]
  it.each(bad)('finds wanting that %s', async (_name, chain, problems) => {
    const { code, views } = await viewsOf(chain())
    expect(views.flatMap((view) => view.problems.map(({ message }) => message))).toEqual(problems)
    expect(code).toBe(3)
  })

  it('says what to do about a missing intermediate', async () => {
    const { stdout, code } = await check([[leaf()]], { json: false })
    expect(stdout).toMatch(
      / {2}complete +no\n {2}trusted +no\n {2}wanting +is sent without .* fullchain\.pem, not cert\.pem/,
    )
    expect(code).toBe(3)
  })

  it('trusts no root that Node does not', async () => {
    const { code } = await check([[leaf(), lower, upper]], { env: { NODE_EXTRA_CA_CERTS: '' } })
    expect(code).toBe(3)
  })

  it('looks at each of several, and says which one a name is answered with', async () => {
    const other = leaf({ altNames: ['www.hooks.example', 'shop.example'] })
    const wanting = leaf({ altNames: ['late.example'], issuer: authority('Lab Unsent', publicRoot) })
    const { code, views } = await viewsOf([leaf(), lower, upper], [other, lower, upper], [wanting])
    expect(views).toMatchObject([
      { setting: 'tls.certificate', publiclyTrusted: true, problems: [], notes: [] },
      {
        setting: 'tls.others[0].certificate',
        publiclyTrusted: true,
        problems: [],
        notes: [{ message: 'who asks for www.hooks.example is shown tls.certificate' }],
      },
      {
        setting: 'tls.others[1].certificate',
        publiclyTrusted: false,
        problems: [{ message: 'is sent without the intermediate that issued it' }],
      },
    ])
    expect(code).toBe(3)
  })

  it('says as config check would what cannot be read', async () => {
    const [one, two] = [leaf(), leaf({ key: 'rsa-2048' })]
    const { code, stdout, stderr } = await check([[{ ...one, key: two.key }, lower, upper]])
    expect(code).toBe(3)
    expect(stdout).toBe('')
    expect(stderr).toMatch(/3:\d+ +tls\.key +does not fit tls\.certificate/)
  })
})
