// A walk of the refusal table: every code is given by a gate here, or named with the room that gives it. So no row is dead,
// and none is missing.
import { readFileSync, readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { prefixTable } from '../../src/domain/prefix-table.ts'
import { PHASES, REFUSALS, type RefusalCode, refusalRow } from '../../src/domain/refusals.ts'
import type { Verdict } from '../../src/domain/verdict.ts'
import { certificate } from '../../src/gates/certificate.ts'
import { commonName } from '../../src/gates/common-name.ts'
import { connectionLimit } from '../../src/gates/connection-limit.ts'
import { expectation } from '../../src/gates/expectation.ts'
import { framing } from '../../src/gates/framing.ts'
import { headSize } from '../../src/gates/head-size.ts'
import { length } from '../../src/gates/length.ts'
import { mediaType } from '../../src/gates/media-type.ts'
import { method } from '../../src/gates/method.ts'
import { route } from '../../src/gates/route.ts'
import { signature } from '../../src/gates/signature.ts'
import { source } from '../../src/gates/source.ts'
import { verifyToken } from '../../src/gates/verify-token.ts'
import { ABSENT, certificateFacts, leaf, outcome, requestFacts } from './facts.ts'

const identity = certificate({ absentMayWait: false })
const openssl = (error: string) =>
  identity.check({ certificate: certificateFacts({ authorized: false, error }) })
const challenge = (query: string) => verifyToken().check({ query, tokens: ['right'] })
const digests = [{ app: 'shop', index: 0, digest: new Uint8Array(32) }]

const BY_A_GATE: Partial<Record<RefusalCode, () => Verdict>> = {
  SOURCE_NOT_ALLOWED: () => source(prefixTable([])).check({ address: undefined }),
  CONNECTION_LIMIT: () =>
    connectionLimit({ connections: 1, connectionsPerAddress: 1 }).check({ open: 2, openFromAddress: 1 }),
  CERTIFICATE_MISSING: () => identity.check({ certificate: ABSENT }),
  CERTIFICATE_UNTRUSTED: () => openssl('SELF_SIGNED_CERT_IN_CHAIN'),
  CERTIFICATE_EXPIRED: () => openssl('CERT_HAS_EXPIRED'),
  CERTIFICATE_REVOKED: () => openssl('CERT_REVOKED'),
  CERTIFICATE_PROFILE: () =>
    identity.check({ certificate: certificateFacts({ leaf: leaf({ isAuthority: true }) }) }),
  COMMON_NAME_MISMATCH: () =>
    commonName(['x'], { absentMayWait: false }).check({ certificate: certificateFacts() }),
  FRAMING_INVALID: () => framing().check(requestFacts({ version: '1.0' })),
  ROUTE_UNKNOWN: () => route().check({ route: undefined }),
  METHOD_NOT_ALLOWED: () => method().check(requestFacts({ method: 'PUT' })),
  LENGTH_REQUIRED: () => length(1).check(requestFacts({ fields: { 'Content-Length': [] } })),
  BODY_TOO_LARGE: () => length(1).check(requestFacts()),
  MEDIA_TYPE_UNSUPPORTED: () => mediaType().check(requestFacts({ fields: { 'Content-Type': 'text/plain' } })),
  EXPECTATION_UNSUPPORTED: () => expectation().check(requestFacts({ fields: { Expect: 'x' } })),
  HEAD_TOO_LARGE: () => headSize().check(requestFacts({ raw: Array.from({ length: 202 }, () => 'x') })),
  CHALLENGE_INVALID: () => challenge(''),
  VERIFY_TOKEN_MISMATCH: () => challenge('hub.mode=subscribe&hub.verify_token=wrong&hub.challenge=1'),
  SIGNATURE_MISSING: () => signature().check({ signatures: [], digests }),
  SIGNATURE_MALFORMED: () => signature().check({ signatures: ['sha1=x'], digests }),
  SIGNATURE_MISMATCH: () => signature().check({ signatures: [`sha256=${'f'.repeat(64)}`], digests }),
}

/** What is no gate's to say, and where it is said. `not built yet` for parts of the contract that come later. */
const ELSEWHERE: Partial<Record<RefusalCode, string>> = {
  TLS_FAILED: 'src/gateway',
  HANDSHAKE_TIMEOUT: 'src/gateway',
  HEAD_TIMEOUT: 'src/gateway',
  BODY_TIMEOUT: 'src/gateway',
  UPSTREAM_UNREACHABLE: 'src/upstream',
  UPSTREAM_PROTOCOL: 'src/upstream',
  UPSTREAM_TIMEOUT: 'src/upstream',
  DRAINING: 'src/gateway',
  OVERLOADED: 'src/gateway',
  CLIENT_ABORTED: 'src/gateway',
  INTERNAL_ERROR: 'src/gates',
  PROXY_HEADER_INVALID: 'src/gateway',
  FRONT_FIELDS_INVALID: 'src/fronts',
  INBOX_UNAVAILABLE: 'not built yet',
}

const CODES = Object.keys(REFUSALS).filter((code): code is RefusalCode => code in REFUSALS)

describe('refusal table', () => {
  it.each(CODES)('%s is given by a gate, or named with its place', (code) => {
    const byAGate = BY_A_GATE[code]
    const room = ELSEWHERE[code]
    expect(byAGate === undefined, 'exactly one of the two').toBe(room !== undefined)
    if (byAGate !== undefined) expect(outcome(byAGate())).toBe(code)
    if (room !== undefined && room !== 'not built yet') expect(sourcesOf(room)).toContain(`'${code}'`)
  })

  it.each(CODES)('%s has an answer or an end, and words for both readers', (code) => {
    const { phase, status, socket, reason, help } = refusalRow(code)
    expect(PHASES).toContain(phase)
    if (code !== 'CLIENT_ABORTED') expect(status ?? socket).toBeDefined()
    expect(reason).toMatch(/^[a-z][\w -]+$/i)
    expect(help).toMatch(/\.$/)
  })

  it('a refusal before HTTP has a way to end the connection', () => {
    const early = CODES.filter((code) =>
      ['connection', 'handshake', 'identity'].includes(refusalRow(code).phase),
    )
    expect(early.filter((code) => refusalRow(code).socket === undefined)).toEqual([])
  })

  it('the reason never tells which certificate rule it was', () => {
    const reasons = CODES.filter((code) => refusalRow(code).phase === 'identity').map(
      (code) => refusalRow(code).reason,
    )
    expect(new Set(reasons).size).toBe(1)
  })
})

function sourcesOf(room: string): string {
  const directory = new URL(`../../${room}/`, import.meta.url)
  return readdirSync(directory)
    .map((file) => readFileSync(new URL(file, directory), 'utf8'))
    .join('\n')
}
