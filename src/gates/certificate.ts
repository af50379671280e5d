// Refuses a client whose certificate OpenSSL did not verify up to a configured anchor, or that is unfit to name a client.
// OpenSSL decides the chain, leaf-profile.ts what a leaf has to be beyond that, the common-name gate whose name it carries.
import type { CertificateFacts, IdentityFacts, RequestFacts } from '../domain/facts.ts'
import type { Leaf } from '../domain/leaf.ts'
import { type Refuse, type Verdict, admit, refuse } from '../domain/verdict.ts'
import { mayBeChallenge } from './challenge-only.ts'
import type { Gate } from './gate.ts'
import { profileProblem, weaknessOf } from './leaf-profile.ts'

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
  ['UNHANDLED_CRITICAL_EXTENSION', 'CERTIFICATE_PROFILE'],
  ['EE_KEY_TOO_SMALL', 'CERTIFICATE_PROFILE'],
  ['CA_KEY_TOO_SMALL', 'CERTIFICATE_PROFILE'],
  ['CA_MD_TOO_WEAK', 'CERTIFICATE_PROFILE'],
  ['PATH_LENGTH_EXCEEDED', 'CERTIFICATE_PROFILE'],
])

/** What Node up to 24 calls the reasons it has no name for. */
const NAMELESS = 'UNSPECIFIED'

/** OpenSSL's reasons in words, where the leaf itself shows no fault. */
const WORDS: ReadonlyMap<string, string> = new Map([
  ['INVALID_PURPOSE', 'it, or an authority of its chain, is not for clients'],
  [
    'PATH_LENGTH_EXCEEDED',
    "the chain is longer than client.maxDepth or an authority's own path length allows",
  ],
  ['REFUSED_BY_FRONT', 'the front in front of hubgate did not verify it'],
  [
    NAMELESS,
    'a reason Node has no name for, in the chain: names outside the constraints of an authority, or an authority with a weak key, a weak signature or a critical extension nobody knows',
  ],
])

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

function isAbsent({ leaf, resumed, asserted }: CertificateFacts): boolean {
  return leaf === undefined && !resumed && asserted === undefined
}

function judge({ leaf, authorized, error, resumed, asserted }: CertificateFacts): Verdict<Code> {
  // A resumed session carries no fresh proof: Node 20 and 22 report one without any certificate as authorized.
  if (resumed) return refuse('CERTIFICATE_UNTRUSTED', 'the TLS session was resumed')
  if (asserted !== undefined)
    return error === undefined
      ? admit('the front verified it, and passes on its subject alone')
      : refuse(CODE_OF_ERROR.get(error) ?? 'CERTIFICATE_UNTRUSTED', `by what the front tells of it: ${error}`)
  if (leaf === undefined) return refuse('CERTIFICATE_MISSING', 'no client certificate')
  if (leaf === 'unreadable') return refuse('CERTIFICATE_PROFILE', 'the certificate could not be read')
  if (!authorized) return unverified(leaf, error)
  const problem = profileProblem(leaf)
  return problem === undefined
    ? admit(`${leaf.key.kind}, serial ${leaf.serial}`)
    : refuse('CERTIFICATE_PROFILE', problem)
}

function unverified(leaf: Leaf, error = 'no reason given'): Refuse<Code> {
  if (error === NAMELESS) {
    const weakness = weaknessOf(leaf)
    if (weakness !== undefined) return refuse('CERTIFICATE_PROFILE', weakness)
  }
  const code = CODE_OF_ERROR.get(error) ?? 'CERTIFICATE_UNTRUSTED'
  // A leaf for servers only is better told so than that OpenSSL found a purpose invalid.
  const own = code === 'CERTIFICATE_PROFILE' ? profileProblem(leaf) : undefined
  return refuse(code, own ?? inWords(error))
}

function inWords(error: string): string {
  const words = WORDS.get(error)
  return words === undefined ? `OpenSSL: ${error}` : `OpenSSL: ${error}: ${words}`
}
