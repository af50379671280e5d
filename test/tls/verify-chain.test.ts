// A chain without its handshake (a front had it) gets the verdict it would get from the direct front: every row of the
// certificate tables, through twins and OpenSSL, judged by the same gates.
import { X509Certificate, generateKeyPairSync } from 'node:crypto'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { certificate } from '../../src/gates/certificate.ts'
import { commonName } from '../../src/gates/common-name.ts'
import { runGates } from '../../src/gates/run.ts'
import { type ClientIdentity, META_CLIENT_NAME } from '../../src/lab/pki/authorities.ts'
import type { Issued } from '../../src/lab/pki/certificate.ts'
import { type Anchor, anchorOf } from '../../src/tls/anchors.ts'
import type { ClientCertificate } from '../../src/tls/client-certificate.ts'
import { ChainVerifier, type VerifyTerms } from '../../src/tls/verify-chain.ts'
import { pki } from '../support/world.ts'
import { type Authorities, type Case, below, oddAnchors, root } from './cases/case.ts'
import { AUTHORITIES } from './cases/authorities.ts'
import { CHAINS } from './cases/chains.ts'
import { CONSTRAINTS } from './cases/constraints.ts'
import { DEPTH } from './cases/depth.ts'
import { ENCODING } from './cases/encoding.ts'
import { EXTENSIONS } from './cases/extensions.ts'
import { FITNESS } from './cases/fitness.ts'
import { KEYS } from './cases/keys.ts'
import { NAMES } from './cases/names.ts'

let authorities: Authorities
let verifier: ChainVerifier
beforeAll(async () => {
  const { meta, digicert } = await pki()
  authorities = { meta, digicert, odd: oddAnchors() }
  const { expired, future, twins } = authorities.odd
  verifier = verifierOf({
    'meta-lab': meta.root,
    'digicert-lab': digicert.root,
    expired,
    future,
    'twin-1': twins[0],
    'twin-2': twins[1],
  })
})

/** Where the verdict is not the direct front's, and why that is right. */
const OTHERWISE: Readonly<Partial<Record<string, readonly [verdict: Case['verdict'], why: string]>>> = {
  'ten thousand unrelated certificates come along': [
    'admitted',
    'a handshake of that size fails; here what names do not connect to the leaf is left out, and no field holds so many',
  ],
  'its key is another one than that it signs with': [
    'admitted',
    'that the client holds the key is proved in its handshake alone: the front’s word',
  ],
  'it is itself, its outermost length indefinite': [
    'CERTIFICATE_PROFILE',
    'what is not DER is refused; from a handshake Node gives it as DER',
  ],
  'it is itself, its outermost length long': ['CERTIFICATE_PROFILE', 'likewise'],
  'it has key usage for nothing': [
    'CERTIFICATE_UNTRUSTED',
    'OpenSSL takes it for issued by nobody; in a handshake its words are others, or it fails',
  ],
}

/** What OpenSSL cannot parse: the handshake fails there, here it is a certificate that cannot be read (and no front passes it on). */
const UNPARSED = 'CERTIFICATE_PROFILE'

const ROWS = [
  ...CHAINS,
  ...DEPTH,
  ...AUTHORITIES,
  ...CONSTRAINTS,
  ...FITNESS,
  ...KEYS,
  ...EXTENSIONS,
  ...ENCODING,
  ...NAMES,
].filter(({ verdict }) => verdict !== 'CERTIFICATE_MISSING')

describe('a chain is verified without its handshake', () => {
  it.each(ROWS)('$name: $verdict', async (row) => {
    const [verdict] = OTHERWISE[row.name] ?? [row.verdict === 'TLS_FAILED' ? UNPARSED : row.verdict]
    const identity = row.present(authorities)
    if (identity === undefined) throw new Error('nothing to present')
    const client = await verifier.verify(chainOf(identity))
    const judged = judge(client)
    expect(judged.verdict, judged.detail).toBe(verdict)
    if (row.because !== undefined && verdict === row.verdict) expect(judged.detail).toMatch(row.because)
    if (row.anchor !== undefined) expect(client.anchors.map(({ name }) => name)).toContain(row.anchor)
  })

  it('covers the tables, and names no row that is not there', () => {
    expect(ROWS.length).toBeGreaterThan(100)
    expect(ROWS.map(({ name }) => name)).toEqual(expect.arrayContaining(Object.keys(OTHERWISE)))
  })
})

describe('nothing but the original’s own signatures counts', () => {
  it('a laxer certificate of the same name and key as an intermediate, which nobody signed, opens no path', async () => {
    const { digicert } = authorities
    const keyPair = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const strict = below(digicert.root, 'Lab Two Faced', {
      key: keyPair,
      permittedDnsNames: ['other.example'],
    })
    const unsigned = below(root('Lab Stranger'), 'Lab Two Faced', { key: keyPair })
    for (const chain of [
      [strict, unsigned],
      [unsigned, strict],
    ])
      expect(await verdictOf(digicert.client({ issuer: strict, chain }))).toBe('CERTIFICATE_UNTRUSTED')
  })

  it('an authority that carries an anchor’s name, and its own key, opens none either', async () => {
    const { meta } = authorities
    const impostor = { ...root('x'), subject: meta.root.subject }
    expect(await verdictOf(meta.client({ issuer: impostor, chain: [impostor] }))).toBe(
      'CERTIFICATE_UNTRUSTED',
    )
  })

  it('the leaf is the first certificate, whatever follows', async () => {
    const { meta } = authorities
    const [good = new Uint8Array()] = chainOf(meta.client())
    const evil = chainOf(meta.client({ commonNames: ['evil.example'] }))
    expect(judge(await verifier.verify([...evil, good])).verdict).toBe('COMMON_NAME_MISMATCH')
    expect(judge(await verifier.verify([Buffer.from('no certificate'), good])).verdict).toBe(
      'CERTIFICATE_PROFILE',
    )
    expect(judge(await verifier.verify([Buffer.concat([good, good])])).verdict).toBe('CERTIFICATE_PROFILE')
    expect(judge(await verifier.verify([])).verdict).toBe('CERTIFICATE_MISSING')
  })

  it('a partial anchor stands for its root; without it the leaf alone leads nowhere', async () => {
    const { digicert } = authorities
    const [intermediate = digicert.root] = digicert.intermediates
    const alone = chainOf(digicert.client({ chain: [] }))
    expect(judge(await verifierOf({ partial: intermediate }).verify(alone)).verdict).toBe('admitted')
    expect(judge(await verifierOf({ root: digicert.root }).verify(alone)).verdict).toBe(
      'CERTIFICATE_UNTRUSTED',
    )
    const known = verifierOf(
      { root: digicert.root },
      { known: [new X509Certificate(intermediate.certificate)] },
    )
    expect(judge(await known.verify(alone)).verdict).toBe('admitted')
  })

  it('`client.maxDepth` holds', async () => {
    const { digicert } = authorities
    const chain = chainOf(digicert.client())
    expect(judge(await verifierOf({ root: digicert.root }, { maxDepth: 2 }).verify(chain)).verdict).toBe(
      'admitted',
    )
    const short = judge(await verifierOf({ root: digicert.root }, { maxDepth: 1 }).verify(chain))
    expect(short).toMatchObject({
      verdict: 'CERTIFICATE_PROFILE',
      detail: expect.stringContaining('PATH_LENGTH_EXCEEDED'),
    })
  })

  it('many at once get each its own verdict', async () => {
    const { meta } = authorities
    const rows = await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        const bad = i % 2 === 0
        return {
          bad,
          verdict: await verdictOf(bad ? meta.client({ issuer: root('Lab Other') }) : meta.client()),
        }
      }),
    )
    expect(rows.filter(({ bad, verdict }) => (verdict === 'admitted') === bad)).toEqual([])
  })
})

describe('what a client may cost is bounded', () => {
  it('many certificates of one name are refused before each is tried as the issuer of each', async () => {
    const crowd = Array.from({ length: 16 }, () => root('Lab Crowd').der)
    const { facts } = await verifier.verify(crowd)
    expect(facts).toMatchObject({ authorized: false, error: 'CERT_CHAIN_TOO_LONG' })
  })

  it('that this machine stood still is nobody’s fault: it is no verdict, and is not remembered', async () => {
    const { meta } = authorities
    const chain = chainOf(meta.client())
    const stalled = verifierOf({ 'meta-lab': meta.root })
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const first = expect(stalled.verify(chain)).rejects.toThrow('no handshake within')
      while (vi.getTimerCount() === 0) await Promise.resolve()
      vi.advanceTimersByTime(5_000)
      await first
    } finally {
      vi.useRealTimers()
    }
    expect(judge(await stalled.verify(chain)).verdict).toBe('admitted')
  })

  it('however many wait, each handshake has its whole time for itself', async () => {
    const { meta } = authorities
    const waited = verifierOf({ 'meta-lab': meta.root })
    const chains = Array.from({ length: 10 }, () => chainOf(meta.client()))
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const all = Promise.all(chains.map((chain) => waited.verify(chain)))
    while (vi.getTimerCount() === 0) await Promise.resolve()
    expect(vi.getTimerCount()).toBe(1)
    vi.useRealTimers()
    expect((await all).map((client) => judge(client).verdict)).toEqual(chains.map(() => 'admitted'))
  })
})

describe('what was verified is remembered', () => {
  it('once a chain, by its bytes', async () => {
    const chain = chainOf(authorities.meta.client())
    expect(verifier.verify(chain)).toBe(verifier.verify(chain.map((der) => Buffer.from(der))))
    expect(verifier.verify(chain)).not.toBe(verifier.verify([...chain, ...chain]))
    await verifier.verify(chain)
  })
})

function verifierOf(roots: Readonly<Record<string, Issued>>, more: Partial<VerifyTerms> = {}): ChainVerifier {
  const anchors = Object.entries(roots).map(([name, { certificate: pem }]): Anchor =>
    anchorOf(new X509Certificate(pem), name),
  )
  return new ChainVerifier({ anchors, revocation: undefined, maxDepth: 3, known: [], ...more })
}

function chainOf({ certificate: pem }: Pick<ClientIdentity, 'certificate'>): Uint8Array[] {
  return [...pem.matchAll(/-----BEGIN CERTIFICATE-----([^-]+)-----END CERTIFICATE-----/g)].map(
    ([, base64 = '']) => Buffer.from(base64, 'base64'),
  )
}

async function verdictOf(identity: ClientIdentity): Promise<string> {
  return judge(await verifier.verify(chainOf(identity))).verdict
}

function judge({ facts }: ClientCertificate): { verdict: string; detail: string } {
  const gates = [
    { gate: certificate({ absentMayWait: false }), observed: false },
    { gate: commonName([META_CLIENT_NAME], { absentMayWait: false }), observed: false },
  ]
  const verdict = runGates(gates, { certificate: facts })
  return verdict.outcome === 'admit'
    ? { verdict: 'admitted', detail: '' }
    : { verdict: verdict.refusal.code, detail: verdict.refusal.detail }
}
