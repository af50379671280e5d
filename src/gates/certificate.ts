// Refuses a client whose certificate OpenSSL did not verify up to a configured anchor, or that is unfit to name a client.
// OpenSSL decides the chain; this file decides what OpenSSL lets pass: resumed sessions, CA leaves, weak or odd certificates.
// Whose name it carries is the common-name gate's rule.
import type { CertificateFacts, IdentityFacts, RequestFacts } from '../domain/facts.ts'
import { type Leaf, OID_CLIENT_AUTH } from '../domain/leaf.ts'
import { type Refuse, type Verdict, admit, refuse } from '../domain/verdict.ts'
import { mayBeChallenge } from './challenge-only.ts'
import type { Gate } from './gate.ts'

type Code =
  | 'CERTIFICATE_MISSING'
  | 'CERTIFICATE_UNTRUSTED'
  | 'CERTIFICATE_EXPIRED'
  | 'CERTIFICATE_REVOKED'
  | 'CERTIFICATE_PROFILE'

/** OpenSSL's reasons that are about time, revocation or fitness; every other one means: no path to an anchor. */
const CODE_OF_ERROR: ReadonlyMap<string, Code> = new Map([
  ['CERT_HAS_EXPIRED', 'CERTIFICATE_EXPIRED'],
  ['CERT_NOT_YET_VALID', 'CERTIFICATE_EXPIRED'],
  ['CERT_REVOKED', 'CERTIFICATE_REVOKED'],
  ['INVALID_PURPOSE', 'CERTIFICATE_PROFILE'],
  ['EE_KEY_TOO_SMALL', 'CERTIFICATE_PROFILE'],
  ['CA_KEY_TOO_SMALL', 'CERTIFICATE_PROFILE'],
  ['CA_MD_TOO_WEAK', 'CERTIFICATE_PROFILE'],
])

/** What Node up to 24 calls the reasons it has no name for: weak keys and digests, violated constraints. */
const NAMELESS = 'UNSPECIFIED'

// RFC 8017 A.2.4, RFC 5758 §3.2, RFC 8410 §3, RFC 4055 §3.1 (PSS: its digest is OpenSSL's to judge, by security level 2).
const SOUND_SIGNATURES = new Map([
  ['1.2.840.113549.1.1.11', 'sha256WithRSA'],
  ['1.2.840.113549.1.1.12', 'sha384WithRSA'],
  ['1.2.840.113549.1.1.13', 'sha512WithRSA'],
  ['1.2.840.113549.1.1.10', 'RSASSA-PSS'],
  ['1.2.840.10045.4.3.2', 'ecdsaWithSHA256'],
  ['1.2.840.10045.4.3.3', 'ecdsaWithSHA384'],
  ['1.2.840.10045.4.3.4', 'ecdsaWithSHA512'],
  ['1.3.101.112', 'Ed25519'],
])

const SOUND_KEYS = new Set(['ec P-256', 'ec P-384', 'ec P-521', 'ed25519'])

/** Demands a certificate before any HTTP is read, or, with `absentMayWait`, lets an absent one (never a bad one) pass for now. */
export function certificate(options: { absentMayWait: boolean }): Gate<IdentityFacts, Code> {
  return {
    name: 'certificate',
    check: ({ certificate }) =>
      options.absentMayWait && isAbsent(certificate) ? admit('none yet') : judge(certificate),
  }
}

/** Under `client.require: deliveries`: only the GET challenge may come without a certificate. */
export function certificateOnDelivery(): Gate<Pick<RequestFacts, 'certificate' | 'method' | 'route'>, Code> {
  return {
    name: 'certificate',
    check: ({ certificate, method, route }) =>
      isAbsent(certificate) && mayBeChallenge({ method, route })
        ? admit('none, on a challenge')
        : judge(certificate),
  }
}

function isAbsent({ leaf, resumed }: CertificateFacts): boolean {
  return leaf === undefined && !resumed
}

function judge({ leaf, authorized, error, resumed }: CertificateFacts): Verdict<Code> {
  // A resumed session carries no fresh proof: Node 20 and 22 report one without any certificate as authorized.
  if (resumed) return refuse('CERTIFICATE_UNTRUSTED', 'the TLS session was resumed')
  if (leaf === undefined) return refuse('CERTIFICATE_MISSING', 'no client certificate')
  if (leaf === 'unreadable') return refuse('CERTIFICATE_PROFILE', 'the certificate could not be read')
  if (!authorized) return unverified(leaf, error)
  const problem = profileProblem(leaf)
  return problem === undefined
    ? admit(`${leaf.key.kind}, serial ${leaf.serial}`)
    : refuse('CERTIFICATE_PROFILE', problem)
}

function unverified(leaf: Leaf, error = 'no reason given'): Refuse<Code> {
  const weakness = error === NAMELESS ? weaknessOf(leaf) : undefined
  return weakness === undefined
    ? refuse(CODE_OF_ERROR.get(error) ?? 'CERTIFICATE_UNTRUSTED', `OpenSSL: ${error}`)
    : refuse('CERTIFICATE_PROFILE', weakness)
}

/** @returns what makes a verified leaf unfit to identify a client, in words for an operator. */
function profileProblem(leaf: Leaf): string | undefined {
  if (leaf.version !== 3) return `X.509 version ${leaf.version}, not 3`
  if (leaf.commonNames.length !== 1) return `${leaf.commonNames.length} common names, not exactly one`
  if (leaf.isAuthority) return 'it is a certificate authority, not a leaf'
  // RFC 5280 §4.2.1.12: anyExtendedKeyUsage would satisfy OpenSSL; a client certificate has to say what it is for.
  if (leaf.extendedKeyUsage === undefined) return 'no extended key usage: clientAuth is not asserted'
  if (!leaf.extendedKeyUsage.includes(OID_CLIENT_AUTH)) return 'extended key usage without clientAuth'
  return weaknessOf(leaf)
}

function weaknessOf(leaf: Leaf): string | undefined {
  if (!SOUND_SIGNATURES.has(leaf.signatureAlgorithm))
    return `signed with ${leaf.signatureAlgorithm}, which is too weak or unknown`
  if (leaf.key.kind === 'rsa' ? leaf.key.bits < 2048 : !SOUND_KEYS.has(leaf.key.kind))
    return `key ${leaf.key.kind}${leaf.key.bits > 0 ? ` of ${leaf.key.bits} bits` : ''} is too weak or unknown`
  return undefined
}
