// Facts for gate tests: a good case each, of which a test changes what it is about. No test of its own.
import { parseAddress } from '../../src/domain/address.ts'
import type { CertificateFacts, ConnectionFacts, RequestFacts } from '../../src/domain/facts.ts'
import { Fields } from '../../src/domain/fields.ts'
import { type Leaf, OID_CLIENT_AUTH } from '../../src/domain/leaf.ts'
import type { Route } from '../../src/domain/route.ts'
import type { Verdict } from '../../src/domain/verdict.ts'
import { CANARY_SECRET, CANARY_VERIFY_TOKEN } from '../canary.ts'

export const COMMON_NAME = 'client.webhooks.fbclientcerts.com'

/** What a table compares: `admit`, or the code of the refusal. */
export function outcome(verdict: Verdict): string {
  return verdict.outcome === 'admit' ? 'admit' : verdict.code
}

export function connectionFacts(change: Partial<ConnectionFacts> = {}): ConnectionFacts {
  return { address: parseAddress('31.13.64.1'), open: 1, openFromAddress: 1, ...change }
}

export function leaf(change: Partial<Leaf> = {}): Leaf {
  return {
    version: 3,
    serial: '01AB',
    commonNames: [COMMON_NAME],
    commonNameTypes: ['UTF8String'],
    subject: `CN=${COMMON_NAME}`,
    issuer: 'CN=Meta Outbound API CA 2025-12',
    notBefore: new Date('2026-01-01T00:00:00Z'),
    notAfter: new Date('2027-01-01T00:00:00Z'),
    signatureAlgorithm: '1.2.840.113549.1.1.11',
    signatureDigest: undefined,
    key: { kind: 'rsa', bits: 2048, exponent: '010001' },
    spkiFingerprint: 'cd'.repeat(32),
    keyUsage: ['digitalSignature'],
    extendedKeyUsage: [OID_CLIENT_AUTH],
    isAuthority: false,
    criticalExtensions: ['2.5.29.15', '2.5.29.19'],
    fingerprint: 'ab'.repeat(32),
    ...change,
  }
}

export function certificateFacts(change: Partial<CertificateFacts> = {}): CertificateFacts {
  return {
    leaf: leaf(),
    authorized: true,
    error: undefined,
    resumed: false,
    revocation: undefined,
    ...change,
  }
}

export const ABSENT: CertificateFacts = {
  leaf: undefined,
  authorized: false,
  error: 'UNABLE_TO_GET_ISSUER_CERT',
  resumed: false,
  revocation: undefined,
}

export function route(change: Partial<Route> = {}): Route {
  return {
    path: '/webhooks/meta',
    mode: 'relay',
    answer: 'status',
    challenge: 'answer',
    host: 'received',
    clientCert: false,
    timeout: 5_000,
    upstream: {
      label: 'http://127.0.0.1:3000/webhooks',
      protocol: 'http:',
      hostname: '127.0.0.1',
      port: 3000,
      authority: '127.0.0.1:3000',
      path: '/webhooks',
    },
    apps: ['shop'],
    keys: [{ app: 'shop', index: 0, secret: CANARY_SECRET }],
    tokens: [CANARY_VERIFY_TOKEN],
    ...change,
  }
}

type FieldList = Readonly<Record<string, string | readonly string[]>>

export interface RequestChange extends Partial<Omit<RequestFacts, 'fields'>> {
  /** Added to a good delivery's fields, or in place of those of the same name; an empty list removes one. */
  readonly fields?: FieldList
  /** All fields, as received. */
  readonly raw?: readonly string[]
}

const GOOD_FIELDS: FieldList = {
  Host: 'hooks.example',
  'Content-Type': 'application/json',
  'Content-Length': '17',
}

/** A good signed delivery's head. */
export function requestFacts({ fields = {}, raw, ...change }: RequestChange = {}): RequestFacts {
  const all = { ...GOOD_FIELDS, ...fields }
  const received =
    raw ?? Object.entries(all).flatMap(([name, value]) => [value].flat().flatMap((one) => [name, one]))
  return {
    address: parseAddress('31.13.64.1'),
    certificate: certificateFacts(),
    method: 'POST',
    version: '1.1',
    target: '/webhooks/meta',
    path: '/webhooks/meta',
    query: '',
    route: route(),
    fields: new Fields(received),
    ...change,
  }
}

/** A GET's head: no body, no type. */
export function getFacts(change: RequestChange = {}): RequestFacts {
  return requestFacts({
    method: 'GET',
    ...change,
    fields: { 'Content-Type': [], 'Content-Length': [], ...change.fields },
  })
}
